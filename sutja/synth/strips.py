"""Training strips: numbers cut out of painted documents as the page network finds them, with the signs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.models.ctc import OTHER, STRIP_ROWS
from sutja.randomness import derived_seed
from sutja.reading.strip import STRIP_DIGIT_ROWS, Colour, even_light, strip_matrix, warp_strip
from sutja.synth.documents.document import Document, Places
from sutja.synth.strip_distortions import MARGIN_COLUMNS, distort_strip
from sutja.synth.strip_quads import adjoining_quad, empty_quad, jittered_quad, partial_quad, sheared_quad

SCENE_PIXELS = (448, 448)  # width and height of a painted document
MAX_TRAINING_COLUMNS = 640  # longer strips are not trained on
MAX_PRINTED, MAX_OTHER = 4, 3  # runs of one document that strips are cut of
CUTS = 3  # strips of each run, with other errors and distortions: painting takes longer than cutting
MAX_CUTS = 36  # strips of one document
EMPTY_PROBABILITY = 0.7  # of a strip from a place where no sign is
ADJOINING_PROBABILITY, PARTIAL_PROBABILITY = 0.08, 0.04  # of a quad over two numbers, and over a part of one
MIN_SIZE_RATIO, MAX_SIZE_RATIO = 0.45, 2.2  # of signs that can belong to a number, to the height of its digits
MIN_COSINE = 0.85  # between the directions of a number and of signs on it
OWN_REACH_HEIGHTS = 0.3  # beyond its quad, where signs of a number still count
FOREIGN_BAND_HEIGHTS = 0.45  # from the middle line, where signs of other runs count


@dataclass(frozen=True)
class TrainingStrip:
    """A strip: `pixels`, `float16 (3, 48, W)` as `even_light` makes them, and the `text` on it, signs of `ALPHABET`."""

    pixels: NDArray[np.float16]
    text: str

    def drawn(self) -> Colour:
        """The strip as a picture `uint8 (48, W, 3)`, blue, green, red."""
        levels = 170 + 85 * self.pixels.astype(np.float32).transpose(1, 2, 0)
        return np.asarray(np.clip(levels, 0, 255), np.uint8)


class ScenePainter(Protocol):
    """What paints documents."""

    def paint(self, rng: np.random.Generator, size: tuple[int, int]) -> Document:
        """Paint a document of a width and height in pixels."""


BuildPainter = Callable[[Digits], ScenePainter]


class StripRenderer:
    """Cuts training strips out of the documents of a painter."""

    def __init__(self, painter: ScenePainter) -> None:
        """All strips come from documents of `painter`."""
        self._painter = painter

    def render_strips(self, rng: np.random.Generator, count: int) -> list[TrainingStrip]:
        """Render `count` strips, in random order."""
        strips: list[TrainingStrip] = []
        while len(strips) < count:
            strips += cut_training_strips(self._painter.paint(rng, SCENE_PIXELS), rng)
        return [strips[index] for index in rng.permutation(len(strips))[:count]]


def strip_maker(
    build: BuildPainter, digits: Digits, count: int
) -> Callable[[np.random.Generator], list[TrainingStrip]]:
    """The function that renders chunks of `count` strips, with some digits; for the processes of a `Prefetcher`."""
    renderer = StripRenderer(build(digits))
    return lambda rng: renderer.render_strips(rng, count)


def fixed_strips(painter: ScenePainter, count: int, seed: int) -> list[TrainingStrip]:
    """Render strips that are the same for the same seed."""
    return StripRenderer(painter).render_strips(np.random.default_rng(derived_seed(seed, "measured strips")), count)


def cut_training_strips(document: Document, rng: np.random.Generator) -> Iterator[TrainingStrip]:
    """Cut strips out of a document: of its numbers, of some other runs, and of a place without signs in some."""
    signs = _Signs.of(document)
    runs = [run for _ in range(CUTS) for run in _chosen_runs(document, rng)]
    for run in runs[:MAX_CUTS]:
        own, quad = _target(document, run, rng)
        strip = _training_strip(document, signs, own, quad, rng)
        if strip:
            yield strip
    if rng.random() < EMPTY_PROBABILITY:
        empty = empty_quad(document.picture.shape[:2], signs.places, rng)
        strip = None if empty is None else _training_strip(document, signs, None, empty, rng)
        if strip:
            yield strip


@dataclass(frozen=True)
class _Signs:
    """The signs of a document that lie within its picture: what is written beyond the edges cannot be read.

    They have `places (N, 2)`, characters, and the indices of their `runs`. Of each run, `(R,)`, it says whether it is a
    number, its direction `(R, 2)`, and the height of its digits in pixels.
    """

    places: Places
    text: str
    runs: NDArray[np.intp]
    is_number: NDArray[np.bool_]
    directions: NDArray[np.float32]
    heights: NDArray[np.float32]

    @classmethod
    def of(cls, document: Document) -> _Signs:
        """Those of all runs of a document."""
        runs = document.runs
        places = np.concatenate([np.zeros((0, 2), np.float32), *(run.centres for run in runs)])
        owners = np.repeat(np.arange(len(runs)), [len(run.text) for run in runs])
        text = np.array(list("".join(run.text for run in runs)), dtype="<U1")
        height, width = document.picture.shape[:2]
        inside = ((places > 0) & (places < (width - 1, height - 1))).all(axis=1)
        directions = [run.quad[1] + run.quad[2] - run.quad[0] - run.quad[3] for run in runs]
        axes = np.array(directions, np.float32).reshape(-1, 2)
        return cls(
            places[inside],
            "".join(text[inside]),
            owners[inside],
            np.array([run.is_number for run in runs], np.bool_),
            axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-6),
            np.array([run.height for run in runs], np.float32),
        )


def strip_text(signs: _Signs, own: int | None, matrix: NDArray[np.float64], columns: int) -> str:
    """The signs that count on the strip that `matrix` maps to the document, from left to right.

    Of the run `own`, all signs on the strip count; of other runs, those between the ends of the quad and near its
    middle line. Signs of words and signs of another size or direction are `OTHER`, one for several in a row. A space
    separates two numbers.
    """
    inverse = cv2.invertAffineTransform(matrix)
    x, y = inverse[:, :2] @ signs.places.T + inverse[:, 2:]
    beside = np.maximum(MARGIN_COLUMNS - x, x - (columns - 1 - MARGIN_COLUMNS)) / STRIP_DIGIT_ROWS
    off = np.abs(y - (STRIP_ROWS - 1) / 2) / STRIP_DIGIT_ROWS
    counts = (beside < 0) & (off < FOREIGN_BAND_HEIGHTS)
    if own is not None:
        counts |= (signs.runs == own) & (beside < OWN_REACH_HEIGHTS) & (off < 1)
    fitting = signs.is_number & _fits(signs, matrix)
    parts = [(float(x[counts & (signs.runs == run)].mean()), int(run)) for run in set(signs.runs[counts].tolist())]
    text, after_number = "", False
    for _, run in sorted(parts):
        written = "".join(signs.text[index] for index in np.flatnonzero(counts & (signs.runs == run))).strip()
        if not fitting[run]:
            written = OTHER
        text += (" " if after_number and fitting[run] else "") + written
        after_number = bool(fitting[run])
    return _with_single_others(text)


def _fits(signs: _Signs, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which runs have about the size and direction of the number on a strip, `(R,)`."""
    along, down = matrix[:, 0], matrix[:, 1]
    ratios = signs.heights / (STRIP_DIGIT_ROWS * float(np.hypot(*down)))
    cosines = signs.directions @ (along / np.hypot(*along))
    return np.asarray((ratios > MIN_SIZE_RATIO) & (ratios < MAX_SIZE_RATIO) & (cosines > MIN_COSINE))


