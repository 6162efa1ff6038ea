"""Quadrilaterals of training strips: those of a document's numbers, with the errors that a page network makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sutja.reading.quad import Axes, Quad, Vector
from sutja.synth.documents.document import Places, WrittenRun

MAX_HEIGHT_ERROR = 0.15
MAX_OFFSET_HEIGHTS = 0.12
MAX_ANGLE_DEGREES = 4.0
END_ERROR_HEIGHTS = (-0.25, 0.6)  # how much too short or too long a quad may be at either end
MAX_END_FALL_HEIGHTS = 0.3  # how far the ends of a long number may leave the middle line through a wrong angle
MAX_STRIP_SHEAR = 0.25
MAX_GAP_HEIGHTS = 4.0  # between two numbers in one quad
MAX_STEP_HEIGHTS = 0.3  # by which one of them stands higher
MIN_STRIP_LENGTH_HEIGHTS = 0.2  # of a quad
MAX_EMPTY_ATTEMPTS = 8


def jittered_quad(quad: Quad, rng: np.random.Generator) -> Quad:
    """A rectangle like a quadrilateral, with the errors of a page network: height, place, angle and ends."""
    axes = Axes.of(quad)
    axes = _span(axes, -_end_error(rng) * axes.height, axes.length + _end_error(rng) * axes.height)
    fall = min(np.radians(MAX_ANGLE_DEGREES), 2 * MAX_END_FALL_HEIGHTS * axes.height / axes.length)
    angle = _clipped_normal(rng, fall)
    centre = axes.centre + _clipped_normal(rng, MAX_OFFSET_HEIGHTS) * axes.height * axes.normal
    direction = np.cos(angle) * axes.direction + np.sin(angle) * axes.normal
    height = axes.height * (1 + _clipped_normal(rng, MAX_HEIGHT_ERROR))
    return replace(axes, centre=centre, direction=direction, height=height).quad


def sheared_quad(quad: Quad, rng: np.random.Generator) -> Quad:
    """The quadrilateral with its top edge moved along its bottom edge, in half of all cases: slanted writing."""
    if rng.random() < 0.5:
        return quad
    axes = Axes.of(quad)
    moved = rng.uniform(-MAX_STRIP_SHEAR, MAX_STRIP_SHEAR) * axes.height / 2 * axes.direction
    return np.asarray(quad + np.array([1, 1, -1, -1])[:, None] * moved, np.float32)


def adjoining_quad(run: WrittenRun, numbers: Sequence[WrittenRun]) -> Quad | None:
    """The rectangle over a number and the nearest one behind it on the same line; `None` without such a number."""
    axes = Axes.of(run.quad)
    best: tuple[float, float] | None = None
    for other in numbers:
        ends = _seen_from(axes, other.quad)
        start, stop = ends[[0, 3], 0].mean() + axes.length / 2, ends[[1, 2], 0].mean() + axes.length / 2
        gap = (start - axes.length) / axes.height
        level = abs(ends[:, 1].mean()) < MAX_STEP_HEIGHTS * axes.height and 0.7 < other.height / axes.height < 1.4
        if level and -0.1 < gap < MAX_GAP_HEIGHTS and start < stop and (best is None or gap < best[0]):
            best = gap, float(stop)
    return None if best is None else _span(axes, 0, best[1]).quad


def partial_quad(run: WrittenRun, rng: np.random.Generator) -> Quad:
    """The rectangle over the first or last signs of a number, as where a page network splits it at a gap."""
    axes = Axes.of(run.quad)
    places = _seen_from(axes, run.centres)[:, 0] + axes.length / 2
    cut = int(rng.integers(1, len(places)))
    middle = float(places[cut - 1] + places[cut]) / 2
    return (_span(axes, 0, middle) if rng.random() < 0.5 else _span(axes, middle, axes.length)).quad


def empty_quad(shape: tuple[int, ...], signs: Places, rng: np.random.Generator) -> Quad | None:
    """A rectangle somewhere in a picture of `shape` (rows, columns) without signs; `None` if none is found."""
    rows, columns = shape[:2]
    for _ in range(MAX_EMPTY_ATTEMPTS):
        height = min(rows, columns) * float(np.exp(rng.uniform(np.log(0.025), np.log(0.4))))
        angle = float(rng.normal(0, 0.1)) + np.pi / 2 * float(rng.choice([0, 0, 0, 1, 2, 3]))
        length = height * float(np.exp(rng.uniform(np.log(0.4), np.log(6))))
        axes = Axes(rng.uniform(0, 1, 2) * (columns, rows), np.array([np.cos(angle), np.sin(angle)]), length, height)
        along, across = np.abs(_seen_from(axes, signs)).T
        if not ((along < length / 2 + 0.6 * height) & (across < 1.1 * height)).any():
            return axes.quad
    return None


def _span(axes: Axes, start: float, stop: float) -> Axes:
    """The part from `start` to `stop`, in pixels from the left end; it may reach beyond the ends."""
    centre = axes.centre + axes.direction * ((start + stop - axes.length) / 2)
    return replace(axes, centre=centre, length=max(stop - start, MIN_STRIP_LENGTH_HEIGHTS * axes.height))


def _seen_from(axes: Axes, places: Places) -> Vector:
    """Places `(N, 2)` along and across a rectangle, in pixels from its centre."""
    return (np.asarray(places, np.float64) - axes.centre) @ np.stack([axes.direction, axes.normal], axis=1)


def _clipped_normal(rng: np.random.Generator, limit: float) -> float:
    """A normal error that stays within a limit of two standard deviations."""
    return float(np.clip(rng.normal(0, limit / 2), -limit, limit))


def _end_error(rng: np.random.Generator) -> float:
    """How many heights a quad reaches beyond one end of a number: mostly little."""
    if rng.random() < 0.15:
        return float(rng.uniform(*END_ERROR_HEIGHTS))
    return float(np.clip(rng.normal(0.05, 0.1), *END_ERROR_HEIGHTS))
