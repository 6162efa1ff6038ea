"""Light on a sheet: uneven light, shadows of hands and windows, folds, glare, and how a camera exposes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.sheet import Colours

PIXELS_PER_LIGHT_PIXEL = 8  # light changes slowly, so it is computed at low resolution
SUN_PROBABILITY = 0.07  # of a hard shadow
SHADOW_PROBABILITY = 0.22  # of a soft one
FOLD_PROBABILITY, GLARE_PROBABILITY = 0.08, 0.05
SHADOW_COLOUR = np.array((0.85, 1.0, 1.08), np.float32)  # shadows in sunlight are bluish
EXPOSURES = (0.62, 0.97)  # level to which the camera brings the brightest part of a scene
MIN_GAIN, MAX_GAIN = 0.7, 2.5
EXPOSED_QUANTILE = 0.9
MAX_DARK_LEVEL = 0.45  # of the brightest part of boards and dark screens: those stay dark

Light = NDArray[np.float32]


def add_light(rng: Generator, scene: Colours) -> None:
    """Light a scene, in place."""
    height, width = scene.shape[:2]
    shape = (max(8, height // PIXELS_PER_LIGHT_PIXEL), max(8, width // PIXELS_PER_LIGHT_PIXEL))
    light = _uneven(rng, shape)
    if rng.random() < SHADOW_PROBABILITY:
        light *= 1 - float(rng.uniform(0.12, 0.5)) * _soft_shadow(rng, shape)
    if rng.random() < SUN_PROBABILITY:
        _sunlight(scene, rng)
    if rng.random() < FOLD_PROBABILITY:
        _fold(scene, rng)
    full = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    gain = _exposure(scene[::8, ::8] * full[::8, ::8, None], rng)
    warmth = np.float32(rng.normal(0, 0.05)) * np.array((1, 0.1, -1), np.float32)
    scene *= full[:, :, None] * (np.float32(gain) * (1 + warmth))
    if rng.random() < GLARE_PROBABILITY:
        _glare(scene, rng)


def _uneven(rng: Generator, shape: tuple[int, int]) -> Light:
    """Light that falls off to one side and to the corners; mostly little."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    gradient, vignette = rng.uniform(0, 0.6) * rng.uniform(0, 1), rng.uniform(0, 0.4) * rng.uniform(0, 1)
    light = 1 - gradient * (0.5 + (x * np.cos(angle) + y * np.sin(angle)) / 2.83)
    return np.asarray(light * (1 - vignette * (x * x + y * y) / 2), np.float32)


def _soft_shadow(rng: Generator, shape: tuple[int, int]) -> Light:
    """The shadow of a hand, a head or a telephone, which comes in over an edge: 1 inside."""
    rows, columns = shape
    reach = max(shape)
    mask = np.zeros(shape, np.float32)
    side = rng.uniform(0, 2 * np.pi)
    towards = np.array((np.cos(side), np.sin(side)))
    middle = np.array((columns, rows)) / 2 + towards * reach * rng.uniform(0.45, 0.8)
    turns = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radii = reach * rng.uniform(0.2, 0.55) * np.interp(turns, np.linspace(0, 2 * np.pi, 6), rng.uniform(0.7, 1.3, 6))
    long = np.array((1.0, float(rng.uniform(0.4, 1.6))))  # arms and telephones are longer than heads
    outline = middle + radii[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1) * long
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), reach * float(rng.uniform(0.015, 0.1))), np.float32)


def _sunlight(scene: Colours, rng: Generator) -> None:
    """Sunlight with the hard edges of the shadows of a window, a hand or the photographer."""
    height, width = scene.shape[:2]
    mask = np.zeros((height, width), np.float32)
    size = np.array((width, height))
    for _ in range(int(rng.integers(1, 3))):
        angle = rng.uniform(0, 2 * np.pi)
        along = np.array((np.cos(angle), np.sin(angle)))
        across = np.array((-along[1], along[0]))
        start = rng.uniform(0.1, 0.9, 2) * size
        far, wide = 2 * max(size), max(size) * float(rng.choice([2.0, rng.uniform(0.1, 0.5)]))
        bent = start + along * rng.uniform(-0.3, 0.3) * max(size) + across * rng.normal(0, 0.05) * max(size)
        edge = [start - far * along, bent, start + far * along]
        corners = np.array([*edge, edge[2] + wide * across, edge[0] + wide * across])
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0, cv2.LINE_AA)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 6))), np.float32)
    scene *= 1 - mask[:, :, None] * np.clip(SHADOW_COLOUR * float(rng.uniform(0.15, 0.6)), 0, 0.75)


def _fold(scene: Colours, rng: Generator) -> None:
    """Folds and creases: the paper is brighter on one side and darker on the other."""
    height, width = scene.shape[:2]
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    shade = np.ones((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        angle = float(rng.uniform(0, np.pi) if rng.random() < 0.4 else rng.choice([0, np.pi / 2]) + rng.normal(0, 0.05))
        away = (x - rng.uniform(0, width)) * np.cos(angle) + (y - rng.uniform(0, height)) * np.sin(angle)
        soft = float(rng.uniform(0.01, 0.15)) * max(width, height)
        strength = float(rng.uniform(0.02, 0.12) * rng.choice([-1, 1]))
        shade *= 1 + strength * np.exp(-np.abs(away) / soft) * np.sign(away)
    scene *= shade[:, :, None]


def _glare(scene: Colours, rng: Generator) -> None:
    """A bright spot of reflected light."""
    height, width = scene.shape[:2]
    mask = np.zeros((height, width), np.float32)
    axes = (int(rng.uniform(0.03, 0.25) * width), int(rng.uniform(0.03, 0.2) * height))
    middle = (int(rng.integers(width)), int(rng.integers(height)))
    cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.03, 0.1)) * max(width, height))
    scene += (float(rng.uniform(0.1, 0.5)) * soft)[:, :, None] * (1 - np.minimum(scene, 1))


def _exposure(scene: Colours, rng: Generator) -> float:
    """What brings paper to the level at which cameras show it; boards and dark screens stay dark."""
    bright = float(np.quantile(scene[:, :, 1], EXPOSED_QUANTILE))
    gain = float(np.clip(rng.uniform(*EXPOSURES) / max(bright, 1e-3), MIN_GAIN, MAX_GAIN))
    return gain if bright > MAX_DARK_LEVEL else min(gain, float(rng.uniform(0.8, 1.3)))
