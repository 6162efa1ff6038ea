"""The contract of networks that read lines: strips in, signs out; and greedy CTC decoding of their logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax

STRIP_ROWS = 48  # rows of a strip
STRIP_CHANNELS = 3  # blue, green, red
COLUMNS_PER_STEP = 4  # columns of a strip for each time step of the logits
OTHER = "\ufffd"  # a sign that is no part of a number, or several in a row: letters, =, %, brackets, flourishes
ALPHABET = "0123456789.,-+/: " + OTHER  # the signs in the order of the logits; digits come first
BLANK = len(ALPHABET)  # index of the blank, the last class


@dataclass(frozen=True)
class DecodedSign:
    """A sign on a strip: a character of `ALPHABET`, its columns from `start` to `stop`, and its `confidence` in [0, 1].

    `probabilities`, `(10,)`, are those of the ten digits at this place. What they lack of 1 is the probability of other
    signs and of the blank.
    """

    sign: str
    start: float
    stop: float
    confidence: float
    probabilities: NDArray[np.float64]

    @property
    def is_digit(self) -> bool:
        """Whether the sign is one of the ten digits."""
        return self.sign.isdigit()


def decode_greedy(logits: NDArray[np.float32], temperature: float = 1.0) -> list[DecodedSign]:
    """Decode the logits `(T, 19)` of a strip into signs, left to right, by the most probable class of each step.

    Repeats are merged and blanks dropped (best path decoding: Graves, Fernández, Gomez and Schmidhuber, "Connectionist
    temporal classification", 2006). The logits are divided by `temperature`. A sign's confidence and probabilities are
    those of the step at which it is most probable.
    """
    if not len(logits):
        return []
    probabilities = softmax(divide_by_temperature(logits, temperature))
    best = probabilities.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    decoded = []
    for start, stop in pairwise([0, *edges.tolist(), len(best)]):
        sign = int(best[start])
        if sign != BLANK:
            peak = probabilities[start + int(probabilities[start:stop, sign].argmax())]
            columns = start * COLUMNS_PER_STEP, stop * COLUMNS_PER_STEP
            decoded.append(DecodedSign(ALPHABET[sign], *columns, float(peak[sign]), peak[:CLASS_COUNT]))
    return decoded


def likeliest_digit(logits: NDArray[np.float32], temperature: float = 1.0) -> DecodedSign:
    """The digit that is most probable anywhere on a strip with logits `(T, 19)`, given that there is a sign."""
    probabilities = softmax(divide_by_temperature(logits, temperature))
    digits = probabilities[:, :CLASS_COUNT]
    step, digit = np.unravel_index(int(digits.argmax()), digits.shape)
    given = digits[step] / max(1e-9, 1 - float(probabilities[step, BLANK]))
    columns = float(step * COLUMNS_PER_STEP), float((step + 1) * COLUMNS_PER_STEP)
    return DecodedSign(ALPHABET[digit], *columns, float(given[digit]), given)


def text_of(signs: Sequence[DecodedSign]) -> str:
    """The signs as one text, a character each."""
    return "".join(each.sign for each in signs)


def encode_text(text: str) -> list[int]:
    """The index in `ALPHABET` of each sign of a text; raises `ValueError` for any other character."""
    return [ALPHABET.index(sign) for sign in text]
