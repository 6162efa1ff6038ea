"""Photographs of sheets: perspective, slope, desk, light, folds, fingers, blur, noise and JPEG compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.background import paint_desk
from sutja.synth.camera import Lighting, apply_light
from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.writing import is_visible
from sutja.synth.paper import grain
from sutja.synth.sheet import Colours

LIGHTS = (
    Lighting(gradient=0.15, vignette=0.1, shadow_probability=0.05, shadow_depth=0.3),
    Lighting(gradient=0.4, vignette=0.3, shadow_probability=0.3, shadow_depth=0.6),
    Lighting(gradient=0.6, vignette=0.5, shadow_probability=0.7, shadow_depth=0.85),
)
MIN_COPIED_DIGIT_PIXELS = 24  # height of digits that a copier leaves legible
SKINS = ((0.45, 0.55, 0.78), (0.30, 0.40, 0.62), (0.18, 0.26, 0.42), (0.60, 0.68, 0.86))


def random_view(rng: Generator, sheet: tuple[int, int], size: tuple[int, int]) -> tuple[NDArray[np.float64], bool]:
    """A homography from a sheet to a picture of `size` (width, height); and whether the desk may be seen.

    The middle of the sheet comes to the middle of the picture; it is seen at an angle, and sloped by up to 20 degrees.
    """
    tilted = rng.random()
    angle = np.radians(
        rng.normal(0, 1.5) if tilted < 0.6 else rng.normal(0, 6) if tilted < 0.9 else rng.uniform(-22, 22)
    )
    zoom = float(np.exp(rng.normal(0, 0.12)))
    desk = rng.random() < 0.2
    shift = rng.uniform(-0.5, 0.5, 2) * size if desk else np.zeros(2)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    middle = np.array(sheet) / 2
    target = np.array(size) / 2 + shift
    matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    matrix[:2, 2] = target - matrix[:2, :2] @ middle
    strength = float(rng.choice([0.0, 0.1, 0.3], p=[0.4, 0.4, 0.2]))
    vanishing = rng.normal(0, strength, 2) / max(size)
    lens = np.eye(3)
    lens[2, :2] = np.clip(vanishing, -0.5 / max(size), 0.5 / max(size))
    centre = np.array([[1, 0, -target[0]], [0, 1, -target[1]], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(centre) @ lens @ centre @ matrix), desk


def view(
    rng: Generator, colours: Colours, runs: list[WrittenRun], size: tuple[int, int], *, clean: bool
) -> tuple[Colours, list[WrittenRun]]:
    """The sheet as it lies before the camera, `float32 (height, width, 3)`, and the runs where they are seen."""
    matrix, desk = random_view(rng, colours.shape[1::-1], size)
    if clean:
        shift = (np.array(size) - colours.shape[1::-1]) / 2
        matrix, desk = np.array([[1, 0, np.round(shift[0])], [0, 1, np.round(shift[1])], [0, 0, 1.0]]), False
    border = cv2.BORDER_CONSTANT if desk else cv2.BORDER_REPLICATE
    flags = cv2.INTER_NEAREST if clean else cv2.INTER_LINEAR
    if desk:
        colours = colours.copy()
        colours[-2:], colours[:, -2:] = colours[-2:] * 0.8, colours[:, -2:] * 0.8
    seen = np.asarray(cv2.warpPerspective(colours, matrix, size, flags=flags, borderMode=border), np.float32)
    if desk:
        inside = np.ones(colours.shape[:2], np.float32)
        inside = np.asarray(cv2.warpPerspective(inside, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
        under = paint_desk(size, rng)
        shadow = cv2.GaussianBlur(inside, (0, 0), max(1.0, 0.01 * max(size)))
        under *= 1 - float(rng.uniform(0, 0.5)) * shadow[:, :, None]
        seen = under + inside[:, :, None] * (seen - under)
    moved = [run.moved(matrix) for run in runs]
    return seen, [run for run in moved if is_visible(run, size)]


def add_light(rng: Generator, scene: Colours, *, digit_height: float) -> None:
    """Light, shadows, folds, glare and fingers, in place."""
    apply_light(scene, rng, LIGHTS[int(rng.choice(3, p=[0.45, 0.35, 0.2]))])
    if rng.random() < 0.09:
        _hard_shadow(scene, rng)
    if rng.random() < 0.08:
        _fold(scene, rng)
    if rng.random() < 0.06:
        _glare(scene, rng)
    if rng.random() < 0.06:
        _thumb(scene, rng)


def _hard_shadow(scene: Colours, rng: Generator) -> None:
    """The hard edge of a shadow in sunlight."""
    height, width = scene.shape[:2]
    points = np.array(
        [(rng.uniform(-0.5, 1.5) * width, rng.uniform(-0.5, 1.5) * height) for _ in range(int(rng.integers(3, 7)))]
    )
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [points.astype(np.int32)], 1.0, cv2.LINE_AA)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 6))), np.float32)
    depth = np.array((0.85, 1.0, 1.1), np.float32) * float(rng.uniform(0.2, 0.7))
    scene *= 1 - mask[:, :, None] * np.clip(depth, 0, 0.85)


def _fold(scene: Colours, rng: Generator) -> None:
    """Folds and creases: the paper is brighter on one side and darker on the other."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(int(rng.integers(1, 5))):
        angle = float(rng.uniform(0, np.pi))
        away = (x - rng.uniform(0, width)) * np.cos(angle) + (y - rng.uniform(0, height)) * np.sin(angle)
        soft = float(rng.uniform(0.01, 0.15)) * max(width, height)
        scene *= (1 + float(rng.uniform(-0.15, 0.15)) * np.exp(-np.abs(away) / soft) * np.sign(away))[
            :, :, None
        ].astype(np.float32)


