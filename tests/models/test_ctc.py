"""Greedy CTC decoding of the logits of a line."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sutja.models.ctc import BLANK, decode_greedy


@given(st.lists(st.integers(0, 10), max_size=30))
def test_repeats_are_merged_and_blanks_dropped(steps: list[int]) -> None:
    logits = np.zeros((len(steps), 11), np.float32)
    logits[np.arange(len(steps)), steps] = 5
    decoded = decode_greedy(logits)
    expected = [
        each for number, each in enumerate(steps) if each != BLANK and (number == 0 or steps[number - 1] != each)
    ]
    assert [each.digit for each in decoded] == expected
    for each in decoded:
        start, stop = round(each.start / 4), round(each.stop / 4)
        assert set(steps[start:stop]) == {each.digit}
        assert each.confidence == pytest.approx(np.exp(5) / (np.exp(5) + 10))
    for first, second in pairwise(decoded):
        assert first.stop <= second.start
