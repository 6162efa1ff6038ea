"""Many images in MNIST's form at once: what `prepare_single_digit` does with one, for a hundredth of the time each."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS, Images
from sutja.reading.normalise import (
    DIGIT_BOX_PIXELS,
    MIN_INK,
    STROKE_INK,
    STROKE_WIDTH_PIXELS,
    Ink,
    centred_digits,
    normalise,
    percentiles,
    stroke_widths,
)

MAX_MNIST_BORDER_LEVEL = 40  # median grey level of the border of an image with ink on black
Mask = NDArray[np.bool_]
Boxes = NDArray[np.int64]  # (N, 4): left, top, width, height


def are_mnist(images: Images) -> Mask:
    """Which of the images `uint8 (N, 28, 28)` have a black border, as MNIST's have."""
    borders = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    return np.asarray(percentiles(borders, 50) < MAX_MNIST_BORDER_LEVEL)


def normalise_images(images: Images) -> tuple[Images, Boxes]:
    """Images `uint8 (N, 28, 28)` of light ink on black as `normalise` returns each, and the box of the ink on each.

    Without ink, image and box are 0.
    """
    ink = images.astype(np.float32) / np.float32(255)
    boxes = ink_boxes(ink)
    result = np.zeros_like(images)
    longer = boxes[:, 2:].max(axis=1, initial=0)
    plain = (longer > 0) & (longer <= DIGIT_BOX_PIXELS) & _has_usual_strokes(ink, longer)
    for indices in _by_size(boxes, np.flatnonzero(plain)):
        left, top, width, height = boxes[indices].T
        rows = top[:, None] + np.arange(height[0])
        columns = left[:, None] + np.arange(width[0])
        digits = ink[indices[:, None, None], rows[:, :, None], columns[:, None, :]]
        result[indices] = centred_digits(_resized(digits))
    for index in np.flatnonzero(~plain & (longer > 0)):
        result[index] = normalise(ink[index])
    return result, boxes


def ink_boxes(ink: Ink) -> Boxes:
    """The boxes of the ink on images `float32 (N, 28, 28)`; 0 for an image without ink. See `ink_bounds`."""
    inked = ink > MIN_INK
    (left, width), (top, height) = (_spans(np.asarray(inked.any(axis=axis))) for axis in (1, 2))
    return np.stack([left, top, width, height], axis=1) * (width > 0)[:, None]


def _spans(inked: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first of the places `(N, 28)` with ink, and how many there are up to the last; 0 without ink."""
    first = inked.argmax(axis=1)
    return first, (SIDE_PIXELS - inked[:, ::-1].argmax(axis=1) - first) * inked.any(axis=1)


def _has_usual_strokes(ink: Ink, longer: NDArray[np.int64]) -> Mask:
    """Whether `normalise` neither thickens nor thins the strokes of each digit, whose box has this `longer` side."""
    zoom = DIGIT_BOX_PIXELS / np.maximum(longer, 1)
    width = stroke_widths(ink > STROKE_INK) * zoom
    change = (np.clip(width, *STROKE_WIDTH_PIXELS) - width) / zoom
    return np.asarray(np.round(change) == 0)


def _by_size(boxes: Boxes, indices: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The indices in groups whose boxes have the same width and height."""
    if not len(indices):
        return
    sizes = boxes[indices, 2] * (SIDE_PIXELS + 1) + boxes[indices, 3]
    order = np.argsort(sizes, kind="stable")
    starts = np.flatnonzero(np.diff(sizes[order])) + 1
    yield from np.split(indices[order], starts)


def _resized(digits: Ink) -> Ink:
    """Ink `(N, h, w)`, h, w ≤ 20, enlarged to 20 pixels on its longer side and made clear: see `normalise`."""
    zoom = DIGIT_BOX_PIXELS / max(digits.shape[1:])
    size = (max(1, round(digits.shape[2] * zoom)), max(1, round(digits.shape[1] * zoom)))
    if zoom != 1:  # each by itself: OpenCV rounds many channels otherwise than one
        digits = np.stack([cv2.resize(each, size, interpolation=cv2.INTER_LINEAR) for each in digits]).astype(
            np.float32
        )
    full = np.maximum(percentiles(digits.reshape(len(digits), -1), 98), MIN_INK)
    return np.ascontiguousarray(np.minimum(digits / full[:, None, None].astype(np.float32), 1), np.float32)
