"""Photographers: from where a sheet is seen, and what lies under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.background import paint_desk
from sutja.synth.documents.document import Document, WrittenRun, warped_places
from sutja.synth.documents.visibility import HiddenMask, seen_runs
from sutja.synth.documents.writing import Layer, is_visible
from sutja.synth.sheet import Colours

DESK_PROBABILITY = 0.2  # of views in which the sheet ends within the picture
VANISHING_STRENGTHS = ((0.0, 0.4), (0.1, 0.4), (0.3, 0.2))  # of perspective, and how often
CLEAN_SHIFT_SHARES = (0.3, 0.7)  # of what a screen does not show, that lies to the left or above
MAX_VANISHING = 0.5
MAX_PLACE_PIXELS = 10_000  # that OpenCV can draw to


@dataclass
class Scene:
    """A sheet, flat or as a camera sees it: `colours` `float32 (H, W, 3)`, 0…1, and the `runs` on it.

    `ink` and `rules`, `uint8 (H, W)`, are where something is written or printed and where lines are, and `hidden` where
    nothing of it can be seen.
    """

    colours: Colours
    runs: list[WrittenRun]
    ink: Layer
    rules: Layer
    hidden: HiddenMask

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.colours.shape[1], self.colours.shape[0]

    @classmethod
    def flat(cls, colours: Colours, runs: Sequence[WrittenRun], ink: Layer, rules: Layer) -> Scene:
        """A flat sheet of which all can be seen."""
        return cls(colours, list(runs), ink, rules, np.zeros(ink.shape, np.uint8))

    def seen_runs(self) -> list[WrittenRun]:
        """The runs as far as they can be seen."""
        return seen_runs(self.runs, self.hidden)


def random_view(rng: Generator, sheet: tuple[int, int], size: tuple[int, int]) -> tuple[NDArray[np.float64], bool]:
    """A homography from a sheet to a picture of `size` (width, height); and whether the desk may be seen.

    The middle of the sheet comes to the middle of the picture; it is seen at an angle, and sloped by up to 20 degrees.
    """
    tilted = rng.random()
    angle = np.radians(
        rng.normal(0, 1.5) if tilted < 0.6 else rng.normal(0, 6) if tilted < 0.9 else rng.uniform(-22, 22)
    )
    zoom = float(np.exp(rng.normal(0, 0.12)))
    desk = rng.random() < DESK_PROBABILITY
    shift = rng.uniform(-0.5, 0.5, 2) * size if desk else np.zeros(2)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    target = np.array(size) / 2 + shift
    matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    matrix[:2, 2] = target - matrix[:2, :2] @ (np.array(sheet) / 2)
    strengths, weights = np.array(VANISHING_STRENGTHS).T
    vanishing = rng.normal(0, float(rng.choice(strengths, p=weights)), 2)
    lens = np.eye(3)
    lens[2, :2] = np.clip(vanishing, -MAX_VANISHING, MAX_VANISHING) / max(size)
    centre = np.array([[1, 0, -target[0]], [0, 1, -target[1]], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(centre) @ lens @ centre @ matrix), desk


def view(rng: Generator, sheet: Scene, size: tuple[int, int], *, clean: bool) -> Scene:
    """A flat sheet as it lies before the camera in a picture of `size`; a `clean` one is a screen, seen straight on."""
    matrix, desk = random_view(rng, sheet.size, size)
    if clean:
        shift = np.round((np.array(size) - sheet.size) * rng.uniform(*CLEAN_SHIFT_SHARES, 2))
        matrix, desk = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]]), False
    flags = cv2.INTER_NEAREST if clean else cv2.INTER_LINEAR
    border = cv2.BORDER_CONSTANT if desk else cv2.BORDER_REPLICATE
    colours = cv2.warpPerspective(sheet.colours, matrix, size, flags=flags, borderMode=border)
    ink, rules = (
        np.asarray(cv2.warpPerspective(layer, matrix, size, flags=flags), np.uint8)
        for layer in (sheet.ink, sheet.rules)
    )
    runs = [run for run in (run.moved(matrix) for run in sheet.runs) if is_visible(run, size)]
    seen = Scene(np.asarray(colours, np.float32), runs, ink, rules, _beyond(sheet.size, matrix, size))
    if desk:
        _lay_on_desk(seen, rng)
    return seen


def _beyond(sheet: tuple[int, int], matrix: NDArray[np.float64], size: tuple[int, int]) -> HiddenMask:
    """What lies beyond the edges of a sheet of a size (width, height) in a picture: 255 there."""
    mask = np.full(size[::-1], 255, np.uint8)
    corners = np.array([(0, 0), (sheet[0], 0), sheet, (0, sheet[1])], np.float32)
    places = np.clip(warped_places(corners, matrix), -MAX_PLACE_PIXELS, MAX_PLACE_PIXELS)
    cv2.fillConvexPoly(mask, np.round(places * 8).astype(np.int32), 0, cv2.LINE_AA, 3)
    return mask


def _lay_on_desk(seen: Scene, rng: Generator) -> None:
    """Paint a desk where the sheet does not cover it."""
    inside = 1 - seen.hidden.astype(np.float32) / 255
    under = paint_desk(seen.size if rng.random() < 0.5 else seen.size[::-1], rng)
    under = np.ascontiguousarray(under if under.shape == seen.colours.shape else under.transpose(1, 0, 2))
    under *= float(rng.uniform(0.4, 1.1))
    shadow = cv2.GaussianBlur(inside, (0, 0), max(1.0, 0.01 * max(seen.size)))
    under *= 1 - float(rng.uniform(0, 0.5)) * shadow[:, :, None]
    seen.colours = under + inside[:, :, None] * (seen.colours - under)


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
