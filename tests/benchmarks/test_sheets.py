"""The score of sheets: cells count by place and value, and those in no table are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.sheet_pages import SheetPage, TrueCell
from benchmarks.sheets import SheetScore, score_page
from sutja.reading.result import Reading, ReadLine
from tests.reading.tables.sheets import read_table

ROWS = [("12", "3.5"), ("30", "1.5"), ("42", "5.0"), ("17", "2.5"), ("25", "6.5")]


def sheet_of(rows: Sequence[Sequence[str]]) -> SheetPage:
    """A sheet with these numbers."""
    cells = [
        TrueCell(cell.guess, np.array(cell.numbers[0].quad, np.float32), cell.row, cell.column)
        for table in read_table(*rows).tables
        for cell in table.filled_cells
    ]
    return SheetPage("marks", cells)


def score(*rows: Sequence[str]) -> SheetScore:
    """The score of a reading of these numbers on a sheet with `ROWS`."""
    return score_page(sheet_of(ROWS), read_table(*rows))


def test_what_is_read_as_it_is_written_is_right() -> None:
    assert score(*ROWS) == SheetScore(cells=10, found=10, placed=10, right=10, spelled=10, unmarked=0, checked=0)


def test_another_spelling_of_the_same_value_is_right() -> None:
    found = score(ROWS[0], ("30", "1.50"), *ROWS[2:])
    assert (found.placed, found.right, found.spelled, found.unmarked) == (10, 10, 9, 0)


def test_a_wrong_value_is_in_place_but_not_right_and_counts_as_unmarked_without_a_remark() -> None:
    found = score(ROWS[0], ("31", "1.5"), *ROWS[2:])
    assert (found.placed, found.right, found.unmarked, found.checked) == (10, 9, 1, 0)
    found = score(ROWS[0], ("3[1]", "1.5"), *ROWS[2:])
    assert (found.placed, found.right, found.unmarked, found.checked) == (10, 9, 0, 1)


def test_numbers_of_a_lost_table_are_wrong_cells() -> None:
    reading = read_table(*ROWS)
    lines = Reading(tuple(ReadLine(line.numbers[:1]) for line in reading.lines[:2]))
    found = score_page(sheet_of(ROWS), lines)
    assert (found.placed, found.right, found.unmarked, found.found) == (0, 0, 2, 2)


def test_shares_are_those_of_the_true_cells_and_of_those_that_were_found() -> None:
    total = SheetScore(cells=8, found=10, placed=6, right=4, spelled=2, unmarked=1, checked=5)
    both = replace(total)
    both.add(total)
    assert both.shares() == {
        "cells": 16,
        "placed": 0.75,
        "right": 0.5,
        "spelled": 0.25,
        "unmarked": 0.125,
        "checked": 0.5,
    }
