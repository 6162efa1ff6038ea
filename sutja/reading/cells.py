"""Cells: the part of a strip that belongs to each of its signs, with the sign's box, and the image of a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import STRIP_ROWS, DecodedSign
from sutja.reading.normalise import Gray, Ink, normalise
from sutja.reading.strip import STRIP_DIGIT_ROWS, Strip

MAX_REACH_COLUMNS = 0.7 * STRIP_DIGIT_ROWS  # from the middle of the first or last sign to the end of its cell
MAX_CLEAR_COLUMN_INK = 0.6  # sum of the ink of a column that separates two signs
MIN_BOX_INK = 0.33  # ink, in [0, 1], of the pixels that a box holds
OFF_CENTRE_INK_PER_COLUMN = 0.02  # prefers the middle one of equally clear columns
PAPER_SPREAD = 0.25  # deviation from the paper, in spreads, below which there is no ink
MIN_CELL_PIECE_SHARE = 0.06  # of the area of the largest piece of ink; smaller pieces are specks
INK_ROWS = slice(STRIP_DIGIT_ROWS // 4, STRIP_ROWS - STRIP_DIGIT_ROWS // 4)  # in which a digit is looked for


@dataclass(frozen=True)
class Cell:
    """The columns of a strip from `left` to `right` that hold a sign; `alone`: with paper on both sides of it."""

    left: float
    right: float
    alone: bool


def strip_ink(strip: Strip) -> Ink:
    """The ink of a strip, `float32 (48, W)` in [0, 1]: how far its pixels are from the paper, in any colour."""
    deviation = np.abs(strip.pixels).max(axis=0)
    return np.asarray(np.clip((deviation - PAPER_SPREAD) / (1 - PAPER_SPREAD), 0, 1), np.float32)


def find_cells(ink: Ink, signs: Sequence[DecodedSign]) -> list[Cell]:
    """The cell of each sign of a strip; neighbours are separated at the column with least ink between them."""
    if not signs:
        return []
    columns = ink[INK_ROWS].sum(axis=0)
    middles = [(sign.start + sign.stop) / 2 for sign in signs]
    edges, clear = [max(0.0, middles[0] - MAX_REACH_COLUMNS)], [True]
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


def digit_image(ink: Ink, cell: Cell) -> Gray:
    """The digit in a cell of a strip in MNIST's form, `uint8 (28, 28)`."""
    part = ink[INK_ROWS, int(cell.left) : int(np.ceil(cell.right)) + 1]
    return normalise(part * _main_pieces(part)) if part.size else normalise(np.zeros((1, 1), np.float32))


def _main_pieces(ink: Ink) -> NDArray[np.bool_]:
    """The pieces of ink without specks and without rules, which go from side to side."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > PAPER_SPREAD).astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    flat = (stats[:, cv2.CC_STAT_WIDTH] >= ink.shape[1]) & (stats[:, cv2.CC_STAT_HEIGHT] < 0.25 * ink.shape[0])
    areas[flat] = 0
    keep = areas >= max(1.0, MIN_CELL_PIECE_SHARE * float(areas.max(initial=0)))
    near = cv2.dilate(keep[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return near.astype(np.bool_) if count > 1 else np.ones(ink.shape, np.bool_)


def sign_outline(ink: Ink, cell: Cell) -> NDArray[np.float64]:
    """The outline of the ink in a cell of a strip: the edges of its rows, `(N, 2)`, x and y; without ink the cell."""
    start, stop = int(cell.left), max(int(cell.left) + 1, int(np.ceil(cell.right)))
    inked = ink[INK_ROWS, start:stop] > MIN_BOX_INK
    rows = np.flatnonzero(inked.any(axis=1))
    if not len(rows):
        corners = [(x, y) for x in (start, stop) for y in (INK_ROWS.start, INK_ROWS.stop)]
        return np.array(corners, np.float64) - 0.5
    first = inked[rows].argmax(axis=1)
    last = inked.shape[1] - inked[rows, ::-1].argmax(axis=1)
    edges = [(start + columns, INK_ROWS.start + rows + below) for columns in (first, last) for below in (0, 1)]
    return np.concatenate([np.column_stack(each) for each in edges]) - 0.5
