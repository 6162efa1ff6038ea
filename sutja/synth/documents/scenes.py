"""Scenes: documents of the size that the page network trains on, and what of their numbers is to be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from sutja.data.digits import Digits
from sutja.randomness import derived_seed
from sutja.reading.page_metrics import TrueNumbers
from sutja.reading.quad import Quad, part_of_quad, quad_area, shared_area
from sutja.synth.documents.document import Document, Places, WrittenRun, upright_quad
from sutja.synth.documents.mosaics import paint_mosaic

SCENE_SIDE = 448  # pixels
VIEWS_PER_SHEET = 2
MOSAIC_SHARE = 0.375  # of the scenes of a chunk: parts of its other scenes, so they cost hardly anything to paint
MIN_DIGIT_PIXELS, MAX_DIGIT_PIXELS = 7.0, 330.0  # heights of digits; others need not be found, and may
MIN_VISIBLE_HEIGHTS = 0.4  # a number cut by the edge of the picture counts with this length of it, in digit heights,
MIN_VISIBLE_SHARE = 0.75  # and with this share of the height


class Painter(Protocol):
    """What paints documents."""

    def paint(self, rng: np.random.Generator, size: tuple[int, int]) -> Document:
        """Paint a document of this width and height in pixels."""

    def paint_views(
        self,
        rng: np.random.Generator,
        size: tuple[int, int],
        count: int,
        *,
        layout: str | None = None,
        digit_height: float = 0.0,
    ) -> list[Document]:
        """Paint a document, by default of any layout and any size of writing, and photograph it `count` times."""


BuildPainter = Callable[[Digits], Painter]


def paint_scene(painter: Painter, rng: np.random.Generator) -> Document:
    """Paint a document of the size to train on."""
    return painter.paint(rng, (SCENE_SIDE, SCENE_SIDE))


def paint_scenes(painter: Painter, rng: np.random.Generator, count: int) -> list[Document]:
    """Paint scenes to train on. Painting takes longer than photographing, so a sheet is seen in two of them."""
    scenes: list[Document] = []
    while len(scenes) < count:
        scenes += painter.paint_views(rng, (SCENE_SIDE, SCENE_SIDE), min(VIEWS_PER_SHEET, count - len(scenes)))
    return scenes


def paint_training_scenes(painter: Painter, rng: np.random.Generator, count: int) -> list[Document]:
    """Paint scenes, and put mosaics of their parts beside them, in random order."""
    mosaics = int(MOSAIC_SHARE * count)
    painted = paint_scenes(painter, rng, count - mosaics)
    scenes = painted + [paint_mosaic(painted, rng, (SCENE_SIDE, SCENE_SIDE)) for _ in range(mosaics)]
    return [scenes[index] for index in rng.permutation(count)]


def fixed_scenes(painter: Painter, count: int, seed: int) -> list[Document]:
    """Paint scenes that are the same for the same seed."""
    rng = np.random.default_rng(derived_seed(seed, "measured scenes"))
    return [paint_scene(painter, rng) for _ in range(count)]


def visible_numbers(document: Document) -> TrueNumbers:
    """The numbers that are to be found on a document, each as far as the picture shows it.

    Ignored are those with digits too small, those that are not legible, and those that the edge of the picture cuts off
    mostly. Digits that are too large count as paper: parts of their strokes are no numbers.
    """
    frame = frame_of(document)
    found: list[tuple[Quad, bool]] = []
    ignored: list[Quad] = []
    for run in document.numbers:
        seen = visible_part(run, frame)
        if run.height > MAX_DIGIT_PIXELS:
            continue
        if seen is not None and run.legible and run.height >= MIN_DIGIT_PIXELS:
            found.append((seen, run.handwritten))
        elif shared_area(run.quad, frame) > 0:
            ignored.append(run.quad)
    return TrueNumbers([quad for quad, _ in found], [handwritten for _, handwritten in found], ignored)


def frame_of(document: Document) -> Quad:
    """The corners of a document's picture."""
    height, width = document.picture.shape[:2]
    return upright_quad(0, 0, width, height)


def visible_part(run: WrittenRun, frame: Quad) -> Quad | None:
    """The quad of a run, cut where its middle line leaves the `frame` of the picture; `None` if too little is left."""
    left, right = (run.quad[0] + run.quad[3]) / 2, (run.quad[1] + run.quad[2]) / 2
    start, stop = _share_within(left, right, frame[2])
    seen = part_of_quad(run.quad, start, stop) if (start, stop) != (0, 1) else run.quad
    length = float(np.hypot(*(right - left)))
    if (stop - start) * length < min(MIN_VISIBLE_HEIGHTS * run.height, MIN_VISIBLE_SHARE * length):
        return None
    return seen if shared_area(seen, frame) >= MIN_VISIBLE_SHARE * quad_area(seen) else None


def _share_within(first: Places, last: Places, size: Places) -> tuple[float, float]:
    """The shares between which a segment lies within (0, 0)…`size`; (0, 0) where it does not (Liang and Barsky)."""
    start, stop = 0.0, 1.0
    for begin, step, limit in zip(first.tolist(), (last - first).tolist(), size.tolist(), strict=True):
        if abs(step) < 1e-6:
            if not 0 <= begin <= limit:
                return 0.0, 0.0
            continue
        low, high = sorted((-begin / step, (limit - begin) / step))
        start, stop = max(start, low), min(stop, high)
    return (start, stop) if start < stop else (0.0, 0.0)
