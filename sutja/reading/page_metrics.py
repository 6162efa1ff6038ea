"""Metrics of a network that finds numbers: precision, recall and F1 of quads, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.evaluation.calibration import Calibration, calibrate_outcomes, outcome_loss
from sutja.evaluation.figures import Figures, PageDetails
from sutja.evaluation.metrics import expected_calibration_error, wilson_interval
from sutja.reading.page_maps import FoundNumber, cooled_score
from sutja.reading.quad import Quad, overlap, quad_area, shared_area

MIN_OVERLAP = 0.5  # intersection over union of two quads that are the same number
MAX_IGNORED_SHARE = 0.5  # of a found number in ignored places; beyond it, it counts neither way
DEFAULT_MIN_SCORE = 0.5


@dataclass(frozen=True)
class TrueNumbers:
    """The numbers on a picture, `quads` and whether they are `handwritten`; `ignored` places count neither way."""

    quads: Sequence[Quad]
    handwritten: Sequence[bool]
    ignored: Sequence[Quad] = ()


@dataclass(frozen=True)
class Detections:
    """The outcome of pictures: of each found number its score and whether it is right, and how many there are."""

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    count: int

    def cooled(self, temperature: float) -> Detections:
        """The same, with scores at a temperature."""
        return Detections(np.array([cooled_score(score, temperature) for score in self.scores]), self.right, self.count)

    def above(self, min_score: float) -> Detections:
        """The same, of found numbers with at least this score."""
        kept = self.scores >= min_score
        return Detections(self.scores[kept], self.right[kept], self.count)

    @property
    def matched(self) -> int:
        """The number of numbers that are found."""
        return int(self.right.sum())

    @property
    def precision(self) -> float:
        """The share of right ones among the found; 1 where none is found."""
        return self.matched / len(self.right) if len(self.right) else 1.0

    @property
    def recall(self) -> float:
        """The share of numbers that are found; 1 where there is none."""
        return self.matched / self.count if self.count else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.matched / (len(self.right) + self.count) if len(self.right) + self.count else 1.0


def match_numbers(
    found: Sequence[Sequence[FoundNumber]], truth: Sequence[TrueNumbers], *, min_overlap: float = MIN_OVERLAP
) -> Detections:
    """Match the found numbers of each picture with the true ones.

    Two are the same if their quads overlap (intersection over union) by at least `min_overlap` and both are handwritten
    or both printed. Each counts once; the surest are matched first.
    """
    scores: list[float] = []
    right: list[bool] = []
    for some, true in zip(found, truth, strict=True):
        free = set(range(len(true.quads)))
        for number in sorted(some, key=lambda each: -each.score):
            best = _best_match(number, true, free, min_overlap)
            free.discard(best)
            if best >= 0 or not _is_ignored(number.quad, true.ignored):
                scores.append(number.score)
                right.append(best >= 0)
    return Detections(np.array(scores, np.float64), np.array(right, np.bool_), sum(len(true.quads) for true in truth))


def _best_match(number: FoundNumber, true: TrueNumbers, free: set[int], min_overlap: float) -> int:
    """The free true number that a found one overlaps most, or -1."""
    overlaps = [
        (overlap(number.quad, true.quads[index]), index)
        for index in free
        if true.handwritten[index] == number.handwritten
    ]
    best, index = max(overlaps, default=(0.0, -1))
    return index if best >= min_overlap else -1


def _is_ignored(quad: Quad, ignored: Sequence[Quad]) -> bool:
    return any(shared_area(quad, other) > MAX_IGNORED_SHARE * quad_area(quad) for other in ignored)


def calibrate_scores(detections: Detections) -> Calibration:
    """Fit the temperature at which scores are the shares of found numbers that are right."""
    return calibrate_outcomes(lambda temperature: (detections.cooled(temperature).scores, detections.right))


def choose_min_score(detections: Detections) -> float:
    """The smallest score that a found number needs for the best F1; 0.5 where nothing is found."""
    if not len(detections.right):
        return DEFAULT_MIN_SCORE
    order = np.argsort(-detections.scores)
    f1 = 2 * np.cumsum(detections.right[order]) / (np.arange(1, len(order) + 1) + detections.count)
    return float(np.floor(100 * detections.scores[order][f1.argmax()]) / 100)


def score_pages(detections: Detections, *, min_score: float) -> Figures:
    """The figures of what is found with at least this score.

    `count` counts numbers and `errors` those that are not found. Loss, Brier score and calibration error refer to the
    score of a found number as the probability that it is right.
    """
    kept = detections.above(min_score)
    low, high = wilson_interval(kept.matched, max(1, kept.count))
    return Figures(
        count=kept.count,
        errors=kept.count - kept.matched,
        accuracy=kept.recall,
        accuracy_low=low,
        accuracy_high=high,
        loss=outcome_loss(kept.scores, kept.right),
        brier=float(((kept.scores - kept.right) ** 2).mean()) if len(kept.right) else 0.0,
        calibration_error=expected_calibration_error(kept.scores, kept.right),
        pages=PageDetails(found=len(kept.right), precision=kept.precision, recall=kept.recall, f1=kept.f1),
    )
