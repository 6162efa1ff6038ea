"""Choice between finds of the same number: the one whose signs are read with most certainty stays.

Several numbers may also be found as one, in a reduced picture that does not show the gaps between them.

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
# Finds within a larger one that are numbers of their own
MAX_PART_AREA = 0.8  # of the larger one's
MIN_PART_INSIDE = 0.6  # of a part's area
MIN_PARTS_GAIN = 0.9  # of the larger one's: together they show nearly all of its signs
MIN_SCORE_RATIO = 1.2  # of their scores to the larger one's
# A find that shows all of a chosen one, and more digits
MIN_SHOWN = 0.7  # of the chosen one's area
MIN_WHOLE_AREA, MAX_WHOLE_AREA = 1.1, 3.0  # in areas of the chosen one
MIN_WHOLE_SCORE_RATIO = 0.7  # to the chosen one's score
MIN_WHOLE_CONFIDENCE = 0.3  # of each digit of the whole


class HasSigns(Protocol):
    """A strip that was read."""

    @property
    def place(self) -> Quad:
        """Where its signs are in the picture."""

    @property
    def signs(self) -> Sequence[DecodedSign]:
        """The signs on it."""

    @property
    def found(self) -> FoundNumber:
        """What the page network found there."""


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
    quads = [each.quad for each in found]
    kept = _distinct(quads, order, _are_twins, _near(quads))
    return [found[index] for index in sorted(kept)]


def choose_strips(strips: Sequence[StripT]) -> list[StripT]:
    """The strips, each number once: of those that overlap, the one with the largest `reading_gain`.

    Strips over several numbers are left out: of its parts, the page network is clearly surer. Strips without signs come
    last. Where a part of a number is read with so much more confidence than all of it that its sum is larger, all of it
    takes its place (`with_wholes`).
    """
    strips = without_joined(strips)
    gains = [reading_gain(strip.signs) for strip in strips]
    order = sorted(range(len(strips)), key=lambda index: (not strips[index].signs, -gains[index]))
    quads = [strip.place for strip in strips]
    return with_wholes([strips[index] for index in _distinct(quads, order, _show_the_same, _near(quads))], strips)


def with_wholes(chosen: Sequence[StripT], strips: Sequence[StripT]) -> list[StripT]:
    """The chosen strips; in place of a part of a number the strip that shows all of it, of several the best read.

    The whole has more digits, each of them fairly probable, and shows no other chosen strip.
    """
    near = _near([each.place for each in (*strips, *chosen)])[:, len(strips) :]  # (strips, chosen)
    shown = [[chosen[index] for index in np.flatnonzero(row).tolist()] for row in near[: len(strips)]]
    wholes = []
    for part in chosen:
        found = [
            strip
            for strip, others in zip(strips, shown, strict=True)
            if any(other is part for other in others)
            and _is_whole(strip, part)
            and not any(_show_the_same(strip.place, other.place) for other in others if other is not part)
        ]
        wholes.append(max(found, key=lambda strip: reading_gain(strip.signs), default=part))
    return wholes


def without_joined(strips: Sequence[StripT]) -> list[StripT]:
    """The strips without those that show several numbers as one, as the digits in a row of narrow cells.

    Such a strip has parts whose signs say together as much as its own, and of which the page network is surer.
    """
    quads = [strip.place for strip in strips]
    areas = [quad_area(quad) for quad in quads]
    gains = [max(0.0, reading_gain(strip.signs)) for strip in strips]
    near = _near(quads)
    kept: list[int] = []
    for index in sorted(range(len(strips)), key=areas.__getitem__):
        inside = [
            part
            for part in kept
            if near[index, part]
            and gains[part] > 0
            and areas[part] < MAX_PART_AREA * areas[index]
            and shared_area(quads[index], quads[part]) > MIN_PART_INSIDE * areas[part]
        ]
        weights = {part: gains[part] * strips[part].found.score for part in inside}
        parts = _distinct(quads, sorted(inside, key=weights.__getitem__, reverse=True), _show_the_same, near)
        gain, weight = sum(gains[part] for part in parts), sum(weights[part] for part in parts)
        is_joined = len(parts) > 1 and gain >= MIN_PARTS_GAIN * gains[index]
        if not (is_joined and weight > MIN_SCORE_RATIO * strips[index].found.score * gain):
            kept.append(index)
    return [strips[index] for index in sorted(kept)]


def without_repeated_signs(strips: Sequence[PlacedT]) -> list[PlacedT]:
    """The strips, each without the signs that an earlier one shows as well; a strip without any other is left out."""
    near = _near([strip.place for strip in strips])
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


def _distinct(
    quads: Sequence[Quad], order: Sequence[int], same: Callable[[Quad, Quad], bool], near: NDArray[np.bool_]
) -> list[int]:
    """The indices of quads, in an order, that are not the `same` as an earlier one that is `near` them."""
    is_kept = np.zeros(len(quads), np.bool_)
    kept: list[int] = []
    for index in order:
        if not any(same(quads[index], quads[other]) for other in np.flatnonzero(near[index] & is_kept).tolist()):
            is_kept[index] = True
            kept.append(index)
    return kept


def _near(quads: Sequence[Quad]) -> NDArray[np.bool_]:
    """Which quads `(N, N)` may overlap."""
    return overlapping_bounds(np.array(quads, np.float32).reshape(-1, 4, 2))


def _are_twins(one: Quad, other: Quad) -> bool:
    height = float(np.hypot(*(one[3] - one[0])))
    return float(np.abs(one - other).max()) < MAX_TWIN_DISTANCE_HEIGHTS * height


def _is_whole(strip: HasSigns, part: HasSigns) -> bool:
    """Whether a strip shows all of the number of which another one shows a part."""
    digits = [sign.confidence for sign in strip.signs if sign.is_digit]
    if not 0 < sum(sign.is_digit for sign in part.signs) < len(digits) or min(digits) < MIN_WHOLE_CONFIDENCE:
        return False
    area = quad_area(part.place)
    return (
        MIN_WHOLE_AREA * area <= quad_area(strip.place) <= MAX_WHOLE_AREA * area
        and shared_area(strip.place, part.place) >= MIN_SHOWN * area
        and strip.found.score >= MIN_WHOLE_SCORE_RATIO * part.found.score
    )


def _show_the_same(one: Quad, other: Quad) -> bool:
    return shared_area(one, other) > MAX_SHARED * min(quad_area(one), quad_area(other))


def reading_gain(signs: Sequence[DecodedSign]) -> float:
    """The sum over all signs of a strip of what their confidence exceeds 0.6 by, or falls below it."""
    return sum(
        (sign.confidence - MIN_USEFUL_CONFIDENCE) * (1.0 if sign.is_digit else MARK_WEIGHT)
        for sign in signs
        if sign.sign not in (" ", OTHER)
    )
