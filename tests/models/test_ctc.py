"""Greedy CTC decoding of the logits of a strip."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.models.ctc import ALPHABET, BLANK, OTHER, decode_greedy, encode_text, likeliest_digit, text_of


def logits_of(steps: list[int], sure: float = 5) -> NDArray[np.float32]:
    """The logits of a strip whose steps have these best classes."""
    logits = np.zeros((len(steps), BLANK + 1), np.float32)
    logits[np.arange(len(steps)), steps] = sure
    return logits


@given(st.lists(st.integers(0, BLANK), max_size=30))
def test_repeats_are_merged_and_blanks_dropped(steps: list[int]) -> None:
    decoded = decode_greedy(logits_of(steps))
    expected = [
        each for number, each in enumerate(steps) if each != BLANK and (number == 0 or steps[number - 1] != each)
    ]
    assert encode_text(text_of(decoded)) == expected
    for each in decoded:
        start, stop = round(each.start / 4), round(each.stop / 4)
        assert {ALPHABET[step] for step in steps[start:stop]} == {each.sign}
        assert each.confidence == pytest.approx(np.exp(5) / (np.exp(5) + BLANK))
    for first, second in pairwise(decoded):
        assert first.stop <= second.start


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], ""),
        ([BLANK, BLANK], ""),
        ([1, 1, 1], "1"),
        ([1, BLANK, 1], "11"),
        ([1, 1, 2, BLANK, BLANK, 2, 0], "1220"),
        (encode_text("-1,500.75"), "-1,50.75"),
        ([*encode_text("2 1/2"), BLANK, 17], f"2 1/2{OTHER}"),
    ],
)
def test_what_repeats_counts_once_and_blanks_separate(steps: list[int], text: str) -> None:
    assert text_of(decode_greedy(logits_of(steps))) == text


def test_a_sign_has_its_columns_and_the_probabilities_of_its_clearest_step() -> None:
    logits = logits_of([BLANK, 3, 3, BLANK, ALPHABET.index(",")], sure=4)
    logits[2, 3] = 6
    digit, comma = decode_greedy(logits)
    assert (digit.start, digit.stop, digit.sign, digit.is_digit) == (4, 12, "3", True)
    assert digit.confidence == digit.probabilities[3] == pytest.approx(np.exp(6) / (np.exp(6) + BLANK))
    assert digit.probabilities.shape == (10,)
    assert digit.probabilities.sum() == pytest.approx((np.exp(6) + 9) / (np.exp(6) + BLANK))
    assert (comma.sign, comma.is_digit) == (",", False)
    assert comma.probabilities.max() < 0.02 < comma.confidence
    assert decode_greedy(logits, 2.0)[0].confidence == pytest.approx(np.exp(3) / (np.exp(3) + BLANK))


def test_only_signs_of_the_alphabet_are_encoded() -> None:
    assert encode_text("09 " + OTHER) == [0, 9, 16, 17]
    with pytest.raises(ValueError, match="substring not found"):
        encode_text("1a")


def test_the_likeliest_digit_is_told_where_the_blank_is_more_probable() -> None:
    logits = np.full((5, 19), -9.0, np.float32)
    logits[:, BLANK] = 3
    logits[2, [1, 7]] = 2, 0
    assert decode_greedy(logits) == []
    guess = likeliest_digit(logits)
    assert (guess.sign, guess.start, guess.stop) == ("1", 8, 12)
    assert guess.confidence == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3), "given that there is a sign"
    assert guess.probabilities[7] == pytest.approx(1 - guess.confidence, abs=1e-3)
