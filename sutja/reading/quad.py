"""Quadrilaterals `float (4, 2)`: x, y of top left, top right, bottom right, bottom left, seen in reading direction."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float32]
PixelBox = tuple[int, int, int, int]  # left, top, width, height
Vector = NDArray[np.float64]
MAX_EDGE_DISTANCE = 0.05  # in heights of a quad, of one that touches the edge of the picture


@dataclass(frozen=True)
class Axes:
    """A quad as a rectangle: its `centre`, the unit vector of its reading `direction`, its length and height."""

    centre: Vector
    direction: Vector
    length: float
    height: float

    @classmethod
    def of(cls, quad: Quad) -> Axes:
        """The rectangle nearest to a quad."""
        corners = np.asarray(quad, np.float64)
        along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
        down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
        direction = along + np.array((down[1], -down[0]))  # the height says something of the direction too: 1 is narrow
        length, height, norm = (float(np.hypot(*each)) for each in (along, down, direction))
        return cls(corners.mean(axis=0), direction / max(norm, 1e-9), length, height)

    @property
    def normal(self) -> Vector:
        """The unit vector from top to bottom."""
        return np.array((-self.direction[1], self.direction[0]))

    @property
    def quad(self) -> Quad:
        """The corners of the rectangle."""
        along, down = self.direction * self.length / 2, self.normal * self.height / 2
        corners = (-along - down, along - down, along + down, down - along)
        return np.asarray(self.centre + np.array(corners), np.float32)


def upright_quad(left: float, top: float, right: float, bottom: float) -> Quad:
    """The quad of an upright box."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def part_of_quad(quad: Quad, start: float, stop: float, *, top: float = 0.0, bottom: float = 1.0) -> Quad:
    """The part between the shares `start` and `stop` of its length, `top` and `bottom` of its height, any numbers."""
    places = np.array([(start, top), (stop, top), (stop, bottom), (start, bottom)])
    across, down = places[:, :1], places[:, 1:]
    upper, lower = quad[0] + (quad[1] - quad[0]) * across, quad[3] + (quad[2] - quad[3]) * across
    return np.asarray(upper + (lower - upper) * down, np.float32)


def quad_area(quad: Quad) -> float:
    """The area of a quad, in any orientation."""
    return abs(float(cv2.contourArea(np.asarray(quad, np.float32))))


def shared_area(first: Quad, second: Quad) -> float:
    """The area that two convex quads have in common."""
    if (first.min(axis=0) >= second.max(axis=0)).any() or (second.min(axis=0) >= first.max(axis=0)).any():
        return 0.0
    area, _ = cv2.intersectConvexConvex(np.asarray(first, np.float32), np.asarray(second, np.float32))
    return float(area)


def overlap(first: Quad, second: Quad) -> float:
    """The intersection over union of two convex quads, in [0, 1]."""
    shared = shared_area(first, second)
    return shared / max(quad_area(first) + quad_area(second) - shared, 1e-9)


def overlapping_bounds(quads: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which upright bounds of `quads (N, 4, 2)` overlap, `(N, N)`: only those quads can have an area in common."""
    low, high = quads.min(axis=1), quads.max(axis=1)
    return np.asarray(((low[:, None] < high) & (high[:, None] > low)).all(axis=2))


def touches_edge(quad: Quad, shape: tuple[int, ...]) -> bool:
    """Whether a quad touches the edge of a picture of that shape, so that what it is around may go on beyond it."""
    margin = MAX_EDGE_DISTANCE * Axes.of(quad).height
    return bool((quad.min(axis=0) < margin).any() or (quad.max(axis=0) > np.array(shape[1::-1]) - margin).any())


def upright_box(places: NDArray[np.floating], shape: tuple[int, ...]) -> PixelBox:
    """The upright box around places `(N, 2)`, x and y, within a picture of that shape."""
    limits = (shape[1], shape[0])
    left, top = np.rint(np.clip(places.min(axis=0), 0, limits)).astype(int).tolist()
    right, bottom = np.rint(np.clip(places.max(axis=0), 0, limits)).astype(int).tolist()
    return left, top, max(1, right - left), max(1, bottom - top)
