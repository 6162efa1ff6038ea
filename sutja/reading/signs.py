"""Signs of a strip: split into the numbers that they form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sutja.models.ctc import OTHER, DecodedSign, text_of

_MIXED_NUMBER = re.compile(r"(?<![\d/.,])\d+ \d+/\d+(?![\d/])")
_SPACE_OR_OTHER = (" ", OTHER)


def split_numbers(signs: Sequence[DecodedSign]) -> list[tuple[DecodedSign, ...]]:
    """The numbers among the signs of a strip, each with a digit at least.

    A space parts two numbers, but not a whole number from its fraction, as in `2 1/2`. Signs that belong to no number
    part numbers, too, and are left out.
    """
    text = text_of(signs)
    inner = {match.start() + match.group().index(" ") for match in _MIXED_NUMBER.finditer(text)}
    parts: list[list[DecodedSign]] = [[]]
    for index, sign in enumerate(signs):
        if sign.sign in _SPACE_OR_OTHER and index not in inner:
            parts.append([])
        else:
            parts[-1].append(sign)
    return [tuple(part) for part in parts if any(sign.is_digit for sign in part)]
