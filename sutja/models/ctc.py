"""The contract of networks that read lines, and greedy CTC decoding of their logits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax

LINE_HEIGHT = 32  # rows of a line's image
COLUMNS_PER_STEP = 4  # columns of the image for each time step of the logits
BLANK = CLASS_COUNT  # index of the blank, the last class
OTHER = "\ufffd"  # stands in a text for a sign that is no part of a number


@dataclass(frozen=True)
class DecodedDigit:
    """A digit on a line: the columns `start` to `stop` of the image, and the `probabilities (10,)` of the digits.

    What the probabilities lack of 1 is the probability of the blank.
    """

    start: float
    stop: float
    probabilities: NDArray[np.float64]

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return float(self.probabilities.max())


def decode_greedy(logits: NDArray[np.float32], temperature: float = 1.0) -> list[DecodedDigit]:
    """Decode the logits `(T, 11)` of a line into digits, left to right, by the most probable class of each step.

    Repeats are merged and blanks dropped (best path decoding: Graves, Fernández, Gomez and Schmidhuber, "Connectionist
    temporal classification", 2006). The logits are divided by `temperature`. A digit's probabilities are those of the
    step at which it is most probable.
    """
    if not len(logits):
        return []
    probabilities = softmax(divide_by_temperature(logits, temperature))
    best = probabilities.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    decoded = []
    for start, stop in pairwise([0, *edges.tolist(), len(best)]):
        digit = best[start]
        if digit != BLANK:
            peak = start + int(probabilities[start:stop, digit].argmax())
            decoded.append(
                DecodedDigit(start * COLUMNS_PER_STEP, stop * COLUMNS_PER_STEP, probabilities[peak, :CLASS_COUNT])
            )
    return decoded
