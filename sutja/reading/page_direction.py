"""The direction of a page, which its numbers tell together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Axes, Quad, Vector

MAX_TURN_COSINE = 0.7  # between a number and the page below which it is turned by quarter turns


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