def _glare(scene: Colours, rng: Generator) -> None:
    """A bright spot of reflected light."""
    height, width = scene.shape[:2]
    mask = np.zeros((height, width), np.float32)
    axes = (int(rng.uniform(0.03, 0.25) * width), int(rng.uniform(0.03, 0.2) * height))
    cv2.ellipse(
        mask, (int(rng.integers(width)), int(rng.integers(height))), axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1
    )
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.02, 0.1)) * max(width, height))
    scene += (float(rng.uniform(0.1, 0.5)) * soft)[:, :, None] * (1 - np.minimum(scene, 1))


def _thumb(scene: Colours, rng: Generator) -> None:
    """A thumb or finger that holds the sheet, at the edge of the picture."""
    height, width = scene.shape[:2]
    side = float(rng.uniform(0.06, 0.16)) * max(height, width)
    x = -0.3 * side if rng.random() < 0.5 else width + 0.3 * side
    y = float(rng.uniform(0.1, 0.95)) * height
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(
        mask, (int(x), int(y)), (int(1.6 * side), int(side)), float(rng.uniform(-40, 40)), 0, 360, 1.0, -1, cv2.LINE_AA
    )
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.03 * side + 0.5), np.float32)
    skin = np.array(SKINS[rng.integers(len(SKINS))], np.float32)
    shade = 1 + grain((height, width), rng, size=max(2.0, side / 2), strength=0.1)
    scene += mask[:, :, None] * (skin * shade[:, :, None] - scene)


def take_picture(
    rng: Generator, scene: Colours, *, digit_height: float, clean: bool, coarse: bool = False
) -> NDArray[np.uint8]:
    """The picture `uint8 (H, W, 3)` that a camera, a scanner or a screen makes of the scene.

    A `coarse` one is often a small picture that was enlarged.
    """
    if clean:
        return np.asarray(np.clip(scene * 255 + 0.5, 0, 255), np.uint8)
    blur = float(rng.choice([0.0, rng.uniform(0.3, 0.9), rng.uniform(0.5, 2.2)], p=[0.35, 0.45, 0.2]))
    blur = min(blur, 0.07 * digit_height) if digit_height < 30 else blur * max(1.0, digit_height / 60)
    if blur > 0.3:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
    if rng.random() < 0.08 and digit_height > 12:
        length = max(2, round(float(rng.uniform(0.03, 0.12)) * digit_height))
        scene = np.asarray(cv2.blur(scene, (length, 1) if rng.random() < 0.5 else (1, length)), np.float32)
    if rng.random() < (0.4 if coarse else 0.12) and digit_height > 24:  # a small picture, enlarged
        scene = _enlarged(scene, float(rng.uniform(8 if coarse else 11, 24)) / digit_height, smooth=rng.random() < 0.5)
    if rng.random() < 0.12:  # a scanner or a camera without colours
        scene = np.repeat(scene @ np.array((0.114, 0.587, 0.299), np.float32)[:, None], 3, axis=2)
    scene = (scene - 0.5) * float(rng.uniform(0.75, 1.15)) + 0.5 + float(rng.normal(0, 0.04))
    noise = float(rng.choice([0.5, rng.uniform(1, 4), rng.uniform(3, 12)], p=[0.4, 0.4, 0.2]))
    shape = scene.shape[:2]
    grey = grain(shape, rng, size=float(rng.uniform(1, 2)), strength=noise)
    picture = scene * 255 + grey[:, :, None]
    if rng.random() < 0.5:
        picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(0.6 * noise)
    seen = np.asarray(np.clip(picture, 0, 255), np.uint8)
    if rng.random() < 0.03 and digit_height > MIN_COPIED_DIGIT_PIXELS:  # a copier: black and white
        seen = _copied(seen)
    if rng.random() < 0.75:
        quality = int(rng.integers(30 if digit_height > 14 else 60, 96))
        coded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        seen = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return seen


def _enlarged(scene: Colours, zoom: float, *, smooth: bool) -> Colours:
    """The scene reduced by `zoom` and enlarged again."""
    if zoom >= 1:
        return scene
    height, width = scene.shape[:2]
    small = cv2.resize(scene, (max(8, round(width * zoom)), max(8, round(height * zoom))), interpolation=cv2.INTER_AREA)
    kind = cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, (width, height), interpolation=kind), np.float32)


def _copied(seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
    side = 2 * (max(grey.shape) // 16) + 3
    black = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, side, 12)
    return np.asarray(cv2.cvtColor(black, cv2.COLOR_GRAY2BGR), np.uint8)


def turned(document: Document, quarter_turns: int) -> Document:
    """The document after quarter turns to the left."""
    height, width = document.picture.shape[:2]
    matrices = {
        0: np.eye(3),
        1: np.array([[0, 1, 0], [-1, 0, width], [0, 0, 1.0]]),
        2: np.array([[-1, 0, width], [0, -1, height], [0, 0, 1.0]]),
        3: np.array([[0, -1, height], [1, 0, 0], [0, 0, 1.0]]),
    }
    picture = np.ascontiguousarray(np.rot90(document.picture, quarter_turns))
    return Document(picture, tuple(run.moved(matrices[quarter_turns]) for run in document.runs))
