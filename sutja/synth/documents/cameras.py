"""Cameras, scanners and screens: blur, noise, contrast and JPEG compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.documents.noise import cut_noise
from sutja.synth.sheet import Colours

LUMINANCE = np.array((0.114, 0.587, 0.299), np.float32)
GREY_PROBABILITY, COPY_PROBABILITY, JPEG_PROBABILITY = 0.12, 0.02, 0.75
SHAKE_PROBABILITY = 0.08
SMALL_PICTURE_PROBABILITY, COARSE_PICTURE_PROBABILITY = 0.12, 0.4  # of pictures that were enlarged
MAX_SMALL_BLUR = 0.07  # of digits below 30 pixels, in digit heights
COPY_CONTRAST = 22  # grey levels by which a copier's black is darker than what is around it

_Picture = NDArray[np.uint8]


def take_picture(rng: Generator, scene: Colours, *, digit_height: float, clean: bool, coarse: bool = False) -> _Picture:
    """The picture `uint8 (H, W, 3)` that a camera, a scanner or a screen makes of the scene.

    A `coarse` one is often a small picture that was enlarged.
    """
    if clean:
        return np.asarray(np.clip(scene * 255 + 0.5, 0, 255), np.uint8)
    scene = _blurred(scene, rng, digit_height)
    if digit_height > 24 and rng.random() < (COARSE_PICTURE_PROBABILITY if coarse else SMALL_PICTURE_PROBABILITY):
        zoom = float(rng.uniform(8 if coarse else 11, 24)) / digit_height
        scene = _enlarged(scene, zoom, smooth=rng.random() < 0.5)
    seen = _developed(scene, rng)
    if rng.random() < COPY_PROBABILITY:
        seen = _copied(seen, digit_height)
    if rng.random() < JPEG_PROBABILITY:
        quality = int(rng.integers(30 if digit_height > 14 else 60, 96))
        coded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        seen = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return seen


def _blurred(scene: Colours, rng: Generator, digit_height: float) -> Colours:
    """The scene out of focus, or shaken."""
    blur = float(rng.choice([0.0, rng.uniform(0.3, 0.9), rng.uniform(0.5, 2.2)], p=[0.4, 0.42, 0.18]))
    blur = min(blur, MAX_SMALL_BLUR * digit_height) if digit_height < 30 else blur * max(1.0, digit_height / 60)
    if blur > 0.3:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
    if rng.random() < SHAKE_PROBABILITY and digit_height > 12:
        length = max(2, round(float(rng.uniform(0.03, 0.12)) * digit_height))
        scene = np.asarray(cv2.blur(scene, (length, 1) if rng.random() < 0.5 else (1, length)), np.float32)
    return scene


def _developed(scene: Colours, rng: Generator) -> _Picture:
    """The scene with the contrast and the noise of a camera."""
    contrast = float(rng.uniform(0.8, 1.15))
    picture = scene * np.float32(255 * contrast)
    picture += np.float32(127.5 * (1 - contrast) + 255 * rng.normal(0, 0.025))
    if rng.random() < GREY_PROBABILITY:
        picture = np.repeat(picture @ LUMINANCE[:, None], 3, axis=2)
    strength = float(rng.choice([0.5, rng.uniform(1, 3.5), rng.uniform(3, 9)], p=[0.45, 0.4, 0.15]))
    picture += (strength * cut_noise(rng, scene.shape[:2], spot=float(rng.uniform(1, 2))))[:, :, None]
    if rng.random() < 0.5:  # sensors' colours are noisier than their light
        for channel in range(3):
            picture[:, :, channel] += 0.6 * strength * cut_noise(rng, scene.shape[:2], spot=float(rng.uniform(1, 3)))
    np.clip(picture, 0, 255, out=picture)
    return np.asarray(picture, np.uint8)


def _enlarged(scene: Colours, zoom: float, *, smooth: bool) -> Colours:
    """The scene reduced by `zoom` and enlarged again."""
    if zoom >= 1:
        return scene
    height, width = scene.shape[:2]
    small = cv2.resize(scene, (max(8, round(width * zoom)), max(8, round(height * zoom))), interpolation=cv2.INTER_AREA)
    kind = cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, (width, height), interpolation=kind), np.float32)


def _copied(seen: _Picture, digit_height: float) -> _Picture:
    """A copy in black and white, as copiers and scanning apps make it."""
    grey = cv2.GaussianBlur(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY), (0, 0), max(0.8, 0.02 * digit_height))
    side = 2 * round(1.5 * digit_height) + 3
    black = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, side, COPY_CONTRAST)
    return np.asarray(cv2.cvtColor(black, cv2.COLOR_GRAY2BGR), np.uint8)
