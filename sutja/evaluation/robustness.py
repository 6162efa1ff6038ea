"""How well a network reads digits that are corrupted in the style of MNIST-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sutja.data.digits import Digits, Images
from sutja.evaluation.corruptions import CORRUPTIONS, REFERENCE_CORRUPTION, corrupt
from sutja.evaluation.metrics import Logits, wilson_interval


@dataclass(frozen=True)
class CorruptionScore:
    """How one corruption fares: errors, and accuracy in [0, 1] with its 95 % interval by Wilson's score."""

    name: str
    errors: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float


@dataclass(frozen=True)
class Robustness:
    """The scores of all corruptions, the untouched digits first, and the mean accuracy of the corrupted ones alone."""

    mean: float
    scores: Sequence[CorruptionScore]


def score_corruptions(
    classify: Callable[[Images], Logits], digits: Digits, *, seed: int = 0
) -> Iterator[CorruptionScore]:
    """Corrupt all digits in every way, and yield each way's score when it is measured.

    `classify` gives the logits `(N, 10)` of images `uint8 (N, 28, 28)`.
    """
    for name in CORRUPTIONS:
        predictions = classify(corrupt(digits.images, name, seed=seed)).argmax(axis=1)
        errors = int((predictions != digits.labels).sum())
        interval = wilson_interval(len(digits) - errors, len(digits))
        yield CorruptionScore(name, errors, 1 - errors / len(digits), *interval)


def summarise(scores: Sequence[CorruptionScore]) -> Robustness:
    """Put scores together; the untouched digits do not count in the mean."""
    corrupted = [each.accuracy for each in scores if each.name != REFERENCE_CORRUPTION]
    return Robustness(sum(corrupted) / len(corrupted), scores)
