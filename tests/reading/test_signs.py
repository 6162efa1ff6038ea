"""From the signs of a strip to numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.models.ctc import OTHER, DecodedSign, text_of
from sutja.reading.signs import split_numbers


def signs(text: str) -> list[DecodedSign]:
    """The signs of a text, four columns each."""
    return [DecodedSign(sign, 4 * place, 4 * place + 4, 0.9, np.full(10, 0.09)) for place, sign in enumerate(text)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,500.75", ["1,500.75"]),
        ("12 345", ["12", "345"]),
        ("2 1/2", ["2 1/2"]),
        ("7 2 1/2 30", ["7", "2 1/2", "30"]),
        ("12 9/11/24", ["12", "9/11/24"]),
        (f"{OTHER}-4{OTHER}", ["-4"]),
        (f"96{OTHER}10", ["96", "10"]),
        ("300.-", ["300.-"]),
        ("", []),
        (OTHER, []),
        ("-", []),
        (" - ", []),
    ],
)
def test_spaces_and_other_signs_part_numbers(text: str, numbers: list[str]) -> None:
    assert [text_of(number) for number in split_numbers(signs(text))] == numbers


def test_signs_keep_their_places() -> None:
    first, second = split_numbers(signs("12 3"))
    assert [sign.start for sign in (*first, *second)] == [0, 4, 12]
