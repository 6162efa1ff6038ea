"""Noise for pictures and inks, cut from one field: making it anew takes longer than all else that uses it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

NOISE_SIDE = 1024  # pixels of the field of noise

Noise = NDArray[np.float32]


@cache
def noise_field() -> Noise:
    """Independent noise of standard deviation 1, `float32 (1024, 1024)`, the same in each process."""
    return np.random.default_rng(0).standard_normal((NOISE_SIDE, NOISE_SIDE), dtype=np.float32)


def cut_noise(rng: Generator, shape: tuple[int, int], *, spot: float) -> Noise:
    """Noise `(H, W)` of standard deviation 1 or a little less, with spots of some pixels."""
    rows, columns = (max(1, round(side / spot)) for side in shape)
    field = noise_field()
    if max(rows, columns) > NOISE_SIDE:
        field = np.tile(field, (-(-rows // NOISE_SIDE), -(-columns // NOISE_SIDE)))
    top, left = (int(rng.integers(0, have - want + 1)) for have, want in zip(field.shape, (rows, columns), strict=True))
    part = field[top : top + rows, left : left + columns][:: int(rng.choice([-1, 1])), :: int(rng.choice([-1, 1]))]
    return np.asarray(cv2.resize(part, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def noise_at(rng: Generator, rows: NDArray[np.intp], columns: NDArray[np.intp], *, spot: float) -> Noise:
    """The same noise at some places of a picture alone: `(N,)` for rows and columns `(N,)`."""
    field = noise_field()
    top, left = rng.integers(0, NOISE_SIDE, 2)
    if spot <= 1:
        return np.asarray(field[(rows + top) % NOISE_SIDE, (columns + left) % NOISE_SIDE])
    y, x = (rows / spot).astype(np.float32), (columns / spot).astype(np.float32)
    y0, x0 = y.astype(np.intp), x.astype(np.intp)
    down, across = y - y0, x - x0
    y0, x0 = (y0 + top) % NOISE_SIDE, (x0 + left) % NOISE_SIDE
    y1, x1 = (y0 + 1) % NOISE_SIDE, (x0 + 1) % NOISE_SIDE
    above = field[y0, x0] + across * (field[y0, x1] - field[y0, x0])
    below = field[y1, x0] + across * (field[y1, x1] - field[y1, x0])
    return np.asarray(above + down * (below - above), np.float32)
