"""Draw a reading into its picture: boxes and digits, coloured by confidence."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.reading.picture import Colour
from sutja.reading.result import ReadDigit, Reading

Bgr = tuple[int, int, int]

# Vermilion, purple and blue for 0, 0.5 and 1. All people tell them apart, whatever their colour vision: M. Okabe and
# K. Ito, "Color universal design", 2008.
CONFIDENCE_COLOURS = np.array([(0, 94, 213), (167, 121, 204), (178, 114, 0)], np.float64)  # BGR
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_DIGIT_PIXELS = 22  # height of a digit at scale 1
MIN_DRAWING_SIDE_PIXELS = 700  # longer side; smaller pictures are enlarged
LEGEND_ROWS_PER_1000_PIXELS = 26  # of the longer side


def confidence_colour(confidence: float) -> Bgr:
    """The colour of a confidence in [0, 1], from vermilion at 0 over purple to blue at 1."""
    blue, green, red = (np.interp(confidence, (0, 0.5, 1), channel) for channel in CONFIDENCE_COLOURS.T)
    return round(blue), round(green), round(red)


def annotate(picture: Colour, reading: Reading) -> Colour:
    """A copy of a picture, BGR `uint8 (H, W, 3)`, with the boxes and digits of its reading, and a legend below.

    A digit stands above its box, `?` if its confidence is too low. Small pictures are enlarged.
    """
    zoom = max(1, MIN_DRAWING_SIDE_PIXELS // max(picture.shape[:2]))
    interpolation = cv2.INTER_NEAREST if zoom > 8 else cv2.INTER_CUBIC
    drawing = np.asarray(cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=interpolation), np.uint8)
    digits = [digit for line in reading.lines for digit in line.digits]
    size = _text_height(drawing, digits, zoom)
    for digit in digits:
        _draw_box(drawing, digit, zoom, size)
    for digit in digits:  # after all boxes, so that no box runs through a digit
        left, top, width, height = (zoom * side for side in digit.box)
        bottom = top - size // 3 if top > 1.4 * size else top + height + round(1.3 * size)
        bottom = min(bottom, drawing.shape[0] - 2)
        colour = confidence_colour(digit.confidence)
        draw_text(drawing, digit.text, (left + width // 2, bottom), size, colour, centred=True)
    return np.vstack([drawing, _legend(drawing.shape[1], max(drawing.shape[:2]))])


def _text_height(drawing: Colour, digits: list[ReadDigit], zoom: int) -> int:
    """The height in pixels of the drawn digits: legible in the whole picture, but lower than the written ones."""
    written = float(np.median([digit.box[3] for digit in digits])) * zoom if digits else 0
    legible = max(drawing.shape[:2]) / 90
    return max(9, int(min(max(0.4 * written, legible), 0.9 * written)))


def _draw_box(drawing: Colour, digit: ReadDigit, zoom: int, size: int) -> None:
    """Draw the box of a digit with a light outline, which makes it visible on dark paper."""
    left, top, width, height = (zoom * side for side in digit.box)
    corners = (left - 1, top - 1), (left + width, top + height)
    thickness = max(1, round(size / 10))
    cv2.rectangle(drawing, *corners, WHITE, thickness + 2)
    cv2.rectangle(drawing, *corners, confidence_colour(digit.confidence), thickness)


def draw_text(
    drawing: Colour, text: str, at: tuple[int, int], size: int, colour: Bgr = BLACK, *, centred: bool = False
) -> None:
    """Draw ASCII text, `size` pixels high, with a light outline; `at` is its lower left or, `centred`, lower middle."""
    scale, thickness = size / FONT_DIGIT_PIXELS, max(1, round(size / 8))
    if centred:
        (width, _), _ = cv2.getTextSize(text, FONT, scale, thickness)
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
