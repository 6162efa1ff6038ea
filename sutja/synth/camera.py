"""Camera simulation: turn a scene into a picture by light, shadow, lens blur, sensor noise and JPEG compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SCENE_PIXELS_PER_LIGHT_PIXEL = 8  # light changes slowly, so it is computed at low resolution
NOISE_ROWS_PER_CHUNK = 256  # bounds the memory for large pictures


@dataclass(frozen=True)
class Lighting:
    """Limits of uneven light: darkening towards one side and towards the corners; probability and depth of shadows."""

    gradient: float
    vignette: float
    shadow_probability: float
    shadow_depth: float


@dataclass(frozen=True)
class Optics:
    """Limits of the camera: blur in digit heights, noise in grey levels; and the range of its JPEG quality."""

    blur: float
    noise: float
    jpeg_quality: tuple[int, int]


def apply_light(scene: NDArray[np.float32], rng: np.random.Generator, lighting: Lighting) -> None:
    """Multiply a scene `float32 (H, W, 3)` by random uneven light, in place."""
    height, width = scene.shape[:2]
    rows, columns = max(8, height // SCENE_PIXELS_PER_LIGHT_PIXEL), max(8, width // SCENE_PIXELS_PER_LIGHT_PIXEL)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0, lighting.gradient) * (0.5 + (x * np.cos(angle) + y * np.sin(angle)) / 2.83)
    light *= 1 - rng.uniform(0, lighting.vignette) * (x * x + y * y) / 2
    if rng.random() < lighting.shadow_probability:
        light *= 1 - rng.uniform(0.4, 1) * lighting.shadow_depth * _shadow((rows, columns), rng)
    light *= rng.uniform(0.75, 1.0)
    tint = np.array((1, 1, 1), np.float32) + np.float32(rng.normal(0, 0.03)) * np.array((1, 0, -1), np.float32)
    full = cv2.resize(light.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    for channel in range(3):
        scene[:, :, channel] *= full * tint[channel]


def _shadow(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """The shadow of a hand, a head or a window frame: 1 inside, with a soft edge."""
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


def develop(
    scene: NDArray[np.float32], rng: np.random.Generator, optics: Optics, *, digit_height: float
) -> NDArray[np.uint8]:
    """Take a picture `uint8 (H, W, 3)` of a scene `float32 (H, W, 3)` with digits of `digit_height` pixels."""
    blur = float(rng.uniform(0.2, 1)) * optics.blur * digit_height
    if blur > 0.3:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
    if rng.random() < 0.25:  # camera shake
        length = max(1, round(blur * 2))
        scene = np.asarray(cv2.blur(scene, (length, 1) if rng.random() < 0.5 else (1, length)), np.float32)
    picture = np.empty(scene.shape, np.uint8)
    noise = float(rng.uniform(0.3, 1)) * optics.noise
    spot = float(rng.uniform(1, 2))  # pixels: cameras smooth their noise
    for start in range(0, len(scene), NOISE_ROWS_PER_CHUNK):
        part = scene[start : start + NOISE_ROWS_PER_CHUNK] * np.float32(255)
        part += _noise(part.shape, rng, noise, spot)
        picture[start : start + NOISE_ROWS_PER_CHUNK] = np.clip(part, 0, 255)
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*optics.jpeg_quality))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _noise(shape: tuple[int, ...], rng: np.random.Generator, strength: float, spot: float) -> NDArray[np.float32]:
    height, width, channels = shape
    small = (max(1, round(height / spot)), max(1, round(width / spot)))
    grey = rng.standard_normal((*small, 1), dtype=np.float32)
    colour = rng.standard_normal((*small, channels), dtype=np.float32)
    mixed = (0.8 * grey + 0.6 * colour) * np.float32(strength)
    return np.asarray(cv2.resize(mixed, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
