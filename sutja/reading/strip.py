"""Strips: each line cut out of its page, levelled and scaled to the height that the line network takes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import LINE_HEIGHT
from sutja.reading.illumination import PAPER_LEVEL
from sutja.reading.ink import Mask
from sutja.reading.layout import Layout, TextLine
from sutja.reading.normalise import Gray, Ink, line_ink, percentile, stroke_width
from sutja.reading.page import Page

STRIP_DIGIT_ROWS = 22  # height of a digit on a strip
MARGIN_HEIGHTS = 0.35  # paper left and right of a line, in heights of a digit
MIN_STROKE_PIXELS = 2.2  # stroke width on a strip
MAX_STRIP_COLUMNS = 4000
MIN_ZOOM_SHARE = 0.62  # of the zoom that makes digits `STRIP_DIGIT_ROWS` high, for lines with long strokes
MAX_OFFSET_HEIGHTS = 0.2  # from the middle of the digits to the middle of the strip


@dataclass(frozen=True)
class Strip:
    """A line as the network sees it: `ink`, `float32 (32, W)`, and its place on the page.

    `depth` is how many grey levels its darkest 1 % of pixels are darker than paper. The point (x, y) of the strip lies
    on the page at `left + x / zoom`, `top + y / zoom + slope * x / zoom`.
    """

    ink: Ink
    depth: float
    zoom: float
    left: float
    top: float
    slope: float

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """The position on the page of a point of the strip."""
        return self.left + x / self.zoom, self.top + (y + self.slope * x) / self.zoom


def cut_strip(page: Page, layout: Layout, line: TextLine) -> Strip:
    """Cut a line out of a page, level and 32 rows high, without the ink of other lines."""
    zoom = _zoom(line)
    margin = MARGIN_HEIGHTS * line.height
    left, right = line.left - margin, line.right + margin
    offset = (line.below - line.above) / 2  # from the middle of the digits to the middle of all ink
    offset = float(np.clip(offset, -MAX_OFFSET_HEIGHTS * line.height, MAX_OFFSET_HEIGHTS * line.height))
    fall = line.slope * (right - left)
    reach = LINE_HEIGHT / zoom / 2 + 1
    start = line.middle - line.slope * margin + offset
    top, bottom = min(start, start + fall) - reach, max(start, start + fall) + reach
    window = tuple(round(edge) for edge in (left, top, right, bottom))
    gray = _own_ink(page, layout, line, window)
    gray = _thickened(gray, page, line, zoom)
    gray = _resized(gray, zoom)
    # Shear the columns so that the line becomes level, with its middle in the middle of the strip.
    shift = (start - window[1]) * zoom - LINE_HEIGHT / 2
    strip = cv2.warpAffine(
        gray,
        np.array([[1, 0, 0], [-line.slope, 1, -shift]], np.float64),
        (gray.shape[1], LINE_HEIGHT),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=PAPER_LEVEL,
    )
    depth = PAPER_LEVEL - percentile(strip, 1)
    return Strip(line_ink(np.asarray(strip, np.uint8)), depth, zoom, window[0], window[1] + shift / zoom, line.slope)


def _zoom(line: TextLine) -> float:
    """The scale that fits all ink of a line on a strip, but does not shrink digits much for one long stroke."""
    usual = STRIP_DIGIT_ROWS / line.height
    zoom = float(np.clip(LINE_HEIGHT / max(line.above + line.below, 1), MIN_ZOOM_SHARE * usual, usual))
    return min(zoom, MAX_STRIP_COLUMNS / max(1, line.right - line.left + line.height))


def _own_ink(page: Page, layout: Layout, line: TextLine, window: tuple[int, ...]) -> Gray:
    """The window (left, top, right, bottom) of a page, with paper over the ink of other lines and beyond the page."""
    left, top, right, bottom = window
    height, width = page.gray.shape
    inner = (slice(max(0, top), min(height, bottom)), slice(max(0, left), min(width, right)))
    gray = page.gray[inner].copy()
    labels = layout.labels[inner]
    is_own = np.zeros(int(layout.labels.max()) + 1, np.bool_)
    is_own[list(line.pieces)] = True
    is_own[0] = True  # paper
    foreign = ~is_own[labels]
    if foreign.any():
        foreign &= _large(labels, foreign, line.height)
        around = cv2.dilate(foreign.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
        gray[around & ((labels == 0) | foreign)] = PAPER_LEVEL
    pad = (max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width))
    return np.asarray(cv2.copyMakeBorder(gray, *pad, cv2.BORDER_CONSTANT, value=PAPER_LEVEL), np.uint8)


def _large(labels: NDArray[np.int32], foreign: Mask, height: float) -> Mask:
    """The foreign pixels that belong to components larger than specks."""
    counts = np.bincount(labels[foreign])
    return np.asarray((counts > 0.01 * height * height)[np.minimum(labels, len(counts) - 1)])


def _thickened(gray: Gray, page: Page, line: TextLine, zoom: float) -> Gray:
    """Thicken strokes that would otherwise vanish when the line is reduced."""
    missing = MIN_STROKE_PIXELS / zoom - stroke_width(_ink_of(page, line))
    if missing < 1:
        return gray
    size = min(1 + round(missing), 15)
    return np.asarray(cv2.erode(gray, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8)


def _ink_of(page: Page, line: TextLine) -> Mask:
    """The ink in the bounding box of a line."""
    fall = line.slope * (line.right - line.left)
    top = round(line.middle + min(0.0, fall) - line.above)
    bottom = round(line.middle + max(0.0, fall) + line.below)
    return page.ink[max(0, top) : max(0, bottom) + 1, max(0, line.left) : line.right + 1]


def _resized(gray: Gray, zoom: float) -> Gray:
    size = (max(4, round(gray.shape[1] * zoom)), max(1, round(gray.shape[0] * zoom)))
    interpolation = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size, interpolation=interpolation), np.uint8)
