"""Cells: the columns of a strip that belong to each of its digits, with the digit's box and image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sutja.models.ctc import LINE_HEIGHT, DecodedDigit
from sutja.reading.normalise import Gray, normalise
from sutja.reading.strip import Strip

MAX_REACH_COLUMNS = 0.6 * LINE_HEIGHT  # from the middle of the first or last digit to the end of its cell
MAX_CLEAR_COLUMN_INK = 0.3  # sum of the ink of a column that separates two digits
MIN_BOX_INK = 0.45  # ink, in [0, 1], of the pixels that a box holds
OFF_CENTRE_INK_PER_COLUMN = 0.02  # prefers the middle one of equally clear columns


@dataclass(frozen=True)
class Cell:
    """The columns of a strip from `left` to `right` that hold a digit; `alone`: with paper on both sides of it."""

    left: float
    right: float
    alone: bool


def find_cells(strip: Strip, digits: Sequence[DecodedDigit]) -> list[Cell]:
    """The cell of each digit of a strip; neighbours are separated at the column with least ink between them."""
    if not digits:
        return []
    columns = strip.ink.sum(axis=0)
    middles = [(digit.start + digit.stop) / 2 for digit in digits]
    edges = [max(0.0, middles[0] - MAX_REACH_COLUMNS)]
    clear = [True]
    for left, right in pairwise(middles):
        between = columns[int(left) : max(int(left) + 1, int(np.ceil(right)))]
        off_centre = np.abs(np.arange(len(between)) - len(between) / 2) * OFF_CENTRE_INK_PER_COLUMN
        lowest = int((between + off_centre).argmin())
        edges.append(int(left) + float(lowest))
        clear.append(bool(between[lowest] < MAX_CLEAR_COLUMN_INK))
    edges.append(min(float(len(columns)), middles[-1] + MAX_REACH_COLUMNS))
    clear.append(True)
    return [
        Cell(left, right, before and after)
        for (left, right), (before, after) in zip(pairwise(edges), pairwise(clear), strict=True)
    ]


def digit_image(strip: Strip, cell: Cell) -> Gray:
    """The digit in a cell of a strip in MNIST's form, `uint8 (28, 28)`."""
    return normalise(strip.ink[:, int(cell.left) : int(np.ceil(cell.right)) + 1])


def digit_box(strip: Strip, cell: Cell) -> tuple[float, float, float, float]:
    """Left, top, right and bottom on the page of the ink in a cell of a strip."""
    start, stop = int(cell.left), max(int(cell.left) + 1, int(np.ceil(cell.right)))
    ink = strip.ink[:, start:stop] > MIN_BOX_INK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        rows, columns = np.array([4, LINE_HEIGHT - 5]), np.array([0, stop - start - 1])
    x0, x1 = start + int(columns[0]), start + int(columns[-1]) + 1
    corners = [strip.to_page(x, y) for x in (x0, x1) for y in (int(rows[0]), int(rows[-1]) + 1)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
