"""From the quadrilaterals of numbers to rows in reading order, on pages that slope, lie turned, or recede."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.reading.slope_field import SlopeField, fit_slopes

RowValues = NDArray[np.float64]
RowIndices = NDArray[np.intp]

DIRECTION_BINS = 72  # of the full circle, for the majority of directions
MAX_TURN_RADIANS = 0.25 * np.pi + 1e-6  # between a number and the page that it is a part of
MAX_NEIGHBOURS = 8  # to the right of a number that it may share a row with
MAX_OVERLAP = 0.5  # of the narrower of two numbers of a row
# Between the middles of two neighbours of a row, in their mean height
OFFSET_PER_PITCH = 0.5  # of the distance from a number to the next one below it
MIN_TOLERANCE, USUAL_TOLERANCE, MAX_TOLERANCE = 0.6, 0.7, 1.2
GAP_COST = 0.03  # of one height of distance, in heights of offset
LINK_ROUNDS = 2  # the second with the slopes between the numbers that the first has linked
MIN_SIDE_PIXELS = 1e-3
MAX_COMPARED_PAIRS = 1_000_000  # at once


@dataclass(frozen=True)
class _Numbers:
    """Numbers in the frame of their page, with the reading direction along x; all `(N,)`."""

    index: RowIndices  # among the numbers that are grouped
    x: RowValues
    y: RowValues
    left: RowValues
    right: RowValues
    height: RowValues
    slope: RowValues

    @property
    def width(self) -> RowValues:
        return self.right - self.left


@dataclass(frozen=True)
class PageRows:
    """The rows of numbers that run in one `direction`, in radians: their indices, from top to bottom, left to right.

    `slopes` are those of the rows at each place, and `places` how far down each row is, after the points of the page
    are turned by `turned_points`.
    """

    direction: float
    slopes: SlopeField
    rows: tuple[list[int], ...]
    places: tuple[float, ...]


def group_rows(quads: Sequence[NDArray[np.floating]] | NDArray[np.floating]) -> list[list[int]]:
    """The indices of numbers, row by row from top to bottom and from left to right in each.

    `quads` are `(N, 4, 2)`, x and y of the corners top left, top right, bottom right, bottom left in reading direction.
    The direction that most of them have is the page's. Numbers that overlap in height, along the slope that rows have
    there, share a row, however far apart they are: so a row of a table is one. Numbers that are turned against the page
    by more than 45 degrees form rows of their own.
    """
    corners = np.asarray(quads, np.float64).reshape(-1, 4, 2)
    is_left = np.ones(len(corners), np.bool_)
    rows: list[tuple[float, list[int]]] = []
    page: float | None = None
    while is_left.any():
        found = find_page_rows(corners, np.flatnonzero(is_left))
        if page is None:
            page, rows = found.direction, list(zip(found.places, found.rows, strict=True))
        else:
            rows += [(float(turned_points(corners[row], page)[..., 1].mean()), row) for row in found.rows]
        is_left[np.concatenate(found.rows)] = False
    return [row for _, row in sorted(rows, key=lambda each: each[0])]


def find_page_rows(quads: RowValues, among: RowIndices | None = None) -> PageRows:
    """The rows of the numbers that run in the direction of most, of `quads` `(N, 4, 2)` or the indices `among` them.

    At least one number must be given.
    """
    index = np.arange(len(quads)) if among is None else among
    angles, widths, heights = _measure(quads[index])
    direction = _majority_direction(angles, widths / heights)
    aligned = np.abs(_turn(angles, direction)) <= MAX_TURN_RADIANS
    numbers = _in_frame(quads, index[aligned], direction)
    found, field = _rows_along(numbers)
    down = numbers.y + field.fall(numbers.x, numbers.y, float(numbers.x.mean()))
    places = [float(down[row].mean()) for row in found]
    order = sorted(range(len(found)), key=places.__getitem__)
    rows = tuple(numbers.index[found[at]].tolist() for at in order)
    return PageRows(direction, field, rows, tuple(places[at] for at in order))


def _measure(quads: RowValues) -> tuple[RowValues, RowValues, RowValues]:
    """The angles in radians of the reading directions, the widths and the heights, each `(N,)`."""
    along = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    down = (quads[:, 3] + quads[:, 2] - quads[:, 0] - quads[:, 1]) / 2
    widths, heights = (np.maximum(np.hypot(*side.T), MIN_SIDE_PIXELS) for side in (along, down))
    return np.arctan2(along[:, 1], along[:, 0]), widths, heights


def _turn(angles: RowValues, direction: RowValues | float) -> RowValues:
    """The angles from a direction, in -π…π."""
    return np.asarray((angles - direction + np.pi) % (2 * np.pi) - np.pi)


def _majority_direction(angles: RowValues, weights: RowValues) -> float:
    """The mean direction of the half right angle to each side in which most numbers are, by weight."""
    directions = np.linspace(-np.pi, np.pi, DIRECTION_BINS, endpoint=False)
    bins = np.round((angles + np.pi) / (2 * np.pi) * DIRECTION_BINS).astype(int) % DIRECTION_BINS
    counts = np.bincount(bins, weights, DIRECTION_BINS)
    agreement = np.maximum(
        0, np.cos(2 * np.clip(_turn(directions[:, None], directions), -MAX_TURN_RADIANS, MAX_TURN_RADIANS))
    )
    middle = float(directions[np.argmax(agreement @ counts)])
    inside = weights * (np.abs(_turn(angles, middle)) <= MAX_TURN_RADIANS)
    return float(np.arctan2((inside * np.sin(angles)).sum(), (inside * np.cos(angles)).sum()))


def turned_points(points: RowValues, direction: float) -> RowValues:
    """Points `(…, 2)` in a frame whose x axis has a direction, in radians."""
    cos, sin = np.cos(direction), np.sin(direction)
    return np.asarray(points @ np.array([[cos, -sin], [sin, cos]]))


def _in_frame(corners: RowValues, index: RowIndices, direction: float) -> _Numbers:
    quads = turned_points(corners[index], direction)
    angles, _, heights = _measure(quads)
    x, y = quads.mean(axis=1).T
    left, right = quads[..., 0].min(axis=1), quads[..., 0].max(axis=1)
    return _Numbers(index, x, y, left, right, heights, np.tan(np.clip(angles, -MAX_TURN_RADIANS, MAX_TURN_RADIANS)))


def _rows_along(numbers: _Numbers) -> tuple[list[RowIndices], SlopeField]:
    """The rows of numbers that are aligned, and their slopes."""
    weights = (numbers.width / numbers.height) ** 2  # a long number tells its slope better
    field = fit_slopes(numbers.x, numbers.y, numbers.slope, weights)
    for _ in range(LINK_ROUNDS):
        rows = _Page(numbers, field).rows()
        field = _refit_field(numbers, rows, weights)
    return rows, field


def _refit_field(numbers: _Numbers, rows: list[RowIndices], weights: RowValues) -> SlopeField:
    """The slopes of the numbers and, far more exact, those between neighbours of a row."""
    one, other = (np.concatenate([row[part] for row in rows]) for part in (slice(None, -1), slice(1, None)))
    across = np.maximum(numbers.x[other] - numbers.x[one], numbers.height[one])
    return fit_slopes(
        np.concatenate([numbers.x, (numbers.x[one] + numbers.x[other]) / 2]),
        np.concatenate([numbers.y, (numbers.y[one] + numbers.y[other]) / 2]),
        np.concatenate([numbers.slope, (numbers.y[other] - numbers.y[one]) / across]),
        np.concatenate([weights, (across / numbers.height[one]) ** 2]),
    )


class _Page:
    """Numbers and the slopes of their rows."""

    def __init__(self, numbers: _Numbers, field: SlopeField) -> None:
        self._numbers, self._field = numbers, field
        self._by_left = np.argsort(numbers.left, kind="stable")
        self._tolerance = self._measure_tolerance()

    def rows(self) -> list[RowIndices]:
        """Join numbers and rows to longer rows, the best aligned and nearest first; each from left to right."""
        row_of = {at: np.array([at]) for at in range(len(self._numbers.x))}
        for one, other in self._candidates():
            if row_of[one] is row_of[other]:
                continue
            joined = np.concatenate([row_of[one], row_of[other]])
            joined = joined[np.argsort(self._numbers.x[joined], kind="stable")]
            if self._fits(joined[:-1], joined[1:]).all():
                row_of.update(dict.fromkeys(joined.tolist(), joined))
        return list({id(row): row for row in row_of.values()}.values())

    def _measure_tolerance(self) -> float:
        """The offset, in heights, within which numbers share a row: in wide rows people do not write as level.

        It follows from the distance between numbers below each other, of which the lower quartile counts: elsewhere
        there may be empty rows between.
        """
        distances = np.concatenate([self._distances_below(some) for some in self._parts()])
        pitches = np.sort(distances[np.isfinite(distances)])
        if not len(pitches):
            return USUAL_TOLERANCE
        return float(np.clip(OFFSET_PER_PITCH * pitches[len(pitches) // 4], MIN_TOLERANCE, MAX_TOLERANCE))

    def _parts(self) -> list[RowIndices]:
        """The numbers in parts, each of which may be compared with all at once."""
        count = len(self._numbers.x)
        return np.array_split(np.arange(count), max(1, -(-(count**2) // MAX_COMPARED_PAIRS)))

    def _distances_below(self, some: RowIndices) -> RowValues:
        """The distance `(n,)` in heights from each number in `some` to the nearest one below it, or infinity."""
        numbers, every = self._numbers, np.arange(len(self._numbers.x))
        overlap = np.minimum(numbers.right, numbers.right[some, None]) - np.maximum(
            numbers.left, numbers.left[some, None]
        )
        is_below = overlap > MAX_OVERLAP * np.minimum(numbers.width, numbers.width[some, None])
        distances = self._offsets(some[:, None], every)
        return np.asarray(np.where(is_below & (distances > 0), distances, np.inf).min(axis=1))

    def _candidates(self) -> list[tuple[int, int]]:
        """Pairs that may be neighbours in a row, what speaks least against them, in heights, first."""
        found = [self._neighbours(some) for some in self._parts()]
        ones, others = (np.concatenate([pairs[side] for pairs in found]) for side in (0, 1))
        gaps = np.maximum(0, self._numbers.left[others] - self._numbers.right[ones]) / self._heights(ones, others)
        costs = np.abs(self._offsets(ones, others)) + GAP_COST * gaps
        order = np.lexsort((others, ones, costs))
        return list(zip(ones[order].tolist(), others[order].tolist(), strict=True))

    def _neighbours(self, some: RowIndices) -> tuple[RowIndices, RowIndices]:
        """Each of `some` numbers with those nearest to its right that can follow it in a row."""
        others = self._by_left
        can_follow = (self._numbers.x[others] > self._numbers.x[some, None]) & self._fits(some[:, None], others)
        is_near = can_follow & (np.cumsum(can_follow, axis=1) <= MAX_NEIGHBOURS)
        ones, places = np.nonzero(is_near)
        return some[ones], others[places]

    def _fits(self, one: RowIndices, other: RowIndices) -> NDArray[np.bool_]:
        """Whether each number `other`, further right, can follow `one` in a row."""
        numbers = self._numbers
        overlap = numbers.right[one] - numbers.left[other]
        narrower = np.minimum(numbers.width[one], numbers.width[other])
        is_level = np.abs(self._offsets(one, other)) <= self._tolerance
        return np.asarray((overlap <= MAX_OVERLAP * narrower) & is_level)

    def _offsets(self, one: RowIndices, other: RowIndices) -> RowValues:
        """How far, in heights, the middle of each number `other` lies below the row through `one`."""
        x, y = self._numbers.x, self._numbers.y
        return np.asarray((y[other] - y[one] - self._field.fall(x[one], y[one], x[other])) / self._heights(one, other))

    def _heights(self, one: RowIndices, other: RowIndices) -> RowValues:
        return np.asarray((self._numbers.height[one] + self._numbers.height[other]) / 2)
