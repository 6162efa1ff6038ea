"""Training strips: numbers cut out of painted documents as the page network finds them, with the signs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.randomness import derived_seed
from sutja.reading.picture import Colour
from sutja.reading.strip import even_light, strip_matrix, warp_strip
from sutja.synth.documents.document import Document, Places
from sutja.synth.documents.scenes import BuildPainter, Painter, paint_scene
from sutja.synth.strip_distortions import distort_strip
from sutja.synth.strip_quads import adjoining_quad, empty_quad, jittered_quad, partial_quad, sheared_quad
from sutja.synth.strip_truth import PlacedSigns

MAX_TRAINING_COLUMNS = 640  # longer strips are not trained on
MIN_STRIP_DIGIT_PIXELS = 11.0  # height of digits in a document; smaller ones cannot be read
MAX_PRINTED, MAX_OTHER = 4, 3  # runs of one document that strips are cut of
CUTS = 2  # strips of each run, with other errors and distortions: painting takes longer than cutting
MAX_CUTS = 24  # strips of one document
EMPTY_STRIP_PROBABILITY = 0.7  # of a strip from a place where no sign is
ADJOINING_PROBABILITY, PARTIAL_PROBABILITY = 0.08, 0.04  # of a quad over two numbers, and over a part of one


@dataclass(frozen=True)
class TrainingStrip:
    """A strip: `pixels`, `float16 (3, 48, W)` as `even_light` makes them, and the `text` on it, signs of `ALPHABET`."""

    pixels: NDArray[np.float16]
    text: str

    def drawn(self) -> Colour:
        """The strip as a picture `uint8 (48, W, 3)`, blue, green, red."""
        levels = 170 + 85 * self.pixels.astype(np.float32).transpose(1, 2, 0)
        return np.asarray(np.clip(levels, 0, 255), np.uint8)


class StripRenderer:
    """Cuts training strips out of the documents of a painter."""

    def __init__(self, painter: Painter) -> None:
        """All strips come from documents of `painter`."""
        self._painter = painter

    def render_strips(self, rng: np.random.Generator, count: int) -> list[TrainingStrip]:
        """Render `count` strips, in random order."""
        strips: list[TrainingStrip] = []
        while len(strips) < count:
            strips += cut_training_strips(paint_scene(self._painter, rng), rng)
        return [strips[index] for index in rng.permutation(len(strips))[:count]]


def strip_maker(
    build: BuildPainter, digits: Digits, count: int
) -> Callable[[np.random.Generator], list[TrainingStrip]]:
    """The function that renders chunks of `count` strips, with some digits; for the processes of a `Prefetcher`."""
    renderer = StripRenderer(build(digits))
    return lambda rng: renderer.render_strips(rng, count)


def fixed_strips(painter: Painter, count: int, seed: int) -> list[TrainingStrip]:
    """Render strips that are the same for the same seed."""
    return StripRenderer(painter).render_strips(np.random.default_rng(derived_seed(seed, "measured strips")), count)


def cut_training_strips(document: Document, rng: np.random.Generator) -> Iterator[TrainingStrip]:
    """Cut strips out of a document: of its numbers, of some other runs, and of a place without signs in some."""
    signs = PlacedSigns.of(document)
    runs = [run for _ in range(CUTS) for run in _chosen_runs(document, rng)]
    for run in runs[:MAX_CUTS]:
        own, quad = _target(document, run, rng)
        strip = _training_strip(document, signs, own, quad, rng)
        if strip:
            yield strip
    if rng.random() < EMPTY_STRIP_PROBABILITY:
        empty = empty_quad(document.picture.shape[:2], signs.places, rng)
        strip = None if empty is None else _training_strip(document, signs, None, empty, rng)
        if strip:
            yield strip


def _chosen_runs(document: Document, rng: np.random.Generator) -> list[int]:
    """The indices of the runs that strips are cut of."""
    kinds: tuple[list[int], list[int], list[int]] = ([], [], [])
    for index, run in enumerate(document.runs):
        if run.height < MIN_STRIP_DIGIT_PIXELS:
            continue
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
    document: Document, signs: PlacedSigns, own: int | None, quad: Places, rng: np.random.Generator
) -> TrainingStrip | None:
    """Cut and distort one strip; `None` where it would be too long."""
    matrix, columns = strip_matrix(sheared_quad(quad, rng))
    if columns > MAX_TRAINING_COLUMNS:
        return None
    text = signs.text_on(matrix, columns, own=own)
    pixels = even_light(distort_strip(warp_strip(document.picture, matrix, columns), rng))
    return TrainingStrip(pixels.astype(np.float16), text)
