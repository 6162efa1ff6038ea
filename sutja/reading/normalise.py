"""Ink in the form that the networks are trained on: a line of clear ink, and a digit as in MNIST."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]

DIGIT_BOX_PIXELS = 20  # longer side of an MNIST digit
CENTRE_OF_MASS = SIDE_PIXELS / 2 + 0.5  # of an MNIST digit, in pixels from either edge: the middle of pixel 14 from 0
STROKE_WIDTH_PIXELS = (1.8, 4.0)  # 5th and 95th percentile of MNIST's digits
MIN_INK_DEPTH = 10  # grey levels that ink is darker than paper

_PIXEL_CENTRES = np.arange(SIDE_PIXELS) + 0.5
MIN_INK = 0.3  # ink that belongs to the digit, in [0, 1]
STROKE_INK = 0.5  # ink that belongs to the core of a stroke


def normalise(ink: Ink) -> Gray:
    """A digit in MNIST's form, `uint8 (28, 28)`, 0 = paper, 255 = ink, from ink `float32 (H, W)` in [0, 1].

    The digit is scaled into 20×20 pixels with its aspect ratio and antialiasing, and centred by its centre of mass
    (LeCun, Bottou, Bengio and Haffner, 1998, section III.A). Strokes thinner or thicker than MNIST's are brought into
    its range. Without ink the image is empty.
    """
    bounds = ink_bounds(ink)
    if bounds is None:
        return np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    digit = _with_mnist_strokes(ink[bounds])
    zoom = DIGIT_BOX_PIXELS / max(digit.shape)
    size = (max(1, round(digit.shape[1] * zoom)), max(1, round(digit.shape[0] * zoom)))
    small = cv2.resize(digit, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    small = np.minimum(small / max(percentile(small, 98), MIN_INK), 1)
    return np.asarray(centred_digits(np.asarray(small, np.float32)[None])[0])


def ink_bounds(ink: Ink) -> tuple[slice, slice] | None:
    """The rows and columns that hold all ink above 0.3; `None` if there is none."""
    rows = np.flatnonzero(ink.max(axis=1, initial=0) > MIN_INK)
    columns = np.flatnonzero(ink.max(axis=0, initial=0) > MIN_INK)
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _with_mnist_strokes(digit: Ink) -> Ink:
    """Thicken or thin the strokes so that they are as wide as MNIST's once the digit is scaled to MNIST's size."""
    zoom = DIGIT_BOX_PIXELS / max(digit.shape)
    width = stroke_width(digit > STROKE_INK) * zoom
    target = min(max(width, STROKE_WIDTH_PIXELS[0]), STROKE_WIDTH_PIXELS[1])
    change = round((target - width) / zoom)  # in pixels before scaling
    if change == 0:
        return digit
    change = min(max(change, -max(digit.shape) // 4), max(digit.shape) // 4)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(change) + 1, abs(change) + 1))
    if change > 0:
        margin = change // 2 + 1
        padded = cv2.copyMakeBorder(digit, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
        return np.asarray(cv2.dilate(padded, brush), np.float32)
    thinned = np.asarray(cv2.erode(digit, brush), np.float32)
    remains = np.count_nonzero(thinned > STROKE_INK) > 0.3 * np.count_nonzero(digit > STROKE_INK)
    return thinned if remains else digit


def stroke_width(ink: NDArray[np.bool_]) -> float:
    """The mean width in pixels of the strokes in a mask `(H, W)`; 0 without ink. See `stroke_widths`."""
    return float(stroke_widths(ink[None])[0])


def stroke_widths(ink: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The mean width in pixels of the strokes in each mask of `(N, H, W)`: twice the area over the perimeter."""
    framed = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    edges = (framed[:, 1:] != framed[:, :-1], framed[:, :, 1:] != framed[:, :, :-1])
    perimeter = sum(np.count_nonzero(each, axis=(1, 2)) for each in edges)
    # Counted in pixel edges, a slanting perimeter is too long: by 4/π on average.
    return np.asarray(2 * np.count_nonzero(ink, axis=(1, 2)) / (np.maximum(perimeter, 1) * np.pi / 4))


def percentile(values: NDArray[Any], percent: float) -> float:
    """The percentile (0 to 100) of one or more values of any shape, linearly interpolated.

    Same result as `numpy.percentile`, which takes ten times as long for the few pixels of a digit and imports much at
    its first call.
    """
    return float(percentiles(values.reshape(1, -1), percent)[0])


def percentiles(values: NDArray[Any], percent: float) -> NDArray[Any]:
    """The percentile of each row of values `(N, n)`, `(N,)`: see `percentile`."""
    last = values.shape[1] - 1
    rank = last * (percent / 100)
    low = int(rank)
    part = rank - low
    ordered = np.partition(values, (low, min(low + 1, last)), axis=1)
    below, above = ordered[:, low], ordered[:, min(low + 1, last)]
    return np.asarray(above - (above - below) * (1 - part) if part >= 0.5 else below + (above - below) * part)


def centred_digits(digits: Ink) -> NDArray[np.uint8]:
    """Digits `(N, h, w)`, h, w ≤ 28, on images `uint8 (N, 28, 28)` with their centre of mass where MNIST has it."""
    count, height, width = digits.shape
    mass = digits.reshape(count, -1).sum(axis=1).astype(np.float64)
    mass[mass == 0] = 1.0
    y = (digits.sum(axis=2) * _PIXEL_CENTRES[:height]).sum(axis=1) / mass
    x = (digits.sum(axis=1) * _PIXEL_CENTRES[:width]).sum(axis=1) / mass
    top = np.clip(np.round(CENTRE_OF_MASS - y), 0, SIDE_PIXELS - height).astype(np.int64)
    left = np.clip(np.round(CENTRE_OF_MASS - x), 0, SIDE_PIXELS - width).astype(np.int64)
    images = np.zeros((count, SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
    images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]] = np.round(digits * 255)
    return images
