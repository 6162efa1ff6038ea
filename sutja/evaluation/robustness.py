"""Robustness: the accuracy of a classifier on digits corrupted in the style of MNIST-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sutja.data.digits import Digits, Images
from sutja.evaluation.corruptions import CORRUPTIONS, REFERENCE_CORRUPTION, corrupt
from sutja.evaluation.metrics import Logits, wilson_interval


@dataclass(frozen=True)
class CorruptionScore:
    """Errors under one corruption, and the accuracy in [0, 1] with its 95 % Wilson score interval."""

    name: str
    errors: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float


@dataclass(frozen=True)
class Robustness:
    """The scores of all corruptions, uncorrupted digits first, and the mean accuracy over corrupted digits only."""

    mean: float
    scores: Sequence[CorruptionScore]


def score_corruptions(
    classify: Callable[[Images], Logits], digits: Digits, *, seed: int = 0
) -> Iterator[CorruptionScore]:
    """Classify the digits under every corruption in turn, and yield each score as soon as it is measured.

    `classify` maps images `uint8 (N, 28, 28)` to logits `(N, 10)`.
    """
    for name in CORRUPTIONS:
        predictions = classify(corrupt(digits.images, name, seed=seed)).argmax(axis=1)
        errors = int((predictions != digits.labels).sum())
        interval = wilson_interval(len(digits) - errors, len(digits))
        yield CorruptionScore(name, errors, 1 - errors / len(digits), *interval)


def summarise_robustness(scores: Sequence[CorruptionScore]) -> Robustness:
    """Summarise scores; the mean leaves out the uncorrupted digits."""
    corrupted = [each.accuracy for each in scores if each.name != REFERENCE_CORRUPTION]
    return Robustness(sum(corrupted) / len(corrupted), scores)
