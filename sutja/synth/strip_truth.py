"""The truth of training strips: which signs of a document count on a strip that is cut out of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import OTHER, STRIP_ROWS
from sutja.reading.strip import STRIP_DIGIT_ROWS
from sutja.synth.documents.document import Document, Places
from sutja.synth.strip_distortions import MARGIN_COLUMNS

MIN_SIZE_RATIO, MAX_SIZE_RATIO = 0.45, 2.2  # of signs that can belong to a number, to the height of its digits
MIN_COSINE = 0.85  # between the directions of a number and of signs on it
OWN_REACH_HEIGHTS = 0.3  # beyond its quad, where signs of a number still count
FOREIGN_BAND_HEIGHTS = 0.45  # from the middle line, where signs of other runs count


@dataclass(frozen=True)
class PlacedSigns:
    """The signs of a document that lie within its picture: what is written beyond the edges cannot be read.

    They have `places (N, 2)`, characters, and the indices of their `runs`. Of each run, `(R,)`, it says whether it is a
    number, its direction `(R, 2)`, and the height of its digits in pixels.
    """

    places: Places
    text: str
    runs: NDArray[np.intp]
    is_number: NDArray[np.bool_]
    directions: NDArray[np.float32]
    heights: NDArray[np.float32]

    @classmethod
    def of(cls, document: Document) -> PlacedSigns:
        """Those of all runs of a document."""
        runs = document.runs
        places = np.concatenate([np.zeros((0, 2), np.float32), *(run.centres for run in runs)])
        owners = np.repeat(np.arange(len(runs)), [len(run.text) for run in runs])
        text = np.array(list("".join(run.text for run in runs)), dtype="<U1")
        height, width = document.picture.shape[:2]
        inside = ((places > 0) & (places < (width - 1, height - 1))).all(axis=1)
        directions = [run.quad[1] + run.quad[2] - run.quad[0] - run.quad[3] for run in runs]
        axes = np.array(directions, np.float32).reshape(-1, 2)
        return cls(
            places[inside],
            "".join(text[inside]),
            owners[inside],
            np.array([run.is_number for run in runs], np.bool_),
            axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-6),
            np.array([run.height for run in runs], np.float32),
        )

    def text_on(self, matrix: NDArray[np.float64], columns: int, *, own: int | None = None) -> str:
        """The signs that count on the strip that `matrix` maps to the document, from left to right.

        Of the run `own`, all signs on the strip count; of other runs, those between the ends of the quad and near its
        middle line. Signs of words and signs of another size or direction are `OTHER`, one for several in a row. There
        is a space between two numbers.
        """
        x, counts = self._counting(matrix, columns, own)
        fitting = self.is_number & self._fits(matrix)
        places = {run: counts & (self.runs == run) for run in set(self.runs[counts].tolist())}
        pieces = []
        for run in sorted(places, key=lambda run: float(x[places[run]].mean())):
            signs = "".join(self.text[index] for index in np.flatnonzero(places[run])).strip()
            pieces.append(signs if fitting[run] else OTHER)
        return _joined(pieces)

    def _counting(
        self, matrix: NDArray[np.float64], columns: int, own: int | None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The column of each sign on a strip, and whether it counts there."""
        inverse = cv2.invertAffineTransform(matrix)
        x, y = inverse[:, :2] @ self.places.T + inverse[:, 2:]
        beyond = np.maximum(MARGIN_COLUMNS - x, x - (columns - 1 - MARGIN_COLUMNS)) / STRIP_DIGIT_ROWS
        off = np.abs(y - (STRIP_ROWS - 1) / 2) / STRIP_DIGIT_ROWS
        counts = (beyond < 0) & (off < FOREIGN_BAND_HEIGHTS)
        if own is not None:
            counts |= (self.runs == own) & (beyond < OWN_REACH_HEIGHTS) & (off < 1)
        return x, counts

    def _fits(self, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which runs have about the size and direction of the number on a strip, `(R,)`."""
        along, down = matrix[:, 0], matrix[:, 1]
        ratios = self.heights / (STRIP_DIGIT_ROWS * float(np.hypot(*down)))
        cosines = self.directions @ (along / np.hypot(*along))
        return np.asarray((ratios > MIN_SIZE_RATIO) & (ratios < MAX_SIZE_RATIO) & (cosines > MIN_COSINE))


def _joined(pieces: Iterable[str]) -> str:
    """What is written in a row: a space between two numbers, and one `OTHER` for several."""
    text = ""
    for piece in filter(None, pieces):
        text += (" " if text and OTHER not in (text[-1], piece[0]) else "") + piece
    while OTHER + OTHER in text:
        text = text.replace(OTHER + OTHER, OTHER)
    return text
