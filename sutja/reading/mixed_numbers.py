"""Mixed numbers whose space is too narrow to be seen: `21/2` among others like `2 1/2`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sutja.reading.numbers import interpret_number
from sutja.reading.quad import PixelBox
from sutja.reading.result import ReadNumber, ReadSign

MIXED = r"(?a)[+-]?\d+ (?P<fraction>\d+/\d+)"
UNSPACED = r"(?a)[+-]?\d+(?P<fraction>\d/\d)"
MIN_LIKE_IT = 2  # numbers with a space before the same fraction, in the same picture


def with_spaces_before_fractions(numbers: Sequence[ReadNumber]) -> list[ReadNumber]:
    """The numbers of a picture; `21/2` is `2 1/2` where others end in a space and `1/2`, and none is a date.

    Such a space counts as sure: the signs beside it say how sure the number is.
    """
    if any(interpret_number(number.guess).kind == "date" for number in numbers):
        return list(numbers)  # `21/2` may be a day and its month
    found = Counter(match["fraction"] for number in numbers if (match := re.fullmatch(MIXED, number.guess)))
    usual = {fraction for fraction, count in found.items() if count >= MIN_LIKE_IT}
    return [_with_space(number, usual) for number in numbers]


def _with_space(number: ReadNumber, usual: set[str]) -> ReadNumber:
    match = re.fullmatch(UNSPACED, number.guess)
    if match is None or match["fraction"] not in usual:
        return number
    at = match.start("fraction")
    space = ReadSign(" ", " ", 1.0, _box_between(number.signs[at - 1].box, number.signs[at].box))
    spaced = replace(number, signs=(*number.signs[:at], space, *number.signs[at:]))
    return spaced if interpret_number(spaced.guess).kind == "fraction" else number


def _box_between(one: PixelBox, other: PixelBox) -> PixelBox:
    """What lies between two boxes beside each other: a pixel wide at least, and as high as both."""
    left, right = sorted((one[0] + one[2], other[0]))
    top, bottom = min(one[1], other[1]), max(one[1] + one[3], other[1] + other[3])
    return left, top, max(1, right - left), bottom - top
