"""Flattening: a page that is seen at an angle as a level one, by the rows and columns of its numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.rows import find_page_rows, turned_points
from sutja.reading.slope_field import MIN_NEARNESS, SlopeField, fit_slopes
from sutja.reading.tables.slants import COLUMN_SLANTS, ROW_SLANTS, fit_slants

FlatPoints = NDArray[np.float64]
Homography = NDArray[np.float64]

MIN_CONVERGENCE = 1e-12
MIN_UNIT_PIXELS = 1e-3


@dataclass(frozen=True)
class FlatNumbers:
    """Numbers on a level page: their boxes, each edge `(N,)`, and the indices of each row from left to right.

    `matrix (3, 3)` is the homography from the picture to the level page, in which the middle of the numbers has the
    scale of the picture; `unit` is the usual height of a number. Unless it `has_parts`, numbers that touch are not
    parts of one, as when a person has cut them. `ruling`, `(N, 2, 2)`, are the ruled lines, x and y of both ends.
    """

    left: FlatPoints
    top: FlatPoints
    right: FlatPoints
    bottom: FlatPoints
    rows: tuple[list[int], ...]
    matrix: Homography
    unit: float
    has_parts: bool = True
    ruling: FlatPoints = field(default_factory=lambda: np.zeros((0, 2, 2)))

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
    heights = np.hypot(*(turned[:, (2, 3)].mean(axis=1) - turned[:, (0, 1)].mean(axis=1)).T)
    sides = np.stack([turned[:, (0, 3)].mean(axis=1), turned.mean(axis=1), turned[:, (1, 2)].mean(axis=1)])
    columns = fit_slants(sides, page.rows, heights, COLUMN_SLANTS)
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
    return _flat_numbers(quads, _levelling(_level(corners), slants, corners) @ flat.matrix, flat.rows)


def level_rows(flat: FlatNumbers, quads: FlatPoints, columns: Sequence[Sequence[int]]) -> FlatNumbers:
    """Level the page by the heights at which numbers of neighbouring columns stand; the rows are as they were.

    People write at a slope of their own into level rows, so that the slopes of numbers alone mislead.
    """
    across = (flat.left + flat.right) / 2
    sides = np.stack([np.stack([y, across], axis=1) for y in (flat.top, flat.middle, flat.bottom)])
    centres = (0.0, _perpendicular_slope(flat.matrix, quads))
    rows = fit_slants(sides, columns, flat.bottom - flat.top, ROW_SLANTS, centres=centres)
    corners = warped_points(quads, flat.matrix).reshape(-1, 2)
    return _flat_numbers(quads, _levelling(rows, _level(corners[:, ::-1]), corners) @ flat.matrix, flat.rows)


def _perpendicular_slope(matrix: Homography, quads: FlatPoints) -> float:
    """The slope on the level page of a line that is perpendicular to the columns in the middle of the picture."""
    centre = quads.reshape(-1, 2).mean(axis=0)
    steps = warped_points(centre + np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]), matrix)
    jacobian = (steps[1:] - steps[0]).T  # from steps on the picture to steps on the level page
    down = np.linalg.solve(jacobian, (0.0, 1.0))
    across = jacobian @ (down[1], -down[0])
    return float(np.clip(across[1] / max(abs(across[0]), MIN_CONVERGENCE) * np.sign(across[0]), -1, 1))


def _level(corners: FlatPoints) -> SlopeField:
    return SlopeField((float(corners[:, 0].mean()), float(corners[:, 1].mean())), 0.0, 0.0)


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
    heights = np.sort(bottom - top)
    unit = max(MIN_UNIT_PIXELS, float(heights[len(heights) // 2]))
    return FlatNumbers(left, top, right, bottom, rows, matrix, unit)


def other_numbers(flat: FlatNumbers, quads: FlatPoints, rows: Sequence[list[int]]) -> FlatNumbers:
    """Other numbers at `quads` `(N, 4, 2)`, in these rows, on the same level page."""
    return _flat_numbers(quads, flat.matrix, tuple(rows))


def warped_points(points: FlatPoints, matrix: Homography) -> FlatPoints:
    """Points `(…, 2)` after a homography `(3, 3)`."""
    if not points.size:
        return points
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64).reshape(-1, 1, 2), matrix)
    return np.asarray(moved, np.float64).reshape(points.shape)


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
