"""The cells of a strip: the part of a line that belongs to each of its digits, its box and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sutja.models.ctc import LINE_HEIGHT, DecodedDigit
from sutja.reading.normalise import Gray, normalise
from sutja.reading.strip import Strip

REACH = 0.6 * LINE_HEIGHT  # columns that a digit has at most to one side
CLEAR = 0.3  # ink of a column that parts two digits


@dataclass(frozen=True)
class Cell:
    """From which to which column of a strip a digit reaches, and whether there is paper on both sides of it."""

    left: float
    right: float
    alone: bool


def cells(strip: Strip, digits: Sequence[DecodedDigit]) -> list[Cell]:
    """The cell of each digit: two neighbours are parted where there is least ink between their middles."""
    if not digits:
        return []
    columns = strip.ink.sum(axis=0)
    middles = [(digit.start + digit.stop) / 2 for digit in digits]
    edges = [max(0.0, middles[0] - REACH)]
    clear = [True]
    for left, right in pairwise(middles):
        between = columns[int(left) : max(int(left) + 1, int(np.ceil(right)))]
        centred = np.abs(np.arange(len(between)) - len(between) / 2) * 0.02  # of equals the one in the middle
        lowest = int((between + centred).argmin())
        edges.append(int(left) + float(lowest))
        clear.append(bool(between[lowest] < CLEAR))
    edges.append(min(float(len(columns)), middles[-1] + REACH))
    clear.append(True)
    return [
        Cell(left, right, before and after)
        for (left, right), (before, after) in zip(pairwise(edges), pairwise(clear), strict=True)
    ]


def digit_image(strip: Strip, cell: Cell) -> Gray:
    """The digit in a cell of a strip as MNIST has them, `uint8 (28, 28)`."""
    return normalise(strip.ink[:, int(cell.left) : int(np.ceil(cell.right)) + 1])


def digit_box(strip: Strip, cell: Cell) -> tuple[float, float, float, float]:
    """Left, top, right and bottom on the page of the ink in a cell of a strip."""
    return _tight(strip, cell.left, cell.right)


def _tight(strip: Strip, left: float, right: float) -> tuple[float, float, float, float]:
    start, stop = int(left), max(int(left) + 1, int(np.ceil(right)))
    part = strip.ink[:, start:stop] > 0.45
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        rows, columns = np.array([4, LINE_HEIGHT - 5]), np.array([0, stop - start - 1])
    x0, x1 = start + int(columns[0]), start + int(columns[-1]) + 1
    corners = [strip.to_page(x, y) for x in (x0, x1) for y in (int(rows[0]), int(rows[-1]) + 1)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
