"""Synthetic photographs of handwritten numbers, with their labels, in three difficulties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.errors import unknown
from sutja.synth.background import paint_desk
from sutja.synth.camera import Lighting, Optics, apply_light, develop
from sutja.synth.lines import LineRenderer
from sutja.synth.sheet import Colours, Contents, Sheet, write_sheet

PICTURE_SIZES = ((600, 400), (800, 600), (900, 1200), (1280, 960), (1600, 1200), (1200, 1600))  # width, height


@dataclass(frozen=True)
class Difficulty:
    """Limits of a photograph: the contents of its sheet, the view of the camera, the light and the optics.

    `max_tilt` bounds how far the corners of the sheet move, in picture sizes; `edge_probability` is the probability
    that the sheet's edge and the desk around it are visible.
    """

    contents: Contents
    max_turn_degrees: float
    max_tilt: float
    edge_probability: float
    lighting: Lighting
    optics: Optics


DIFFICULTIES = {
    "easy": Difficulty(
        Contents(
            max_lines=3,
            max_digits=8,
            rules_probability=0.15,
            signs_probability=0.0,
            board_probability=0.05,
            min_ink=0.85,
            min_gap=0.12,
        ),
        max_turn_degrees=1.5,
        max_tilt=0.01,
        edge_probability=0.15,
        lighting=Lighting(gradient=0.15, vignette=0.15, shadow_probability=0.1, shadow_depth=0.15),
        optics=Optics(blur=0.025, noise=3, jpeg_quality=(80, 95)),
    ),
    "medium": Difficulty(
        Contents(
            max_lines=5,
            max_digits=10,
            rules_probability=0.5,
            signs_probability=0.15,
            board_probability=0.12,
            min_ink=0.75,
            min_gap=0.03,
        ),
        max_turn_degrees=4,
        max_tilt=0.035,
        edge_probability=0.4,
        lighting=Lighting(gradient=0.3, vignette=0.3, shadow_probability=0.5, shadow_depth=0.35),
        optics=Optics(blur=0.045, noise=6, jpeg_quality=(55, 90)),
    ),
    "hard": Difficulty(
        Contents(
            max_lines=7,
            max_digits=10,
            rules_probability=0.7,
            signs_probability=0.3,
            board_probability=0.15,
            min_ink=0.6,
            min_gap=-0.06,
        ),
        max_turn_degrees=8,
        max_tilt=0.07,
        edge_probability=0.6,
        lighting=Lighting(gradient=0.45, vignette=0.45, shadow_probability=0.8, shadow_depth=0.55),
        optics=Optics(blur=0.07, noise=11, jpeg_quality=(30, 75)),
    ),
}


@dataclass(frozen=True)
class PhotographedLine:
    """A line of digits and its corners in the picture, `float32 (4, 2)`, x and y, clockwise from the top left."""

    text: str
    corners: NDArray[np.float32]


@dataclass(frozen=True)
class Photograph:
    """A picture `uint8 (H, W, 3)`, blue, green, red, and the lines of digits on it, from top to bottom."""

    picture: NDArray[np.uint8]
    lines: tuple[PhotographedLine, ...]

    @property
    def text(self) -> str:
        """The digits, with a newline between lines."""
        return "\n".join(line.text for line in self.lines)


def take_photograph(
    renderer: LineRenderer,
    rng: np.random.Generator,
    *,
    difficulty: str = "medium",
    size: tuple[int, int] | None = None,
    numbers: Sequence[str] | None = None,
) -> Photograph:
    """Photograph a sheet on which `renderer` writes numbers.

    `size` is width and height in pixels, by default one of `PICTURE_SIZES`; `numbers` are the lines, by default random.
    A number that does not fit on the sheet is cut off, in the text too. The same state of the generator gives the same
    picture. Raises `UsageError` for an unknown difficulty.
    """
    if difficulty not in DIFFICULTIES:
        raise unknown("difficulty", difficulty, DIFFICULTIES)
    limits = DIFFICULTIES[difficulty]
    size = size or PICTURE_SIZES[rng.integers(len(PICTURE_SIZES))]
    sheet = write_sheet(renderer, rng, size, limits.contents, numbers)
    view = _view(sheet, size, limits, rng)
    scene = _scene(sheet, view, size, rng)
    lines = tuple(PhotographedLine(text, _corners(box, view)) for text, box in sheet.lines)
    apply_light(scene, rng, limits.lighting)
    return Photograph(develop(scene, rng, limits.optics, digit_height=sheet.digit_height), lines)


def _corners(box: tuple[int, int, int, int], view: NDArray[np.float64]) -> NDArray[np.float32]:
    left, top, right, bottom = box
    points = np.array([[(left, top), (right, top), (right, bottom), (left, bottom)]], np.float32)
    return np.asarray(cv2.perspectiveTransform(points, view)[0], np.float32)


def _view(sheet: Sheet, size: tuple[int, int], limits: Difficulty, rng: np.random.Generator) -> NDArray[np.float64]:
    """A 3×3 perspective matrix from the sheet to the picture that keeps all writing inside the picture."""
    width, height = size
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    middle = np.array([width / 2, height / 2], np.float32)
    angle = np.radians(rng.uniform(-limits.max_turn_degrees, limits.max_turn_degrees))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    zoom = (
        float(rng.uniform(0.8, 0.93))
        if rng.random() < limits.edge_probability
        else float(rng.uniform(1.15, 1.25)) + limits.max_tilt
    )
    shift = rng.uniform(-0.03, 0.03, 2) * size
    quad = (flat - middle) @ turn * zoom + rng.uniform(-limits.max_tilt, limits.max_tilt, (4, 2)) * size + shift
    for _ in range(12):
        view = np.asarray(cv2.getPerspectiveTransform(flat, (quad + middle).astype(np.float32)), np.float64)
        corners = [_corners(box, view) for _, box in sheet.lines]
        if all(((each > 0.02 * max(size)) & (each < np.array(size) - 0.02 * max(size))).all() for each in corners):
            break
        quad = quad * 0.93
    return view


def _scene(sheet: Sheet, view: NDArray[np.float64], size: tuple[int, int], rng: np.random.Generator) -> Colours:
    """Project the sheet on its desk into the picture."""
    seen = cv2.warpPerspective(np.ones(sheet.colours.shape[:2], np.float32), view, size, flags=cv2.INTER_LINEAR)
    scene = cv2.warpPerspective(sheet.colours, view, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    if float(seen.min()) < 1:
        desk = paint_desk(size, rng)
        away = np.array([[1, 0, 0.004 * size[0]], [0, 1, 0.006 * size[0]]], np.float32)  # the shadow of the sheet
        dark = cv2.warpAffine(seen, away, size, borderMode=cv2.BORDER_REPLICATE)
        dark = cv2.GaussianBlur(dark, (0, 0), 0.006 * max(size))
        desk *= (1 - 0.5 * dark)[:, :, None]
        scene += (1 - seen)[:, :, None] * (desk - scene)
    return np.asarray(scene, np.float32)
