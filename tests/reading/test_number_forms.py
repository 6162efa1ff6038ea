"""The forms in which people write numbers."""

from __future__ import annotations

import math

import pytest

from sutja.models.ctc import OTHER
from sutja.reading.number_forms import OTHER_ODDS, SEPARATOR_ODDS, UNUSUAL_FORM_ODDS, is_usual, log_prior


@pytest.mark.parametrize(
    "number",
    [
        "7",
        "-264",
        "1,500",
        "1.500",
        "1,500.75",
        "3,00,000",
        "12,5",
        "5.23",
        "1/2",
        "2 1/2",
        "9/11/24",
        "12:30",
        "300.-",
    ],
)
def test_usual_numbers(number: str) -> None:
    assert is_usual(number)


@pytest.mark.parametrize("number", ["902/0", "7,40,1", "1.5.3", "5:3", "1--2", "7/230,5", "125/3", "5,1501"])
def test_unusual_numbers(number: str) -> None:
    assert not is_usual(number)


def test_each_number_of_a_text_counts() -> None:
    assert log_prior("12 345") == 0
    assert log_prior("1,500 2.5") == pytest.approx(2 * math.log(SEPARATOR_ODDS))
    assert log_prior("902/0 7") == pytest.approx(math.log(UNUSUAL_FORM_ODDS))
    assert log_prior(f"12{OTHER}{OTHER}") == pytest.approx(2 * math.log(OTHER_ODDS))
