"""Flattening: a page that is seen at an angle as a level one, by the rows and columns of its numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.rows import PageRows, find_page_rows, turned_points
from sutja.reading.slope_field import MIN_NEARNESS, SlopeField, fit_slopes

FlatPoints = NDArray[np.float64]
Homography = NDArray[np.float64]

# Of columns against the perpendicular of the rows, and how they converge over the extent of the numbers
LEVELS, CONVERGENCES = np.arange(-0.4, 0.41, 0.05), np.arange(-0.9, 0.91, 0.1)
USUAL_LEVEL, USUAL_CONVERGENCE = 0.6, 1.2  # standard deviations of both
MAX_COLUMN_SLOPE = 0.8
MAX_ROW_DISTANCE = 3  # of two numbers whose edges may be aligned
ALIGNED_HEIGHTS = 0.25  # of one edge beside another, in which they count as aligned
MAX_PAIRS = 800
REFINEMENTS = 4
MIN_CONVERGENCE = 1e-12


@dataclass(frozen=True)
class FlatNumbers:
    """Numbers on a level page: their boxes, each edge `(N,)`, and the indices of each row from left to right.

    `matrix (3, 3)` is the homography from the picture to the level page, in which the middle of the numbers has the
    scale of the picture.
    """

    left: FlatPoints
    top: FlatPoints
    right: FlatPoints
    bottom: FlatPoints
    rows: tuple[list[int], ...]
    matrix: Homography

    @property
    def unit(self) -> float:
        """The usual height of a number."""
        heights = np.sort(self.bottom - self.top)
        return max(1e-3, float(heights[len(heights) // 2]))

    @property
    def middle(self) -> FlatPoints:
        """How far down each number is."""
        return np.asarray((self.top + self.bottom) / 2)


def flatten_numbers(quads: FlatPoints) -> FlatNumbers:
    """Level the page of the numbers at `quads` `(N, 4, 2)`, at least one.

    Numbers that are turned against the others by more than 45 degrees are in no row.
    """
    page = find_page_rows(quads)
    turned = turned_points(quads, page.direction)
    columns = _fit_columns(turned, page)
    cos, sin = np.cos(page.direction), np.sin(page.direction)
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    matrix = _levelling(page.slopes, columns, turned.reshape(-1, 2)) @ turn
    return _flat_numbers(quads, matrix, page.rows)


def level_columns(flat: FlatNumbers, quads: FlatPoints, columns: Sequence[Sequence[int]]) -> FlatNumbers:
    """Level the page again, so that the numbers of each of some columns are aligned as well as can be."""
    links = [_column_links(flat, np.array(column)) for column in columns if len(column) > 1]
    if not links:
        return flat
    x, y, slopes, weights = np.concatenate(links, axis=1)
    slants = fit_slopes(y, x, slopes, weights)
    corners = warped_points(quads, flat.matrix).reshape(-1, 2)
    level = SlopeField((float(corners[:, 0].mean()), float(corners[:, 1].mean())), 0.0, 0.0)
    return _flat_numbers(quads, _levelling(level, slants, corners) @ flat.matrix, flat.rows)


def _column_links(flat: FlatNumbers, column: NDArray[np.intp]) -> FlatPoints:
    """Of numbers of a column that are half of it apart: places, slopes of their best aligned edge, and weights."""
    column = column[np.argsort(flat.middle[column])]
    sides = np.stack([flat.left, flat.right, (flat.left + flat.right) / 2])[:, column]
    half = (len(column) + 1) // 2
    down = np.maximum(flat.middle[column[half:]] - flat.middle[column[:-half]], MIN_CONVERGENCE)
    slopes = (sides[:, half:] - sides[:, :-half]) / down
    best = int(np.argmin(np.abs(slopes - np.sort(slopes)[:, slopes.shape[1] // 2, None]).sum(axis=1)))
    x, y = (
        (sides[best, half:] + sides[best, :-half]) / 2,
        (flat.middle[column[half:]] + flat.middle[column[:-half]]) / 2,
    )
    return np.stack([x, y, slopes[best], (down / flat.unit) ** 2])


def _flat_numbers(quads: FlatPoints, matrix: Homography, rows: tuple[list[int], ...]) -> FlatNumbers:
    flat = warped_points(quads, matrix)
    left, right = flat[:, (0, 3), 0].mean(axis=1), flat[:, (1, 2), 0].mean(axis=1)
    top, bottom = flat[:, (0, 1), 1].mean(axis=1), flat[:, (2, 3), 1].mean(axis=1)
    return FlatNumbers(left, top, right, bottom, rows, matrix)


def warped_points(points: FlatPoints, matrix: Homography) -> FlatPoints:
    """FlatPoints `(…, 2)` after a homography `(3, 3)`."""
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64).reshape(-1, 1, 2), matrix)
    return np.asarray(moved, np.float64).reshape(points.shape)


def _fit_columns(turned: FlatPoints, page: PageRows) -> SlopeField:
    """The slopes of the columns, x and y exchanged: those by which most edges and middles of numbers are aligned."""
    one, other = _pairs(page.rows)
    across, down, at, units = _steps(turned, one, other)
    centre = (float(turned[..., 1].mean()), float(turned[..., 0].mean()))
    if not len(down):
        return SlopeField(centre, 0.0, 0.0)
    extent = float(np.ptp(turned.reshape(-1, 2), axis=0).max())
    field = max(
        (SlopeField(centre, float(level), float(each) / extent) for level in LEVELS for each in CONVERGENCES),
        key=lambda field: _agreement(field, across, down, at, units).sum() * _prior(field, extent),
    )
    for _ in range(REFINEMENTS):
        weights = _agreement(field, across, down, at, units)
        places = np.repeat(at[None], 3, axis=0).reshape(-1, 2)
        slopes = (across / down).reshape(-1)
        field = fit_slopes(places[:, 1], places[:, 0], slopes, (weights * (down / units) ** 2).reshape(-1))
    return field


def _pairs(rows: tuple[list[int], ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of rows that are near each other, at most `MAX_PAIRS` pairs evenly chosen."""
    pairs = [
        (one, other)
        for at, row in enumerate(rows)
        for following in rows[at + 1 : at + 1 + MAX_ROW_DISTANCE]
        for one in row
        for other in following
    ]
    chosen = np.array(pairs, np.intp).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]


