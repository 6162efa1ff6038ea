"""Draw a reading into its picture: numbers and their outlines, coloured by confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.picture import Colour
from sutja.reading.quad import upright_quad
from sutja.reading.result import UNSURE, ReadDigit, Reading, ReadNumber, ReadSign

Bgr = tuple[int, int, int]

# Vermilion, purple and blue for 0, 0.5 and 1. All people tell them apart, whatever their colour vision: M. Okabe and
# K. Ito, "Color universal design", 2008.
CONFIDENCE_COLOURS = np.array([(0, 94, 213), (167, 121, 204), (178, 114, 0)], np.float64)  # BGR
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_DIGIT_PIXELS = 22  # height of a digit at scale 1
MIN_DRAWING_SIDE_PIXELS = 700  # longer side; smaller pictures are enlarged
LEGEND_ROWS_PER_1000_PIXELS = 26  # of the longer side


@dataclass(frozen=True)
class _Label:
    """The rectangle in a drawing in which a number is written."""

    left: int
    bottom: int
    width: int
    height: int

    def overlaps(self, other: _Label) -> bool:
        beside = self.left >= other.left + other.width or other.left >= self.left + self.width
        return not beside and abs(self.bottom - other.bottom) < (self.height + other.height) / 2


def confidence_colour(confidence: float) -> Bgr:
    """The colour of a confidence in [0, 1], from vermilion at 0 over purple to blue at 1."""
    blue, green, red = (np.interp(confidence, (0, 0.5, 1), channel) for channel in CONFIDENCE_COLOURS.T)
    return round(blue), round(green), round(red)


def annotate(picture: Colour, reading: Reading) -> Colour:
    """A copy of a picture, BGR `uint8 (H, W, 3)`, with the numbers of its reading, their outlines, and a legend below.

    A number stands above its outline, or below it if there is no room, each of its signs in the colour of its
    confidence. A sign of which the reader is not sure is `?` and has a box of its own. Small pictures are enlarged.
    """
    zoom = max(1, MIN_DRAWING_SIDE_PIXELS // max(picture.shape[:2]))
    interpolation = cv2.INTER_NEAREST if zoom > 8 else cv2.INTER_CUBIC
    drawing = np.asarray(cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=interpolation), np.uint8)
    size = _text_height(drawing, reading.numbers, zoom)
    for number in reading.numbers:
        _draw_outlines(drawing, number, zoom, size)
    places: list[_Label] = []
    for number in reading.numbers:  # after all outlines, so that none runs through a number
        places.append(_place_label(number, places, drawing.shape, zoom=zoom, size=size))
        _draw_signs(drawing, number.signs, places[-1], size)
    return np.vstack([drawing, _legend(drawing.shape[1], max(drawing.shape[:2]))])


def _text_height(drawing: Colour, numbers: Sequence[ReadNumber], zoom: int) -> int:
    """The height in pixels of the drawn signs: legible in the whole picture, but lower than the written ones."""
    heights = sorted(_height(number) for number in numbers)
    written = heights[len(heights) // 2] * zoom if heights else 0
    legible = max(drawing.shape[:2]) / 90
    return max(9, int(min(max(0.4 * written, legible), 0.9 * written)))


def _height(number: ReadNumber) -> float:
    """The height of a number's digits in pixels."""
    top_left, _, _, bottom_left = number.quad
    return float(np.hypot(bottom_left[0] - top_left[0], bottom_left[1] - top_left[1]))


def _draw_outlines(drawing: Colour, number: ReadNumber, zoom: int, size: int) -> None:
    """Draw the outline of a number, and boxes around the signs of which the reader is not sure."""
    thickness = max(1, round(size / 10))
    corners = zoom * np.array(number.quad)
    _draw_outline(drawing, corners, number.confidence, thickness)
    for sign in number.signs:
        if sign.text == UNSURE:
            left, top, width, height = (zoom * side for side in sign.box)
            box = upright_quad(left - 1, top - 1, left + width, top + height)
            _draw_outline(drawing, box, sign.confidence, thickness)


def _draw_outline(drawing: Colour, corners: NDArray[np.floating], confidence: float, thickness: int) -> None:
    """Draw a closed line with a light rim, which makes it visible on dark paper."""
    points = [np.round(corners).astype(np.int32)]
    cv2.polylines(drawing, points, isClosed=True, color=WHITE, thickness=thickness + 2)
    cv2.polylines(drawing, points, isClosed=True, color=confidence_colour(confidence), thickness=thickness)


def _place_label(
    number: ReadNumber, taken: Sequence[_Label], shape: tuple[int, ...], *, zoom: int, size: int
) -> _Label:
    """Where a number is written: above its outline, or below it where the drawing ends or another stands there."""
    left, top, _, height = (zoom * side for side in number.box)
    wide = sum(_text_width(sign.text, size) for sign in number.signs)
    left = min(left, max(0, shape[1] - wide))
    above = _Label(left, top - size // 3, wide, size)
    below = _Label(left, min(top + height + round(1.3 * size), shape[0] - 2), wide, size)
    free = [label for label in (above, below) if label.bottom >= size and not any(map(label.overlaps, taken))]
    return (free or [below if above.bottom < size else above])[0]


def _draw_signs(drawing: Colour, signs: Sequence[ReadDigit | ReadSign], label: _Label, size: int) -> None:
    """Draw signs side by side, each in the colour of its confidence."""
    x = label.left
    for sign in signs:
        draw_text(drawing, sign.text, (x, label.bottom), size, confidence_colour(sign.confidence))
        x += _text_width(sign.text, size)


def _text_width(text: str, size: int) -> int:
    (width, _), _ = cv2.getTextSize(text, FONT, size / FONT_DIGIT_PIXELS, max(1, round(size / 8)))
    return int(width)


def draw_text(
    drawing: Colour, text: str, at: tuple[int, int], size: int, colour: Bgr = BLACK, *, centred: bool = False
) -> None:
    """Draw ASCII text, `size` pixels high, with a light outline; `at` is its lower left or, `centred`, lower middle."""
    scale, thickness = size / FONT_DIGIT_PIXELS, max(1, round(size / 8))
    if centred:
        width = _text_width(text, size)
        at = (int(np.clip(at[0] - width // 2, 0, max(0, drawing.shape[1] - width))), at[1])
    cv2.putText(drawing, text, at, FONT, scale, WHITE, thickness + 2 + 2 * (size // 20), cv2.LINE_AA)
    cv2.putText(drawing, text, at, FONT, scale, colour, thickness, cv2.LINE_AA)


def _legend(width: int, longer_side: int) -> Colour:
    """The colour scale of confidences, legible but no wider than the picture."""
    rows = max(16, min(round(LEGEND_ROWS_PER_1000_PIXELS * longer_side / 1000), width // 16))
    size = rows // 2
    legend = np.full((rows, width, 3), 255, np.uint8)
    start = 3 * size
    stop = min(start + 8 * size, width)
    for x in range(start, stop):
        legend[rows // 4 : -(rows // 4), x] = confidence_colour((x - start) / (8 * size))
    draw_text(legend, "0 %", (size // 2, rows // 4 + size), size)
    draw_text(legend, "100 %   ? = not sure", (stop + size // 2, rows // 4 + size), size)
    return legend
