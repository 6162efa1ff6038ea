"""The pen strokes of 44 writers (UCI Pen-Based Recognition of Handwritten Digits, CC BY 4.0)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("pen_strokes.npz")
POINTS_PER_HEIGHT = 100


@dataclass(frozen=True)
class PenDigits:
    """Digits as pen strokes.

    Digit `i` has the label `labels[i]`, was written by `writers[i]` and consists of `strokes[i]`, each
    `float64 (N, 2)`: x and y in digit heights from its top left corner.
    """

    strokes: tuple[tuple[NDArray[np.float64], ...], ...]
    labels: NDArray[np.uint8]
    writers: NDArray[np.uint8]

    def indices(self, writer: int, digit: int) -> NDArray[np.int64]:
        """The digits of a label that a writer wrote."""
        return np.flatnonzero((self.writers == writer) & (self.labels == digit))


@cache
def load_pen_digits() -> PenDigits:
    """The digits that come with the package."""
    with np.load(FILE, allow_pickle=False) as file:
        points = file["points"].astype(np.float64) / POINTS_PER_HEIGHT
        strokes = np.split(points, np.cumsum(file["points_per_stroke"], dtype=np.int64)[:-1])
        ends = np.cumsum(file["strokes_per_digit"], dtype=np.int64)
        starts = np.concatenate([[0], ends[:-1]])
        digits = tuple(tuple(strokes[start:end]) for start, end in zip(starts, ends, strict=True))
        return PenDigits(digits, file["labels"], file["writers"])
