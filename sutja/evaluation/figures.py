"""The figures of a trained network on "validation" or "test": as trained, calibrated and, for lines, in detail."""

from __future__ import annotations

from dataclasses import dataclass

from sutja.data.digits import Labels
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import Logits, Scores, evaluate


@dataclass(frozen=True)
class CalibratedScores:
    """The scores that a temperature changes: loss in nats, Brier score, expected calibration error in [0, 1]."""

    loss: float
    brier: float
    calibration_error: float

    @classmethod
    def of(cls, scores: Scores) -> CalibratedScores:
        """Those of some scores."""
        return cls(scores.loss, scores.brier, scores.calibration_error)


@dataclass(frozen=True)
class LineDetails:
    """What is known of lines alone.

    `digits` stand on them; `character_error` is the edit distance per digit. Of the digits that are read, the share
    `coverage` has at least the confidence `min_confidence`, and `selective_accuracy` of these are right.
    """

    digits: int
    character_error: float
    coverage: float
    selective_accuracy: float


@dataclass(frozen=True)
class Figures(Scores):
    """The scores of a network as trained; `calibrated` where a temperature is fitted; `lines` where it reads lines.

    For lines `count` and `errors` count lines, and loss, Brier score and calibration error are those of the digits that
    are read, each right or wrong.
    """

    calibrated: CalibratedScores | None = None
    lines: LineDetails | None = None


def digit_figures(logits: Logits, labels: Labels, temperature: float | None = None) -> Figures:
    """The figures of logits `float32 (N, 10)` on digits with labels `int64 (N,)`; calibrated with a temperature."""
    scores = evaluate(logits, labels).scores
    if temperature is None:
        return Figures(**vars(scores))
    calibrated = evaluate(divide_by_temperature(logits, temperature), labels)
    return Figures(**vars(scores), calibrated=CalibratedScores.of(calibrated))
