"""Metrics of a classifier from logits and labels: accuracy with its interval, loss, calibration, mistakes."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, Labels
from sutja.errors import DataError

CALIBRATION_BIN_COUNT = 15
_NORMAL_QUANTILE = 1.959963984540054  # the 97.5 % quantile of the normal distribution
Logits = NDArray[np.float32]


@dataclass(frozen=True)
class ClassReport:
    """Precision, recall and F1 of one class, in [0, 1], and the number of its digits."""

    digit: int
    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True)
class Mistake:
    """A misclassified digit: its index in the set, its label, the prediction and the confidence in that."""

    index: int
    label: int
    prediction: int
    confidence: float


@dataclass(frozen=True)
class Scores:
    """How well some digits or lines are read. Rates are in [0, 1], losses in nats, intervals at 95 %.

    `errors` of `count` are not read right. `loss` is the mean negative log-likelihood, `brier` the Brier score, and
    `calibration_error` the expected calibration error.
    """

    count: int
    errors: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    loss: float
    brier: float
    calibration_error: float

    @property
    def scores(self) -> Scores:
        """These figures alone, without those that a subclass adds."""
        return Scores(*(getattr(self, each.name) for each in dataclasses.fields(Scores)))


@dataclass(frozen=True)
class Report(Scores):
    """The scores of a classifier on one set of digits, with their details.

    `loss` is the mean cross-entropy, that is, the mean negative log-likelihood of the labels. `confusion[i][j]` counts
    digits i that were classified as j. `worst` holds all mistakes, the most confident first.
    """

    classes: list[ClassReport]
    confusion: list[list[int]]
    worst: list[Mistake]


def evaluate(logits: Logits, labels: Labels) -> Report:
    """Evaluate logits `float (N, C)` of C classes against labels `int64 (N,)`, N ≥ 1."""
    log_probabilities = _log_softmax(logits)
    probabilities = np.exp(log_probabilities)
    predictions = logits.argmax(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    interval = wilson_interval(len(labels) - len(wrong), len(labels))
    confusion = np.zeros((logits.shape[1], logits.shape[1]), int)
    np.add.at(confusion, (labels, predictions), 1)
    confidence = probabilities.max(axis=1)
    return Report(
        count=len(labels),
        errors=len(wrong),
        accuracy=1 - len(wrong) / len(labels),
        accuracy_low=interval[0],
        accuracy_high=interval[1],
        loss=float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        brier=brier_score(probabilities, labels),
        calibration_error=expected_calibration_error(confidence, predictions == labels),
        classes=_class_reports(confusion),
        confusion=confusion.tolist(),
        worst=[
            Mistake(int(index), int(labels[index]), int(predictions[index]), float(confidence[index]))
            for index in wrong[np.argsort(-confidence[wrong], kind="stable")]
        ],
    )


def softmax(logits: Logits) -> NDArray[np.float64]:
    """The probabilities `(N, C)` of logits `(N, C)`."""
    return np.exp(_log_softmax(logits))


def _log_softmax(logits: Logits) -> NDArray[np.float64]:
    # Not SciPy's: its import takes a fifth of a second, which reading a picture need not wait for.
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=1, keepdims=True, initial=-np.inf)
    return np.asarray(exact - np.log(np.exp(exact).sum(axis=1, keepdims=True)))


def wilson_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a rate (1927), accurate near 0 and 1 too."""
    # Not SciPy's: its import takes half a second, which a training or a list of runs need not wait for.
    rate, z2_over_n = successes / count, _NORMAL_QUANTILE**2 / count
    centre, half = rate + z2_over_n / 2, math.sqrt(z2_over_n * (rate * (1 - rate) + z2_over_n / 4))
    low, high = (centre - half) / (1 + z2_over_n), (centre + half) / (1 + z2_over_n)
    return 0.0 if successes == 0 else low, 1.0 if successes == count else high


def brier_score(probabilities: NDArray[np.float64], labels: Labels) -> float:
    """The mean squared distance between probabilities `(N, C)` and one-hot labels, in [0, 2] (G. Brier, 1950)."""
    one_hot = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - one_hot) ** 2).sum(axis=1).mean())


def expected_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """The mean gap between confidence and accuracy over bins of confidence, weighted by bin size, in [0, 1].

    Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks", 2017, with 15
    bins of equal width.
    """
    return float(sum(row.share * abs(row.accuracy - row.confidence) for row in calibration_bins(confidence, correct)))


@dataclass(frozen=True)
class CalibrationBin:
    """The digits with a confidence from `low` to `high`: their share, mean confidence and accuracy, in [0, 1]."""

    low: float
    high: float
    share: float
    confidence: float
    accuracy: float


def calibration_bins(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> list[CalibrationBin]:
    """Sort digits by `confidence (N,)` into 15 bins of equal width, leaving out empty bins."""
    bins = np.minimum((confidence * CALIBRATION_BIN_COUNT).astype(int), CALIBRATION_BIN_COUNT - 1)
    return [
        CalibrationBin(
            low=number / CALIBRATION_BIN_COUNT,
            high=(number + 1) / CALIBRATION_BIN_COUNT,
            share=float((bins == number).mean()),
            confidence=float(confidence[bins == number].mean()),
            accuracy=float(correct[bins == number].mean()),
        )
        for number in np.unique(bins).tolist()
    ]


def _class_reports(confusion: NDArray[np.int_]) -> list[ClassReport]:
    correct, predicted, actual = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    precision, recall = correct / np.maximum(predicted, 1), correct / np.maximum(actual, 1)
    f1 = 2 * correct / np.maximum(predicted + actual, 1)
    return [
        ClassReport(digit, float(precision[digit]), float(recall[digit]), float(f1[digit]), int(actual[digit]))
        for digit in range(len(confusion))
    ]


def read_logits(path: Path, part: str, class_count: int = CLASS_COUNT) -> tuple[Logits, Labels]:
    """Read the logits `float32 (N, class_count)` and labels `int64 (N,)` of one part from a `logits.npz`.

    Raises `DataError` if the file is missing or damaged.
    """
    from sutja.data.formats import READ_ERRORS
    from sutja.data.formats.arrays import open_arrays  # reading pictures need not wait for archives

    try:
        with open_arrays(path) as arrays:
            logits, labels = arrays[f"{part}_logits"], arrays[f"{part}_labels"]
    except (KeyError, *READ_ERRORS) as error:
        raise DataError(f"{path}: missing or damaged: {error}") from error
    fits = logits.ndim == 2 and logits.shape[1] == class_count and labels.shape == logits.shape[:1] and len(labels)
    if not fits or logits.dtype != np.float32 or labels.dtype != np.int64 or not np.isfinite(logits).all():
        raise DataError(f"{path}: damaged: {part}: logits {logits.dtype} {logits.shape}, labels {labels.shape}")
    return logits, labels
