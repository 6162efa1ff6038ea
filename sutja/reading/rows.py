"""From the quadrilaterals of numbers to rows in reading order, on pages that slope, lie turned, or recede."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
MIN_NEARNESS = 0.2  # of a place to the camera, against that of the middle of the page
FIT_ROUNDS = 4  # of the robust fit of slopes
MIN_SLOPE_SPREAD = 0.02  # below it no slope is an outlier
PRIOR_WEIGHT = 3.0  # of an unchanging slope, in numbers that are as wide as high
MIN_SIDE_PIXELS = 1e-3


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
class _SlopeField:
    """The slope of the rows at each place: parallel lines that are seen at an angle meet in a vanishing point.

    A row through (x, y), from the `centre`, has the slope `level` - `convergence` (y - slope x).
    """

    centre: tuple[float, float]
    level: float
    convergence: float  # per pixel

    def slope(self, x: RowValues | float, y: RowValues | float) -> RowValues:
        """The slope of the rows at places of the page."""
        x, y = np.asarray(x) - self.centre[0], np.asarray(y) - self.centre[1]
        return np.asarray((self.level - self.convergence * y) / np.maximum(1 - self.convergence * x, MIN_NEARNESS))

    def fall(self, x: RowValues | float, y: RowValues | float, to_x: RowValues | float) -> RowValues:
        """How far a row through (x, y) falls until `to_x`."""
        return np.asarray(self.slope(x, y) * (to_x - x))


def group_rows(quads: Sequence[NDArray[np.floating]] | NDArray[np.floating]) -> list[list[int]]:
    """The indices of numbers, row by row from top to bottom and from left to right in each.

    `quads` are `(N, 4, 2)`, x and y of the corners top left, top right, bottom right, bottom left in reading direction.
    The direction that most of them have is the page's. Numbers that overlap in height, along the slope that rows have
    there, share a row, however far apart they are: so a row of a table is one. Numbers that are turned against the page
    by more than 45 degrees form rows of their own.
    """
    corners = np.asarray(quads, np.float64).reshape(-1, 4, 2)
    remaining = np.arange(len(corners))
    rows: list[tuple[float, list[int]]] = []
    page: float | None = None
    while len(remaining):
        angles, widths, heights = _measure(corners[remaining])
        direction = _majority_direction(angles, widths / heights)
        aligned = np.abs(_turn(angles, direction)) <= MAX_TURN_RADIANS
        found = _rows_along(_in_frame(corners, remaining[aligned], direction))
        if page is None:
            page, rows = direction, found
        else:
            rows += [(float(_rotated(corners[row], page)[..., 1].mean()), row) for _, row in found]
        remaining = remaining[~aligned]
    return [row for _, row in sorted(rows, key=lambda each: each[0])]


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


def _rotated(points: RowValues, direction: float) -> RowValues:
    """Points `(…, 2)` in a frame whose x axis has a direction."""
    cos, sin = np.cos(direction), np.sin(direction)
    return np.asarray(points @ np.array([[cos, -sin], [sin, cos]]))


def _in_frame(corners: RowValues, index: RowIndices, direction: float) -> _Numbers:
    quads = _rotated(corners[index], direction)
    angles, _, heights = _measure(quads)
    x, y = quads.mean(axis=1).T
    left, right = quads[..., 0].min(axis=1), quads[..., 0].max(axis=1)
    return _Numbers(index, x, y, left, right, heights, np.tan(np.clip(angles, -MAX_TURN_RADIANS, MAX_TURN_RADIANS)))


def _rows_along(numbers: _Numbers) -> list[tuple[float, list[int]]]:
    """The rows of numbers that are aligned, each with its place down the page."""
    weights = (numbers.width / numbers.height) ** 2  # a long number tells its slope better
    field = _fit_field(numbers.x, numbers.y, numbers.slope, weights)
    for _ in range(LINK_ROUNDS):
        rows = _Page(numbers, field).rows()
        field = _refit_field(numbers, rows, weights)
    places = numbers.y + field.fall(numbers.x, numbers.y, float(numbers.x.mean()))
    return [(float(places[row].mean()), numbers.index[row].tolist()) for row in rows]


def _fit_field(x: RowValues, y: RowValues, slopes: RowValues, weights: RowValues) -> _SlopeField:
    """Fit the slopes by weighted least squares, with less and less weight for outliers (Huber, 1964)."""
    centre, scale = (float(x.mean()), float(y.mean())), max(1.0, float(np.ptp(x)), float(np.ptp(y)))
    across, down = (x - centre[0]) / scale, (y - centre[1]) / scale
    field, trusted = _SlopeField(centre, 0.0, 0.0), weights
    for _ in range(FIT_ROUNDS):
        columns = np.stack([np.ones_like(x), field.slope(x, y) * across - down], axis=1)
        squares = columns.T @ (columns * trusted[:, None]) + np.diag([MIN_SIDE_PIXELS, PRIOR_WEIGHT])
        level, convergence = np.linalg.solve(squares, columns.T @ (trusted * slopes))
        field = _SlopeField(centre, float(level), float(convergence) / scale)
        misses = np.abs(slopes - field.slope(x, y))
        spread = max(MIN_SLOPE_SPREAD, 1.5 * float(np.sort(misses)[len(misses) // 2]))
        trusted = weights * np.minimum(1, spread / np.maximum(misses, spread))
    return field


def _refit_field(numbers: _Numbers, rows: list[RowIndices], weights: RowValues) -> _SlopeField:
    """The slopes of the numbers and, far more exact, those between neighbours of a row."""
    one, other = (np.concatenate([row[part] for row in rows]) for part in (slice(None, -1), slice(1, None)))
    across = np.maximum(numbers.x[other] - numbers.x[one], numbers.height[one])
    return _fit_field(
        np.concatenate([numbers.x, (numbers.x[one] + numbers.x[other]) / 2]),
        np.concatenate([numbers.y, (numbers.y[one] + numbers.y[other]) / 2]),
        np.concatenate([numbers.slope, (numbers.y[other] - numbers.y[one]) / across]),
        np.concatenate([weights, (across / numbers.height[one]) ** 2]),
    )


class _Page:
    """Numbers and the slopes of their rows."""

    def __init__(self, numbers: _Numbers, field: _SlopeField) -> None:
        self._numbers, self._field = numbers, field
        self._tolerance = self._measure_tolerance()

    def rows(self) -> list[RowIndices]:
        """Join numbers and rows to longer rows, the best aligned and nearest first; each from left to right."""
        row_of = {at: np.array([at]) for at in range(len(self._numbers.x))}
        for _, one, other in sorted(self._candidates()):
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
        pitches = sorted(filter(None, map(self._distance_below, range(len(self._numbers.x)))))
        if not pitches:
            return USUAL_TOLERANCE
        return float(np.clip(OFFSET_PER_PITCH * pitches[len(pitches) // 4], MIN_TOLERANCE, MAX_TOLERANCE))

    def _distance_below(self, at: int) -> float | None:
        """How far, in heights, the next number below a number is, if there is one."""
        numbers = self._numbers
        overlap = np.minimum(numbers.right, numbers.right[at]) - np.maximum(numbers.left, numbers.left[at])
        others = np.flatnonzero(overlap > MAX_OVERLAP * np.minimum(numbers.width, numbers.width[at]))
        distances = self._offsets(np.full_like(others, at), others)
        return float(min(distances[distances > 0], default=0)) or None

    def _candidates(self) -> Iterator[tuple[float, int, int]]:
        """Pairs that may be neighbours in a row, with what speaks against it in heights."""
        numbers = self._numbers
        for at in range(len(numbers.x)):
            following = np.flatnonzero(numbers.x > numbers.x[at])
            fitting = following[self._fits(np.full_like(following, at), following)]
            near = fitting[np.argsort(numbers.left[fitting])[:MAX_NEIGHBOURS]]
            one = np.full_like(near, at)
            gaps = np.maximum(0, numbers.left[near] - numbers.right[at]) / self._heights(one, near)
            costs = np.abs(self._offsets(one, near)) + GAP_COST * gaps
            yield from zip(costs.tolist(), one.tolist(), near.tolist(), strict=True)

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
