"""Precision, recall and F1 of numbers that are found."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.reading.page_maps import FoundNumber, cooled_score
from sutja.reading.page_metrics import (
    Detections,
    TrueNumbers,
    calibrate_scores,
    choose_min_score,
    match_numbers,
    score_pages,
)
from sutja.reading.quad import upright_quad

FIRST, SECOND = upright_quad(0, 0, 40, 20), upright_quad(60, 0, 100, 20)
TRUTH = TrueNumbers([FIRST, SECOND], [True, False])


def found(quad: np.ndarray, score: float = 0.9, *, handwritten: bool = True) -> FoundNumber:
    return FoundNumber(quad, score, 1.0 if handwritten else -1.0)


def outcome(*numbers: FoundNumber, truth: TrueNumbers = TRUTH) -> tuple[int, int, int]:
    """How many are right, found, and there."""
    detections = match_numbers([numbers], [truth])
    return detections.matched, len(detections.right), detections.count


def test_a_number_is_found_once_and_by_its_kind() -> None:
    assert outcome(found(FIRST), found(SECOND, handwritten=False)) == (2, 2, 2)
    assert outcome(found(FIRST), found(FIRST + 1, 0.5)) == (1, 2, 2)
    assert outcome(found(FIRST, handwritten=False)) == (0, 1, 2)
    assert outcome() == (0, 0, 2)


def test_quads_match_that_overlap_by_half() -> None:
    assert outcome(found(upright_quad(0, 0, 41, 39)))[0] == 1
    assert outcome(found(upright_quad(0, 0, 41, 41)))[0] == 0
    detections = match_numbers([[found(upright_quad(0, 0, 40, 30))]], [TRUTH], min_overlap=0.7)
    assert detections.matched == 0


def test_what_is_found_in_ignored_places_counts_neither_way() -> None:
    truth = TrueNumbers([FIRST], [True], [SECOND])
    assert outcome(found(FIRST), found(SECOND), truth=truth) == (1, 1, 1)
    assert outcome(found(upright_quad(60, 0, 160, 20)), truth=truth) == (0, 1, 1)


def test_precision_recall_and_f1() -> None:
    detections = Detections(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, True, False]), 6)
    assert (detections.precision, detections.recall) == (0.75, 0.5)
    assert detections.f1 == pytest.approx(0.6)
    nothing = Detections(np.zeros(0), np.zeros(0, np.bool_), 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 1, 1)


def test_the_smallest_score_is_that_of_the_best_f1() -> None:
    detections = Detections(np.array([0.6, 0.9, 0.555, 0.8]), np.array([False, True, False, True]), 3)
    assert choose_min_score(detections) == 0.8
    assert choose_min_score(Detections(np.zeros(0), np.zeros(0, np.bool_), 3)) == 0.5


def test_the_figures_count_numbers() -> None:
    detections = Detections(np.array([0.9, 0.8, 0.4]), np.array([True, False, True]), 4)
    figures = score_pages(detections, min_score=0.5)
    assert (figures.count, figures.errors, figures.accuracy) == (4, 3, 0.25)
    assert figures.pages is not None
    assert (figures.pages.found, figures.pages.precision, figures.pages.recall) == (2, 0.5, 0.25)
    assert figures.brier == pytest.approx((0.1**2 + 0.8**2) / 2)
    assert figures.loss == pytest.approx(-(np.log(0.9) + np.log(0.2)) / 2)


def test_calibrated_scores_are_the_share_that_is_right() -> None:
    rng = np.random.default_rng(0)
    chances = rng.uniform(0.3, 0.95, 4000)
    right = rng.random(4000) < chances
    detections = Detections(np.array([cooled_score(chance, 0.5) for chance in chances]), right, 5000)
    calibration = calibrate_scores(detections)
    assert calibration.temperature == pytest.approx(2, rel=0.1)
    assert calibration.loss_after < calibration.loss_before
    assert calibration.error_after < 0.03 < calibration.error_before
    cooled = detections.cooled(calibration.temperature)
    assert (cooled.count, cooled.matched) == (detections.count, detections.matched)
    assert cooled.scores.mean() == pytest.approx(right.mean(), abs=0.02)
