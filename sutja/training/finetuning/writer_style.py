"""How a writer's digits differ from those of a training set, and training digits in that writer's style.

Twenty corrected digits are too few to learn a style from, but enough to find out how the writer rotates, slants,
stretches and bends digits (`warp.py`), and how broad the pen is. The rest is learned from thousands of training digits
that are rendered in this style and normalised as every digit is that is read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits
from sutja.reading.normalise import Gray, Ink, normalise, stroke_width
from sutja.training.finetuning.warp import Shapes, find_warps

SHAPE_DIGITS = 5000  # training digits that show what shapes are usual
PEN_DIGITS = 300  # training digits on which pens are tried
LARGE_SIDE = 4 * SIDE_PIXELS  # pixels of the side of a digit while it is rendered
PADDING_PIXELS = LARGE_SIDE // 4  # around it, for broad pens
PEN_PIXELS = (-4, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40)  # by which strokes of a large digit are broader
BLOB_PEN_PIXELS = 12  # a pen this broad leaves blobs, which show no bends
PEN_VARIANCE = 80  # square pixels: the uncertainty of the pen that one digit shows
WARP_RANGE, PEN_RANGE = (0.8, 1.6), (0.6, 1.4)  # factors on the warp and on the pen

Field = NDArray[np.float32]
NO_SHIFT: Field = np.zeros((2, LARGE_SIDE, LARGE_SIDE), np.float32)


class WriterStyle:
    """Renders training digits in one writer's style. `pen` is that of `find_pen`, shrunk towards the usual one."""

    def __init__(
        self,
        corrected: Digits,
        usual: Digits,
        network: nn.Module,
        on_step: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """`corrected` are digits of the writer, N ≥ 1, and `usual` those of a training set that `network` reads.

        `on_step` is called with the number of steps of the search that are done, and of all.
        """
        tried = _first(usual, PEN_DIGITS)
        warps = find_warps(corrected, Shapes.of(_first(usual, SHAPE_DIGITS)), network, on_step)
        warps = warps.with_scaled_knots(float(np.clip(1 - find_pen(corrected, tried) / BLOB_PEN_PIXELS, 0, 1)))
        self._shifts = [_large_shift(places) for places in warps.inverse_places().numpy()]
        pen = find_pen(corrected, tried, self._shifts)
        self.pen = pen**3 / (pen**2 + PEN_VARIANCE / len(corrected))  # few digits make a usual pen look unusual

    def render(self, digits: Digits, rng: np.random.Generator) -> Digits:
        """Render digits in the writer's style, each with a random variation, normalised like MNIST's."""
        warped, pens = (
            rng.uniform(*WARP_RANGE, len(digits)).astype(np.float32),
            rng.uniform(*PEN_RANGE, len(digits)) * self.pen,
        )
        chosen = rng.integers(len(self._shifts), size=len(digits))
        images = [
            _with_pen(_warped(image, part * self._shifts[shift]), pen)
            for image, part, shift, pen in zip(digits.images, warped, chosen, pens, strict=True)
        ]
        return Digits(np.stack(images), digits.labels)


def _first(digits: Digits, count: int) -> Digits:
    return digits.take(np.arange(min(count, len(digits))))


def find_pen(corrected: Digits, tried: Digits, shifts: Sequence[Field] = (NO_SHIFT,)) -> float:
    """Find the pen that gives `tried` digits, warped, the stroke width of the corrected ones, class by class.

    The pen is the number of pixels, of an image of 112×112, by which strokes are broadened or, below 0, narrowed: from
    -4 to 40. `shifts`, each `float32 (2, 112, 112)` in such pixels, x and y, are the warps that the writer may have.
    """
    inks = [_warped(image, shifts[k % len(shifts)]) for k, image in enumerate(tried.images)]

    @cache
    def width(pen: int) -> float:
        widths = _class_widths(np.stack([_with_pen(ink, pen) for ink in inks]), tried.labels)
        return float(widths[corrected.labels].mean())

    wanted = float(np.mean(_widths(corrected.images)))
    broader = min(max(bisect_left(PEN_PIXELS, wanted, key=width), 1), len(PEN_PIXELS) - 1)
    nearest = PEN_PIXELS[broader - 1 : broader + 1]
    return float(np.interp(wanted, [width(pen) for pen in nearest], nearest))


def _large_shift(places: NDArray[np.float32]) -> Field:
    """The displacements `(2, 112, 112)` in pixels of sampled places `(2, 784)`, from -1 to 1 across the image."""
    moved = places.reshape(2, SIDE_PIXELS, SIDE_PIXELS) - (
        2 * (np.mgrid[:SIDE_PIXELS, :SIDE_PIXELS][::-1] + 0.5) / SIDE_PIXELS - 1
    )
    moved = np.asarray(moved * (LARGE_SIDE / 2), np.float32)
    return np.stack([cv2.resize(each, (LARGE_SIDE, LARGE_SIDE), interpolation=cv2.INTER_CUBIC) for each in moved])


def _warped(image: Gray, shift: Field) -> Ink:
    """Enlarge and warp an image `uint8 (28, 28)`; returns ink `float32 (112, 112)`."""
    large = cv2.resize(image, (LARGE_SIDE, LARGE_SIDE), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    y, x = np.mgrid[:LARGE_SIDE, :LARGE_SIDE].astype(np.float32)
    return np.asarray(cv2.remap(large, x + shift[0], y + shift[1], cv2.INTER_LINEAR), np.float32)


def _with_pen(ink: Ink, pen: float) -> Gray:
    """Broaden strokes by `pen` pixels, or narrow them below 0, and normalise the image like MNIST's."""
    size = round(abs(pen)) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return normalise(np.asarray((cv2.dilate if pen > 0 else cv2.erode)(np.pad(ink, PADDING_PIXELS), brush), np.float32))


def _widths(images: Gray) -> NDArray[np.float64]:
    """The stroke widths of images `(N, 28, 28)` in pixels, `(N,)`."""
    return np.array([stroke_width(image > 127) for image in images])


def _class_widths(images: Gray, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean stroke width of each class, `(10,)`. A class that is missing gets that of all digits."""
    widths = _widths(images)
    chosen = [labels == label if (labels == label).any() else labels >= 0 for label in range(CLASS_COUNT)]
    return np.array([widths[each].mean() for each in chosen])
