"""The slopes of parallel lines on a page that is seen at an angle: they meet in a vanishing point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SlopeValues = NDArray[np.float64]

MIN_NEARNESS = 0.2  # of a place to the camera, against that of the middle of the page
FIT_ROUNDS = 4  # of the robust fit of slopes
MIN_SLOPE_SPREAD = 0.02  # below it no slope is an outlier
PRIOR_WEIGHT = 3.0  # of an unchanging slope, in numbers that are as wide as high
LEVEL_WEIGHT = 1e-3  # of a level line where nothing else is known


@dataclass(frozen=True)
class SlopeField:
    """The slope of the rows at each place: parallel lines that are seen at an angle meet in a vanishing point.

    A row through (x, y), from the `centre`, has the slope `level` - `convergence` (y - slope x).
    """

    centre: tuple[float, float]
    level: float
    convergence: float  # per pixel

    def slope(self, x: SlopeValues | float, y: SlopeValues | float) -> SlopeValues:
        """The slope of the rows at places of the page."""
        x, y = np.asarray(x) - self.centre[0], np.asarray(y) - self.centre[1]
        return np.asarray((self.level - self.convergence * y) / np.maximum(1 - self.convergence * x, MIN_NEARNESS))

    def fall(self, x: SlopeValues | float, y: SlopeValues | float, to_x: SlopeValues | float) -> SlopeValues:
        """How far a row through (x, y) falls until `to_x`."""
        return np.asarray(self.slope(x, y) * (to_x - x))


def fit_slopes(x: SlopeValues, y: SlopeValues, slopes: SlopeValues, weights: SlopeValues) -> SlopeField:
    """Fit the slopes by weighted least squares, with less and less weight for outliers (Huber, 1964)."""
    centre, scale = (float(x.mean()), float(y.mean())), max(1.0, float(np.ptp(x)), float(np.ptp(y)))
    across, down = (x - centre[0]) / scale, (y - centre[1]) / scale
    field, trusted = SlopeField(centre, 0.0, 0.0), weights
    for _ in range(FIT_ROUNDS):
        columns = np.stack([np.ones_like(x), field.slope(x, y) * across - down], axis=1)
        squares = columns.T @ (columns * trusted[:, None]) + np.diag([LEVEL_WEIGHT, PRIOR_WEIGHT])
        level, convergence = np.linalg.solve(squares, columns.T @ (trusted * slopes))
        field = SlopeField(centre, float(level), float(convergence) / scale)
        misses = np.abs(slopes - field.slope(x, y))
        spread = max(MIN_SLOPE_SPREAD, 1.5 * float(np.sort(misses)[len(misses) // 2]))
        trusted = weights * np.minimum(1, spread / np.maximum(misses, spread))
    return field
