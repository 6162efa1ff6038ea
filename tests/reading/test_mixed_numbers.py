"""Numbers that are read without the space before their fraction."""

from __future__ import annotations

import pytest

from sutja.reading.mixed_numbers import with_spaces_before_fractions
from tests.reading.readings import read_number


def spaced(*texts: str) -> list[str]:
    return [number.text for number in with_spaces_before_fractions([read_number(text) for text in texts])]


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (("2 1/2", "3 1/2", "21/2"), "2 1/2"),
        (("2 1/2", "3 1/2", "-121/2"), "-12 1/2"),
        (("2 1/2", "3 1/2", "2[1]/2"), "2 ?/2"),
        (("2 1/2", "21/2"), "21/2"),  # one alone may be an accident
        (("2 1/2", "3 1/2", "23/4"), "23/4"),  # another fraction
        (("2 1/2", "3 1/2", "1/2"), "1/2"),
        (("2 1/2", "3 1/2", "9/11/24", "21/2"), "21/2"),  # a day and its month
        (("2 1/2", "3 1/2", "212"), "212"),
    ],
)
def test_a_fraction_behind_a_digit_is_spaced_as_others_are(texts: tuple[str, ...], last: str) -> None:
    assert spaced(*texts)[-1] == last


def test_the_space_lies_between_the_signs_beside_it() -> None:
    *_, number = with_spaces_before_fractions([read_number(text) for text in ("2 1/2", "2 1/2", "21/2")])
    assert [sign.box for sign in number.signs][:3] == [(0, 0, 10, 20), (10, 0, 1, 20), (10, 0, 10, 20)]
