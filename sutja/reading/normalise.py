"""From grey paper to clear ink, and from any digit to one that looks as MNIST's do."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]

LINE_HEIGHT = 32  # rows of a line as the network sees it
FAINTEST = 10  # grey levels between paper and ink below which there is no writing


def line_ink(gray: Gray) -> Ink:
    """The ink of one line of writing, dark on light, `uint8 (32, W)`: `float32 (32, W)` in [0, 1], 0 = paper.

    The paper is the median of what is near, which writing does not reach; the darkest hundredth is full ink.
    """
    near = min(31, max(3, (min(gray.shape) - 1) // 2 * 2 + 1))
    paper = cv2.medianBlur(cv2.dilate(gray, np.ones((3, 3), np.uint8)), near)
    depth = paper.astype(np.float32) - gray
    full = max(float(np.partition(depth, -max(1, depth.size // 100), axis=None)[-max(1, depth.size // 100)]), FAINTEST)
    return np.clip(depth / full, 0, 1)
