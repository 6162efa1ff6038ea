"""Slopes of rows by ruled lines: a short number says little of the slope of its row, the lines beside it much."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sutja.reading.page_direction import nearest_edge
from sutja.reading.quad import upright_quad
from sutja.reading.result import RuledLine
from sutja.reading.slope_field import SlopeField, fit_slopes

MIN_PARALLEL_LINES = 3
MAX_LINE_SLOPE = 0.5  # of lines along the rows, against the nearest edge of the picture
MAX_SLOPE_MISS = 0.02  # of most of them from what they say together
LINE_WEIGHT = 3.0  # of a line of usual length, in numbers that are as wide as high
MAX_SHORT_LENGTH = 2.0  # in heights, of a number that follows the lines

Quads = NDArray[np.float64]  # (N, 4, 2)


def with_ruled_slopes(quads: Quads, ruling: Sequence[RuledLine]) -> Quads:
    """The numbers at `quads`, the short ones turned to run along the ruled lines of the picture, if these agree."""
    if len(ruling) < MIN_PARALLEL_LINES or not len(quads):
        return quads
    along = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    down = (quads[:, 3] - quads[:, 0] + quads[:, 2] - quads[:, 1]) / 2
    frame = nearest_edge(along.sum(axis=0))
    slopes = _ruled_slopes(np.array(ruling, np.float64) @ frame.T)
    if slopes is None:
        return quads
    centres, lengths, heights = quads.mean(axis=1), np.hypot(*along.T), np.hypot(*down.T)
    slope = slopes.slope(*(centres @ frame.T).T)
    turned = centres[:, None] + _boxes(lengths, heights, np.arctan(slope)) @ frame
    short = (lengths < MAX_SHORT_LENGTH * heights) & ((along @ frame[0]) > np.abs(along @ frame[1]))
    return np.where(short[:, None, None], turned, quads)


def _ruled_slopes(lines: Quads) -> SlopeField | None:
    """The slope at each place by the lines `(N, 2, 2)` that run along the first axis; `None` if few agree."""
    lines = np.where(lines[:, :1, :1] > lines[:, 1:, :1], lines[:, ::-1], lines)
    length, fall = (lines[:, 1] - lines[:, 0]).T
    level = np.abs(fall) < MAX_LINE_SLOPE * length
    if level.sum() < MIN_PARALLEL_LINES:
        return None
    (x, y), slopes, length = lines[level].mean(axis=1).T, fall[level] / length[level], length[level]
    field = fit_slopes(x, y, slopes, LINE_WEIGHT * length / length.mean())
    misses = np.abs(slopes - field.slope(x, y))
    return field if np.median(misses) < MAX_SLOPE_MISS else None


def _boxes(lengths: NDArray[np.float64], heights: NDArray[np.float64], angles: NDArray[np.float64]) -> Quads:
    """Boxes around the origin, turned by angles in radians."""
    corners = upright_quad(-0.5, -0.5, 0.5, 0.5).astype(np.float64) * np.stack([lengths, heights], axis=1)[:, None]
    cosine, sine = np.cos(angles), np.sin(angles)
    turns = np.stack([np.stack([cosine, sine], axis=1), np.stack([-sine, cosine], axis=1)], axis=1)
    return np.asarray(corners @ turns)
