"""The surface under a sheet: wood, cloth, or a plain desk."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.synth.paper import grain

WOOD_COLOURS = ((0.25, 0.42, 0.58), (0.14, 0.24, 0.38), (0.45, 0.62, 0.75))
PLAIN_COLOURS = ((0.30, 0.28, 0.27), (0.12, 0.12, 0.13), (0.55, 0.56, 0.55), (0.45, 0.30, 0.22), (0.20, 0.25, 0.40))


def paint_desk(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint a desk of `size` (width, height): `float32 (height, width, 3)`, blue, green, red."""
    width, height = size
    desk = np.empty((height, width, 3), np.float32)
    if rng.random() < 0.55:
        desk[:] = WOOD_COLOURS[rng.integers(len(WOOD_COLOURS))]
        veins = grain((height, max(2, width // 30)), rng, size=float(rng.uniform(2, 5)), strength=1)
        veins = np.repeat(veins, -(-width // veins.shape[1]), axis=1)[:, :width]
        long = grain((height, width), rng, size=max(size) / 12, strength=1)
        desk *= (1 + 0.06 * _smeared(veins, width) + 0.07 * long)[:, :, None]
    else:
        desk[:] = PLAIN_COLOURS[rng.integers(len(PLAIN_COLOURS))]
        desk *= (1 + grain((height, width), rng, size=float(rng.uniform(1, 4)), strength=0.05))[:, :, None]
    return np.clip(desk, 0, 1)


def _smeared(veins: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Stretch noise sideways, like wood grain."""
    return np.asarray(cv2.blur(veins, (max(3, width // 12) | 1, 1)) * 3, np.float32)
