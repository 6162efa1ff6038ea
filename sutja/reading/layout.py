"""Layout: the lines of writing on a page, as connected components of its ink chained from left to right.

Distances are in heights of a digit, so that they hold for writing of any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.ink import Mask, are_frames, mask_bounds, typical_height
from sutja.reading.normalise import percentile

MIN_DIGIT_HEIGHT_PIXELS = 6
MAX_DIGIT_GAP_HEIGHTS = 3.5  # between two neighbours on a line
BROKEN_STROKE_GAP_HEIGHTS = 0.1  # between the pieces of a broken stroke
MAX_LOOSE_PIECE_DISTANCE_HEIGHTS = 2.0  # from the end of a line to a small piece that belongs to it
MIN_VERTICAL_OVERLAP_SHARE = 0.35  # of the lower of two neighbours on a line
LINE_HEIGHT_QUANTILE = 0.65  # of the heights of its pieces, weighted by width: joined zeros are low and wide
MAX_CUT_OUT_SIDE_PIXELS = 150  # shorter side of a picture of a single line, which may reach its edges
MIN_EDGE_PIECE_ASPECT = 2  # length over width of a piece along the edge that is a rule, a desk or a shadow
MAX_SLOPE = 0.6
MAX_ROW_DISTANCE_HEIGHTS = 0.4  # between lines that are read from left to right

_MIN_PIECE_PIXELS = 4
_LARGE_PIECE_SHARE = 0.5  # of the page's height or width: such a piece in a corner is a desk
_SOLID_PIECE_SHARE = 0.6  # of the page's height and width, and of its own box: such a piece is not writing
_MERGED_ROWS_SHARE, _MERGED_COLUMNS_SHARE = 0.6, 0.5  # of a group that lies within a larger one
_MAX_LOOSE_PIECE_HEIGHTS = 1.5
_LOOSE_PIECE_TOLERANCE_HEIGHTS = 0.15  # above and below the line
_MIN_SLOPE_BASE_SHARE = 0.3  # of the length of a line, between two pieces that determine its slope
_CORE_HEIGHTS = (0.4, 3.5)  # range, in typical heights, of the pieces that lines are chained from
_MAX_SLOPE_PIECES = 60  # the number of pairs is quadratic


@dataclass(frozen=True)
class TextLine:
    """Where a line of writing lies on a page, in pixels.

    The middle of the writing at column `x` is `middle + slope * (x - left)`. Digits are about `height` high; the line
    spans the columns `left` to `right`, and `above` and `below` its middle. `pieces` are its labels in `Layout.labels`.
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
    """The lines of a page in reading order, and `labels`, `int32 (H, W)`: the connected component of each pixel."""

    lines: tuple[TextLine, ...]
    labels: NDArray[np.int32]


def find_lines(ink: Mask) -> Layout:
    """Find the lines of writing in the ink of a page; pieces of a broken stroke that nearly touch count as one."""
    gap = round(BROKEN_STROKE_GAP_HEIGHTS * typical_height(ink))
    if gap > 1:
        ink = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8)) > 0
    labels, boxes, areas = _components(ink)
    usable = _usable(boxes, areas, ink.shape)
    if not usable.any():
        return Layout((), labels)
    typical = _weighted_quantile(boxes[usable, 3], areas[usable].astype(np.float64))
    lowest, highest = max(MIN_DIGIT_HEIGHT_PIXELS, _CORE_HEIGHTS[0] * typical), _CORE_HEIGHTS[1] * typical
    cores = np.flatnonzero(usable & (boxes[:, 3] >= lowest) & (boxes[:, 3] <= highest))
    groups = _merge_stacked(_chains(boxes, cores), boxes)
    usable[cores] = False
    loose = np.flatnonzero(usable)
    lines = [_text_line(group, _attached(group, loose, boxes), boxes) for group in groups]
    return Layout(tuple(_in_reading_order([line for line in lines if line.height >= MIN_DIGIT_HEIGHT_PIXELS])), labels)


