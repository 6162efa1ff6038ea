"""From logits and labels to numbers: how good a network is, how sure one can be of that, and where it fails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, Labels
from sutja.data.formats import READ_ERRORS
from sutja.data.formats.arrays import open_arrays
from sutja.errors import DataError

CALIBRATION_BINS = 15
Z_95 = 1.959963984540054  # the 97.5 % point of the normal distribution
Logits = NDArray[np.float32]


@dataclass(frozen=True)
class ClassReport:
    """How one class fares: of the digits read as it, how many are it (precision); of its digits, how many are found."""

    digit: int
    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True)
class Mistake:
    """A digit that was read wrongly: its place in the set, its label, what it was read as and how confidently."""

    index: int
    label: int
    prediction: int
    confidence: float


@dataclass(frozen=True)
class Report:
    """What one set of logits says about a network. Rates are in [0, 1], losses in nats, intervals at 95 %.

    `loss` is the mean cross-entropy, which is the mean negative log-likelihood of the right class. `confusion[i][j]`
    counts digits i that were read as j. `worst` holds all mistakes, the most confident one first.
    """

    count: int
    errors: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    loss: float
    brier: float
    calibration_error: float
    classes: list[ClassReport]
    confusion: list[list[int]]
    worst: list[Mistake]


def evaluate(logits: Logits, labels: Labels) -> Report:
    """Measure logits `float (N, 10)` against labels `int64 (N,)`, N ≥ 1."""
    log_probabilities = _log_softmax(logits)
    probabilities = np.exp(log_probabilities)
    predictions = logits.argmax(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    interval = wilson_interval(len(labels) - len(wrong), len(labels))
    confusion = np.zeros((CLASS_COUNT, CLASS_COUNT), int)
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
    """The probabilities `(N, C)` that logits `(N, C)` stand for."""
    return np.exp(_log_softmax(logits))


def _log_softmax(logits: Logits) -> NDArray[np.float64]:
    # SciPy has it too, and takes a fifth of a second to come, which reading a picture need not wait for.
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=1, keepdims=True, initial=-np.inf)
    return np.asarray(exact - np.log(np.exp(exact).sum(axis=1, keepdims=True)))


def wilson_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % confidence interval of a rate by Wilson's score (1927), good also for rates near 0 and 1."""
    # SciPy has it too, and takes half a second to come, which a training or a list of runs need not wait for.
    rate, spread = successes / count, Z_95**2 / count
    middle, half = rate + spread / 2, math.sqrt(spread * (rate * (1 - rate) + spread / 4))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return 0.0 if successes == 0 else low, 1.0 if successes == count else high


def brier_score(probabilities: NDArray[np.float64], labels: Labels) -> float:
    """The mean over digits of the squared distance between probabilities `(N, 10)` and the truth, in [0, 2] (1950)."""
    truth = np.eye(CLASS_COUNT)[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The mean gap between confidence and accuracy over bins of confidence, weighted by their digits, in [0, 1].

    Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks", 2017; 15 bins of
    equal width.
    """
    return float(sum(row.share * abs(row.accuracy - row.confidence) for row in calibration(confidence, right)))


@dataclass(frozen=True)
class CalibrationBin:
    """The digits whose confidence lies between `low` and `high`: their share, mean confidence and accuracy."""

    low: float
    high: float
    share: float
    confidence: float
    accuracy: float


def calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[CalibrationBin]:
    """Sort digits by `confidence (N,)` into 15 bins of equal width; bins without digits are left out."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        CalibrationBin(
            low=number / CALIBRATION_BINS,
            high=(number + 1) / CALIBRATION_BINS,
            share=float((bins == number).mean()),
            confidence=float(confidence[bins == number].mean()),
            accuracy=float(right[bins == number].mean()),
        )
        for number in np.unique(bins).tolist()
    ]


def _class_reports(confusion: NDArray[np.int_]) -> list[ClassReport]:
    found, read, there = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    precision, recall = found / np.maximum(read, 1), found / np.maximum(there, 1)
    f1 = 2 * found / np.maximum(read + there, 1)
    return [
        ClassReport(digit, float(precision[digit]), float(recall[digit]), float(f1[digit]), int(there[digit]))
        for digit in range(CLASS_COUNT)
    ]


def read_logits(path: Path, part: str) -> tuple[Logits, Labels]:
    """The logits `float32 (N, 10)` and labels `int64 (N,)` of one part in a `logits.npz`.

    Raises `DataError` when the file is missing or damaged.
    """
    try:
        with open_arrays(path) as arrays:
            logits, labels = arrays[f"{part}_logits"], arrays[f"{part}_labels"]
    except (KeyError, *READ_ERRORS) as error:
        raise DataError(f"{path}: missing or damaged: {error}") from error
    fits = logits.ndim == 2 and logits.shape[1] == CLASS_COUNT and labels.shape == logits.shape[:1] and len(labels)
    if not fits or logits.dtype != np.float32 or labels.dtype != np.int64 or not np.isfinite(logits).all():
        raise DataError(f"{path}: damaged: {part}: logits {logits.dtype} {logits.shape}, labels {labels.shape}")
    return logits, labels
