"""Parts of documents, cut out around a run and scaled: small pictures, as people crop them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.visibility import seen_runs

MARGIN_HEIGHTS = (-0.05, 1.2)  # of a window around its run, in digit heights


@dataclass(frozen=True)
class Window:
    """A part of a picture in whole pixels: from `left`, `top` to before `right`, `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top


def window_around(
    run: WrittenRun, rng: Generator, picture: NDArray[np.uint8], *, margin_factors: Sequence[float]
) -> Window:
    """A window of a picture `(H, W, 3)` around a run, with random margins, all of them times one of the factors."""
    margins = run.height * rng.uniform(*MARGIN_HEIGHTS, 4) * float(rng.choice(margin_factors))
    low = np.maximum(np.round(run.quad.min(axis=0) - margins[:2]), 0).astype(int)
    high = np.minimum(np.round(run.quad.max(axis=0) + margins[2:]), picture.shape[1::-1]).astype(int)
    return Window(*low.tolist(), *high.tolist())


def cut_part(document: Document, window: Window, size: tuple[int, int], *, smallest: float = 1.0) -> Document:
    """The part of a document in a window, scaled to `size` (width, height), and what is seen of the runs on it.

    `smallest`, below 1, is the share of the size by way of which it is scaled: the picture of a small one, enlarged.
    """
    cut = document.picture[window.top : window.bottom, window.left : window.right]
    if smallest < 1:
        small = (max(4, round(smallest * size[0])), max(4, round(smallest * size[1])))
        cut = np.asarray(cv2.resize(cut, small, interpolation=cv2.INTER_AREA), np.uint8)
    how = cv2.INTER_AREA if size[0] < cut.shape[1] else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)
    across, down = size[0] / window.size[0], size[1] / window.size[1]
    matrix = np.array([[across, 0, -window.left * across], [0, down, -window.top * down], [0, 0, 1.0]])
    nothing_hidden = np.zeros(picture.shape[:2], np.uint8)
    return Document(picture, tuple(seen_runs([run.moved(matrix) for run in document.runs], nothing_hidden)))


def on_black(parts: list[tuple[Document, int, int]], size: tuple[int, int]) -> Document:
    """Parts at their places (left, top) on a black picture of `size` (width, height)."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    runs: list[WrittenRun] = []
    for part, left, top in parts:
        height, width = part.picture.shape[:2]
        picture[top : top + height, left : left + width] = part.picture
        shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
        runs += [run.moved(shift) for run in part.runs]
    return Document(picture, tuple(runs))
