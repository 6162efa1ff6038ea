"""From grey paper to clear ink, and from any digit to one that looks as MNIST's do."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]

FITTED = 20  # pixels of the longer side of a digit
MIDDLE = SIDE_PIXELS / 2 + 0.5  # where MNIST has the centre of mass: in the middle of pixel 14, counted from 0
PLACES = np.arange(SIDE_PIXELS) + 0.5  # of the middles of pixels
PEN = (1.8, 4.0)  # widths of MNIST's strokes in pixels, but for one in twenty on either side
FAINTEST = 10  # grey levels between paper and ink below which there is no writing


def line_ink(gray: Gray) -> Ink:
    """The ink of one line of writing, dark on light, `uint8 (32, W)`: `float32 (32, W)` in [0, 1], 0 = paper.

    The paper is the median of what is near, which writing does not reach; the darkest hundredth is full ink.
    """
    near = min(31, max(3, (min(gray.shape) - 1) // 2 * 2 + 1))
    paper = cv2.medianBlur(cv2.dilate(gray, np.ones((3, 3), np.uint8)), near)
    depth = paper.astype(np.float32) - gray
    full = max(float(np.partition(depth, -max(1, depth.size // 100), axis=None)[-max(1, depth.size // 100)]), FAINTEST)
    return np.asarray(np.clip(depth / full, 0, 1), np.float32)


def normalise(ink: Ink) -> Gray:
    """A digit as MNIST has it: `uint8 (28, 28)`, 0 = paper, 255 = ink, of ink `float32 (H, W)` in [0, 1].

    The ink is fitted into 20×20 pixels with its proportions kept, antialiased, and its centre of mass put in the middle
    (LeCun, Bottou, Bengio and Haffner, 1998, section III.A); strokes thinner or thicker than MNIST's are brought into
    its range. Without ink the picture is empty.
    """
    rows, columns = np.flatnonzero(ink.max(axis=1, initial=0) > 0.3), np.flatnonzero(ink.max(axis=0, initial=0) > 0.3)
    if not len(rows):
        return np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    zoom = FITTED / max(digit.shape)
    digit = _with_pen(digit, zoom)
    zoom = FITTED / max(digit.shape)
    size = (max(1, round(digit.shape[1] * zoom)), max(1, round(digit.shape[0] * zoom)))
    small = cv2.resize(digit, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    small = np.minimum(small / max(percentile(small, 98), 0.3), 1)
    return _centred(np.asarray(small, np.float32))


def _with_pen(digit: Ink, zoom: float) -> Ink:
    """Thicken or thin the strokes so that, `zoom` times as large, they are as thick as MNIST's are."""
    thick = stroke_width(digit > 0.5) * zoom
    wanted = min(max(thick, PEN[0]), PEN[1])
    change = round((wanted - thick) / zoom)  # pixels of the digit as it is
    if change == 0:
        return digit
    change = min(max(change, -max(digit.shape) // 4), max(digit.shape) // 4)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(change) + 1, abs(change) + 1))
    if change > 0:
        room = change // 2 + 1
        padded = cv2.copyMakeBorder(digit, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
        return np.asarray(cv2.dilate(padded, brush), np.float32)
    thinned = np.asarray(cv2.erode(digit, brush), np.float32)
    return thinned if np.count_nonzero(thinned > 0.5) > 0.3 * np.count_nonzero(digit > 0.5) else digit


def stroke_width(ink: NDArray[np.bool_]) -> float:
    """The usual width of strokes in pixels: twice their area for each pixel of their outline; 0 without ink."""
    at_edge = (ink[:1], ink[-1:], ink[:, :1], ink[:, -1:])
    within = (ink[1:] != ink[:-1], ink[:, 1:] != ink[:, :-1])
    outline = sum(np.count_nonzero(each) for each in (*at_edge, *within))
    # Counted in steps from pixel to pixel, a slanting outline is too long: by 4/π on average.
    return 2 * np.count_nonzero(ink) / (outline * np.pi / 4) if outline else 0.0


def percentile(values: NDArray[Any], percent: float) -> float:
    """The value below which `percent` (0 to 100) of one or more values of any shape lie, interpolated between two.

    The same as NumPy's, which for the few pixels of a digit takes ten times as long, and loads much at its first call.
    """
    place = (values.size - 1) * (percent / 100)
    low = int(place)
    part = place - low
    ordered = np.partition(values, (low, min(low + 1, values.size - 1)), axis=None)
    below, above = ordered[low], ordered[min(low + 1, values.size - 1)]
    return float(above - (above - below) * (1 - part) if part >= 0.5 else below + (above - below) * part)


def _centred(digit: Ink) -> Gray:
    """Put a digit of at most 20×20 pixels into 28×28 with its centre of mass where MNIST has it."""
    height, width = digit.shape
    mass = float(digit.sum()) or 1.0
    y = float((digit.sum(axis=1) * PLACES[:height]).sum()) / mass
    x = float((digit.sum(axis=0) * PLACES[:width]).sum()) / mass
    top = min(max(round(MIDDLE - y), 0), SIDE_PIXELS - height)
    left = min(max(round(MIDDLE - x), 0), SIDE_PIXELS - width)
    image = np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    image[top : top + height, left : left + width] = np.round(digit * 255)
    return image
