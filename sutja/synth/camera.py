"""From a scene to the picture that a camera makes of it: light, shadow, lens, sensor, and the file's compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

COARSE = 8  # pixels of a scene for one of its light, which changes slowly
ROWS_AT_ONCE = 256  # of noise, so that a large picture needs little memory


@dataclass(frozen=True)
class Lighting:
    """How uneven the light is at most: darker towards one side, towards the corners; shadows: how often, how deep."""

    gradient: float
    vignette: float
    shadow: float
    deepest: float


@dataclass(frozen=True)
class Optics:
    """The camera at its worst: blur in heights of a digit, noise in grey levels; and the quality of its JPEG."""

    blur: float
    noise: float
    quality: tuple[int, int]


def light_up(scene: NDArray[np.float32], rng: np.random.Generator, lighting: Lighting) -> None:
    """Multiply a scene `float32 (H, W, 3)` by the light that falls on it, in place."""
    height, width = scene.shape[:2]
    rows, columns = max(8, height // COARSE), max(8, width // COARSE)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0, lighting.gradient) * (0.5 + (x * np.cos(angle) + y * np.sin(angle)) / 2.83)
    light *= 1 - rng.uniform(0, lighting.vignette) * (x * x + y * y) / 2
    if rng.random() < lighting.shadow:
        light *= 1 - rng.uniform(0.4, 1) * lighting.deepest * _shadow((rows, columns), rng)
    light *= rng.uniform(0.75, 1.0)
    tint = np.array((1, 1, 1), np.float32) + np.float32(rng.normal(0, 0.03)) * np.array((1, 0, -1), np.float32)
    full = cv2.resize(light.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    for channel in range(3):
        scene[:, :, channel] *= full * tint[channel]


def _shadow(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Where a hand, a head or a window's frame keeps the light away: 1 in the shadow, softer or harder at its edge."""
    rows, columns = shape
    mask = np.zeros(shape, np.float32)
    reach = max(shape)
    if rng.random() < 0.5:  # one straight edge
        point = rng.uniform(0.2, 0.8, 2) * (columns, rows)
        angle = rng.uniform(0, 2 * np.pi)
        along, across = np.array((np.cos(angle), np.sin(angle))), np.array((-np.sin(angle), np.cos(angle)))
        far = 3 * reach
        corners = [
            point - far * along,
            point + far * along,
            point + far * (along + across),
            point + far * (across - along),
        ]
    else:  # a hand, a head
        middle = rng.uniform(0, 1, 2) * (columns, rows)
        turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        radii = reach * rng.uniform(0.2, 0.5) * rng.uniform(0.75, 1.25, len(turns))
        corners = [middle + radius * np.array((np.cos(a), np.sin(a))) for a, radius in zip(turns, radii, strict=True)]
    cv2.fillPoly(mask, [np.round(np.array(corners)).astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), reach * float(rng.uniform(0.006, 0.06))), np.float32)


def develop(scene: NDArray[np.float32], rng: np.random.Generator, optics: Optics, *, tall: float) -> NDArray[np.uint8]:
    """Take the picture: `uint8 (H, W, 3)`, of a scene `float32 (H, W, 3)` whose digits are `tall` pixels high."""
    blur = float(rng.uniform(0.2, 1)) * optics.blur * tall
    if blur > 0.3:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
    if rng.random() < 0.25:  # a shaking hand
        length = max(1, round(blur * 2))
        scene = np.asarray(cv2.blur(scene, (length, 1) if rng.random() < 0.5 else (1, length)), np.float32)
    picture = np.empty(scene.shape, np.uint8)
    noise = float(rng.uniform(0.3, 1)) * optics.noise
    spot = float(rng.uniform(1, 2))  # cameras smooth their noise
    for start in range(0, len(scene), ROWS_AT_ONCE):
        part = scene[start : start + ROWS_AT_ONCE] * np.float32(255)
        part += _noise(part.shape, rng, noise, spot)
        picture[start : start + ROWS_AT_ONCE] = np.clip(part, 0, 255)
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*optics.quality))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _noise(shape: tuple[int, ...], rng: np.random.Generator, strength: float, spot: float) -> NDArray[np.float32]:
    height, width, channels = shape
    small = (max(1, round(height / spot)), max(1, round(width / spot)))
    grey = rng.standard_normal((*small, 1), dtype=np.float32)
    colour = rng.standard_normal((*small, channels), dtype=np.float32)
    mixed = (0.8 * grey + 0.6 * colour) * np.float32(strength)
    return np.asarray(cv2.resize(mixed, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
