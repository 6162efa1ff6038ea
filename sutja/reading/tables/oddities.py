"""Oddities: numbers that are unlike the others of their table in size, place or signs, as ink that is no number is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np

from sutja.reading.numbers import interpret_number
from sutja.reading.quad import Axes
from sutja.reading.tables.table import CellRemark, NumberTable, TableCell

MIN_ROWS = 4  # of a table whose columns are compared
MIN_DECIMAL_COLUMN = 5  # numbers, of a column of decimals or without colons
MIN_FILLED_ROWS_SHARE, MIN_FULL_ROWS_SHARE = 0.5, 0.8  # of the rows, in a column and in the fullest one
MIN_DECIMALS_SHARE = 0.5  # of the numbers of a column that have a decimal sign
MIN_HEIGHT_SHARE = 0.6  # of the usual height of the numbers of a table
MIN_TIMES, MIN_TIMES_SHARE = 3, 0.3  # of the numbers of a column, that are times: people write nothing else there
DECIMAL_MARKS = (".", ",")
EDGE_MARKS = (*DECIMAL_MARKS, ":", "/")


def find_oddities(table: NumberTable) -> Iterator[CellRemark]:
    """Remarks on the cells of a table that hold perhaps no number, or one of which a part is missing."""
    columns, rows = table.filled_columns(), table.shape[0]
    fullest = max((len(column) for column in columns), default=0)
    yield from (_remark(cell, "lower than the other numbers") for cell in _low_numbers(table.filled_cells))
    for column in columns:
        if rows >= MIN_ROWS and len(column) < MIN_FILLED_ROWS_SHARE * rows and fullest >= MIN_FULL_ROWS_SHARE * rows:
            yield from (_remark(cell, "most rows have no number in this column") for cell in column)
        yield from (_remark(cell, "no decimal sign as in the rest of the column") for cell in _whole_numbers(column))
        yield from (_remark(cell, "no time as in the rest of the column") for cell in _no_times(column))
        yield from (_remark(cell, "a colon, unlike the rest of the column") for cell in _odd_colons(column))
    for cell in table.filled_cells:
        if any(number.at_edge for number in cell.numbers):
            yield _remark(cell, "at the edge of the picture, perhaps not the whole number")
        elif _is_incomplete(cell):
            yield _remark(cell, "perhaps not the whole number")


def _remark(cell: TableCell, why: str) -> CellRemark:
    return CellRemark("form", cell.row, cell.column, f"{cell.guess}: {why}")


def _low_numbers(cells: Sequence[TableCell]) -> list[TableCell]:
    heights = [Axes.of(np.array(cell.numbers[0].quad, np.float32)).height for cell in cells]
    usual = median(heights) if heights else 0.0
    found = zip(cells, heights, strict=True)
    return [cell for cell, height in found if height < MIN_HEIGHT_SHARE * usual and not cell.is_dash]


def _whole_numbers(column: Sequence[TableCell]) -> list[TableCell]:
    """The whole numbers in a column of decimals."""
    whole = [cell for cell in column if not any(mark in cell.guess for mark in DECIMAL_MARKS) and not cell.is_dash]
    is_usual = len(column) >= MIN_DECIMAL_COLUMN and len(column) - len(whole) >= MIN_DECIMALS_SHARE * len(column)
    return whole if is_usual else []


def _no_times(column: Sequence[TableCell]) -> list[TableCell]:
    """What is no time in a column of times."""
    others = [cell for cell in column if interpret_number(cell.guess).kind != "time" and not cell.is_dash]
    times = len(column) - len(others)
    return others if times >= max(MIN_TIMES, MIN_TIMES_SHARE * len(column)) else []


def _odd_colons(column: Sequence[TableCell]) -> list[TableCell]:
    """What has a colon where hardly anything has: perhaps a point."""
    with_colon = [cell for cell in column if ":" in cell.guess]
    is_odd = len(column) >= MIN_DECIMAL_COLUMN and len(with_colon) < MIN_TIMES_SHARE * len(column)
    return with_colon if is_odd else []


def _is_incomplete(cell: TableCell) -> bool:
    """Whether a number begins or ends with a sign between digits, or has a zero too many before."""
    guess = cell.guess
    has_zero = len(guess) > 1 and guess[0] == "0" and guess.isdigit()
    return not cell.is_dash and (guess.startswith(EDGE_MARKS) or guess.endswith(EDGE_MARKS) or has_zero)
