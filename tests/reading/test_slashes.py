"""A slash where no slash belongs is read as the digit that it looks like."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.models.ctc import DecodedSign, text_of
from sutja.reading.slashes import without_unusual_slashes


def signs(text: str, one: float) -> list[DecodedSign]:
    """The signs of a text; a slash has a confidence of 0.6, and may be a 1 with the probability `one`."""
    probabilities = np.zeros(10)
    probabilities[1] = one
    return [
        DecodedSign(sign, 8.0 * at, 8.0 * at + 4, *((0.6, probabilities) if sign == "/" else (0.99, np.zeros(10))))
        for at, sign in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("902/0", "90210"),
        ("/5", "15"),
        ("1250/3", "125013"),
        ("12.5/0 2/3", "12.510 2/3"),
        ("2 1/2", "2 1/2"),
        ("18/20", "18/20"),
        ("97/100", "97/100"),
        ("12/07", "12/07"),
        ("18/12/2023", "18/12/2023"),
        ("1234", "1234"),
        ("", ""),
    ],
)
def test_slashes_of_fractions_and_dates_stay(text: str, read: str) -> None:
    assert text_of(without_unusual_slashes(signs(text, one=0.3))) == read


def test_a_slash_that_looks_like_no_digit_stays() -> None:
    assert text_of(without_unusual_slashes(signs("902/0", one=0.1))) == "902/0"


def test_the_digit_is_as_probable_as_beside_an_improbable_slash() -> None:
    one = without_unusual_slashes(signs("902/0", one=0.4))[3]
    assert one.confidence == pytest.approx(0.4 / (0.4 + 0.2 * 0.6))
    assert one.probabilities.sum() == pytest.approx(one.confidence)
