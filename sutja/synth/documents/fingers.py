"""Fingers and thumbs that hold a sheet: they hide what is written under them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.documents.photographer import Scene
from sutja.synth.paper import grain

FINGER_PROBABILITY = 0.09
SECOND_FINGER_PROBABILITY = 0.35
SKINS = ((0.45, 0.55, 0.78), (0.30, 0.40, 0.62), (0.18, 0.26, 0.42), (0.60, 0.68, 0.86), (0.10, 0.15, 0.25))


def add_fingers(scene: Scene, rng: Generator) -> None:
    """Let fingers hold the sheet at the edges of the picture, in place, in some of all cases."""
    if rng.random() >= FINGER_PROBABILITY:
        return
    skin = np.array(SKINS[rng.integers(len(SKINS))], np.float32)
    _add_finger(scene, rng, skin)
    if rng.random() < SECOND_FINGER_PROBABILITY:
        _add_finger(scene, rng, skin)


def _add_finger(scene: Scene, rng: Generator, skin: NDArray[np.float32]) -> None:
    """A finger that comes in over a side, with a nail."""
    width, height = scene.size
    thick = float(rng.uniform(0.05, 0.13)) * max(scene.size)
    left = rng.random() < 0.5
    tip = np.array((rng.uniform(0.02, 0.22) * width, rng.uniform(0.05, 0.98) * height))
    angle = float(rng.normal(0.5, 0.4))  # fingers mostly come from below
    back = np.array((-np.cos(angle), np.sin(angle)))
    if not left:
        tip[0], back[0] = width - tip[0], -back[0]
    mask = np.zeros((height, width), np.float32)
    ends = np.round(np.array([tip, tip + back * 3 * max(scene.size)]) * 8).astype(np.int32)
    cv2.line(mask, ends[0].tolist(), ends[1].tolist(), 1.0, round(2 * thick), cv2.LINE_AA, 3)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.03 * thick + 0.5), np.float32)
    shade = _rounded(mask, thick) * (1 + grain((height, width), rng, size=max(2.0, thick / 3), strength=0.05))
    painted = skin * shade[:, :, None]
    _paint_nail(painted, tip, back, thick, skin)
    dim = cv2.GaussianBlur(mask, (0, 0), 0.25 * thick)
    scene.colours *= 1 - float(rng.uniform(0, 0.5)) * dim[:, :, None]
    scene.colours += mask[:, :, None] * (painted - scene.colours)
    np.maximum(scene.hidden, np.asarray(mask * 255, np.uint8), out=scene.hidden)


def _rounded(mask: NDArray[np.float32], thick: float) -> NDArray[np.float32]:
    """Brightness of something round: darker towards its edges."""
    soft = cv2.GaussianBlur(mask, (0, 0), 0.35 * thick)
    return np.asarray(0.45 + 0.6 * np.clip((soft - 0.4) / 0.6, 0, 1), np.float32)


def _paint_nail(
    painted: NDArray[np.float32], tip: NDArray[np.float64], back: NDArray[np.float64], thick: float, skin: np.ndarray
) -> None:
    """A nail near the tip."""
    middle = np.round(tip - 0.15 * thick * back).astype(int).tolist()
    axes = (max(1, round(0.62 * thick)), max(1, round(0.45 * thick)))
    angle = float(np.degrees(np.arctan2(back[1], back[0])))
    colour = np.minimum(skin * 1.2 + 0.05, 1).tolist()
    cv2.ellipse(painted, middle, axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
