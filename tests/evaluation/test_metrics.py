"""Metrics, checked against scikit-learn, SciPy, closed formulas and cases worked out by hand."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from sutja.data.digits import Labels
from sutja.evaluation.metrics import (
    Logits,
    calibration_bins,
    evaluate,
    expected_calibration_error,
    softmax,
    wilson_interval,
)

CLASSES = list(range(10))
Z = 1.959963984540054  # the 97.5 % quantile of the normal distribution


def random_case(seed: int, count: int = 200) -> tuple[Logits, Labels]:
    """Mostly correct logits, and labels that lack classes if there are few of them."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count)
    logits = random.normal(size=(count, 10)) + 2 * np.eye(10)[labels]
    return logits.astype(np.float32), labels


def logits_of(probabilities: list[list[float]]) -> Logits:
    return np.log(np.array(probabilities) + 1e-30).astype(np.float32)


cases = st.builds(random_case, st.integers(0, 2**31), st.sampled_from([1, 2, 13, 200]))


@given(cases)
@settings(derandomize=True, max_examples=25)
def test_counts_agree_with_scikit_learn(case: tuple[Logits, Labels]) -> None:
    from sklearn import metrics

    logits, labels = case
    report, predictions = evaluate(logits, labels), logits.argmax(1)
    assert report.count == len(labels)
    assert report.accuracy == pytest.approx(metrics.accuracy_score(labels, predictions))
    assert report.errors == round((1 - report.accuracy) * len(labels))
    assert report.confusion == metrics.confusion_matrix(labels, predictions, labels=CLASSES).tolist()


@given(cases)
@settings(derandomize=True, max_examples=25)
def test_classes_agree_with_scikit_learn(case: tuple[Logits, Labels]) -> None:
    from sklearn import metrics

    logits, labels = case
    expected = metrics.precision_recall_fscore_support(labels, logits.argmax(1), labels=CLASSES, zero_division=0)
    rows = evaluate(logits, labels).classes
    assert [row.digit for row in rows] == CLASSES
    found = np.array([[row.precision, row.recall, row.f1, row.count] for row in rows]).T
    np.testing.assert_allclose(found, np.array(expected), atol=1e-12)


@given(cases)
@settings(derandomize=True, max_examples=25)
def test_scores_agree_with_scikit_learn(case: tuple[Logits, Labels]) -> None:
    from sklearn import metrics

    logits, labels = case
    report, probabilities = evaluate(logits, labels), softmax(logits)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    assert report.loss == pytest.approx(metrics.log_loss(labels, probabilities, labels=CLASSES))
    brier = metrics.brier_score_loss(labels, probabilities, labels=CLASSES, scale_by_half=False)
    assert report.brier == pytest.approx(brier)


@pytest.mark.parametrize(("successes", "count"), [(9_900, 10_000), (1, 2), (7, 30), (0, 50), (50, 50), (0, 1), (1, 1)])
def test_the_wilson_interval_is_that_of_scipy(successes: int, count: int) -> None:
    low, high = wilson_interval(successes, count)
    expected = binomtest(successes, count).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / count + 1e-12
    assert successes / count - 1e-12 <= high <= 1


def test_wilson_at_the_ends() -> None:
    assert wilson_interval(0, 100)[0] == 0
    assert wilson_interval(0, 100)[1] == pytest.approx(Z**2 / (100 + Z**2))
    assert wilson_interval(100, 100)[1] == 1
    assert wilson_interval(100, 100)[0] == pytest.approx(100 / (100 + Z**2))


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    correct = np.array([True, True, True, False, True, False])
    assert expected_calibration_error(confidence, correct) == pytest.approx(4 / 6 * 0.20 + 2 / 6 * 0.05)
    low, high = calibration_bins(confidence, correct)
    assert (low.confidence, low.accuracy, low.share) == pytest.approx((0.55, 0.5, 2 / 6))
    assert (high.low, high.high, high.accuracy) == pytest.approx((14 / 15, 1, 0.75))


@pytest.mark.parametrize("confidence", [1.0, 1 - 1e-12, 0.1, 14 / 15])
def test_every_confidence_has_its_bin(confidence: float) -> None:
    (row,) = calibration_bins(np.array([confidence]), np.array([True]))
    assert row.low - 1e-12 <= confidence <= row.high + 1e-12
    assert row.share == 1


def test_worst_are_the_errors_the_most_confident_first() -> None:
    sure, unsure, right, middling = [0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]
    probabilities = [row + [0.0] * 8 for row in (unsure, right, sure, middling)]
    worst = evaluate(logits_of(probabilities), np.array([1, 1, 1, 1])).worst
    assert [(each.index, each.label, each.prediction) for each in worst] == [(2, 1, 0), (3, 1, 0), (0, 1, 0)]
    assert [each.confidence for each in worst] == pytest.approx([0.9, 0.7, 0.6])


def test_worst_of_equal_confidence_keep_their_order() -> None:
    worst = evaluate(np.zeros((4, 10), np.float32), np.array([3, 0, 2, 1])).worst
    assert [each.index for each in worst] == [0, 2, 3]


def test_perfect_logits() -> None:
    labels = np.arange(10)
    report = evaluate((50 * np.eye(10)).astype(np.float32), labels)
    assert (report.errors, report.accuracy, report.accuracy_high, report.worst) == (0, 1, 1, [])
    assert report.loss < 1e-12
    assert report.brier < 1e-12
    assert report.calibration_error < 1e-12
    assert all(row.precision == row.recall == row.f1 == 1 for row in report.classes)


def test_logits_that_are_all_wrong() -> None:
    labels = np.arange(10)
    report = evaluate((50 * np.eye(10)[(labels + 1) % 10]).astype(np.float32), labels)
    assert (report.errors, report.accuracy, report.accuracy_low) == (10, 0, 0)
    assert report.loss == pytest.approx(50)
    assert report.brier == pytest.approx(2)
    assert report.calibration_error == pytest.approx(1)
    assert [each.index for each in report.worst] == list(range(10))
    assert all(row.precision == row.recall == row.f1 == 0 for row in report.classes)


@pytest.mark.parametrize("size", [1e4, 1e30, 3e38])
def test_huge_logits_do_not_overflow(size: float) -> None:
    logits = np.array([[size, -size, *[0.0] * 8]] * 2, np.float32)
    report = evaluate(logits, np.array([0, 1]))
    assert np.isfinite([report.loss, report.brier, report.calibration_error]).all()
    assert report.loss == pytest.approx(size, rel=1e-6)


def test_the_report_is_plain_values() -> None:
    report = evaluate(*random_case(0))
    assert json.loads(json.dumps(asdict(report))) == asdict(report)


def test_single_precision_does_not_blur_the_loss() -> None:
    """Ten thousand losses near zero add up as in double precision."""
    logits = np.tile(np.array([[12.0, *[0.0] * 9]], np.float32), (10_000, 1))
    labels: NDArray[np.int64] = np.zeros(10_000, np.int64)
    assert evaluate(logits, labels).loss == pytest.approx(math.log1p(9 * math.exp(-12)), rel=1e-9)
