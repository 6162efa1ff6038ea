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


def waves(shape: tuple[int, int], rng: np.random.Generator, *, spacing: float, strength: float) -> Paper:
    """A net of fine wavy lines, as on cheques and banknotes; dark lines are negative."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    net = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        angle = rng.uniform(-0.9, 0.9) if rng.random() < 0.6 else rng.uniform(-0.08, 0.08)
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        swing = rng.uniform(0, 2.5) * spacing * np.sin(along * rng.uniform(0.02, 0.2) + rng.uniform(0, 6.3))
        net += np.cos((across + swing) * (6.283 / (spacing * rng.uniform(0.8, 1.3))))
    sharp = rng.uniform(1, 4)
    return np.asarray(-np.float32(strength) * np.clip(net * sharp - sharp * 0.4, 0, 1), np.float32)


def dots(shape: tuple[int, int], rng: np.random.Generator, *, spacing: float, strength: float) -> Paper:
    """A halftone raster of dots; dark dots are negative."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    angle = rng.uniform(0, 1.6)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    raster = np.cos(u * (6.283 / spacing)) * np.cos(v * (6.283 / spacing))
    return np.asarray(-np.float32(strength) * np.clip(raster * 2 - 0.5, 0, 1), np.float32)


def rules(shape: tuple[int, int], rng: np.random.Generator, *, spacing: float, strength: float) -> Paper:
    """Ruled or squared paper; dark lines are negative."""
    height, width = shape
    paper = np.zeros(shape, np.float32)
    thick = max(1, round(spacing * rng.uniform(0.02, 0.06)))
    slope = rng.uniform(-0.02, 0.02)
    for at in np.arange(rng.uniform(0, spacing), height, spacing):
        cv2.line(paper, (0, round(at)), (width, round(at + slope * width)), -strength, thick, cv2.LINE_AA)
    if rng.random() < 0.5:
        for at in np.arange(rng.uniform(0, spacing), width, spacing):
            cv2.line(paper, (round(at), 0), (round(at - slope * height), height), -strength, thick, cv2.LINE_AA)
    return paper


def shade(shape: tuple[int, int], rng: np.random.Generator, *, strength: float) -> Paper:
    """Uneven light: a few large, soft spots that are brighter or darker by up to `strength`."""
    coarse = rng.uniform(-strength, strength, (3, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def line_paper(shape: tuple[int, int], rng: np.random.Generator, *, max_strength: float) -> Paper:
    """The paper behind one line of writing, about 32 rows high; `max_strength` bounds the contrast of its patterns."""
    paper = 1 + grain(shape, rng, size=rng.uniform(1, 3), strength=rng.uniform(0, 0.05))
    paper += shade(shape, rng, strength=rng.uniform(0, 0.15))
    kind = rng.random()
    strength = float(rng.uniform(0.04, max_strength))
    if kind < 0.35:
        paper += waves(shape, rng, spacing=rng.uniform(2.5, 8), strength=strength)
    elif kind < 0.42:
        paper += dots(shape, rng, spacing=rng.uniform(2, 5), strength=strength)
    elif kind < 0.5:
        paper += rules(shape, rng, spacing=rng.uniform(10, 40), strength=strength)
    return paper
