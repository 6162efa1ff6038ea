"""Writing: the ink of one number or word with the place of each sign, and how it gets onto a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import OTHER
from sutja.synth.documents.document import WrittenRun
from sutja.synth.documents.fonts import Band

SIGNS_OF_NUMBERS = frozenset("0123456789.,-+/: ")
POINT_SIGNS = frozenset(".,:")  # that consist of points
MIN_BAND_SHARE = 0.3  # of the usual height of digits: what is lower is no digit's height
MIN_COMPARED_SHARE = 0.25  # of a writing's ink: so little ink that it hits does not count
Layer = NDArray[np.uint8]  # the ink of one pen on a sheet, `(H, W)`, 255 = covered


@dataclass(frozen=True)
class Writing:
    """The ink of a text, `uint8 (H, W)`.

    `spans` are the columns (from, to) of each sign of `text`. The digits reach from row `top` to row `bottom` at
    column 0, and `slope` rows lower with each column. From sign `first` on, `count` signs are the number; what stands
    before and behind them is no part of it. A word has a `count` of 0.
    """

    ink: Layer
    text: str
    spans: tuple[tuple[float, float], ...]
    top: float
    bottom: float
    slope: float = 0.0
    count: int = 0
    handwritten: bool = True
    first: int = 0

    @property
    def width(self) -> float:
        """The columns from the left edge of its signs to the right one."""
        return max(span[1] for span in self.spans) - self.left if self.spans else 0.0

    @property
    def left(self) -> float:
        """The column at which its signs begin."""
        return min((span[0] for span in self.spans), default=0.0)

    @property
    def height(self) -> float:
        """The height of its digits."""
        return self.bottom - self.top

    def runs(self) -> list[WrittenRun]:
        """Its number and what stands before and behind it, or its word, in pixels of the ink."""
        stop = self.first + self.count
        parts = [(self.first, stop, True), (0, self.first, False), (stop, len(self.text), False)]
        return [self._run(start, stop, number) for start, stop, number in parts if stop > start]

    def _run(self, start: int, stop: int, number: bool) -> WrittenRun:
        left, right = min(span[0] for span in self.spans[start:stop]), max(span[1] for span in self.spans[start:stop])
        ends = np.array([left, right, right, left], np.float32)
        rows = np.array([self.top, self.top, self.bottom, self.bottom], np.float32) + self.slope * ends
        across = np.array([(x0 + x1) / 2 for x0, x1 in self.spans[start:stop]], np.float32)
        down = (self.top + self.bottom) / 2 + self.slope * across
        text = self.text[start:stop]
        if not number:
            text = OTHER * len(text)
        return WrittenRun(
            "".join(sign if sign in SIGNS_OF_NUMBERS else OTHER for sign in text),
            np.stack([ends, rows], axis=1),
            np.stack([across, down], axis=1),
            self.handwritten,
            number,
        )


def digit_band(digits: Sequence[tuple[float, float, float]], usual: Band, slope: float = 0.0) -> Band:
    """The rows between which most digits of a number stand, at column 0; the `usual` ones where it has none.

    Each of `digits` has a column in its middle, and the rows at which its ink begins and ends.
    """
    if not digits:
        return usual
    x, tops, bottoms = np.array(digits).T
    top, bottom = np.quantile(tops - slope * x, 0.4), np.quantile(bottoms - slope * x, 0.6)
    return (float(top), float(bottom)) if bottom - top > MIN_BAND_SHARE * (usual[1] - usual[0]) else usual


@dataclass(frozen=True)
class PlacedInk:
    """The ink of a writing where it will stand on a sheet: a patch of its layer, and how it got there."""

    patch: Layer
    left: int
    top: int
    matrix: NDArray[np.float64]  # (3, 3), from the pixels of the writing to those of the sheet

    def part(self, layer: Layer) -> Layer:
        """The part of a layer that the patch belongs to."""
        return layer[self.top : self.top + self.patch.shape[0], self.left : self.left + self.patch.shape[1]]

    def crossed_share(self, layers: Sequence[Layer]) -> float:
        """How much of the ink falls onto that of layers; or how much of theirs it hits, if they have less."""
        there = self.part(layers[0])
        for layer in layers[1:]:
            there = np.maximum(there, self.part(layer))
        own = float(self.patch.sum(dtype=np.int64))
        both = float(np.minimum(there, self.patch).sum(dtype=np.int64))
        return both / max(min(own, float(there.sum(dtype=np.int64))), MIN_COMPARED_SHARE * own, 1.0)


def place_ink(writing: Writing, shape: tuple[int, ...], x: float, y: float, *, angle: float = 0.0) -> PlacedInk:
    """Place a writing on a layer of a shape, with the left end of its baseline at x, y.

    It rises or falls by `angle`, in radians, clockwise.
    """
    start = writing.left
    cosine, sine = np.cos(angle), np.sin(angle)
    base = writing.bottom + writing.slope * start
    matrix = np.array(
        [
            [cosine, -sine, x - cosine * start + sine * base],
            [sine, cosine, y - sine * start - cosine * base],
            [0, 0, 1],
        ]
    )
    rows, columns = writing.ink.shape
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)]) @ matrix[:2, :2].T + matrix[:2, 2]
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, shape[1::-1]).astype(int).tolist()
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), (left, top), (shape[1], shape[0])).astype(int).tolist()
    if right <= left or bottom <= top:
        return PlacedInk(np.zeros((0, 0), np.uint8), left, top, matrix)
    moved = matrix[:2] - [[0, 0, left], [0, 0, top]]
    patch = cv2.warpAffine(writing.ink, moved, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return PlacedInk(np.asarray(patch, np.uint8), left, top, matrix)


def is_visible(run: WrittenRun, size: tuple[int, int]) -> bool:
    """Whether a part of a run lies in a picture of `size` (width, height)."""
    low, high = run.quad.min(axis=0), run.quad.max(axis=0)
    return bool(high[0] > 0 and high[1] > 0 and low[0] < size[0] and low[1] < size[1])
