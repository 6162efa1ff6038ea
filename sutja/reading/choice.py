"""Choice between finds of the same number: the one whose signs are read with most certainty stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sutja.models.ctc import OTHER, DecodedSign
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import quad_area, shared_area

MIN_USEFUL_CONFIDENCE = 0.6  # of a sign, from which on it speaks for its strip and not against it
MARK_WEIGHT = 0.3  # of a point, comma or other mark, against a digit
MAX_SHARED = 0.4  # of the smaller of two quads; if they share more, they show the same number


class HasSigns(Protocol):
    """A strip that was read."""

    @property
    def found(self) -> FoundNumber:
        """What was found."""

    @property
    def signs(self) -> Sequence[DecodedSign]:
        """The signs on it."""


StripT = TypeVar("StripT", bound=HasSigns)


def choose_strips(strips: Sequence[StripT]) -> list[StripT]:
    """The strips, each number once: of those that overlap, the one with the largest `reading_gain`.

    A part of a number may be read with more confidence than all of it, but not with a larger sum. Strips without signs
    come last.
    """
    kept: list[StripT] = []
    for strip in sorted(strips, key=lambda strip: (not strip.signs, -reading_gain(strip.signs))):
        quad, area = strip.found.quad, quad_area(strip.found.quad)
        others = [other.found.quad for other in kept]
        if all(shared_area(quad, other) <= MAX_SHARED * min(area, quad_area(other)) for other in others):
            kept.append(strip)
    return kept


def reading_gain(signs: Sequence[DecodedSign]) -> float:
    """The sum over all signs of a strip of what their confidence exceeds 0.6 by, or falls below it."""
    return sum(
        (sign.confidence - MIN_USEFUL_CONFIDENCE) * (1.0 if sign.is_digit else MARK_WEIGHT)
        for sign in signs
        if sign.sign not in (" ", OTHER)
    )
