"""The scores of a trained network on one part of the data: as trained, calibrated, and further ones for lines."""

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
        """Select these from `scores`."""
        return cls(scores.loss, scores.brier, scores.calibration_error)


@dataclass(frozen=True)
class LineDetails:
    """Scores for lines only.

    `signs` is the number of signs on the lines and `character_error` the edit distance per sign. `coverage` is the
    share of read signs with a confidence of at least `min_confidence`, and `selective_accuracy` the accuracy of these.
    """

    signs: int
    character_error: float
    coverage: float
    selective_accuracy: float


@dataclass(frozen=True)
class PageDetails:
    """Scores for networks that find numbers: how many were `found`, and precision, recall and F1, in [0, 1]."""

    found: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Figures(Scores):
    """The scores of a network; with `calibrated` ones if a temperature is fitted, and `lines` if it reads lines.

    For a line reader, `count` and `errors` count lines; loss, Brier score and calibration error refer to the confidence
    that each read sign is right. For a network that finds numbers, `count` counts these and `errors` the missed ones;
    the others refer to the score of each found number, and `pages` has precision and recall.
    """

    calibrated: CalibratedScores | None = None
    lines: LineDetails | None = None
    pages: PageDetails | None = None


def digit_figures(logits: Logits, labels: Labels, temperature: float | None = None) -> Figures:
    """Score logits `float32 (N, 10)` against labels `int64 (N,)`, also calibrated if a temperature is given."""
    scores = evaluate(logits, labels).scores
    if temperature is None:
        return Figures(**vars(scores))
    calibrated = evaluate(divide_by_temperature(logits, temperature), labels)
    return Figures(**vars(scores), calibrated=CalibratedScores.of(calibrated))
