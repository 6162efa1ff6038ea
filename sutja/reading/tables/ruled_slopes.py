"""Slopes of rows by ruled lines: a short number says little of the slope of its row, the lines beside it much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sutja.reading.page_direction import nearest_edge
from sutja.reading.quad import Axes
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
    axes = [Axes.of(quad) for quad in quads]
    along = np.array([each.length * each.direction for each in axes]).reshape(-1, 2)
    frame = nearest_edge(along.sum(axis=0))
    slopes = _ruled_slopes(np.array(ruling, np.float64).reshape(-1, 2, 2) @ frame.T)
    if slopes is None:
        return quads
    x, y = (np.array([each.centre for each in axes]).reshape(-1, 2) @ frame.T).T
    directions = np.stack([np.ones_like(x), slopes.slope(x, y)], axis=1) @ frame
    turned = quads.copy()
    for place, (each, direction) in enumerate(zip(axes, directions, strict=True)):
        level = each.direction @ frame[0] > abs(each.direction @ frame[1])
        if level and each.length < MAX_SHORT_LENGTH * each.height:
            turned[place] = replace(each, direction=direction / np.hypot(*direction)).quad
    return turned


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