def _components(ink: Mask) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """The connected components of ink: labels `(H, W)`, boxes `(N, 4)` as left, top, width, height, and areas."""
    rows, columns = mask_bounds(ink)
    inner = np.ascontiguousarray(ink[rows, columns].view(np.uint8))
    _, found, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    labels = np.zeros(ink.shape, np.int32)
    labels[rows, columns] = found
    boxes = stats[:, :4].astype(np.float64)
    boxes[1:, :2] += columns.start, rows.start
    return labels, boxes, np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)


def _usable(boxes: NDArray[np.float64], areas: NDArray[np.int32], shape: tuple[int, int]) -> Mask:
    """Components that may be writing: no specks or frames, and nothing large or long at the edge, where desks are."""
    height, width = shape
    left, top, wide, high = boxes.T
    usable = areas >= _MIN_PIECE_PIXELS
    usable[0] = False  # the paper
    sides = (left <= 1).astype(int) + (left + wide >= width - 1)  # the number of edges that a piece reaches
    ends = (top <= 1).astype(int) + (top + high >= height - 1)
    along = (ends > 0) & (wide > MIN_EDGE_PIECE_ASPECT * high) | (sides > 0) & (high > MIN_EDGE_PIECE_ASPECT * wide)
    large = (high > _LARGE_PIECE_SHARE * height) | (wide > _LARGE_PIECE_SHARE * width)
    usable &= ~(((sides + ends >= 2) & large | along) & (min(shape) > MAX_CUT_OUT_SIDE_PIXELS))
    filled = areas / np.maximum(wide * high, 1)
    solid = (high > _SOLID_PIECE_SHARE * height) & (wide > _SOLID_PIECE_SHARE * width) & (filled > _SOLID_PIECE_SHARE)
    usable &= ~solid
    usable &= ~are_frames(np.column_stack([boxes, areas]))
    return np.asarray(usable)


def _weighted_quantile(values: NDArray[np.float64], weights: NDArray[np.float64], part: float = 0.5) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, share[-1] * part)])


def _chains(boxes: NDArray[np.float64], cores: NDArray[np.int64]) -> list[list[int]]:
    """Groups of pieces at the same height, each linked with its nearest neighbour on the right (union-find)."""
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
        level = overlap >= MIN_VERTICAL_OVERLAP_SHARE * np.minimum(high, high[index])
        gap = left - (left[index] + wide[index])
        near = gap <= MAX_DIGIT_GAP_HEIGHTS * np.maximum(high, high[index])
        candidates = np.flatnonzero(level & (middle > middle[index]) & near)
        if len(candidates):
            nearest = candidates[np.argmin(left[candidates])]
            parent[root(int(cores[nearest]))] = root(int(piece))
    groups: dict[int, list[int]] = {}
    for piece in cores:
        groups.setdefault(root(int(piece)), []).append(int(piece))
    return list(groups.values())


def _merge_stacked(groups: list[list[int]], boxes: NDArray[np.float64]) -> list[list[int]]:
    """Join a group that lies within a larger one: both hold parts of broken digits."""
    merged: list[list[int]] = []
    for group in sorted(groups, key=lambda group: -len(group)):
        left, top, right, bottom = _extent(group, boxes)
        for other in merged:
            low, high = _local_range(other, boxes, (left + right) / 2)
            x0, _, x1, _ = _extent(other, boxes)
            shares_rows = min(bottom, high) - max(top, low) > _MERGED_ROWS_SHARE * (bottom - top)
            shares_columns = min(right, x1) - max(left, x0) > _MERGED_COLUMNS_SHARE * (right - left)
            if shares_rows and shares_columns:
                other.extend(group)
                break
        else:
            merged.append(list(group))
    return merged


