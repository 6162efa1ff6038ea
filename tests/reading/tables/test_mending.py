"""Numbers that were read over two columns are cut, parts of one are joined, and the remarks say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sutja.reading.result import Reading, ReadLine, ReadNumber
from sutja.reading.tables.languages import remark_in
from sutja.reading.tables.mending import cut_number, decimal_sign_of, join_numbers, sign_places
from sutja.reading.tables.page import arrange_page
from tests.reading.readings import SIGN_WIDTH, read_number

COLUMNS = (0, 70)  # where they start; a number of four signs leaves 30 pixels free between
ROW_PIXELS = 40


def reading_of(*rows: Sequence[tuple[str, int]]) -> Reading:
    """A reading of numbers in rows, each with its place from the left."""
    return Reading(
        tuple(
            ReadLine(tuple(read_number(signs, confidence=0.99, left=left, top=ROW_PIXELS * at) for signs, left in row))
            for at, row in enumerate(rows)
        )
    ).with_values()


def spaced(signs: Sequence[tuple[str, int]], top: int) -> ReadNumber:
    """One number whose parts stand apart, each at its place from the left."""
    return join_numbers([read_number(part, confidence=0.99, left=left, top=top) for part, left in signs], None)


def usual_rows(count: int) -> list[list[tuple[str, int]]]:
    """Rows of two numbers of four digits."""
    return [[(str(1000 + 7 * at), COLUMNS[0]), (str(2000 + 9 * at), COLUMNS[1])] for at in range(count)]


def with_joined_row(count: int) -> Reading:
    """A table of two columns, in whose third row both numbers were read as one."""
    lines = list(reading_of(*usual_rows(count)).lines)
    lines[2] = ReadLine((spaced([("4321", COLUMNS[0]), ("8765", COLUMNS[1])], 2 * ROW_PIXELS),))
    return Reading(tuple(lines)).with_values()


def test_a_number_that_was_read_over_two_columns_is_cut_between_them_and_named() -> None:
    (table,) = arrange_page(with_joined_row(6)).tables
    assert table.shape == (6, 2)
    assert table.rows[2] == [4321, 8765]
    assert [(each.kind, each.place, each.text) for each in table.remarks] == [
        ("unsure", "A3", "read as 4321; cut from 43218765"),
        ("unsure", "B3", "read as 8765; cut from 43218765"),
    ]


def test_the_reading_of_an_arranged_page_has_the_numbers_of_its_tables() -> None:
    page = arrange_page(with_joined_row(6))
    held = [number for table in page.tables for cell in table.filled_cells for number in cell.numbers]
    assert sorted(map(id, held)) == sorted(map(id, page.reading.numbers))


def test_nothing_is_cut_or_joined_if_that_is_not_wanted() -> None:
    reading = with_joined_row(6)
    (table,) = arrange_page(reading, mend=False).tables
    assert {id(number) for cell in table.filled_cells for number in cell.numbers} == set(map(id, reading.numbers))


def test_parts_that_a_person_has_cut_stay_in_columns_of_their_own() -> None:
    rows = [[("12", 0), (signs, 100)] for signs in ("45", "65", "51", "52", "47")]
    rows[3] = [("12", 0), ("45", 100), ("78", 120)]
    (table,) = arrange_page(reading_of(*rows), mend=False).tables
    assert table.shape == (5, 3)


def test_a_long_number_of_a_column_is_not_cut() -> None:
    rows = [[("12", 0), (str(20 + at), 100)] for at in range(6)]
    rows[3] = [("12", 0), ("123456", 60)]
    (table,) = arrange_page(reading_of(*rows)).tables
    assert table.rows[3] == [12, 123456]


def test_a_long_number_that_only_reaches_into_a_gutter_is_not_cut() -> None:
    rows = usual_rows(6)
    rows[3] = [("12345", COLUMNS[0]), ("678", COLUMNS[1])]
    (table,) = arrange_page(reading_of(*rows)).tables
    assert table.rows[3] == [12345, 678]
    assert not [each for each in table.remarks if each.kind == "unsure"]


def test_parts_of_one_number_in_a_cell_are_joined_and_named() -> None:
    rows = [[("12", 0), (signs, 100)] for signs in ("48.5", "65.5", "51.5", "52.0", "47.5")]
    rows.insert(2, [("12", 0), ("6.", 100), ("5", 125)])
    (table,) = arrange_page(reading_of(*rows)).tables
    assert table.shape == (6, 2)
    assert table.rows[2] == [12, 6.5]
    assert "read as 6.5; joined of 6. and 5" in [each.text for each in table.remarks if each.place == "B3"]


def test_numbers_apart_from_each_other_in_a_cell_stay_several() -> None:
    rows = [[("12", 0), (signs, 100), ("34", 200)] for signs in ("48522", "65531", "51577", "52044", "47599", "40000")]
    rows[2] = [("12", 0), ("6", 100), ("5", 140), ("34", 200)]
    (table,) = arrange_page(reading_of(*rows)).tables
    assert table.rows[2] == [12, "6 5", 34]
    assert "several numbers in one cell: 6 and 5" in [each.text for each in table.remarks if each.place == "B3"]


@pytest.mark.parametrize("cuts", [[1], [3], [2, 4]])
def test_the_parts_of_a_number_have_its_signs_and_share_its_length(cuts: list[int]) -> None:
    number = read_number("123.45", left=30)
    parts = cut_number(number, cuts, "point")
    assert "".join(part.guess for part in parts) == number.guess
    assert [part.read_as for part in parts] == [number.guess] * (len(cuts) + 1)
    edges = [part.quad[0][0] for part in parts] + [parts[-1].quad[1][0]]
    assert edges == pytest.approx([30 + SIGN_WIDTH * at for at in (0, *cuts, 6)])


def test_signs_without_places_have_equal_shares_of_the_length_of_their_number() -> None:
    number = read_number("123", left=500)
    typed = replace(number, signs=tuple(replace(sign, box=(0, 0, 1, 1)) for sign in number.signs))
    assert sign_places(typed).spans.ravel().tolist() == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1])


def test_a_mended_number_has_a_value_by_the_decimal_sign_of_the_others() -> None:
    numbers = reading_of([("1,500", 0), ("2,5", 100)]).with_values("comma").numbers
    assert decimal_sign_of(numbers) == "comma"
    joined = join_numbers([read_number("1,"), read_number("500", left=25)], decimal_sign_of(numbers))
    assert float(joined.value or 0) == 1.5


def test_what_was_mended_is_said_in_korean_too() -> None:
    assert remark_in("read as 6.5; joined of 6. and 5", "ko") == "6.5로 읽음; 6., 5를 이어 붙임"
    assert remark_in("read as 12; cut from 1234", "ko") == "12로 읽음; 1234에서 잘라 냄"
