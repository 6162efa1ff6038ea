"""Ruling: the long straight lines near the numbers of a page, along its rows and down its columns.

Short edges are found in the grey picture (LSD, Grompone von Gioi et al., 2010) and chained to lines; a line that
somebody drew or printed has two edges, which fall together. Nothing has to be said of its colour or thickness.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.result import Reading, RuledLine

RulingPoints = NDArray[np.float64]
RulingEdges = NDArray[np.float64]  # (N, 4): x and y of both ends

UNIT_PIXELS = 18.0  # to which the usual height of a number is scaled
MAX_LOOKED_AT_PIXELS = 12e6
CONTRAST = 4.0
# In heights of a number
MIN_EDGE, MIN_LINE = 0.6, 5.0  # the length of a piece, and of a line
MAX_CHAIN_GAP, MAX_CHAIN_OFFSET = 8.0, 0.25  # between pieces of a line, along and across
PAGE_MARGIN = 3.0  # around the numbers
LIGHT_HEIGHTS = 3.5  # over which the light is taken to be even
MAX_LINE_SLANT = 0.35  # of lines against the direction of the numbers, or across it
MAX_SLANT_STEP = 0.06  # between a piece and its line
MIN_COVERED_SHARE = 0.5  # of a line by its pieces


@dataclass
class _Chain:
    """Pieces of a line, their two ends along and across it, and the line's level, slope, first and last place."""

    along: list[tuple[float, float]]
    across: list[tuple[float, float]]
    level: float = 0.0
    slope: float = 0.0
    first: float = 0.0
    last: float = 0.0

    def fit(self) -> None:
        pieces, across = np.array(self.along), np.array(self.across).ravel()
        along, weights = pieces.ravel(), np.repeat(pieces[:, 1] - pieces[:, 0], 2)
        weights /= weights.sum()
        middle = weights @ along
        spread = weights @ (along - middle) ** 2
        self.slope = float(weights @ ((along - middle) * across) / max(spread, 1e-9))
        self.level = float(weights @ across - self.slope * middle)
        self.first, self.last = float(along.min()), float(along.max())

    def takes(self, along: tuple[float, float], across: tuple[float, float]) -> bool:
        """Whether a piece continues the line. Called for each piece and line, so it computes with plain numbers."""
        gap = max(along[0] - self.last, self.first - along[1])
        offset = abs((across[0] + across[1]) / 2 - self.level - self.slope * (along[0] + along[1]) / 2)
        slope = (across[1] - across[0]) / (along[1] - along[0])
        return gap < MAX_CHAIN_GAP and offset < MAX_CHAIN_OFFSET and abs(slope - self.slope) < MAX_SLANT_STEP

    def add(self, along: tuple[float, float], across: tuple[float, float]) -> None:
        self.along.append(along)
        self.across.append(across)
        self.fit()

    @property
    def is_line(self) -> bool:
        """Whether it is long enough, and covered by its pieces."""
        length = self.last - self.first
        return length > MIN_LINE and _covered(self.along) > MIN_COVERED_SHARE * length


def with_ruling(reading: Reading, picture: NDArray[np.uint8]) -> Reading:
    """The reading of a `picture`, grey or blue, green, red, with the ruled lines near its numbers."""
    quads = np.array([number.quad for number in reading.numbers], np.float64)
    return replace(reading, ruling=find_ruling(picture, quads)) if len(quads) else reading