def _extent(group: list[int], boxes: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a group."""
    left, top, wide, high = boxes[group].T
    return float(left.min()), float(top.min()), float((left + wide).max()), float((top + high).max())


def _local_range(group: list[int], boxes: NDArray[np.float64], x: float) -> tuple[float, float]:
    """The top and bottom of a group near a column: of its three nearest pieces."""
    middles = boxes[group, 0] + boxes[group, 2] / 2
    nearest = np.array(group)[np.argsort(np.abs(middles - x))[:3]]
    return float(boxes[nearest, 1].min()), float((boxes[nearest, 1] + boxes[nearest, 3]).max())


def _attached(group: list[int], loose: NDArray[np.int64], boxes: NDArray[np.float64]) -> list[int]:
    """The small pieces within a line or near its ends: bars, dots, loose parts of strokes."""
    if not len(loose):
        return []
    left, _, right, _ = _extent(group, boxes)
    digit_height = percentile(boxes[group, 3], 50)
    reach = MAX_LOOSE_PIECE_DISTANCE_HEIGHTS * digit_height
    tolerance = _LOOSE_PIECE_TOLERANCE_HEIGHTS * digit_height
    middles = boxes[loose, 0] + boxes[loose, 2] / 2
    outside = np.maximum(left - middles, middles - right)
    found = []
    for piece in loose[np.argsort(outside)]:  # from the inside out: each attached piece extends the line
        x, y = boxes[piece, 0] + boxes[piece, 2] / 2, boxes[piece, 1] + boxes[piece, 3] / 2
        if left - reach <= x <= right + reach and boxes[piece, 3] < _MAX_LOOSE_PIECE_HEIGHTS * digit_height:
            low, high = _local_range(group, boxes, float(x))
            if low - tolerance <= y <= high + tolerance:
                found.append(int(piece))
                left, right = min(left, boxes[piece, 0]), max(right, boxes[piece, 0] + boxes[piece, 2])
    return found


def _text_line(cores: list[int], attached: list[int], boxes: NDArray[np.float64]) -> TextLine:
    """The line of a group of pieces: height, slope and middle by its cores, the extent with the `attached` ones."""
    left, _, right, _ = _extent(cores, boxes)
    x = boxes[cores, 0] + boxes[cores, 2] / 2
    y = boxes[cores, 1] + boxes[cores, 3] / 2
    high, wide = boxes[cores, 3], boxes[cores, 2]
    height = _weighted_quantile(high, np.maximum(wide, 0.4 * high), LINE_HEIGHT_QUANTILE)
    slope = _slope(x, y, height)
    middle = _weighted_quantile(y - slope * (x - left), high)
    if attached:
        right = max(right, float((boxes[attached, 0] + boxes[attached, 2]).max()))
        leftmost = min(left, float(boxes[attached, 0].min()))
        middle += slope * (leftmost - left)
        left = leftmost
    pieces = cores + attached
    fall = slope * (boxes[pieces, 0] + boxes[pieces, 2] / 2 - left)
    above = middle - float((boxes[pieces, 1] - fall).min())
    below = float((boxes[pieces, 1] + boxes[pieces, 3] - fall).max()) - middle
    return TextLine(int(left), int(np.ceil(right)), middle, slope, height, above, below, tuple(pieces))


def _slope(x: NDArray[np.float64], y: NDArray[np.float64], height: float) -> float:
    """The median of the slopes between distant pieces (Theil 1950, Sen 1968); 0 for fewer than three pieces."""
    if len(x) < 3 or float(np.ptp(x)) < 2 * height:
        return 0.0
    x, y = x[:_MAX_SLOPE_PIECES], y[:_MAX_SLOPE_PIECES]
    first, second = np.triu_indices(len(x), 1)
    across = x[second] - x[first]
    distant = np.abs(across) > max(height, _MIN_SLOPE_BASE_SHARE * float(np.ptp(x)))
    if not distant.any():
        return 0.0
    median = percentile((y[second] - y[first])[distant] / across[distant], 50)
    return float(np.clip(median, -MAX_SLOPE, MAX_SLOPE))


def _in_reading_order(lines: list[TextLine]) -> list[TextLine]:
    """Lines from top to bottom, and those at the same height from left to right."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=_centre_row):
        if rows:
            last = rows[-1][-1]
            if abs(_centre_row(line) - _centre_row(last)) < MAX_ROW_DISTANCE_HEIGHTS * min(line.height, last.height):
                rows[-1].append(line)
                continue
        rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.left)]


def _centre_row(line: TextLine) -> float:
    return line.middle + line.slope * (line.right - line.left) / 2
