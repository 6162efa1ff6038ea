"""A mark sheet for tests and benchmarks of the page: numbers in MNIST's test digits, in rows and columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits

DIGIT_PIXELS, DIGIT_STEP_PIXELS = 44, 32
CELL_PIXELS, ROW_PIXELS = 230, 110
PAPER, INK_SHARE = 245, 0.85
EDGE_PIXELS = 65


def paint_marks(digits: Digits, rows: Sequence[Sequence[str]]) -> NDArray[np.uint8]:
    """A sheet of numbers, dark on light grey, `uint8 (H, W)`; each digit is another one of its class."""
    size = (ROW_PIXELS * len(rows) + EDGE_PIXELS, CELL_PIXELS * len(rows[0]) + EDGE_PIXELS)
    sheet = np.full(size, PAPER, np.float32)
    used: Counter[str] = Counter()
    for row, cells in enumerate(rows):
        for column, number in enumerate(cells):
            for place, digit in enumerate(number):
                image = digits.images[np.flatnonzero(digits.labels == int(digit))[used[digit]]]
                top = EDGE_PIXELS + ROW_PIXELS * row
                left = EDGE_PIXELS + CELL_PIXELS * column + DIGIT_STEP_PIXELS * place
                _write(sheet[top : top + DIGIT_PIXELS, left : left + DIGIT_PIXELS], image)
                used[digit] += 1
    return np.clip(sheet, 0, 255).astype(np.uint8)


def _write(paper: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
    """Write a digit on a part of the paper."""
    ink = cv2.resize(image, (DIGIT_PIXELS, DIGIT_PIXELS), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    paper[:] = np.minimum(paper, PAPER - INK_SHARE * ink)
