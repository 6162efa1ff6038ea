"""Strips: a number cut out of a picture, level and at the size that the line network takes, with its light evened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import STRIP_CHANNELS, STRIP_ROWS
from sutja.reading.normalise import percentile
from sutja.reading.picture import Colour

STRIP_DIGIT_ROWS = 24  # height of a digit on a strip
STRIP_MARGIN_HEIGHTS = 0.5  # paper left and right of a number, in heights of a digit
MAX_STRIP_COLUMNS = 4000
MIN_SPREAD_LEVELS = 10.0  # writing fainter than this, in grey levels, is not amplified to full strength
MAX_DEVIATION = 2.0  # of an evened pixel from the paper, in spreads
INK_PERCENT = 98.0  # percentile of the differences from the paper that counts as ink
_LEVEL_COLUMNS = 48  # columns of a strip whose median is the level of the paper there: no digit fills half of them
_SAMPLED_EVERY = 2  # rows and columns of which the level is taken


@dataclass(frozen=True)
class Strip:
    """A number as the line network sees it: `pixels`, `float32 (3, 48, W)`, blue, green, red; 0 = paper.

    The usual digit fills the 24 rows in the middle. `matrix`, `(2, 3)`, maps points of the strip to the picture; the
    middles of pixels have whole coordinates in both.
    """

    pixels: NDArray[np.float32]
    matrix: NDArray[np.float64]

    def to_picture(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The positions in the picture of places `(N, 2)` of the strip, x and y."""
        return np.asarray(places @ self.matrix[:, :2].T + self.matrix[:, 2])

    def to_strip(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The positions on the strip of places `(N, 2)` in the picture, x and y."""
        return np.asarray((places - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T)


class StripCutter:
    """Cuts numbers out of a picture `uint8 (H, W, 3)` of blue, green and red.

    Large digits are cut out of the picture's half, quarter and so on, each of which is made once.
    """

    def __init__(self, picture: Colour) -> None:
        self._reduced = [picture]

    def cut(self, quad: NDArray[Any]) -> Strip:
        """Cut the number in `quad` out.

        `quad`, `(4, 2)`, has the points x, y of the number's top left, top right, bottom right and bottom left, seen in
        reading direction; its height is that of the digits. What lies beyond the picture is paper.
        """
        matrix, columns = strip_matrix(quad)
        pixels_per_pixel = max(1.0, abs(float(np.linalg.det(matrix[:, :2]))))
        halvings = int(math.log2(pixels_per_pixel) / 2)
        while len(self._reduced) <= halvings and min(self._reduced[-1].shape[:2]) > 1:
            self._reduced.append(_halved(self._reduced[-1]))
        halvings = min(halvings, len(self._reduced) - 1)
        share = 0.5**halvings
        shift = (share - 1) / 2  # of the middle of the first pixel
        reduced = share * matrix + [[0, 0, shift], [0, 0, shift]]
        return Strip(even_light(warp_strip(self._reduced[halvings], reduced, columns)), matrix)


def _halved(picture: Colour) -> Colour:
    """A picture of half the size, of the means of four pixels; an odd row or column at the end is left out."""
    height, width = (2 * (side // 2) for side in picture.shape[:2])
    half = cv2.resize(picture[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)


def strip_matrix(quad: NDArray[Any]) -> tuple[NDArray[np.float64], int]:
    """The affine map `(2, 3)` from the strip of a quadrilateral `(4, 2)` to the picture, and the strip's columns.

    Of a quadrilateral that is no parallelogram the mean of opposite edges counts. One that is longer than 4,000 columns
    is compressed.
    """
    corners = np.asarray(quad, np.float64)
    along = (corners[1] + corners[2] - corners[0] - corners[3]) / 2
    down = (corners[2] + corners[3] - corners[0] - corners[1]) / 2
    length, height = max(float(np.hypot(*along)), 1e-3), max(float(np.hypot(*down)), 1e-3)
    pixels = length + 2 * STRIP_MARGIN_HEIGHTS * height
    columns = min(MAX_STRIP_COLUMNS, max(1, round(pixels * STRIP_DIGIT_ROWS / height)))
    axes = np.stack([along / length * (pixels / columns), down / STRIP_DIGIT_ROWS], axis=1)
    centre = np.array([(columns - 1) / 2, (STRIP_ROWS - 1) / 2])
    return np.column_stack([axes, corners.mean(axis=0) - axes @ centre]), columns


def warp_strip(picture: Colour, matrix: NDArray[np.float64], columns: int) -> Colour:
    """Sample the strip `uint8 (48, columns, 3)` that `matrix` maps to a picture `uint8 (H, W, 3)`."""
    left, top, right, bottom = _window(picture, matrix, columns)
    pixels_per_pixel = abs(float(np.linalg.det(matrix[:, :2])))
    if left >= right or top >= bottom or pixels_per_pixel < 1e-9:  # beyond the picture, or without extent
        return np.full((STRIP_ROWS, columns, STRIP_CHANNELS), 255, np.uint8)
    window, matrix = picture[top:bottom, left:right], matrix - [[0, 0, left], [0, 0, top]]
    zoom = pixels_per_pixel**-0.5
    if zoom < 1:  # averages pixels, where the warp alone would skip some
        size = (max(1, round(window.shape[1] * zoom)), max(1, round(window.shape[0] * zoom)))
        shares = np.array(size) / (window.shape[1], window.shape[0])
        window = cv2.resize(window, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        matrix = shares[:, None] * matrix + np.column_stack([np.zeros((2, 2)), (shares - 1) / 2])
    paper = [float(level) for level in _medians(window.reshape(1, -1, STRIP_CHANNELS))[0]]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    strip = cv2.warpAffine(
        window, matrix, (columns, STRIP_ROWS), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
    )
    return np.asarray(strip, np.uint8)


def even_light(strip: Colour) -> NDArray[np.float32]:
    """A strip `uint8 (48, W, 3)` as `float32 (3, 48, W)`: how far each pixel is from the paper, ink at about ±1.

    The level of the paper is the median of a neighbourhood, for each channel. All channels have the same spread, so
    colours remain. Ink darker than the paper is negative.
    """
    deviation = strip.astype(np.float32) - _paper_levels(strip)
    spread = max(percentile(np.abs(deviation).max(axis=2), INK_PERCENT), MIN_SPREAD_LEVELS)
    evened = np.clip(deviation / np.float32(spread), -MAX_DEVIATION, MAX_DEVIATION)
    return np.ascontiguousarray(evened.transpose(2, 0, 1))


def _window(picture: Colour, matrix: NDArray[np.float64], columns: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part of a picture that a strip is sampled from."""
    corners = [(x, y, 1) for x in (0, columns - 1) for y in (0, STRIP_ROWS - 1)]
    points = matrix @ np.array(corners, np.float64).T
    reach = 2 + np.abs(matrix[:, :2]).sum(axis=1)
    limits = np.array(picture.shape[1::-1])
    low = np.clip(np.floor(points.min(axis=1) - reach), 0, limits).astype(int)
    high = np.clip(np.ceil(points.max(axis=1) + reach) + 1, 0, limits).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _paper_levels(strip: Colour) -> NDArray[np.float32]:
    """The level of the paper at each column of a strip: `float32 (1, W, 3)`."""
    columns = strip.shape[1]
    count = max(1, round(columns / _LEVEL_COLUMNS))
    edges = np.linspace(0, columns, count + 1).astype(int)
    size = max(1, columns // count)
    parts = [strip[::_SAMPLED_EVERY, start : start + size : _SAMPLED_EVERY] for start in edges[:-1]]
    medians = _medians(np.stack([part.reshape(-1, STRIP_CHANNELS) for part in parts]))
    return np.asarray(cv2.resize(medians[None], (columns, 1), interpolation=cv2.INTER_LINEAR), np.float32)


def _medians(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The median of each channel of `uint8 (N, P, 3)`: `float32 (N, 3)`."""
    middle = pixels.shape[1] // 2
    return np.partition(pixels, middle, axis=1)[:, middle].astype(np.float32)
