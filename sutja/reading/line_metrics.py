"""Metrics of a line reader: exact lines, character error, calibration, coverage and selective accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sutja.evaluation.calibration import Calibration, calibrate_outcomes, outcome_loss
from sutja.evaluation.figures import Figures, LineDetails
from sutja.evaluation.metrics import expected_calibration_error, wilson_interval
from sutja.models.ctc import DecodedSign, decode_greedy, text_of


def score_lines(
    logits: Sequence[NDArray[np.float32]], texts: Sequence[str], *, temperature: float, min_confidence: float
) -> Figures:
    """Evaluate the logits `(T, 19)` of strips, divided by a temperature, against the signs `texts` on them.

    `loss` is the mean negative log-likelihood in nats of each read sign being right or wrong, by its confidence;
    `brier` is the mean squared error of the confidence.
    """
    read = [decode_greedy(line, temperature) for line in logits]
    confidence, right = outcomes(read, texts)
    edits = [edit_distance(text, text_of(line)) for text, line in zip(texts, read, strict=True)]
    exact = sum(edit == 0 for edit in edits)
    low, high = wilson_interval(exact, len(texts))
    signs = sum(map(len, texts))
    sure = confidence >= min_confidence
    return Figures(
        count=len(texts),
        errors=len(texts) - exact,
        accuracy=exact / len(texts),
        accuracy_low=low,
        accuracy_high=high,
        loss=outcome_loss(confidence, right),
        brier=float(((confidence - right) ** 2).mean()) if len(right) else 0.0,
        calibration_error=expected_calibration_error(confidence, right),
        lines=LineDetails(
            signs=signs,
            character_error=sum(edits) / max(1, signs),
            coverage=float(sure.mean()) if len(sure) else 0.0,
            selective_accuracy=float(right[sure].mean()) if sure.any() else 0.0,
        ),
    )


def calibrate_lines(logits: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> Calibration:
    """Fit the temperature that minimises the negative log-likelihood of the read signs being right or wrong."""
    return calibrate_outcomes(
        lambda temperature: outcomes([decode_greedy(line, temperature) for line in logits], texts)
    )


def choose_min_confidence(logits: Sequence[NDArray[np.float32]], texts: Sequence[str], temperature: float) -> float:
    """The highest confidence threshold with about as many right minus wrong signs above it as any; 0.5 without signs.

    About as many: what the signs below it would add is less than its standard error (Breiman, Friedman, Olshen and
    Stone, 1984). So a sign of which as many are wrong as right is not told.
    """
    confidence, right = outcomes([decode_greedy(line, temperature) for line in logits], texts)
    if not len(right):
        return 0.5
    order = np.argsort(-confidence)
    gain = np.cumsum(np.where(right[order], 1, -1))
    best = int(gain.argmax())
    left_out = best - np.arange(best + 1)
    highest = int(np.argmax(gain[best] - gain[: best + 1] <= np.sqrt(left_out)))
    threshold = float(confidence[order][highest])
    return math.floor(100 * threshold) / 100  # rounded down, so that this sign stays above it


def outcomes(
    read: Sequence[Sequence[DecodedSign]], texts: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The confidence `(N,)` of every read sign, and whether it is right by the minimum edit alignment."""
    confidence = [sign.confidence for line in read for sign in line]
    right = [match for line, text in zip(read, texts, strict=True) for match in matched(text_of(line), text)]
    return np.array(confidence, np.float64), np.array(right, np.bool_)


def matched(read: str, text: str) -> list[bool]:
    """Which characters of `read` match `text` in an alignment with the fewest edits."""
    table = _edits(text, read)
    right = [False] * len(read)
    row, column = len(text), len(read)
    while row and column:
        same = text[row - 1] == read[column - 1]
        if table[row, column] == table[row - 1, column - 1] + (not same):
            right[column - 1] = same
            row, column = row - 1, column - 1
        elif table[row, column] == table[row - 1, column] + 1:
            row -= 1
        else:
            column -= 1
    return right


def edit_distance(text: str, read: str) -> int:
    """The number of insertions, deletions and substitutions from one text to the other (Levenshtein, 1965)."""
    return int(_edits(text, read)[-1, -1])


def _edits(text: str, read: str) -> NDArray[np.int_]:
    table = np.zeros((len(text) + 1, len(read) + 1), int)
    table[:, 0], table[0] = np.arange(len(text) + 1), np.arange(len(read) + 1)
    for row, expected in enumerate(text, 1):
        for column, found in enumerate(read, 1):
            table[row, column] = min(
                table[row - 1, column] + 1, table[row, column - 1] + 1, table[row - 1, column - 1] + (expected != found)
            )
    return table
