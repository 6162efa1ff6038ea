"""Metrics of lines: edit distance, alignment, loss, calibration, and the choice of a threshold."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.evaluation.figures import Figures, LineDetails
from sutja.models.ctc import BLANK, decode_greedy, encode_text
from sutja.reading.line_metrics import (
    calibrate_lines,
    choose_min_confidence,
    edit_distance,
    matched,
    outcomes,
    score_lines,
)

numbers = st.text("01.,", max_size=7)


def line_of(text: str, sure: float = 5.0) -> NDArray[np.float32]:
    """The logits `(T, 19)` of a line with one step per sign and blanks in between."""
    logits = np.zeros((2 * len(text) + 1, BLANK + 1), np.float32)
    logits[::2, BLANK] = sure
    logits[np.arange(len(text)) * 2 + 1, encode_text(text)] = sure
    return logits


def details(figures: Figures) -> LineDetails:
    assert figures.lines is not None
    return figures.lines


def slow_distance(first: str, second: str) -> int:
    """The Levenshtein distance by its recursive definition."""

    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        changed = distance(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(changed, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(first), len(second))


@given(numbers, numbers)
def test_the_edit_distance_is_levenshteins(first: str, second: str) -> None:
    assert edit_distance(first, second) == edit_distance(second, first) == slow_distance(first, second)


@given(numbers, numbers)
def test_matches_are_a_common_subsequence_with_the_fewest_edits(read: str, text: str) -> None:
    right = matched(read, text)
    assert len(right) == len(read)
    found = [digit for digit, match in zip(read, right, strict=True) if match]
    rest = iter(text)
    assert all(digit in rest for digit in found), "the right ones stand in the text, in this order"
    # An alignment with the fewest edits changes, adds and leaves out all that does not match, and no more than that.
    left_over = max(len(read), len(text)) - len(found)
    assert left_over <= edit_distance(text, read) <= len(read) + len(text) - 2 * len(found)


@pytest.mark.parametrize(
    ("read", "text", "right"),
    [
        ("123", "123", [True, True, True]),
        ("123", "13", [True, False, True]),
        ("13", "123", [True, True]),
        ("193", "123", [True, False, True]),
        ("12", "", [False, False]),
        ("", "12", []),
    ],
)
def test_matches_of_known_cases(read: str, text: str, right: list[bool]) -> None:
    assert matched(read, text) == right


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
def test_scores_of_lines_follow_from_their_edits(pairs: list[tuple[str, str]]) -> None:
    texts = [text for text, _ in pairs]
    report = score_lines([line_of(read) for _, read in pairs], texts, temperature=1.0, min_confidence=0.5)
    assert report.count == len(pairs)
    assert report.errors == sum(text != read for text, read in pairs)
    assert report.accuracy == pytest.approx(1 - report.errors / report.count)
    assert report.accuracy_low <= report.accuracy <= report.accuracy_high
    lines = details(report)
    assert lines.signs == sum(map(len, texts))
    edits = sum(edit_distance(text, read) for text, read in pairs)
    assert lines.character_error == edits / max(1, lines.signs)
    assert lines.coverage == any(read for _, read in pairs), "all of them are sure"
    assert 0 <= lines.selective_accuracy <= 1


def test_the_loss_is_the_likelihood_of_right_and_wrong_digits() -> None:
    logits = [line_of("12", sure=3.0), line_of("3", sure=3.0)]
    confidence, right = outcomes([decode_greedy(each) for each in logits], ["12", "4"])
    sure = float(np.exp(3) / (np.exp(3) + BLANK))
    assert confidence == pytest.approx([sure] * 3)
    assert right.tolist() == [True, True, False]
    report = score_lines(logits, ["12", "4"], temperature=1.0, min_confidence=sure + 0.01)
    assert report.loss == pytest.approx(-(2 * np.log(sure) + np.log(1 - sure)) / 3)
    assert report.brier == pytest.approx((2 * (1 - sure) ** 2 + sure**2) / 3)
    assert report.calibration_error == pytest.approx(abs(sure - 2 / 3))
    assert (details(report).coverage, details(report).selective_accuracy) == (0, 0.0)


def test_calibration_brings_confidence_down_to_the_accuracy() -> None:
    """Of 100 digits with a confidence of 99.9 %, 80 are right: the temperature reduces the confidence to 80 %."""
    logits = [line_of("7", sure=9.8)] * 100
    texts = ["7"] * 80 + ["1"] * 20
    fitted = calibrate_lines(logits, texts)
    assert fitted.count == 100
    assert fitted.loss_after < fitted.loss_before
    assert fitted.error_after == pytest.approx(0, abs=0.01)
    assert fitted.error_before == pytest.approx(0.2, abs=0.01)
    assert decode_greedy(logits[0], fitted.temperature)[0].confidence == pytest.approx(0.8, abs=0.01)


def test_the_threshold_separates_right_from_wrong() -> None:
    logits = [line_of("1", sure=6.0)] * 10 + [line_of("2", sure=2.0)] * 10
    texts = ["1"] * 10 + ["3"] * 8 + ["2"] * 2
    threshold = choose_min_confidence(logits, texts, 1.0)
    report = score_lines(logits, texts, temperature=1.0, min_confidence=threshold)
    assert (details(report).coverage, details(report).selective_accuracy) == (0.5, 1.0)


def test_scores_without_any_read_digit() -> None:
    nothing = [line_of("")] * 3
    report = score_lines(nothing, ["12", "3", ""], temperature=1.0, min_confidence=0.5)
    assert (report.errors, details(report).character_error, details(report).coverage) == (2, 1.0, 0)
    assert (report.loss, report.brier, report.calibration_error) == (0, 0, 0)
    assert choose_min_confidence(nothing, ["12", "3", ""], 1.0) == 0.5
    fitted = calibrate_lines(nothing, ["12", "3", ""])
    assert (fitted.count, fitted.loss_before, fitted.loss_after) == (0, 0, 0)
