"""Whole photographs of handwritten numbers that nobody took, with what stands on them, in three difficulties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.errors import unknown
from sutja.synth.background import paint_desk
from sutja.synth.camera import Lighting, Optics, develop, light_up
from sutja.synth.lines import Writer
from sutja.synth.sheet import Colours, Contents, Sheet, write_sheet

SIZES = ((600, 400), (800, 600), (900, 1200), (1280, 960), (1600, 1200), (1200, 1600))  # width, height


@dataclass(frozen=True)
class Difficulty:
    """How hard a photograph is to read: what stands on it, how it is held, lit and taken.

    `turn` is the largest angle in degrees, `tilt` how far the corners wander in sizes of the picture, `edge` how often
    the sheet's edge and the desk around it are seen.
    """

    contents: Contents
    turn: float
    tilt: float
    edge: float
    lighting: Lighting
    optics: Optics


DIFFICULTIES = {
    "easy": Difficulty(
        Contents(lines=3, digits=8, printed=0.15, signs=0.0, dark=0.05, faintest=0.85, closest=0.12),
        turn=1.5,
        tilt=0.01,
        edge=0.15,
        lighting=Lighting(gradient=0.15, vignette=0.15, shadow=0.1, deepest=0.15),
        optics=Optics(blur=0.025, noise=3, quality=(80, 95)),
    ),
    "medium": Difficulty(
        Contents(lines=5, digits=10, printed=0.5, signs=0.15, dark=0.12, faintest=0.75, closest=0.03),
        turn=4,
        tilt=0.035,
        edge=0.4,
        lighting=Lighting(gradient=0.3, vignette=0.3, shadow=0.5, deepest=0.35),
        optics=Optics(blur=0.045, noise=6, quality=(55, 90)),
    ),
    "hard": Difficulty(
        Contents(lines=7, digits=10, printed=0.7, signs=0.3, dark=0.15, faintest=0.6, closest=-0.06),
        turn=8,
        tilt=0.07,
        edge=0.6,
        lighting=Lighting(gradient=0.45, vignette=0.45, shadow=0.8, deepest=0.55),
        optics=Optics(blur=0.07, noise=11, quality=(30, 75)),
    ),
}


@dataclass(frozen=True)
class WrittenLine:
    """A line of digits, and its corners in the picture, `float32 (4, 2)`, x and y, clockwise from the upper left."""

    text: str
    corners: NDArray[np.float32]


@dataclass(frozen=True)
class Photograph:
    """A picture, `uint8 (H, W, 3)`, blue, green, red, and the lines of digits on it from top to bottom."""

    picture: NDArray[np.uint8]
    lines: tuple[WrittenLine, ...]

    @property
    def text(self) -> str:
        """The digits, lines parted by newlines."""
        return "\n".join(line.text for line in self.lines)


def photograph(
    writer: Writer,
    rng: np.random.Generator,
    *,
    difficulty: str = "medium",
    size: tuple[int, int] | None = None,
    numbers: Sequence[str] | None = None,
) -> Photograph:
    """A photograph of numbers that `writer` wrote on a sheet.

    `size` is width and height in pixels, by default one of `SIZES`; `numbers` are the lines, by default random ones. Of
    a number that does not fit on the sheet the rest is missing, in the text too. The same state of the generator gives
    the same picture. Raises `UsageError` for an unknown difficulty.
    """
    if difficulty not in DIFFICULTIES:
        raise unknown("difficulty", difficulty, DIFFICULTIES)
    how = DIFFICULTIES[difficulty]
    size = size or SIZES[rng.integers(len(SIZES))]
    sheet = write_sheet(writer, rng, size, how.contents, numbers)
    view = _view(sheet, size, how, rng)
    scene = _scene(sheet, view, size, rng)
    lines = tuple(WrittenLine(text, _corners(box, view)) for text, box in sheet.lines)
    light_up(scene, rng, how.lighting)
    return Photograph(develop(scene, rng, how.optics, tall=sheet.digit_height), lines)


def _corners(box: tuple[int, int, int, int], view: NDArray[np.float64]) -> NDArray[np.float32]:
    left, top, right, bottom = box
    points = np.array([[(left, top), (right, top), (right, bottom), (left, bottom)]], np.float32)
    return np.asarray(cv2.perspectiveTransform(points, view)[0], np.float32)


def _view(sheet: Sheet, size: tuple[int, int], how: Difficulty, rng: np.random.Generator) -> NDArray[np.float64]:
    """How the camera sees the sheet, as a 3×3 matrix from its points to the picture's; all writing is within."""
    width, height = size
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    middle = np.array([width / 2, height / 2], np.float32)
    angle = np.radians(rng.uniform(-how.turn, how.turn))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    zoom = float(rng.uniform(0.8, 0.93)) if rng.random() < how.edge else float(rng.uniform(1.15, 1.25)) + how.tilt
    shift = rng.uniform(-0.03, 0.03, 2) * size
    quad = (flat - middle) @ turn * zoom + rng.uniform(-how.tilt, how.tilt, (4, 2)) * size + shift
    for _ in range(12):
        view = np.asarray(cv2.getPerspectiveTransform(flat, (quad + middle).astype(np.float32)), np.float64)
        corners = [_corners(box, view) for _, box in sheet.lines]
        if all(((each > 0.02 * max(size)) & (each < np.array(size) - 0.02 * max(size))).all() for each in corners):
            break
        quad = quad * 0.93
    return view


def _scene(sheet: Sheet, view: NDArray[np.float64], size: tuple[int, int], rng: np.random.Generator) -> Colours:
    """The sheet on its desk as the camera sees it."""
    seen = cv2.warpPerspective(np.ones(sheet.colours.shape[:2], np.float32), view, size, flags=cv2.INTER_LINEAR)
    scene = cv2.warpPerspective(sheet.colours, view, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    if float(seen.min()) < 1:
        desk = paint_desk(size, rng)
        away = np.array([[1, 0, 0.004 * size[0]], [0, 1, 0.006 * size[0]]], np.float32)  # the sheet's own shadow
        dark = cv2.warpAffine(seen, away, size, borderMode=cv2.BORDER_REPLICATE)
        dark = cv2.GaussianBlur(dark, (0, 0), 0.006 * max(size))
        desk *= (1 - 0.5 * dark)[:, :, None]
        scene += (1 - seen)[:, :, None] * (desk - scene)
    return np.asarray(scene, np.float32)
