"""Numbers unlike the others of their table are named: stray finds, and numbers of which a part is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sutja.reading.result import Reading, ReadLine, ReadNumber
from sutja.reading.tables.languages import remark_in
from sutja.reading.tables.oddities import find_oddities
from sutja.reading.tables.table import NumberTable
from tests.reading.readings import SHAPE
from tests.reading.tables.sheets import read_table


def table_of(*rows: Sequence[str]) -> NumberTable:
    """The only table of a reading."""
    (table,) = read_table(*rows).tables
    return table


def named(table: NumberTable) -> list[tuple[str, str]]:
    """The places and texts of the remarks."""
    return [(remark.place, remark.text) for remark in find_oddities(table)]


def with_height(number: ReadNumber, share: float) -> ReadNumber:
    """A number as high as a share of its height."""
    corners = np.array(number.quad, np.float32)
    corners[2:, 1] = corners[:2, 1] + share * (corners[2:, 1] - corners[:2, 1])
    return ReadNumber.at(corners, number.signs, shape=SHAPE)


def test_a_table_of_numbers_like_each_other_has_no_oddities() -> None:
    assert named(table_of(("12", "3.5"), ("30", "1.5"), ("7", "0.5"), ("105", "12.25"), ("8", "9.0"))) == []


@pytest.mark.parametrize(("share", "count"), [(0.5, 1), (0.8, 0)])
def test_a_number_much_lower_than_the_others_is_named(share: float, count: int) -> None:
    lines = list(read_table(*[("12", "34")] * 5).lines)
    lines[2] = ReadLine((with_height(lines[2].numbers[0], share), lines[2].numbers[1]))
    (table,) = Reading(tuple(lines)).with_values().tables
    assert named(table) == [("A3", "12: lower than the other numbers")] * count


def test_the_numbers_of_a_column_that_most_rows_leave_empty_are_named() -> None:
    rows = [("" if at not in (1, 4) else "7", "12", "34") for at in range(8)]
    assert named(table_of(*rows)) == [
        ("A2", "7: most rows have no number in this column"),
        ("A5", "7: most rows have no number in this column"),
    ]


def test_what_is_no_time_in_a_column_of_times_is_named() -> None:
    rows = [("9:15", "1"), ("1030", "2"), ("11:00", "3"), ("12.45", "4"), ("14:05", "5"), ("6:090", "6")]
    texts = [(place, text.split(": ")[-1]) for place, text in named(table_of(*rows))]
    assert texts == [(place, "no time as in the rest of the column") for place in ("A2", "A4", "A6")]


def test_a_colon_that_hardly_anything_has_is_named() -> None:
    rows = [("7.5", "1"), ("36:5", "2"), ("12.25", "3"), ("9.5", "4"), ("100.0", "5")]
    assert ("A2", "36:5: a colon, unlike the rest of the column") in named(table_of(*rows))
    assert not any("colon" in text for _, text in named(table_of(*rows[:3])))


def test_two_times_make_no_column_of_times() -> None:
    assert named(table_of(*[("9:15", "1"), ("1030", "2"), ("11:00", "3"), ("45", "4"), ("1405", "5")])) == []


def test_a_whole_number_in_a_column_of_decimals_is_named() -> None:
    rows = [("7.5", "1"), ("12.25", "2"), ("75", "3"), ("9,5", "4"), ("100.0", "5")]
    assert named(table_of(*rows)) == [("A3", "75: no decimal sign as in the rest of the column")]


@pytest.mark.parametrize("signs", [".75", "12.", "3/", "048"])
def test_a_number_of_which_a_part_may_be_missing_is_named(signs: str) -> None:
    assert named(table_of(("12", "34"), ("56", signs), ("78", "90"))) == [
        ("B2", f"{signs}: perhaps not the whole number")
    ]


def test_a_number_at_the_edge_of_the_picture_is_named() -> None:
    reading = read_table(("12", "34"), ("56", "78"), ("90", "11"))
    number = reading.numbers[3]
    (table,) = reading.with_numbers({id(number): [replace(number, at_edge=True)]}).tables
    assert named(table) == [("B2", "78: at the edge of the picture, perhaps not the whole number")]


@pytest.mark.parametrize("signs", ["0", "0.5", "-", "300.-", "10:05"])
def test_whole_numbers_dashes_and_prices_are_not_incomplete(signs: str) -> None:
    assert named(table_of(("12", "34"), ("56", signs), ("78", "90"))) == []


@pytest.mark.parametrize(
    "why",
    [
        "lower than the other numbers",
        "most rows have no number in this column",
        "no decimal sign as in the rest of the column",
        "no time as in the rest of the column",
        "a colon, unlike the rest of the column",
        "perhaps not the whole number",
        "at the edge of the picture, perhaps not the whole number",
    ],
)
def test_oddities_are_named_in_korean_too(why: str) -> None:
    assert why not in remark_in(f"12: {why}", "ko")
