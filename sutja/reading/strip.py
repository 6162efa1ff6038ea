"""From a line of writing on a page to the strip that the network sees."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import LINE_HEIGHT
from sutja.reading.illumination import PAPER
from sutja.reading.ink import Mask
from sutja.reading.layout import Layout, TextLine
from sutja.reading.normalise import Gray, Ink, line_ink, percentile, stroke_width
from sutja.reading.page import Page

DIGIT_HEIGHT = 22  # rows of a digit as the network sees it
MARGIN = 0.35  # heights of a digit left and right of a line
THINNEST = 2.2  # pixels of the stroke that the network is shown
WIDEST = 4000  # columns of a line


@dataclass(frozen=True)
class Strip:
    """A line as the network sees it: `ink` is `float32 (32, W)`; `to_page` turns its columns and rows into the page's.

    `depth` is how many grey levels its darkest hundredth is darker than paper. A point (x, y) of the strip lies on
    the page at `left + x / zoom`, `top + y / zoom + slope * x / zoom`.
    """

    ink: Ink
    depth: float
    zoom: float
    left: float
    top: float
    slope: float

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the strip lies on the page."""
        return self.left + x / self.zoom, self.top + (y + self.slope * x) / self.zoom


def cut_strip(page: Page, layout: Layout, line: TextLine) -> Strip:
    """Cut a line out of a page, straight and as high as the network wants it, without what belongs to other lines."""
    usual = DIGIT_HEIGHT / line.height
    # All of the line's ink should be on the strip, but one long stroke must not make the other digits tiny.
    zoom = float(np.clip(LINE_HEIGHT / max(line.above + line.below, 1), 0.62 * usual, usual))
    zoom = min(zoom, WIDEST / max(1, line.right - line.left + line.height))
    margin = MARGIN * line.height
    left, right = line.left - margin, line.right + margin
    offset = (line.below - line.above) / 2  # of the middle of all ink from that of the digits
    offset = float(np.clip(offset, -0.2 * line.height, 0.2 * line.height))
    rise = line.slope * (right - left)
    reach = LINE_HEIGHT / zoom / 2 + 1
    start = line.middle - line.slope * margin + offset
    top, bottom = min(start, start + rise) - reach, max(start, start + rise) + reach
    window = tuple(round(edge) for edge in (left, top, right, bottom))
    gray = _own_ink(page, layout, line, window)
    gray = _thickened(gray, page, line, zoom)
    gray = _resized(gray, zoom)
    width = gray.shape[1]
    # Slide each column up or down so that the line becomes level; its middle ends in the middle of the strip.
    shift = (start - window[1]) * zoom - LINE_HEIGHT / 2
    matrix = np.array([[1, 0, 0], [-line.slope, 1, -shift]], np.float64)
    strip = cv2.warpAffine(
        gray, matrix, (width, LINE_HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=PAPER
    )
    depth = PAPER - percentile(strip, 1)
    return Strip(line_ink(np.asarray(strip, np.uint8)), depth, zoom, window[0], window[1] + shift / zoom, line.slope)


def _own_ink(page: Page, layout: Layout, line: TextLine, window: tuple[int, ...]) -> Gray:
    """The part of the page within a window, with paper where ink of other lines is and beyond the page."""
    left, top, right, bottom = window
    height, width = page.gray.shape
    inner = (slice(max(0, top), min(height, bottom)), slice(max(0, left), min(width, right)))
    gray = page.gray[inner].copy()
    labels = layout.labels[inner]
    own = np.zeros(int(layout.labels.max()) + 1, np.bool_)
    own[list(line.pieces)] = True
    own[0] = True
    foreign = ~own[labels]
    if foreign.any():
        foreign &= _large(labels, foreign, line.height)
        spread = cv2.dilate(foreign.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
        gray[spread & ((labels == 0) | foreign)] = PAPER
    pad = (max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width))
    return np.asarray(cv2.copyMakeBorder(gray, *pad, cv2.BORDER_CONSTANT, value=PAPER), np.uint8)


def _large(labels: NDArray[np.int32], foreign: NDArray[np.bool_], height: float) -> NDArray[np.bool_]:
    """Of the foreign pixels those of more than specks."""
    counts = np.bincount(labels[foreign])
    return np.asarray((counts > 0.01 * height * height)[np.minimum(labels, len(counts) - 1)])


def _thickened(gray: Gray, page: Page, line: TextLine, zoom: float) -> Gray:
    """Make strokes that would vanish in the smaller picture as thick as a pen's."""
    missing = THINNEST / zoom - stroke_width(_ink_of(page, line))
    if missing < 1:
        return gray
    size = min(1 + round(missing), 15)
    return np.asarray(cv2.erode(gray, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8)


def _ink_of(page: Page, line: TextLine) -> Mask:
    """The ink of the part of a page that a line lies in."""
    fall = line.slope * (line.right - line.left)
    top = round(line.middle + min(0.0, fall) - line.above)
    bottom = round(line.middle + max(0.0, fall) + line.below)
    return page.ink[max(0, top) : max(0, bottom) + 1, max(0, line.left) : line.right + 1]


def _resized(gray: Gray, zoom: float) -> Gray:
    size = (max(4, round(gray.shape[1] * zoom)), max(1, round(gray.shape[0] * zoom)))
    kind = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size, interpolation=kind), np.uint8)
