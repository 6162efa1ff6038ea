"""The direction of a page and the slope of its rows, which its numbers tell together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Axes, Quad, Vector
from sutja.reading.slope_field import fit_slopes

MAX_TURN_COSINE = 0.7  # between a number and the page below which it is turned by quarter turns
SLOPE_ERROR = (
    0.18  # standard deviation on painted documents, of a number that is as long as high; longer ones have less
)
MIN_EXACTNESS, MAX_EXACTNESS = 0.5, 8.0  # lengths in heights, beyond which a slope is no more exact: writing bends
MAX_DEVIATIONS = 3.0  # of a number's slope from the page's, in standard deviations; beyond, it stands by itself
MIN_FIELD_NUMBERS = 6  # that tell how slopes differ on a page seen at an angle
MIN_PAGE_SLOPE = 0.01  # of rows; less is taken for level
MAX_SLOPE = 0.7  # against the nearest edge of the picture, of numbers that tell the slope of the page


def with_page_direction(numbers: Sequence[FoundNumber], *, upright: bool = False) -> list[FoundNumber]:
    """The numbers, each turned by the quarter turns that bring it nearest to the direction of the page.

    That is the sum of all directions: a single digit may say little of which way up it is, a page of them much. It is
    known of an `upright` page.
    """
    if not numbers:
        return []
    directions = [number.score * Axes.of(number.quad).direction for number in numbers]
    page = np.array((1.0, 0.0)) if upright else np.sum(directions, axis=0)
    return [replace(number, quad=_turned_towards(number.quad, page)) for number in numbers]


def _turned_towards(quad: Quad, direction: Vector) -> Quad:
    turns = [np.roll(quad, turn, axis=0) for turn in range(4)]
    cosines = [float(Axes.of(turned).direction @ direction) for turned in turns]
    length = float(np.hypot(*direction))
    if cosines[0] > MAX_TURN_COSINE * length or length < 1e-6:
        return quad
    return turns[int(np.argmax(cosines))]


def upside_down(numbers: Sequence[FoundNumber]) -> list[FoundNumber]:
    """The numbers as they are read when the page is turned by half."""
    return [replace(number, quad=np.roll(number.quad, 2, axis=0)) for number in numbers]


def row_directions(numbers: Sequence[FoundNumber]) -> Vector:
    """The unit vectors `(N, 2)` along the rows of the page at each number, or its own where that is clearly another.

    A short number says little of its slope, a page of them much. Rows whose slope is small or may be chance are level.
    """
    axes = [Axes.of(number.quad) for number in numbers]
    own = np.array([each.direction for each in axes]).reshape(-1, 2)
    lengths = np.array([each.length / max(each.height, 1e-3) for each in axes])
    frame = nearest_edge(lengths @ own)
    centres, directions = np.array([each.centre for each in axes]).reshape(-1, 2) @ frame.T, own @ frame.T
    slopes = directions[:, 1] / np.maximum(directions[:, 0], 1e-3)
    along = (directions[:, 0] > 0) & (np.abs(slopes) < MAX_SLOPE)
    if not along.any():
        return own
    exactness = np.clip(lengths, MIN_EXACTNESS, MAX_EXACTNESS)
    common = _common_slopes(centres, slopes, np.where(along, exactness**2, 0.0))
    follows = along & (np.abs(slopes - common) < MAX_DEVIATIONS * SLOPE_ERROR / exactness)
    rows = np.column_stack([np.ones_like(common), common]) @ frame
    return np.where(follows[:, None], rows / np.hypot(1, common)[:, None], own)


def _common_slopes(centres: Vector, slopes: Vector, weights: Vector) -> Vector:
    """The slope of the rows at each of `centres (N, 2)`; level where chance explains it."""
    x, y = centres.T
    common = np.full_like(slopes, float(weights @ slopes) / float(weights.sum()))
    if len(slopes) >= MIN_FIELD_NUMBERS:
        common = fit_slopes(x, y, slopes, weights).slope(x, y)
    chance = max(MIN_PAGE_SLOPE, 2 * SLOPE_ERROR * float(weights.sum()) ** -0.5)
    return np.zeros_like(common) if np.abs(common).max() < chance else common


def nearest_edge(direction: Vector) -> Vector:
    """The axes `(2, 2)` of the picture's edge that is nearest to a direction: along it and down from it."""
    x, y = direction
    along = (np.sign(x) or 1.0, 0.0) if abs(x) >= abs(y) else (0.0, np.sign(y))
    return np.array([along, (-along[1], along[0])])
