"""Columns of numbers on a level page: rows are aligned with each other like sequences with gaps."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

from sutja.reading.tables.flattening import FlatNumbers

Matches = list[int]  # for each number of a row the column that it is in, or -1

# In heights of a number
ALIGNED_EDGES = 0.45  # within which one edge, or the middle, makes a number part of a column
MAX_JOINED_GAP = 2.0  # between parts of a column whose numbers stand here and there in their cells
MIN_COLUMN_OVERLAP = 0.35  # of the narrower of number and column
MAX_TOUCHING_GAP = 0.15  # between parts that touch
GUTTER_SHARE = 0.4  # of the gaps beside two parts of a column, in the gap between them
MAX_GUTTER = 2.0
# That two columns share no row although they are not one
MAX_CHANCE, MAX_CHANCE_IF_FULL, MIN_CHANCE = 0.15, 0.35, 0.01
MAX_HALF_SHARE = 0.55  # of the usual distance of rows, between two halves of one
ALIGNMENT_ROUNDS = 3


@dataclass
class NumberColumn:
    """Numbers below each other, by their indices, no two of one row; and the medians of their edges, in pixels."""

    numbers: list[int]
    left: float = 0.0
    middle: float = 0.0
    right: float = 0.0
    _members: set[int] = field(default_factory=set)
    _ordered: tuple[list[float], ...] = ()  # the left edges, middles and right edges of the numbers, in ascending order

    def take_out(self, flat: FlatNumbers, row: Sequence[int]) -> bool:
        """Take the numbers of a row out; returns whether any other is left, whose edges then count."""
        if not self._members.isdisjoint(row):
            for number in self._members.intersection(row):
                self._remove(flat, number)
        return bool(self.numbers)

    def measure(self, flat: FlatNumbers) -> None:
        """Set the edges: the medians of those of the numbers."""
        left, right = flat.left[self.numbers], flat.right[self.numbers]
        self._members = set(self.numbers)
        self._ordered = tuple(np.sort(values).tolist() for values in (left, (left + right) / 2, right))
        self._set_edges()

    def add(self, flat: FlatNumbers, number: int) -> None:
        """Take a number in: in long columns much quicker than to measure all again."""
        self.numbers.append(number)
        self._members.add(number)
        for ordered, edge in zip(self._ordered, _edges_of(flat, number), strict=True):
            insort(ordered, edge)
        self._set_edges()

    def _remove(self, flat: FlatNumbers, number: int) -> None:
        self.numbers.remove(number)
        self._members.remove(number)
        for ordered, edge in zip(self._ordered, _edges_of(flat, number), strict=True):
            del ordered[bisect_left(ordered, edge)]
        if self.numbers:
            self._set_edges()

    def _set_edges(self) -> None:
        self.left, self.middle, self.right = (_middle_of(ordered) for ordered in self._ordered)


def _edges_of(flat: FlatNumbers, number: int) -> tuple[float, float, float]:
    """The left edge, the middle and the right edge of a number."""
    left, right = float(flat.left[number]), float(flat.right[number])
    return left, (left + right) / 2, right


def _middle_of(ordered: Sequence[float]) -> float:
    """The median of values in ascending order."""
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def find_columns(flat: FlatNumbers, rows: Sequence[Sequence[int]]) -> list[NumberColumn]:
    """The columns of rows of numbers, from left to right; each number is in one of them."""
    order = sorted(range(len(rows)), key=lambda at: -len(rows[at]))
    columns: list[NumberColumn] = []
    for _ in range(ALIGNMENT_ROUNDS):
        for at in order:
            columns = _with_row(flat, columns, rows[at])
        columns = _joined(flat, [column for column in columns if column.numbers], rows)
    return columns


def align_rows(flat: FlatNumbers, columns: Sequence[NumberColumn]) -> list[list[int]]:
    """The rows of the numbers of some columns, aligned as columns are, from top to bottom.

    People write into the upper half of one cell and into the lower half of the next: which numbers share a row is told
    by their order in each column better than by their heights alone.
    """
    exchanged = replace(flat, left=flat.top, right=flat.bottom, top=flat.left, bottom=flat.right)
    downwards = [sorted(column.numbers, key=lambda number: flat.middle[number]) for column in columns]
    rows = _with_halves_joined(exchanged, find_columns(exchanged, downwards), downwards)
    return [sorted(row.numbers, key=lambda number: flat.left[number]) for row in rows]


def _with_halves_joined(
    flat: FlatNumbers, columns: list[NumberColumn], rows: Sequence[Sequence[int]]
) -> list[NumberColumn]:
    """The columns with those joined that are nearer to each other than two of a page are, and share no row."""
    row_of = {number: at for at, row in enumerate(rows) for number in row}
    steps = [other.middle - one.middle for one, other in pairwise(columns)]
    nearest = MAX_HALF_SHARE * _median(np.array(steps)) if steps else 0.0
    joined = columns[:1]
    for column in columns[1:]:
        both = [row_of[number] for number in joined[-1].numbers + column.numbers]
        if column.middle - joined[-1].middle < nearest and len(set(both)) == len(both):
            joined[-1].numbers += column.numbers
            joined[-1].measure(flat)
        else:
            joined.append(column)
    return joined


def _median(values: NDArray[np.float64]) -> float:
    return _middle_of(np.sort(values).tolist())


def _with_row(flat: FlatNumbers, columns: list[NumberColumn], row: Sequence[int]) -> list[NumberColumn]:
    """The columns with a row in the places that suit it best now, and a new column for a number that suits none."""
    columns = [column for column in columns if column.take_out(flat, row)]
    matches = best_matches(_fitness(flat, columns, row))
    for number, at in zip(row, matches, strict=True):
        if at >= 0:
            columns[at].add(flat, number)
        else:
            columns.append(NumberColumn([number]))
            columns[-1].measure(flat)
    return sorted(columns, key=lambda column: column.middle)


def _fitness(flat: FlatNumbers, columns: Sequence[NumberColumn], row: Sequence[int]) -> NDArray[np.float64]:
    """How well each number of a row suits each column `(len(row), len(columns))`; 0 if not at all."""
    if not columns or not len(row):
        return np.zeros((len(row), len(columns)))
    left, right = flat.left[list(row), None], flat.right[list(row), None]
    edges = np.array([(column.left, column.middle, column.right) for column in columns])
    middle = (left + right) / 2
    misses = np.minimum(np.abs(left - edges[:, 0]), np.abs(right - edges[:, 2]))
    misses = np.minimum(misses, np.abs(middle - edges[:, 1])) / flat.unit
    overlap = np.minimum(right, edges[:, 2]) - np.maximum(left, edges[:, 0])
    overlap = overlap / np.maximum(np.minimum(right - left, edges[:, 2] - edges[:, 0]), 1e-6)
    possible = (overlap > MIN_COLUMN_OVERLAP) | (misses < ALIGNED_EDGES)
    nearness = 1 / (1 + misses)
    return np.asarray(np.where(possible, np.clip(overlap, 0, 1) + nearness, 0.0))


def best_matches(fitness: NDArray[np.float64]) -> Matches:
    """The matches in order, from left to right, with the greatest sum of fitness (Needleman and Wunsch, 1970)."""
    numbers, columns = fitness.shape
    best = np.zeros((numbers + 1, columns + 1))
    for number in range(numbers):
        taken = best[number, :-1] + fitness[number]
        best[number + 1, 1:] = np.maximum.accumulate(np.maximum(taken, best[number, 1:]))
    matches, at = [-1] * numbers, columns
    for number in reversed(range(numbers)):
        while at and best[number + 1, at] == best[number + 1, at - 1]:
            at -= 1
        if at and best[number + 1, at] > best[number, at]:
            at -= 1
            matches[number] = at
    return matches


def _joined(flat: FlatNumbers, columns: list[NumberColumn], rows: Sequence[Sequence[int]]) -> list[NumberColumn]:
    """The columns, the nearest neighbours first joined where they are parts of one: they share no row."""
    row_of = {number: at for at, row in enumerate(rows) for number in row}
    while True:
        gaps = _gaps(flat, columns)
        found = [at for at in range(len(gaps) - 2) if _are_one(columns[at : at + 2], gaps[at : at + 3], row_of)]
        if not found:
            return columns
        at = min(found, key=lambda each: gaps[each + 1])
        columns[at].numbers += columns.pop(at + 1).numbers
        columns[at].measure(flat)


def _gaps(flat: FlatNumbers, columns: Sequence[NumberColumn]) -> list[float]:
    """The gaps before, between and behind columns, in heights of a number."""
    between = [(other.left - one.right) / flat.unit for one, other in pairwise(columns)]
    return [np.inf, *between, np.inf]


def _are_one(pair: Sequence[NumberColumn], gaps: Sequence[float], row_of: dict[int, int]) -> bool:
    """Whether two columns are parts of one, by the gaps before, between and behind them."""
    first, second = ({row_of[number] for number in column.numbers} for column in pair)
    before, gap, behind = gaps
    if first & second:
        return False
    outer = before if len(first) < len(second) else behind if len(second) < len(first) else min(before, behind)
    rows = len(set(row_of.values()))
    chance = _chance_of_disjoint(len(first), len(second), rows)
    if chance < MIN_CHANCE and gap < MAX_TOUCHING_GAP + outer:
        return True
    if gap > min(MAX_JOINED_GAP, outer):
        return False
    is_likely = chance < (MAX_CHANCE_IF_FULL if len(first) + len(second) == rows else MAX_CHANCE)
    return is_likely or gap < MAX_TOUCHING_GAP or gap < GUTTER_SHARE * min(before, behind, MAX_GUTTER)


def _chance_of_disjoint(first: int, second: int, rows: int) -> float:
    """The probability that so many of the rows and so many others have none in common."""
    return comb(rows - first, second) / comb(rows, second)
