"""Slashes where no slash belongs: a slanted 1 looks like one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sutja.models.ctc import DecodedSign, text_of
from sutja.reading.numbers import interpret_number, split_numbers

USUAL_FRACTION = r"(?a)[+-]?(?:\d{1,3} )?\d{1,2}/\d{1,3}"  # a fraction, a mixed number, or a day and its month
UNUSUAL_SLASH_PRIOR = 0.2  # of a slash in any other number, against a digit that stands there


def without_unusual_slashes(signs: Sequence[DecodedSign]) -> list[DecodedSign]:
    """The signs of a strip; a slash that stands in no usual fraction or date is a digit, if it looks like one, too."""
    changed = list(signs)
    text = text_of(signs)
    for start, stop in split_numbers(text):
        if _is_usual(text[start:stop]):
            continue
        for index in range(start, stop):
            if text[index] == "/":
                changed[index] = _as_digit(changed[index])
    return changed


def _is_usual(text: str) -> bool:
    meaning = interpret_number(text)
    return meaning.kind == "date" or (meaning.kind == "fraction" and bool(re.fullmatch(USUAL_FRACTION, text)))


def _as_digit(slash: DecodedSign) -> DecodedSign:
    """The digit that a slash looks like most if the slash is unusual, or else the slash."""
    rest = 1 - (1 - UNUSUAL_SLASH_PRIOR) * slash.confidence  # of all probability, after the prior
    digit = int(slash.probabilities.argmax())
    if slash.probabilities[digit] < UNUSUAL_SLASH_PRIOR * slash.confidence:
        return slash
    probabilities = slash.probabilities / rest
    return replace(slash, sign=str(digit), confidence=float(probabilities[digit]), probabilities=probabilities)
