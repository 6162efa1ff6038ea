"""Tables as values: rows of numbers, cells with names, alternatives, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from sutja.reading.result import Reading, ReadLine
from sutja.reading.tables.table import NumberTable, TableCell, column_name
from tests.reading.readings import read_number
from tests.reading.tables.sheets import read_table, unsure_of


def only_table(reading: Reading) -> NumberTable:
    """The only table of a reading."""
    (table,) = reading.tables
    return table


def test_rows_hold_numbers_as_spreadsheets_take_them() -> None:
    table = only_table(read_table(("12", "1,500.75", "9/11/24"), ("", "7.0", "1/4"), ("[3]1", "-2", "0")))
    assert table.shape == (3, 3)
    assert table.rows == [[12, 1500.75, "9/11/24"], [None, 7, 0.25], ["?1", -2, 0]]
    assert [type(value) for value in table.rows[0]] == [int, float, str]


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_names_of_spreadsheets(column: int, name: str) -> None:
    assert column_name(column) == name
    assert TableCell(4, column).place == f"{name}5"


def test_an_unsure_cell_keeps_its_guess_and_what_else_it_may_be() -> None:
    number = unsure_of(read_number("1[7]5"), d7=0.6, d1=0.3, d2=0.05, d9=0.002)
    cell = TableCell(0, 0, (number.with_value(None),))
    assert (cell.text, cell.value, cell.guessed_value) == ("1?5", None, Decimal(175))
    assert cell.alternatives() == [("115", 0.3), ("125", 0.05)]
    assert cell.is_unsure


def test_a_cell_is_unsure_if_its_signs_together_are() -> None:
    sure, unsure = (TableCell(0, 0, (read_number("1234", confidence=each),)) for each in (0.98, 0.97))
    assert (sure.is_unsure, unsure.is_unsure) == (False, True)
    assert unsure.text == "1234"


def test_the_guess_has_the_decimal_sign_that_the_number_has() -> None:
    (comma,) = Reading((ReadLine((read_number("1,50[0]"),)),)).with_values("comma").numbers
    (point,) = Reading((ReadLine((read_number("1,50[0]"),)),)).with_values("point").numbers
    assert TableCell(0, 0, (comma,)).guessed_value == Decimal("1.5")
    assert TableCell(0, 0, (point,)).guessed_value == 1500


def test_csv_holds_values_and_where_there_is_none_the_text() -> None:
    table = only_table(read_table(("1,500", "12.50"), ("8[1]", ""), ("3", "1:30")))
    assert table.to_csv() == "1500,12.50\n8?,\n3,1:30\n"
    assert table.to_csv("\t").splitlines()[0] == "1500\t12.50"


def test_no_text_in_csv_is_taken_for_a_formula() -> None:
    table = only_table(read_table(("1", "-1-2-3"), ("2", "-[4]"), ("3", "-5")))
    rows = list(csv.reader(io.StringIO(table.to_csv())))
    assert rows == [["1", "'-1-2-3"], ["2", "'-?"], ["3", "-5"]]


def test_json_has_texts_values_remarks_and_cells() -> None:
    table = only_table(read_table(("12", "3.5"), ("1[4]", ""), ("5", "2.0")))
    values = json.loads(json.dumps(table.as_json()))
    assert values["rows"] == [["12", "3.5"], ["1?", None], ["5", "2.0"]]
    assert values["values"] == [["12", "3.5"], [None, None], ["5", "2.0"]]
    assert [(remark["kind"], remark["cell"]) for remark in values["remarks"]] == [("unsure", "A2")]
    assert [(cell["row"], cell["column"]) for cell in values["cells"]] == [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]
    assert values["cells"][2]["numbers"][0]["guess"] == "14"


def test_cells_are_found_by_row_and_column() -> None:
    cells = [TableCell(row, column, (read_number("7"),)) for row, column in ((2, 0), (0, 1), (0, 0))]
    table = NumberTable.of([*cells, TableCell(1, 1)], (3, 2))
    assert [(cell.row, cell.column) for cell in table.filled_cells] == [(0, 0), (0, 1), (2, 0)]
    assert table.cells == tuple(tuple(table.cell(row, column) for column in range(2)) for row in range(3))
    assert [len(row) for row in table.filled_rows()] == [2, 0, 1]
    assert [len(column) for column in table.filled_columns()] == [2, 1]
    assert list(table.entries(lambda cell: cell.text, "-")) == [["7", "7"], ["-", "-"], ["7", "-"]]
