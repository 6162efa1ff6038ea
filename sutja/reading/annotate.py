"""A picture with what was read in it: boxes and digits, coloured by confidence."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.reading.picture import Colour
from sutja.reading.result import ReadDigit, Reading

Tint = tuple[int, int, int]

# Blue to vermilion, which people see apart whatever their sight: M. Okabe and K. Ito, "Color universal design", 2008.
SCALE = np.array([(0, 94, 213), (167, 121, 204), (178, 114, 0)], np.float64)  # BGR: from 0 over one half to 1
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
CAPITALS = 22  # pixels of the height of a digit in the font at scale 1
SMALLEST = 700  # pixels of the longer side of an annotated picture: smaller ones are enlarged
FOOT = 26  # rows of the legend for each 1000 pixels of the longer side


def tint(confidence: float) -> Tint:
    """The colour, BGR, of a confidence in [0, 1]: vermilion for 0, purple for one half, blue for 1."""
    blue, green, red = (np.interp(confidence, (0, 0.5, 1), channel) for channel in SCALE.T)
    return round(blue), round(green), round(red)


def annotate(picture: Colour, reading: Reading) -> Colour:
    """Draw the boxes and digits of a reading into its picture, BGR `uint8 (H, W, 3)`, with a legend below.

    A digit stands above its box, `?` where the reader is not sure. Small pictures are enlarged. The picture that is
    given stays as it is.
    """
    zoom = max(1, SMALLEST // max(picture.shape[:2]))
    interpolation = cv2.INTER_NEAREST if zoom > 8 else cv2.INTER_CUBIC
    drawn = np.asarray(cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=interpolation), np.uint8)
    digits = [digit for line in reading.lines for digit in line.digits]
    size = _letters(drawn, digits, zoom)
    for digit in digits:
        _draw_box(drawn, digit, zoom, size)
    for digit in digits:  # after all boxes, so that none runs through a digit
        left, top, width, height = (zoom * side for side in digit.box)
        bottom = top - size // 3 if top > 1.4 * size else top + height + round(1.3 * size)
        bottom = min(bottom, drawn.shape[0] - 2)
        write(drawn, digit.text, (left + width // 2, bottom), size, tint(digit.confidence), centred=True)
    return np.vstack([drawn, _legend(drawn.shape[1], max(drawn.shape[:2]))])


def _letters(drawn: Colour, digits: list[ReadDigit], zoom: int) -> int:
    """The height in pixels of the digits that are written: legible in the whole picture, but smaller than its own."""
    usual = float(np.median([digit.box[3] for digit in digits])) * zoom if digits else 0
    legible = max(drawn.shape[:2]) / 90
    return max(9, int(min(max(0.4 * usual, legible), 0.9 * usual)))


def _draw_box(drawn: Colour, digit: ReadDigit, zoom: int, size: int) -> None:
    """Draw the box of a digit, light around it, so that it is seen on dark paper too."""
    left, top, width, height = (zoom * side for side in digit.box)
    corners = (left - 1, top - 1), (left + width, top + height)
    thick = max(1, round(size / 10))
    cv2.rectangle(drawn, *corners, WHITE, thick + 2)
    cv2.rectangle(drawn, *corners, tint(digit.confidence), thick)


def write(
    drawn: Colour, text: str, at: tuple[int, int], size: int, colour: Tint = BLACK, *, centred: bool = False
) -> None:
    """Write ASCII into a picture, `size` pixels high, light around it; `at` is its lower left or lower middle."""
    scale, thick = size / CAPITALS, max(1, round(size / 8))
    if centred:
        (width, _), _ = cv2.getTextSize(text, FONT, scale, thick)
        at = (int(np.clip(at[0] - width // 2, 0, max(0, drawn.shape[1] - width))), at[1])
    cv2.putText(drawn, text, at, FONT, scale, WHITE, thick + 2 + 2 * (size // 20), cv2.LINE_AA)
    cv2.putText(drawn, text, at, FONT, scale, colour, thick, cv2.LINE_AA)


def _legend(width: int, longer: int) -> Colour:
    """What the colours mean, as high as is legible, but no wider than the picture."""
    rows = max(16, min(round(FOOT * longer / 1000), width // 16))
    size = rows // 2
    foot = np.full((rows, width, 3), 255, np.uint8)
    words = ("0 %", "100 %   ? = not sure")
    start = 3 * size
    stop = min(start + 8 * size, width)
    for x in range(start, stop):
        foot[rows // 4 : -(rows // 4), x] = tint((x - start) / (8 * size))
    write(foot, words[0], (size // 2, rows // 4 + size), size)
    write(foot, words[1], (stop + size // 2, rows // 4 + size), size)
    return foot
