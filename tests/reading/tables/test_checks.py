"""Checks: sums that do not add up name the digit that would mend them; odd forms are marked; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sutja.reading.tables.table import CellRemark
from tests.reading.tables.sheets import read_table


def remarks(*rows: Sequence[str]) -> list[CellRemark]:
    """The remarks on the table of these texts, which stays as it is."""
    (table,) = read_table(*rows).tables
    before = [[cell.guess for cell in row] for row in table.cells]
    found = list(table.remarks)
    assert [[cell.guess for cell in row] for row in table.cells] == before
    return found


def places(found: Sequence[CellRemark], kind: str) -> list[tuple[str, str | None]]:
    """The cells and suggestions of remarks of a kind."""
    return [(remark.place, remark.suggestion) for remark in found if remark.kind == kind]


def test_columns_that_add_up_are_not_remarked_on() -> None:
    assert remarks(("12", "3.5"), ("30", "1.5"), ("42", "5.0")) == []


def test_the_one_unsure_digit_that_mends_a_sum_is_named() -> None:
    found = remarks(("12", "20"), ("1[7]", "30"), ("20", "41"), ("51", "91"))
    assert places(found, "sum") == [("A2", "19")]
    assert found[-1].text == "the column adds up if this is 19 instead of 17"


def test_a_sum_that_several_digits_would_mend_is_named_itself() -> None:
    (remark,) = (
        each
        for each in remarks(("1[2]", "5"), ("1[3]", "7"), ("26", "12"), ("3", "24"), ("57", "48"))
        if each.kind == "sum"
    )
    assert remark.place == "A5"
    assert remark.text == "the column adds up to 54, not to 57; 15 in A1 or 16 in A2 would mend it"


def test_a_sum_of_sure_digits_that_is_wrong_is_named() -> None:
    found = remarks(("10", "1", "3"), ("20", "2", "4"), ("30", "3", "8"))
    assert [(each.kind, each.place, each.text) for each in found] == [
        ("sum", "C3", "the column adds up to 7, not to 8")
    ]


def test_rows_may_end_in_sums_behind_their_numbers() -> None:
    rows = [("1", "10", "5", "15"), ("2", "7", "8", "15"), ("3", "4", "4[2]", "45"), ("4", "20", "1", "21")]
    assert places(remarks(*rows), "sum") == [("C3", "41")]


def test_an_unsure_digit_that_makes_the_sum_right_is_said_to() -> None:
    (remark,) = remarks(("12", "3"), ("3[0]", "5"), ("42", "8"))
    assert (remark.kind, remark.place) == ("unsure", "A2")
    assert remark.text.endswith("its column adds up with 30")


def test_columns_without_sums_are_not_taken_for_sums() -> None:
    assert remarks(("7", "81"), ("9", "93"), ("8", "78"), ("9", "90"), ("6", "66")) == []


def test_the_one_number_of_another_form_is_marked() -> None:
    column = ["7.5", "8.0", "6.5", "75", "9.5", "8.5", "9.0"]
    (remark,) = remarks(*((signs,) for signs in column))
    assert (remark.kind, remark.place) == ("form", "A4")
    assert "have the form d.d" in remark.text


@pytest.mark.parametrize("column", [["7", "12", "8", "105", "9", "33", "14"], ["7.5", "8.0", "75", "9.5"]])
def test_columns_of_many_forms_or_few_numbers_have_no_usual_form(column: list[str]) -> None:
    assert remarks(*((signs,) for signs in column)) == []


def test_a_sum_may_have_another_form_than_its_column() -> None:
    column = ["15", "22", "31", "40", "18", "27", "153"]
    assert remarks(*((signs, signs) for signs in column)) == []


def test_a_dash_adds_nothing_and_is_no_other_form() -> None:
    rows = [("1.5", "20"), ("-", "30"), ("2.5", "--"), ("3.5", "10"), ("4.5", "10"), ("1.0", "-"), ("2.0", "10")]
    assert remarks(*rows, ("15.0", "80")) == []