def _steps(turned: FlatPoints, one: NDArray[np.intp], other: NDArray[np.intp]) -> tuple[FlatPoints, ...]:
    """Of pairs: how far left edges, middles and right edges are apart `(3, N)`, how far down, where, and heights."""
    sides = np.stack([turned[:, (0, 3)].mean(axis=1), turned.mean(axis=1), turned[:, (1, 2)].mean(axis=1)])
    steps = sides[:, other] - sides[:, one]
    down = steps[1, :, 1]
    possible = np.flatnonzero((down > 0) & (np.abs(steps[..., 0]).min(axis=0) < MAX_COLUMN_SLOPE * down))
    possible = possible[:: max(1, -(-len(possible) // MAX_PAIRS))]
    middles = (sides[1, one] + sides[1, other])[possible] / 2
    heights = np.hypot(*(turned[:, (2, 3)].mean(axis=1) - turned[:, (0, 1)].mean(axis=1)).T)
    units = np.maximum((heights[one] + heights[other])[possible] / 2, MIN_CONVERGENCE)
    return steps[:, possible, 0], down[possible], middles, units


def _agreement(
    field: SlopeField, across: FlatPoints, down: FlatPoints, at: FlatPoints, units: FlatPoints
) -> FlatPoints:
    """How well the edges and middles of pairs are aligned by these slopes, each in [0, 1], `(3, N)`."""
    misses = across - field.slope(at[:, 1], at[:, 0]) * down
    return np.asarray(np.exp(-((misses / (ALIGNED_HEIGHTS * units)) ** 2)))


def _prior(field: SlopeField, extent: float) -> float:
    spread = (field.level / USUAL_LEVEL) ** 2 + (field.convergence * extent / USUAL_CONVERGENCE) ** 2
    return float(np.exp(-spread / 2))


def _levelling(rows: SlopeField, columns: SlopeField, points: FlatPoints) -> Homography:
    """The homography that makes rows horizontal and columns vertical; an affine map if a point would be at infinity."""
    centre = points.mean(axis=0)
    for strength in (1.0, 0.0):
        along = _vanishing_point(rows, strength)
        down = _vanishing_point(columns, strength)[[1, 0, 2]]
        matrix = _levelling_at(along, down, centre)
        nearness = points @ matrix[2, :2] + matrix[2, 2]
        if nearness.min() > MIN_NEARNESS:
            break
    return matrix


def _vanishing_point(field: SlopeField, strength: float) -> FlatPoints:
    """Where the lines meet, in homogeneous coordinates."""
    convergence, (x, y) = strength * field.convergence, field.centre
    return np.array([1 + convergence * x, field.level + convergence * y, convergence])


def _levelling_at(along: FlatPoints, down: FlatPoints, centre: FlatPoints) -> Homography:
    """The homography that moves vanishing points to infinity on the axes, and keeps the scale at the centre."""
    middle = np.append(centre, 1.0)
    matrix = np.stack([np.cross(down, middle), np.cross(middle, along), np.cross(along, down)])
    matrix /= matrix[2] @ middle
    steps = matrix[:2, :2]  # the middle itself is at the origin
    scales = np.array([steps[0] @ _unit_step(along, centre), steps[1] @ _unit_step(down, centre)])
    matrix[:2] /= scales[:, None]
    return np.asarray(matrix)


def _unit_step(vanishing: FlatPoints, centre: FlatPoints) -> FlatPoints:
    """A step of one pixel from the centre along the line that vanishes there, to the right or down."""
    step = vanishing[:2] - vanishing[2] * centre
    return np.asarray(step / max(float(np.hypot(*step)), MIN_CONVERGENCE))
