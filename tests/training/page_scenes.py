"""Small scenes with numbers printed by OpenCV, for tests of what learns and finds numbers."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.data.digits import Digits
from sutja.reading.quad import Axes, Quad
from sutja.synth.documents.document import Document, WrittenRun, warped_places

FONTS = {True: cv2.FONT_HERSHEY_SCRIPT_COMPLEX, False: cv2.FONT_HERSHEY_SIMPLEX}
MAX_SLOPE_DEGREES = 10


def written(quad: Quad, text: str = "12", *, handwritten: bool = True, is_number: bool = True) -> WrittenRun:
    """A run with that quad."""
    centres = np.repeat(quad.mean(axis=0)[None], len(text), axis=0)
    return WrittenRun(text, quad, centres, handwritten, is_number)


def sloped_quad(x: float, y: float, length: float, height: float, *, degrees: float = 0) -> Quad:
    """The quad with its middle at (x, y); its reading direction is turned clockwise."""
    angle = np.deg2rad(degrees)
    return Axes(np.array((x, y), float), np.array((np.cos(angle), np.sin(angle))), length, height).quad


class ScenePainter:
    """Paints a few numbers and words on paper of one colour."""

    def __init__(self, most: int = 6) -> None:
        self.most = most

    def paint(self, rng: np.random.Generator, size: tuple[int, int]) -> Document:
        picture = np.empty((size[1], size[0], 3), np.uint8)
        picture[:] = rng.integers(160, 255, 3)
        runs: list[WrittenRun] = []
        for _ in range(self.most):
            run = self._write(rng, picture, runs)
            runs += [run] if run else []
        return Document(picture, tuple(runs))

    def paint_views(
        self,
        rng: np.random.Generator,
        size: tuple[int, int],
        count: int,
        *,
        layout: str | None = None,
        digit_height: float = 0.0,
    ) -> list[Document]:
        return [self.paint(rng, size) for _ in range(count)]

    def _write(self, rng: np.random.Generator, picture: np.ndarray, runs: list[WrittenRun]) -> WrittenRun | None:
        handwritten, is_number = bool(rng.random() < 0.5), bool(rng.random() < 0.8)
        height = float(np.exp(rng.uniform(np.log(12), np.log(40))))
        text = "".join(rng.choice(list("0123456789" if is_number else "abcdefgh"), rng.integers(1, 4)))
        font, scale, thickness = FONTS[handwritten], height / 21, max(1, round(height / 12))
        (length, _), _ = cv2.getTextSize(text, font, scale, thickness)
        slope, sides = np.deg2rad(rng.uniform(-1, 1) * MAX_SLOPE_DEGREES), picture.shape[1::-1]
        x, y = rng.uniform(0, max(1, sides[0] - length)), rng.uniform(height, sides[1])
        matrix = np.array([[np.cos(slope), -np.sin(slope), x], [np.sin(slope), np.cos(slope), y], [0, 0, 1]])
        quad = warped_places(np.array([(0, -height), (length, -height), (length, 0), (0, 0)], np.float32), matrix)
        if any(_near(quad, other.quad, height / 4) for other in runs):
            return None
        margin = int(height)
        tile = np.zeros((4 * margin, length + 2 * margin), np.uint8)
        cv2.putText(tile, text, (margin, 3 * margin), font, scale, 255, thickness, cv2.LINE_AA)
        ink = cv2.warpPerspective(tile, matrix @ np.array([[1.0, 0, -margin], [0, 1, -3 * margin], [0, 0, 1]]), sides)
        picture[:] = picture - picture * (ink[..., None] / 300)
        return written(quad, text, handwritten=handwritten, is_number=is_number)


def _near(first: Quad, second: Quad, margin: float) -> bool:
    low, high = first.min(axis=0) - margin, first.max(axis=0) + margin
    return bool((low < second.max(axis=0)).all() and (second.min(axis=0) < high).all())


class SmallScenes(ScenePainter):
    """Paints scenes of 64×64, whatever is asked for."""

    def paint(self, rng: np.random.Generator, size: tuple[int, int]) -> Document:
        return super().paint(rng, (64, 64))


def small_scenes(_: Digits) -> SmallScenes:
    """A painter whose scenes show none of the digits."""
    return SmallScenes(3)
