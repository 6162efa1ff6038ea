"""Pictures for the tests of the reader: MNIST digits on paper, with their boxes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sutja.data.dataset import Dataset
from sutja.reading.normalise import Gray

Box = tuple[int, int, int, int]  # left, top, width, height


@dataclass(frozen=True)
class Written:
    """A grey picture, the numbers on it, and the box of the ink of every digit, line by line."""

    gray: Gray
    numbers: tuple[str, ...]
    boxes: tuple[Box, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.numbers)


def write(
    mnist: Dataset, *numbers: str, size: int = 56, slope: float = 0, paper: int = 225, ink: int = 40, noise: float = 3
) -> Written:
    """Write numbers below each other, with digits `size` pixels apart; lines fall by `slope` rows per column."""
    columns = max(map(len, numbers))
    fall = round(abs(slope) * size * columns)
    depth = np.zeros((2 * size * len(numbers) + fall, size * (columns + 2)), np.float32)
    boxes = []
    for row, number in enumerate(numbers):
        for column, digit in enumerate(number):
            image = mnist.test.images[np.flatnonzero(mnist.test.labels == int(digit))[1 + column]]
            top = 2 * size * row + size // 2 + round(slope * size * column) + (fall if slope < 0 else 0)
            left = size * (column + 1)
            glyph = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR) / np.float32(255)
            depth[top : top + size, left : left + size] = glyph
            rows, across = np.flatnonzero(glyph.max(axis=1) > 0.5), np.flatnonzero(glyph.max(axis=0) > 0.5)
            x, y = left + int(across[0]), top + int(rows[0])
            boxes.append((x, y, int(np.ptp(across)) + 1, int(np.ptp(rows)) + 1))
    picture = paper + (ink - paper) * depth + np.random.default_rng(0).normal(0, noise, depth.shape)
    return Written(np.clip(np.round(picture), 0, 255).astype(np.uint8), numbers, tuple(boxes))


def overlap(first: Box, second: Box) -> float:
    """The intersection over union of two boxes."""
    wide = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    high = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0, wide) * max(0, high)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)
