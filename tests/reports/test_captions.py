"""Captions: they say what is in the picture above them."""

from __future__ import annotations

import numpy as np

from sutja.evaluation.metrics import Report, evaluate
from sutja.reports.captions import confusion_caption, mistakes_caption, reliability_caption


def report(*mistakes: tuple[int, int]) -> Report:
    """Twenty digits with these mistakes: a digit, and what it is read as."""
    labels = np.arange(20) % 10
    predictions = labels.copy()
    for digit, read in mistakes:
        at = next(at for at in range(20) if labels[at] == digit and predictions[at] == digit)
        predictions[at] = read
    return evaluate((8 * np.eye(10)[predictions]).astype(np.float32), labels)


def test_the_pair_that_is_confused_most_counts_in_both_directions() -> None:
    said = confusion_caption(report((4, 9), (9, 4), (3, 5)))
    assert said.startswith("4 and 9 are confused most: 2 times. ")
    assert confusion_caption(report((3, 5))).startswith("3 and 5 are confused most: once. ")


def test_without_mistakes_captions_say_so() -> None:
    assert confusion_caption(report()).startswith("No digit is confused with another. ")
    assert mistakes_caption(report()) == "There are no mistakes."


def test_the_most_confident_mistake_is_named() -> None:
    said = mistakes_caption(report((4, 9)))
    assert "The first is a 4 that is read as 9 with 99.7 % confidence." in said


def test_over_and_underconfidence_are_told_apart() -> None:
    two_wrong = report((4, 9), (3, 5))  # 90 % right
    assert "overconfident by 5.0 points" in reliability_caption(two_wrong, 0.95)
    assert "underconfident by 10.0 points" in reliability_caption(two_wrong, 0.8)
    assert "neither over- nor underconfident" in reliability_caption(two_wrong, 0.9001)
