"""Gutters: the room between columns, told by most rows, and the numbers of the other rows that were read across it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sutja.reading.tables.columns import NumberColumn
from sutja.reading.tables.flattening import FlatNumbers
from sutja.reading.tables.mending import SignPlaces

Span = tuple[float, float]

MIN_BREAKS = 3  # rows with numbers on both sides of a gutter and none across it
MIN_BREAK_SHARE = 0.55  # of the rows with numbers on both sides
MIN_COLUMN_NUMBERS = 3
MAX_STRAY_SHARE = 0.06  # of the rows, with a number that reaches into a gutter
# In heights of a number
MIN_REACH = 0.3  # of a number to each side of a gutter, if it was read across it
MAX_SLACK = 0.1  # of measured edges
MAX_PART_OVERLAP, MAX_PART_GAP, MAX_PART_STEP = 0.3, 0.7, 0.5  # between parts of one number, along and down


@dataclass(frozen=True)
class Gutter:
    """The room between two columns, from `left` to `right` on the level page."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        """Where it is cut."""
        return (self.left + self.right) / 2


def find_gutters(flat: FlatNumbers, rows: Sequence[Sequence[int]], columns: Sequence[NumberColumn]) -> list[Gutter]:
    """The gutters between neighbouring columns that most rows with numbers on both sides leave free."""
    strong = [column for column in columns if len(column.numbers) >= MIN_COLUMN_NUMBERS]
    pairs = pairwise(strong)
    return [gutter for one, other in pairs if (gutter := _gutter_between(flat, rows, one, other)) is not None]


def _gutter_between(
    flat: FlatNumbers, rows: Sequence[Sequence[int]], one: NumberColumn, other: NumberColumn
) -> Gutter | None:
    """The widest room between the middles of two columns that hardly more numbers cross than anywhere between them."""
    numbers = np.array(one.numbers + other.numbers, np.intp)
    left, right = flat.left[numbers], flat.right[numbers]
    edges = np.sort(np.concatenate([left, right, [one.middle, other.middle]]))
    edges = edges[(edges >= one.middle) & (edges <= other.middle)]
    if len(edges) < 2:
        return None
    places = (edges[:-1] + edges[1:]) / 2
    crossings = ((left < places[:, None]) & (right > places[:, None])).sum(axis=1)
    is_clear = crossings <= crossings.min() + MAX_STRAY_SHARE * len(rows)
    bounds = np.flatnonzero(np.diff(np.concatenate([[0], is_clear, [0]]).astype(np.int8)))
    starts, stops = edges[bounds[::2]], edges[bounds[1::2]]
    best = int(np.argmax(stops - starts))
    gutter = Gutter(float(starts[best]), float(stops[best]))
    return gutter if _is_free(flat, rows, (one, other), gutter.middle) else None


def _is_free(
    flat: FlatNumbers, rows: Sequence[Sequence[int]], pair: tuple[NumberColumn, NumberColumn], place: float
) -> bool:
    """Whether most rows with numbers on both sides of a place have none across it."""
    crossed = breaks = 0
    room = MIN_REACH * flat.unit
    before, behind = (set(column.numbers) for column in pair)
    for row in rows:
        left, right = flat.left[list(row)], flat.right[list(row)]
        if ((left < place - room) & (right > place + room)).any():
            crossed += 1
        elif not before.isdisjoint(row) and not behind.isdisjoint(row):
            breaks += 1
    return breaks >= MIN_BREAKS and breaks >= MIN_BREAK_SHARE * (breaks + crossed)


def find_cuts(
    flat: FlatNumbers, row: Sequence[int], gutters: Sequence[Gutter], signs_of: Callable[[int], SignPlaces]
) -> Iterator[tuple[int, list[int]]]:
    """The numbers of a row that were read across gutters, and the indices of their signs that begin another number.

    `signs_of` has the places of the signs of a number. The row and the gutters are in order, from left to right.
    """
    room, middles = MIN_REACH * flat.unit, [gutter.middle for gutter in gutters]
    for at, number in enumerate(row):
        left, right = float(flat.left[number]), float(flat.right[number])
        across = range(bisect_right(middles, left + room), bisect_left(middles, right - room))
        if not across:
            continue
        signs = signs_of(number).within(left, right)
        beside = _beside(flat, row, at)
        cuts = {_cut_at(gutters, place, signs, beside=beside, slack=MAX_SLACK * flat.unit) for place in across} - {0}
        if cuts:
            yield number, sorted(cuts)


def _beside(flat: FlatNumbers, row: Sequence[int], at: int) -> tuple[Span, Span]:
    """The left and right edges of the previous and of the next number in the row, or infinities at its ends."""
    before, behind = row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None
    return (
        (-np.inf, -np.inf) if before is None else (float(flat.left[before]), float(flat.right[before])),
        (np.inf, np.inf) if behind is None else (float(flat.left[behind]), float(flat.right[behind])),
    )


def _cut_at(
    gutters: Sequence[Gutter], place: int, signs: SignPlaces, *, beside: tuple[Span, Span], slack: float
) -> int:
    """The index of the sign that is the first behind a gutter; 0 if the signs before or behind are no other number.

    One digit beyond a gutter may be the end of a number that is too long for its column. It is another number if it is
    nearer to the one that stands `beside` it than to the rest of its own, or if nothing else is in its cell.
    """
    gutter, middles = gutters[place], signs.spans.mean(axis=1)
    cut = int((middles < gutter.middle).sum())
    before, behind = int(signs.is_digit[:cut].sum()), int(signs.is_digit[cut:].sum())
    if not (before and behind):
        return 0
    gap = float(signs.spans[cut, 0] - signs.spans[cut - 1, 1])
    start = gutters[place - 1].middle if place else -np.inf
    stop = gutters[place + 1].middle if place + 1 < len(gutters) else np.inf
    is_near = max(0, signs.spans[0, 0] - beside[0][1]) < gap, max(0, beside[1][0] - signs.spans[-1, 1]) < gap
    is_alone = sum(beside[0]) / 2 < start, sum(beside[1]) / 2 > stop
    is_clear = middles[cut - 1] < gutter.left + slack, middles[cut] > gutter.right - slack
    fits = zip((before, behind), is_near, is_alone, is_clear, strict=True)
    return cut if all(digits > 1 or near or (alone and clear) for digits, near, alone, clear in fits) else 0


def are_parts(flat: FlatNumbers, numbers: Sequence[int]) -> bool:
    """Whether numbers of a cell, from left to right, are so near to each other that they are parts of one."""
    gaps = (flat.left[list(numbers[1:])] - flat.right[list(numbers[:-1])]) / flat.unit
    steps = np.abs(np.diff(flat.middle[list(numbers)])) / flat.unit
    return bool((gaps > -MAX_PART_OVERLAP).all() and (gaps < MAX_PART_GAP).all() and (steps < MAX_PART_STEP).all())
