"""How a writer's digits differ from those of a training set, and training digits in that writer's style.

Twenty corrected digits are too few to learn a hand from, but enough to find out how it turns, slants, stretches and
bends what it writes (`registration.py`), and how broad its pen is. Thousands of training digits, written so and brought
into MNIST's form as every digit is that is read, teach the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits
from sutja.reading.normalise import Gray, Ink, normalise, stroke_width
from sutja.training.finetuning.warp import Shapes, find_warps

MEASURED = 5000  # training digits that show what shapes are usual
TRIED = 300  # of them, on which pens are tried
ENLARGED = 4 * SIDE_PIXELS  # pixels of the side of a digit where it is written
ROOM = ENLARGED // 4  # pixels around it for broad pens
PENS = (-4, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40)  # by how many of these pixels strokes are broader
BROAD = 12  # of these pixels: so broad a pen leaves blobs, which tell no bends
DOUBT = 80  # square pixels: how uncertain the pen is that one digit shows
WARPED, PEN = (0.8, 1.6), (0.6, 1.4)  # how much of a warp, and of the pen, from and to

Field = NDArray[np.float32]
UNMOVED: Field = np.zeros((2, ENLARGED, ENLARGED), np.float32)


class Style:
    """What makes training digits look as one writer's. `pen` is what `pen_of` gives, a little more usual."""

    def __init__(self, corrected: Digits, usual: Digits, network: nn.Module) -> None:
        """`corrected` are digits of the writer, N ≥ 1, `usual` those of a training set, which `network` reads."""
        tried = _first(usual, TRIED)
        warps = find_warps(corrected, Shapes.of(_first(usual, MEASURED)), network)
        warps = warps.bent_less(float(np.clip(1 - pen_of(corrected, tried) / BROAD, 0, 1)))
        self._shifts = [_enlarged(places) for places in warps.inverse_places().numpy()]
        pen = pen_of(corrected, tried, self._shifts)
        self.pen = pen**3 / (pen**2 + DOUBT / len(corrected))  # few digits show a usual pen as a little unusual

    def written(self, digits: Digits, rng: np.random.Generator) -> Digits:
        """Digits as the writer would have written them, each a little otherwise, in MNIST's form."""
        warped, pens = rng.uniform(*WARPED, len(digits)).astype(np.float32), rng.uniform(*PEN, len(digits)) * self.pen
        chosen = rng.integers(len(self._shifts), size=len(digits))
        images = [
            _with_pen(_warped(image, part * self._shifts[shift]), pen)
            for image, part, shift, pen in zip(digits.images, warped, chosen, pens, strict=True)
        ]
        return Digits(np.stack(images), digits.labels)


def _first(digits: Digits, count: int) -> Digits:
    return digits.take(np.arange(min(count, len(digits))))


def pen_of(corrected: Digits, tried: Digits, shifts: Sequence[Field] = (UNMOVED,)) -> float:
    """The pen with which `tried`, warped, have strokes as wide as the corrected digits have, class by class.

    That is by how many pixels of an image with 112 a side their strokes are made broader, or narrower below 0: from -4
    to 40. `shifts`, each `float32 (2, 112, 112)` in such pixels, x and y, are warps that the writer may have.
    """
    inks = [_warped(image, shifts[k % len(shifts)]) for k, image in enumerate(tried.images)]

    @cache
    def width(pen: int) -> float:
        widths = _class_widths(np.stack([_with_pen(ink, pen) for ink in inks]), tried.labels)
        return float(widths[corrected.labels].mean())

    wanted = float(np.mean(_widths(corrected.images)))
    broader = min(max(bisect_left(PENS, wanted, key=width), 1), len(PENS) - 1)
    nearest = PENS[broader - 1 : broader + 1]
    return float(np.interp(wanted, [width(pen) for pen in nearest], nearest))


def _enlarged(places: NDArray[np.float32]) -> Field:
    """Displacements `(2, 112, 112)` in pixels, by places `(2, 784)` to read at, from -1 to 1 across the image."""
    moved = places.reshape(2, SIDE_PIXELS, SIDE_PIXELS) - (
        2 * (np.mgrid[:SIDE_PIXELS, :SIDE_PIXELS][::-1] + 0.5) / SIDE_PIXELS - 1
    )
    moved = np.asarray(moved * (ENLARGED / 2), np.float32)
    return np.stack([cv2.resize(each, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC) for each in moved])


def _warped(image: Gray, shift: Field) -> Ink:
    """An image `uint8 (28, 28)`, enlarged and read at displaced places, as ink `float32 (112, 112)`."""
    large = cv2.resize(image, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    y, x = np.mgrid[:ENLARGED, :ENLARGED].astype(np.float32)
    return np.asarray(cv2.remap(large, x + shift[0], y + shift[1], cv2.INTER_LINEAR), np.float32)


def _with_pen(ink: Ink, pen: float) -> Gray:
    """Ink whose strokes are so many pixels broader, or narrower below 0, in MNIST's form."""
    size = round(abs(pen)) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return normalise(np.asarray((cv2.dilate if pen > 0 else cv2.erode)(np.pad(ink, ROOM), brush), np.float32))


def _widths(images: Gray) -> NDArray[np.float64]:
    """How wide the strokes of images `(N, 28, 28)` are, in pixels, `(N,)`."""
    return np.array([stroke_width(image > 127) for image in images])


def _class_widths(images: Gray, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean width of each class's strokes, `(10,)`; of a class that is missing, that of all."""
    widths = _widths(images)
    chosen = [labels == label if (labels == label).any() else labels >= 0 for label in range(CLASS_COUNT)]
    return np.array([widths[each].mean() for each in chosen])
