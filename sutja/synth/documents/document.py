"""Document: a picture, and every number, word and mark that stands on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import OTHER
from sutja.reading.quad import upright_quad as upright_quad

Places = NDArray[np.float32]  # (N, 2), x and y in pixels


@dataclass(frozen=True)
class WrittenRun:
    """A number, a word, or another run of signs on a document.

    `text` has one character for each sign: a digit, one of `.,-+/:`, a space within a mixed number such as "2 1/2", or
    `OTHER`. `quad`, `float32 (4, 2)`, has its corners in pixels of the picture, top left, top right, bottom right and
    bottom left as seen in reading direction; it is as high as its digits, without commas and long strokes below.
    `centres`, `float32 (len(text), 2)`, are the middles of the signs. A word, a filler and a number that is struck out
    are no numbers. A number that is not `legible` is half hidden or hardly to be seen: it may be read, or not.
    """

    text: str
    quad: Places
    centres: Places
    handwritten: bool
    is_number: bool
    legible: bool = True

    def moved(self, matrix: NDArray[np.float64]) -> WrittenRun:
        """The same run after the picture is warped by a homography `(3, 3)`."""
        places = warped_places(np.concatenate([self.quad, self.centres]), matrix)
        return replace(self, quad=places[:4], centres=places[4:])

    @property
    def height(self) -> float:
        """The height of its digits in pixels."""
        top = (self.quad[0] + self.quad[1]) / 2
        bottom = (self.quad[2] + self.quad[3]) / 2
        return float(np.hypot(*(bottom - top)))


@dataclass(frozen=True)
class Document:
    """A `picture`, `uint8 (H, W, 3)` in the order blue, green, red, and all that is written or printed on it."""

    picture: NDArray[np.uint8]
    runs: tuple[WrittenRun, ...]

    @property
    def numbers(self) -> tuple[WrittenRun, ...]:
        """The numbers, printed and handwritten."""
        return tuple(run for run in self.runs if run.is_number)


def other_run(quad: Places, *, handwritten: bool, text: str = OTHER) -> WrittenRun:
    """A run that is no number, with its signs spread evenly along its quad."""
    along = (np.arange(len(text), dtype=np.float32)[:, None] + 0.5) / max(1, len(text))
    left, right = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
    centres = left + (right - left) * along
    return WrittenRun(text, np.asarray(quad, np.float32), centres.astype(np.float32), handwritten, False)


def illegible(run: WrittenRun) -> WrittenRun:
    """The run as one that may be read, or not: each of its signs is `OTHER`."""
    return replace(run, text=OTHER * len(run.text), legible=False)


def warped_places(places: Places, matrix: NDArray[np.float64]) -> Places:
    """Places `(N, 2)` after a homography `(3, 3)`."""
    flat = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    return np.asarray(flat[:, :2] / flat[:, 2:], np.float32)
