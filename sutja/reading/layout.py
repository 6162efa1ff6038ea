"""From a page's ink to its lines of writing: connected pieces, chained from left to right."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.ink import Mask, are_frames, usual_height, where_ink
from sutja.reading.normalise import percentile

NEAR = 3.5  # heights of a digit that may lie between two digits of a line
BROKEN = 0.1  # heights of a digit that may lie between the pieces of a broken stroke
LOOSE = 2.0  # heights of a digit that small pieces may lie beside a line
TALL = 0.65  # part of a line's writing that is lower than its digits count as high: joined zeros are low and wide
CUT_OUT = 150  # pixels of the shorter side of a picture that shows a line of writing and no more, up to its edges
ALONG = 2  # times as long along the picture's edge as across is a rule, a desk or a shadow, and no digit
SMALLEST = 6  # pixels of the height of a digit


@dataclass(frozen=True)
class TextLine:
    """Where a line of writing lies on a page.

    The middle of the writing at column `x` is `middle + slope * (x - left)`; digits are about `height` pixels high; the
    line reaches from `left` to `right`, and `above` and `below` its middle. `pieces` are its labels in `Layout.labels`.
    """

    left: int
    right: int
    middle: float
    slope: float
    height: float
    above: float
    below: float
    pieces: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """The lines of a page from top to bottom, and `labels`, `int32 (H, W)`: which piece of ink each pixel is of."""

    lines: tuple[TextLine, ...]
    labels: NDArray[np.int32]


def find_lines(ink: Mask) -> Layout:
    """Find the lines of writing in the ink of a page; pieces of broken strokes that nearly touch count as one."""
    gap = round(BROKEN * usual_height(ink))
    if gap > 1:
        ink = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8)) > 0
    rows, columns = where_ink(ink)
    inner = np.ascontiguousarray(ink[rows, columns].view(np.uint8))
    _, found, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    labels = np.zeros(ink.shape, np.int32)
    labels[rows, columns] = found
    boxes = stats[:, :4].astype(np.float64)  # left, top, width, height
    boxes[1:, :2] += columns.start, rows.start
    areas = np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)
    usable = _usable(boxes, areas, ink.shape)
    if not usable.any():
        return Layout((), labels)
    usual = _weighted_quantile(boxes[usable, 3], areas[usable].astype(np.float64))
    cores = np.flatnonzero(usable & (boxes[:, 3] >= max(SMALLEST, 0.4 * usual)) & (boxes[:, 3] <= 3.5 * usual))
    groups = _merge_stacked(_chains(boxes, cores), boxes)
    usable[cores] = False
    rest = np.flatnonzero(usable)
    lines = [_text_line(group, _attached(group, rest, boxes), boxes) for group in groups]
    return Layout(tuple(_in_reading_order([line for line in lines if line.height >= SMALLEST])), labels)


def _usable(boxes: NDArray[np.float64], areas: NDArray[np.int32], shape: tuple[int, int]) -> Mask:
    """Pieces that may be writing: no specks or frames, and nothing large or long at the edge, where desks are."""
    height, width = shape
    left, top, wide, high = boxes.T
    usable = areas >= 4
    usable[0] = False  # the paper
    beside = (left <= 1).astype(int) + (left + wide >= width - 1)  # how many edges a piece reaches
    above_or_below = (top <= 1).astype(int) + (top + high >= height - 1)
    along = (above_or_below > 0) & (wide > ALONG * high) | (beside > 0) & (high > ALONG * wide)
    filled = areas / np.maximum(wide * high, 1)
    large = (high > 0.5 * height) | (wide > 0.5 * width)
    usable &= ~(((beside + above_or_below >= 2) & large | along) & (min(shape) > CUT_OUT))
    usable &= ~((high > 0.6 * height) & (wide > 0.6 * width) & (filled > 0.6))
    usable &= ~are_frames(np.column_stack([boxes, areas]))
    return np.asarray(usable)


def _weighted_quantile(values: NDArray[np.float64], weights: NDArray[np.float64], part: float = 0.5) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, share[-1] * part)])


def _chains(boxes: NDArray[np.float64], cores: NDArray[np.int64]) -> list[list[int]]:
    """Pieces side by side at the same height, each linked with its nearest neighbour on the right."""
    parent = {int(piece): int(piece) for piece in cores}

    def root(piece: int) -> int:
        while parent[piece] != piece:
            parent[piece] = parent[parent[piece]]
            piece = parent[piece]
        return piece

    left, top, wide, high = boxes[cores].T
    middle = left + wide / 2
    for index, piece in enumerate(cores):
        overlap = np.minimum(top + high, top[index] + high[index]) - np.maximum(top, top[index])
        level = overlap >= 0.35 * np.minimum(high, high[index])
        gap = left - (left[index] + wide[index])
        near = level & (middle > middle[index]) & (gap <= NEAR * np.maximum(high, high[index]))
        candidates = np.flatnonzero(near)
        if len(candidates):
            nearest = candidates[np.argmin(left[candidates])]
            parent[root(int(cores[nearest]))] = root(int(piece))
    groups: dict[int, list[int]] = {}
    for piece in cores:
        groups.setdefault(root(int(piece)), []).append(int(piece))
    return list(groups.values())


def _merge_stacked(groups: list[list[int]], boxes: NDArray[np.float64]) -> list[list[int]]:
    """Join groups of which one lies within the other: parts of broken digits."""
    merged: list[list[int]] = []
    for group in sorted(groups, key=lambda group: -len(group)):
        left, top, right, bottom = _extent(group, boxes)
        for other in merged:
            low, high = _local_range(other, boxes, (left + right) / 2)
            x0, _, x1, _ = _extent(other, boxes)
            shared = min(bottom, high) - max(top, low)
            beside = min(right, x1) - max(left, x0)
            if shared > 0.6 * (bottom - top) and beside > 0.5 * (right - left):
                other.extend(group)
                break
        else:
            merged.append(list(group))
    return merged


def _extent(group: list[int], boxes: NDArray[np.float64]) -> tuple[float, float, float, float]:
    left, top, wide, high = boxes[group].T
    return float(left.min()), float(top.min()), float((left + wide).max()), float((top + high).max())


def _local_range(group: list[int], boxes: NDArray[np.float64], x: float) -> tuple[float, float]:
    """From where to where a line reaches, upwards and downwards, near a column."""
    middles = boxes[group, 0] + boxes[group, 2] / 2
    nearest = np.array(group)[np.argsort(np.abs(middles - x))[:3]]
    return float(boxes[nearest, 1].min()), float((boxes[nearest, 1] + boxes[nearest, 3]).max())


def _attached(group: list[int], rest: NDArray[np.int64], boxes: NDArray[np.float64]) -> list[int]:
    """The small pieces that lie within a line or at its ends: bars, dots, loose parts of strokes."""
    if not len(rest):
        return []
    left, _, right, _ = _extent(group, boxes)
    tall = percentile(boxes[group, 3], 50)
    middles = boxes[rest, 0] + boxes[rest, 2] / 2
    outside = np.maximum(left - middles, middles - right)
    found = []
    for piece in rest[np.argsort(outside)]:  # from the inside out: what is attached takes its neighbours along
        x, y = boxes[piece, 0] + boxes[piece, 2] / 2, boxes[piece, 1] + boxes[piece, 3] / 2
        if left - LOOSE * tall <= x <= right + LOOSE * tall and boxes[piece, 3] < 1.5 * tall:
            low, high = _local_range(group, boxes, float(x))
            if low - 0.15 * tall <= y <= high + 0.15 * tall:
                found.append(int(piece))
                left, right = min(left, boxes[piece, 0]), max(right, boxes[piece, 0] + boxes[piece, 2])
    return found


def _text_line(cores: list[int], attached: list[int], boxes: NDArray[np.float64]) -> TextLine:
    left, _, right, _ = _extent(cores, boxes)
    x = boxes[cores, 0] + boxes[cores, 2] / 2
    y = boxes[cores, 1] + boxes[cores, 3] / 2
    high, wide = boxes[cores, 3], boxes[cores, 2]
    height = _weighted_quantile(high, np.maximum(wide, 0.4 * high), TALL)
    slope = _slope(x, y, height)
    straight = y - slope * (x - left)
    middle = _weighted_quantile(straight, high)
    pieces = cores + attached
    bent = slope * (boxes[pieces, 0] + boxes[pieces, 2] / 2 - left)
    if len(attached):
        right = max(right, float((boxes[attached, 0] + boxes[attached, 2]).max()))
        left_most = min(left, float(boxes[attached, 0].min()))
        middle += slope * (left_most - left)
        bent = slope * (boxes[pieces, 0] + boxes[pieces, 2] / 2 - left_most)
        left = left_most
    above = middle - float((boxes[pieces, 1] - bent).min())
    below = float((boxes[pieces, 1] + boxes[pieces, 3] - bent).max()) - middle
    return TextLine(int(left), int(np.ceil(right)), middle, slope, height, above, below, tuple(pieces))


def _slope(x: NDArray[np.float64], y: NDArray[np.float64], height: float) -> float:
    """The median of the slopes between pieces that lie apart (Theil 1950, Sen 1968); 0 for fewer than three."""
    if len(x) < 3 or float(np.ptp(x)) < 2 * height:
        return 0.0
    x, y = x[:60], y[:60]
    first, second = np.triu_indices(len(x), 1)
    across = x[second] - x[first]
    apart = np.abs(across) > max(height, 0.3 * float(np.ptp(x)))
    if not apart.any():
        return 0.0
    return float(np.clip(percentile((y[second] - y[first])[apart] / across[apart], 50), -0.6, 0.6))


def _in_reading_order(lines: list[TextLine]) -> list[TextLine]:
    """From top to bottom, and from left to right what stands at the same height."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.middle + line.slope * (line.right - line.left) / 2):
        centre = line.middle + line.slope * (line.right - line.left) / 2
        if rows:
            last = rows[-1][-1]
            before = last.middle + last.slope * (last.right - last.left) / 2
            if abs(centre - before) < 0.4 * min(line.height, last.height):
                rows[-1].append(line)
                continue
        rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.left)]
