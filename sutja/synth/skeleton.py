"""Skeletons: the centre lines of strokes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def skeleton(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin ink to its skeleton, one pixel wide and equally connected (T. Y. Zhang and C. Y. Suen, 1984)."""
    pixels = np.pad(ink, 1).astype(np.uint8)
    while True:
        before = int(pixels.sum())
        for removable in _REMOVABLE:
            code = cv2.filter2D(pixels, cv2.CV_32F, _BITS, borderType=cv2.BORDER_CONSTANT).astype(np.uint8)
            pixels[removable[code]] = 0
        if int(pixels.sum()) == before:
            return np.asarray(pixels[1:-1, 1:-1] > 0)


def _removable() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each pattern of the eight neighbours, bits clockwise from the top: whether either pass removes the pixel."""
    patterns = (np.arange(256)[:, None] >> np.arange(8)) & 1
    changes = ((patterns == 0) & (np.roll(patterns, -1, axis=1) == 1)).sum(axis=1)
    border = (changes == 1) & (patterns.sum(axis=1) >= 2) & (patterns.sum(axis=1) <= 6)
    above, right, below, left = patterns[:, [0, 2, 4, 6]].T
    first = border & (above * right * below == 0) & (right * below * left == 0)
    second = border & (above * right * left == 0) & (above * below * left == 0)
    return first, second


_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
_REMOVABLE = _removable()
