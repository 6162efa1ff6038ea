"""Painted paper: the reflectance of an empty piece of paper, `float32 (height, width)` around 1."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Paper = NDArray[np.float32]


def grain(shape: tuple[int, int], rng: np.random.Generator, *, size: float, strength: float) -> Paper:
    """Smooth noise with spots of `size` pixels and the standard deviation `strength`."""
    height, width = shape
    small = (max(2, round(height / size)), max(2, round(width / size)))
    noise = rng.standard_normal(small, dtype=np.float32) * np.float32(strength)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def dots(shape: tuple[int, int], rng: np.random.Generator, *, spacing: float, strength: float) -> Paper:
    """A halftone raster of dots; dark dots are negative."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    angle = rng.uniform(0, 1.6)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    raster = np.cos(u * (6.283 / spacing)) * np.cos(v * (6.283 / spacing))
    return np.asarray(-np.float32(strength) * np.clip(raster * 2 - 0.5, 0, 1), np.float32)
