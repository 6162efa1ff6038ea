"""Choice between finds of the same number: the one whose signs are read with most certainty stays.

Two finds that show different parts of a number may both stay. A sign that both show is read from the first one only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import OTHER, DecodedSign
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Axes, Quad, overlapping_bounds, quad_area, shared_area

MIN_USEFUL_CONFIDENCE = 0.6  # of a sign, from which on it speaks for its strip and not against it
MARK_WEIGHT = 0.3  # of a point, comma or other mark, against a digit
MAX_TWIN_DISTANCE_HEIGHTS = 0.25  # between the corners of two quads that are read alike
MAX_REPEAT_DISTANCE_HEIGHTS = 0.35  # between the middles of a sign that two strips show
MAX_SHARED = 0.4  # of the smaller of two quads; if they share more, they show the same number


class HasSigns(Protocol):
    """A strip that was read."""

    @property
    def place(self) -> Quad:
        """Where its signs are in the picture."""

    @property
    def signs(self) -> Sequence[DecodedSign]:
        """The signs on it."""


class HasMiddles(HasSigns, Protocol):
    """A strip that was read, with the place of each of its signs."""

    @property
    def middles(self) -> NDArray[np.float64]:
        """The middles of its signs in the picture, `(N, 2)`; NaN for a space."""

    def without(self, left_out: NDArray[np.bool_]) -> Self:
        """The strip without some of its signs."""


StripT = TypeVar("StripT", bound=HasSigns)
PlacedT = TypeVar("PlacedT", bound=HasMiddles)


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


def without_repeated_signs(strips: Sequence[PlacedT]) -> list[PlacedT]:
    """The strips, each without the signs that an earlier one shows as well; a strip without any other is left out."""
    near = overlapping_bounds(np.array([strip.place for strip in strips], np.float32).reshape(-1, 4, 2))
    kept: list[PlacedT] = []
    indices: list[int] = []  # of the strips that are kept
    for index, (strip, is_near) in enumerate(zip(strips, near, strict=True)):
        height = Axes.of(strip.place).height
        repeated = np.zeros(len(strip.signs), np.bool_)
        for earlier in (other for other, place in zip(kept, indices, strict=True) if is_near[place]):
            limit = MAX_REPEAT_DISTANCE_HEIGHTS * min(height, Axes.of(earlier.place).height)
            distances = np.hypot(*(strip.middles[:, None] - earlier.middles).transpose(2, 0, 1))
            repeated |= (distances < limit).any(axis=1)
        is_new = not repeated.any()
        if is_new or not (repeated | np.isnan(strip.middles[:, 0])).all():
            kept.append(strip if is_new else strip.without(repeated))
            indices.append(index)
    return kept


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
