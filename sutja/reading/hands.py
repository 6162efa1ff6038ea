"""Handwritten or printed: all looks at a number tell it together, and numbers below one another that look alike.

Columns that count rows are rather printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Axes, Quad, overlap, overlapping_bounds

OWN_WEIGHT = 2.0  # of a number's own `hand`; each other number of its column weighs its score, at most 1
MAX_COLUMN_WEIGHT = 0.9  # of all others together
MAX_SHIFT_HEIGHTS = 0.6  # between the left sides, right sides or middles of two numbers of a column
MAX_COLUMN_HEIGHT_RATIO = 1.5  # of two numbers of a column
MIN_COUNTED_STEPS, MIN_COUNTED_SHARE = 4, 0.6  # of the steps from number to number that go up by one, in a column
MAX_COUNTED_DIGITS = 4  # of the number of a row
COUNTING_EVIDENCE = 0.6  # is subtracted where a column counts: rows are numbered in print more often than by hand
HANDWRITING_PRIOR = 0.4  # is added: who photographs a sheet is after the handwriting on it


def with_looks_hands(numbers: Sequence[FoundNumber], found: Sequence[FoundNumber]) -> list[FoundNumber]:
    """The numbers, each with the mean `hand` of all that was `found` in its place, weighted by score and overlap."""
    quads = np.array([each.quad for each in (*numbers, *found)], np.float32).reshape(-1, 4, 2)
    near = overlapping_bounds(quads)[: len(numbers), len(numbers) :]
    agreed = []
    for number, is_near in zip(numbers, near, strict=True):
        others = [found[index] for index in np.flatnonzero(is_near).tolist()]
        weights = np.array([other.score * overlap(number.quad, other.quad) for other in others])
        hands = np.array([other.hand for other in others])
        total = float(weights.sum())
        agreed.append(replace(number, hand=float(weights @ hands) / total) if total > 0 else number)
    return agreed


def with_columns_hands(numbers: Sequence[FoundNumber]) -> list[FoundNumber]:
    """The numbers, each with a `hand` that agrees better with the other numbers of its column.

    A number alone may look like print, one in a column of forty that are handwritten hardly is. So the longer its
    column is, the more the others count.
    """
    if not numbers:
        return []
    hands = np.array([number.hand for number in numbers])
    weights = _same_column([number.quad for number in numbers]) * np.array([number.score for number in numbers])
    total = weights.sum(axis=1)
    others = weights @ hands / np.maximum(total, 1e-9)
    shares = np.minimum(total / (total + OWN_WEIGHT), MAX_COLUMN_WEIGHT)
    agreed = np.clip(hands + shares * (others - hands) + HANDWRITING_PRIOR, -1, 1)
    return [replace(number, hand=float(hand)) for number, hand in zip(numbers, agreed, strict=True)]


def with_counting_hands(numbers: Sequence[FoundNumber], texts: Sequence[str]) -> list[FoundNumber]:
    """The numbers, each rather printed if it stands in a column that counts: 1, 2, 3 … from row to row."""
    told = [index for index, text in enumerate(texts) if text.isdigit() and len(text) <= MAX_COUNTED_DIGITS]
    if len(told) <= MIN_COUNTED_STEPS:
        return list(numbers)
    quads = [numbers[index].quad for index in told]
    along = _page_direction([Axes.of(quad) for quad in quads])
    down = np.array([quad.mean(axis=0) for quad in quads]) @ (-along[1], along[0])
    values = np.array([int(texts[index]) for index in told], np.float64)
    counting = set()
    for own, others in enumerate(_same_column(quads)):
        column = np.append(np.flatnonzero(others), own)
        steps = np.diff(values[column[np.argsort(down[column])]]) == 1
        if steps.sum() >= MIN_COUNTED_STEPS and steps.mean() >= MIN_COUNTED_SHARE:
            counting.add(told[own])
    return [
        replace(number, hand=number.hand - COUNTING_EVIDENCE) if index in counting else number
        for index, number in enumerate(numbers)
    ]


def _page_direction(axes: Sequence[Axes]) -> NDArray[np.float64]:
    """The direction `(2,)` in which most numbers of a page are written."""
    return np.asarray(np.sort([each.direction for each in axes], axis=0)[len(axes) // 2])


def _same_column(quads: Sequence[Quad]) -> NDArray[np.bool_]:
    """Which numbers `(N, N)` stand in one column and are of like height; no number is in a column with itself."""
    axes = [Axes.of(quad) for quad in quads]
    heights = np.array([each.height for each in axes])
    across = np.array(quads) @ _page_direction(axes)  # (N, 4): how far to the right each corner is, as the page is read
    marks = (across.min(axis=1), across.max(axis=1), across.mean(axis=1))
    shifts = np.min([np.abs(mark[:, None] - mark) for mark in marks], axis=0)
    ratios = heights[:, None] / np.maximum(heights, 1e-9)
    alike = (ratios < MAX_COLUMN_HEIGHT_RATIO) & (ratios > 1 / MAX_COLUMN_HEIGHT_RATIO)
    together = alike & (shifts < MAX_SHIFT_HEIGHTS * heights)
    np.fill_diagonal(together, val=False)
    return np.asarray(together)
