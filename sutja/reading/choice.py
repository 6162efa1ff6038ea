"""Choice between finds of the same number: the one whose signs are read with most certainty stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np

from sutja.models.ctc import OTHER, DecodedSign
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Quad, overlapping_bounds, quad_area, shared_area

MIN_USEFUL_CONFIDENCE = 0.6  # of a sign, from which on it speaks for its strip and not against it
MARK_WEIGHT = 0.3  # of a point, comma or other mark, against a digit
MAX_TWIN_DISTANCE_HEIGHTS = 0.25  # between the corners of two quads that are read alike
MAX_SHARED = 0.4  # of the smaller of two quads; if they share more, they show the same number


class HasSigns(Protocol):
    """A strip that was read."""

    @property
    def place(self) -> Quad:
        """Where its signs are in the picture."""

    @property
    def signs(self) -> Sequence[DecodedSign]:
        """The signs on it."""


StripT = TypeVar("StripT", bound=HasSigns)


def without_twins(found: Sequence[FoundNumber]) -> list[FoundNumber]:
    """The finds without those that are nearly the same as a surer one, so that nothing is read twice."""
    order = sorted(range(len(found)), key=lambda index: -found[index].score)
    kept = _distinct([each.quad for each in found], order, _are_twins)
    return [found[index] for index in sorted(kept)]


def choose_strips(strips: Sequence[StripT]) -> list[StripT]:
    """The strips, each number once: of those that overlap, the one with the largest `reading_gain`.

    A part of a number may be read with more confidence than all of it, but not with a larger sum. Strips without signs
    come last.
    """
    gains = [reading_gain(strip.signs) for strip in strips]
    order = sorted(range(len(strips)), key=lambda index: (not strips[index].signs, -gains[index]))
    return [strips[index] for index in _distinct([strip.place for strip in strips], order, _show_the_same)]


def _distinct(quads: Sequence[Quad], order: Sequence[int], same: Callable[[Quad, Quad], bool]) -> list[int]:
    """The indices of quads, in an order, that are not the `same` as an earlier one."""
    near = overlapping_bounds(np.array(quads, np.float32).reshape(-1, 4, 2))
    is_kept = np.zeros(len(quads), np.bool_)
    kept: list[int] = []
    for index in order:
        if not any(same(quads[index], quads[other]) for other in np.flatnonzero(near[index] & is_kept).tolist()):
            is_kept[index] = True
            kept.append(index)
    return kept


def _are_twins(one: Quad, other: Quad) -> bool:
    height = float(np.hypot(*(one[3] - one[0])))
    return float(np.abs(one - other).max()) < MAX_TWIN_DISTANCE_HEIGHTS * height


def _show_the_same(one: Quad, other: Quad) -> bool:
    return shared_area(one, other) > MAX_SHARED * min(quad_area(one), quad_area(other))


def reading_gain(signs: Sequence[DecodedSign]) -> float:
    """The sum over all signs of a strip of what their confidence exceeds 0.6 by, or falls below it."""
    return sum(
        (sign.confidence - MIN_USEFUL_CONFIDENCE) * (1.0 if sign.is_digit else MARK_WEIGHT)
        for sign in signs
        if sign.sign not in (" ", OTHER)
    )