def _with_single_others(text: str) -> str:
    while OTHER + OTHER in text:
        text = text.replace(OTHER + OTHER, OTHER)
    return text


def _chosen_runs(document: Document, rng: np.random.Generator) -> list[int]:
    """The indices of the runs that strips are cut of."""
    kinds: tuple[list[int], list[int], list[int]] = ([], [], [])
    for index, run in enumerate(document.runs):
        kinds[0 if run.is_number and run.handwritten else 1 if run.is_number else 2].append(index)
    limits = zip(kinds, (len(kinds[0]), MAX_PRINTED, MAX_OTHER), strict=True)
    chosen = [kind[place] for kind, limit in limits for place in rng.permutation(len(kind))[:limit]]
    return [chosen[place] for place in rng.permutation(len(chosen))]


def _target(document: Document, index: int, rng: np.random.Generator) -> tuple[int | None, Places]:
    """The quad of a strip for a run, with the page network's errors; and the run, unless only a part of it is meant."""
    run = document.runs[index]
    chance = rng.random()
    if run.is_number and chance < ADJOINING_PROBABILITY:
        both = adjoining_quad(run, document.numbers)
        return index, jittered_quad(run.quad if both is None else both, rng)
    if run.is_number and chance < ADJOINING_PROBABILITY + PARTIAL_PROBABILITY and len(run.text) > 2:
        return None, partial_quad(run, rng)
    return index, jittered_quad(run.quad, rng)


def _training_strip(
    document: Document, signs: _Signs, own: int | None, quad: Places, rng: np.random.Generator
) -> TrainingStrip | None:
    """Cut and distort one strip; `None` where it would be too long."""
    matrix, columns = strip_matrix(sheared_quad(quad, rng))
    if columns > MAX_TRAINING_COLUMNS:
        return None
    text = strip_text(signs, own, matrix, columns)
    pixels = even_light(distort_strip(warp_strip(document.picture, matrix, columns), rng))
    return TrainingStrip(pixels.astype(np.float16), text)
