"""Slants: how the columns, or the rows, of a page run, told by the numbers whose edges or middles are in line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.reading.slope_field import SlopeField, fit_slopes

SidePoints = NDArray[np.float64]

MAX_SLANT = 0.8
MAX_GROUP_DISTANCE = 3  # of two numbers that may be in line, in rows or columns between them
ALIGNED_HEIGHTS = 0.25  # of one edge beside another, in which they count as in line
MAX_PAIRS = 800
REFINEMENTS = 4
MIN_HEIGHT_PIXELS = 1e-6


@dataclass(frozen=True)
class SlantRange:
    """The slants that are tried, how they converge over the extent of the numbers, and standard deviations of both."""

    levels: SidePoints
    convergences: SidePoints
    usual_level: float
    usual_convergence: float


# Of columns, against the perpendicular of the writing; of rows, against the writing or the perpendicular of columns
COLUMN_SLANTS = SlantRange(np.arange(-0.4, 0.41, 0.05), np.arange(-0.9, 0.91, 0.1), 0.6, 1.2)
ROW_SLANTS = SlantRange(np.arange(-0.16, 0.165, 0.01), np.array((-0.1, -0.05, 0.0, 0.05, 0.1)), 0.1, 0.15)


@dataclass(frozen=True)
class _Pairs:
    """Pairs of numbers: how far their sides are apart `(3, N)`, how far down, where, and their heights."""

    across: SidePoints
    down: SidePoints
    at: SidePoints
    heights: SidePoints

    def agreement(self, field: SlopeField) -> SidePoints:
        """How well the sides are in line by these slants, each in [0, 1], `(3, N)`."""
        misses = self.across - field.slope(self.at[:, 1], self.at[:, 0]) * self.down
        return np.asarray(np.exp(-((misses / (ALIGNED_HEIGHTS * self.heights)) ** 2)))


def fit_slants(
    sides: SidePoints,
    groups: Sequence[Sequence[int]],
    heights: SidePoints,
    slants: SlantRange,
    *,
    centres: Sequence[float] = (0.0,),
) -> SlopeField:
    """The slants dx/dy at each (y, x) by which most numbers are in line with those of the next groups.

    `sides` `(3, N, 2)` are x and y of one edge, the middle and the other edge of each number, `groups` the rows that
    follow each other along y; with x and y exchanged, the columns that follow each other along x. Slants around the
    `centres` are tried.
    """
    pairs = _pairs(sides, groups, heights)
    centre = (float(sides[1, :, 1].mean()), float(sides[1, :, 0].mean()))
    if not len(pairs.down):
        return SlopeField(centre, 0.0, 0.0)
    extent = max(1.0, float(np.ptp(sides[1], axis=0).max()))
    fields = (
        SlopeField(centre, usual + float(level), float(convergence) / extent)
        for usual in centres
        for level in slants.levels
        for convergence in slants.convergences
    )
    field = max(fields, key=lambda field: pairs.agreement(field).sum() * _prior(field, extent, slants, centres))
    places = np.repeat(pairs.at[None], 3, axis=0).reshape(-1, 2)
    for _ in range(REFINEMENTS):
        weights = (pairs.agreement(field) * (pairs.down / pairs.heights) ** 2).reshape(-1)
        field = fit_slopes(places[:, 1], places[:, 0], (pairs.across / pairs.down).reshape(-1), weights)
    return field


def _prior(field: SlopeField, extent: float, slants: SlantRange, centres: Sequence[float]) -> float:
    level = min(abs(field.level - usual) for usual in centres) / slants.usual_level
    convergence = field.convergence * extent / slants.usual_convergence
    return float(np.exp(-(level**2 + convergence**2) / 2))


def _pairs(sides: SidePoints, groups: Sequence[Sequence[int]], heights: SidePoints) -> _Pairs:
    """Pairs of numbers of groups that are near each other, at most `MAX_PAIRS`, evenly chosen."""
    found = [
        _possible_pairs(sides[1], np.array(group, np.intp), np.array(following, np.intp))
        for at, group in enumerate(groups)
        for following in groups[at + 1 : at + 1 + MAX_GROUP_DISTANCE]
    ]
    pairs = np.concatenate([*found, np.zeros((2, 0), np.intp)], axis=1)
    one, other = pairs[:, :: max(1, -(-pairs.shape[1] // MAX_PAIRS))]
    steps = sides[:, other] - sides[:, one]
    means = np.maximum((heights[one] + heights[other]) / 2, MIN_HEIGHT_PIXELS)
    return _Pairs(steps[..., 0], steps[1, :, 1], (sides[1, one] + sides[1, other]) / 2, means)


def _possible_pairs(middles: SidePoints, group: NDArray[np.intp], following: NDArray[np.intp]) -> NDArray[np.intp]:
    """The pairs `(2, N)` of numbers of two groups that may be in line: the second farther along y, hardly slanted."""
    across, down = np.moveaxis(middles[following] - middles[group, None], -1, 0)
    ones, others = np.nonzero((down > 0) & (np.abs(across) < MAX_SLANT * down))
    return np.stack([group[ones], following[others]])