def find_ruling(picture: NDArray[np.uint8], quads: RulingPoints) -> tuple[RuledLine, ...]:
    """The ruled lines of a picture along and across the direction of the numbers at `quads` `(N, 4, 2)`, N ≥ 1."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    matrix, size = _view_of_numbers(quads)
    shrunk = min(1.0, float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))))
    if shrunk < 1:  # thin lines would be lost between the pixels that are looked at
        grey = cv2.resize(grey, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([1 / shrunk, 1 / shrunk, 1])
    level = cv2.warpPerspective(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(_with_contrast(np.asarray(level, np.uint8)))[0]
    if found is None:
        return ()
    edges = np.asarray(found, np.float64).reshape(-1, 4) / UNIT_PIXELS
    lines = [*_lines(edges), *(line[:, ::-1] for line in _lines(edges[:, [1, 0, 3, 2]]))]
    back = np.linalg.inv(matrix @ np.diag([shrunk, shrunk, 1]) if shrunk < 1 else matrix)
    return tuple(
        _ruled_line(np.asarray(line * UNIT_PIXELS, np.float64), np.asarray(back, np.float64)) for line in lines
    )


def _view_of_numbers(quads: RulingPoints) -> tuple[RulingPoints, tuple[int, int]]:
    """The map from the picture to the part of it with the numbers, turned level, and the size of that part."""
    along = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]).sum(axis=0)
    heights = np.sort(np.hypot(*(quads[:, 3] + quads[:, 2] - quads[:, 0] - quads[:, 1]).T) / 2)
    scale = UNIT_PIXELS / max(1e-3, float(heights[len(heights) // 2]))
    cos, sin = scale * along / max(1e-9, float(np.hypot(*along)))
    turn = np.array([[cos, sin], [-sin, cos]])
    points = quads.reshape(-1, 2) @ turn.T
    margin = PAGE_MARGIN * UNIT_PIXELS
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    shrink = min(1.0, float(np.sqrt(MAX_LOOKED_AT_PIXELS / np.prod(high - low))))
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = shrink * turn, -shrink * low
    wide, high_pixels = (max(1, round(each)) for each in (shrink * (high - low)).tolist())
    return matrix, (wide, high_pixels)


def _with_contrast(level: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with the contrast of its details raised, so that faint lines are seen."""
    side = 2 * round(LIGHT_HEIGHTS * UNIT_PIXELS / 2) + 1
    values = level.astype(np.float32)
    light = values
    for _ in range(2):  # once would leave edges of its own beside strong lines
        light = np.asarray(cv2.blur(light, (side, side)), np.float32)
    return np.asarray(np.clip(128 + CONTRAST * (values - light), 0, 255), np.uint8)


def _lines(edges: RulingEdges) -> list[RulingPoints]:
    """The lines `(2, 2)` of the edges that lead along the first axis, in heights of a number."""
    ordered = np.where((edges[:, 0] > edges[:, 2])[:, None], edges[:, [2, 3, 0, 1]], edges)
    length, rise = ordered[:, 2] - ordered[:, 0], ordered[:, 3] - ordered[:, 1]
    chosen = ordered[(length > MIN_EDGE) & (np.abs(rise) < MAX_LINE_SLANT * length)]
    chains: list[_Chain] = []
    for x0, y0, x1, y1 in chosen[np.argsort(chosen[:, 0] - chosen[:, 2])].tolist():
        along, across = (x0, x1), (y0, y1)
        chain = next((each for each in chains if each.takes(along, across)), None)
        if chain:
            chain.add(along, across)
        else:
            chains.append(_Chain([along], [across]))
            chains[-1].fit()
    return [_ends(chain) for chain in chains if chain.is_line]


def _ends(chain: _Chain) -> RulingPoints:
    ends = np.array([chain.first, chain.last])
    return np.stack([ends, chain.level + chain.slope * ends], axis=1)


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length that spans cover together."""
    reach, covered = -math.inf, 0.0
    for start, stop in sorted(spans):
        covered += max(0.0, stop - max(start, reach))
        reach = max(reach, stop)
    return covered


def _ruled_line(line: RulingPoints, back: RulingPoints) -> RuledLine:
    """A line of the level part in the picture."""
    (x0, y0), (x1, y1) = cv2.perspectiveTransform(line.reshape(-1, 1, 2), back).reshape(2, 2).tolist()
    return (x0, y0), (x1, y1)
