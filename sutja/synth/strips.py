"""Training strips: numbers cut out of painted documents as the page network finds them, with the signs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.randomness import derived_seed
from sutja.reading.picture import Colour
from sutja.reading.quad import Axes, Quad
from sutja.reading.single_digit import prepare_single_digit
from sutja.reading.strip import even_light, strip_matrix, warp_strip
from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.scenes import (
    SCENE_SIDE,
    VIEWS_PER_SHEET,
    BuildPainter,
    Painter,
    frame_of,
    paint_scenes,
    visible_part,
)
from sutja.synth.strip_distortions import distort_strip
from sutja.synth.strip_quads import adjoining_quad, empty_quad, jittered_quad, partial_quad, sheared_quad
from sutja.synth.strip_truth import PlacedSigns

MAX_TRAINING_COLUMNS = 640  # longer strips are not trained on
MAX_PRINTED, MAX_OTHER = 4, 3  # runs of one document that strips are cut of
MAX_CUTS = 3  # strips of one run, with other errors and distortions: painting takes longer than cutting
STRIPS_PER_SCENE = 16  # so that full pages, with small digits, do not outweigh single numbers
MIN_STRIP_DIGIT_PIXELS = 11.0  # height of digits in a document; smaller ones cannot be read,
MIN_DISTORTED_DIGIT_PIXELS = 15.0  # and smaller than this, not where they are distorted further
EMPTY_STRIP_PROBABILITY = 0.7  # of a strip from a place where no sign is
DENSE_SHEET_SHARE = 0.3  # of sheets on which many people wrote: other documents show few ways of writing a digit
ALPHABET_SHEET_SHARE = 0.12  # of sheets with single letters and digits,
STRIPS_PER_ALPHABET = 40  # of them, so that they do not outweigh numbers
SINGLE_PROBABILITY = 0.7  # each of which is mostly cut out as the reader cuts a picture of one digit,
SINGLE_MARGINS = (0.15, 0.5)  # with so much around it, in digit heights
SINGLE_DIGIT_PIXELS = 40  # height of its digit in the picture
DENSE_DIGIT_PIXELS = (17.0, 44.0)
DENSE_STRIPS_PER_SCENE, DENSE_VIEWS = 40, 3
ADJOINING_PROBABILITY, PARTIAL_PROBABILITY = 0.08, 0.04  # of a quad over two numbers, and over a part of one

Target = tuple[int | None, Quad]  # the index of the run that is wholly read, and the quad of a strip


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
            strips += self._strips_of_a_sheet(rng)
        return [strips[index] for index in rng.permutation(len(strips))[:count]]

    def _strips_of_a_sheet(self, rng: np.random.Generator) -> list[TrainingStrip]:
        """Strips of all views of one sheet: of a document, of numbers that many people wrote, or of single signs."""
        kind = rng.random()
        if kind < ALPHABET_SHEET_SHARE:
            scenes = self._dense_views(rng, "alphabet", 1)
            strips = [strip for scene in scenes for strip in cut_single_signs(scene, rng)]
            return [strips[index] for index in rng.permutation(len(strips))[:STRIPS_PER_ALPHABET]]
        if kind < ALPHABET_SHEET_SHARE + DENSE_SHEET_SHARE:
            scenes, limit = self._dense_views(rng, "many hands", DENSE_VIEWS), DENSE_STRIPS_PER_SCENE
        else:
            scenes, limit = paint_scenes(self._painter, rng, VIEWS_PER_SHEET), STRIPS_PER_SCENE
        return [strip for scene in scenes for strip in cut_training_strips(scene, rng, limit=limit)]

    def _dense_views(self, rng: np.random.Generator, layout: str, count: int) -> list[Document]:
        """Views of a sheet with much writing."""
        height = float(np.exp(rng.uniform(*np.log(DENSE_DIGIT_PIXELS))))
        return self._painter.paint_views(rng, (SCENE_SIDE, SCENE_SIDE), count, layout=layout, digit_height=height)


def strip_maker(
    build: BuildPainter, digits: Digits, count: int
) -> Callable[[np.random.Generator], list[TrainingStrip]]:
    """The function that renders chunks of `count` strips, with some digits; for the processes of a `Prefetcher`."""
    renderer = StripRenderer(build(digits))
    return lambda rng: renderer.render_strips(rng, count)


def fixed_strips(painter: Painter, count: int, seed: int) -> list[TrainingStrip]:
    """Render strips that are the same for the same seed."""
    return StripRenderer(painter).render_strips(np.random.default_rng(derived_seed(seed, "measured strips")), count)


def cut_training_strips(
    document: Document, rng: np.random.Generator, *, limit: int = STRIPS_PER_SCENE
) -> Iterator[TrainingStrip]:
    """Cut `limit` strips of numbers and some other runs out of a document, and of a place without signs in some."""
    signs = PlacedSigns.of(document)
    targets = _targets(document, rng, limit)
    if rng.random() < EMPTY_STRIP_PROBABILITY:
        empty = empty_quad(document.picture.shape[:2], signs.places, rng)
        targets += [] if empty is None else [(None, empty)]
    for own, quad in targets:
        matrix, columns = strip_matrix(sheared_quad(quad, rng))
        if columns <= MAX_TRAINING_COLUMNS:
            strip = warp_strip(document.picture, matrix, columns)
            if Axes.of(quad).height >= MIN_DISTORTED_DIGIT_PIXELS:
                strip = distort_strip(strip, rng)
            pixels = even_light(strip).astype(np.float16)
            yield TrainingStrip(pixels, signs.text_on(matrix, columns, own=own))


def cut_single_signs(document: Document, rng: np.random.Generator) -> Iterator[TrainingStrip]:
    """Cut the runs of a single sign out of a document: most of them as `Reader.classify` does, others as usual."""
    usual = []
    for run in document.runs:
        seen = visible_part(run, frame_of(document)) is not None
        if len(run.text) != 1 or not seen or not _is_clear(run):
            continue
        if rng.random() < SINGLE_PROBABILITY:
            pixels = prepare_single_digit(_cut_upright(document.picture, run.quad, rng)).strip
            yield TrainingStrip(pixels.astype(np.float16), run.text)
        else:
            usual.append(run)
    yield from cut_training_strips(replace(document, runs=tuple(usual)), rng)


def _cut_upright(picture: Colour, quad: Quad, rng: np.random.Generator) -> Colour:
    """The part of a picture around one sign, upright."""
    axes = Axes.of(quad)
    zoom = SINGLE_DIGIT_PIXELS / axes.height
    left, right, top, bottom = rng.uniform(*SINGLE_MARGINS, 4) * SINGLE_DIGIT_PIXELS
    width, height = left + zoom * axes.length + right, top + SINGLE_DIGIT_PIXELS + bottom
    matrix = np.column_stack([zoom * np.array([axes.direction, axes.normal]), np.zeros(2)])
    matrix[:, 2] = (left, top) - matrix[:, :2] @ axes.quad[0]
    size = (round(width), round(height))
    cut = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def _targets(document: Document, rng: np.random.Generator, limit: int) -> list[Target]:
    """What strips are cut of: runs that can be seen, several times where they are few."""
    frame = frame_of(document)
    clear = {index: run for index, run in enumerate(document.runs) if _is_clear(run)}
    seen = {index: quad for index, run in clear.items() if (quad := visible_part(run, frame)) is not None}
    kinds: tuple[list[int], list[int], list[int]] = ([], [], [])
    for index in seen:
        run = document.runs[index]
        kinds[0 if run.is_number and run.handwritten else 1 if run.is_number else 2].append(index)
    limits = zip(kinds, (len(kinds[0]), MAX_PRINTED, MAX_OTHER), strict=True)
    chosen = [kind[place] for kind, limit in limits for place in rng.permutation(len(kind))[:limit]]
    cuts = [chosen[place] for _ in range(MAX_CUTS) for place in rng.permutation(len(chosen))][:limit]
    return [_target(document, index, seen[index], rng) for index in cuts]


def _is_clear(run: WrittenRun) -> bool:
    """Whether all that is known of a run can be told from its strip: a half hidden number may be read, or not."""
    return run.legible and run.height >= MIN_STRIP_DIGIT_PIXELS


def _target(document: Document, index: int, quad: Quad, rng: np.random.Generator) -> Target:
    """A run with the errors of a page network, or with its neighbour, or in part: then no run is the strip's own."""
    run, chance = document.runs[index], rng.random()
    if run.is_number and chance < ADJOINING_PROBABILITY:
        both = adjoining_quad(run, list(filter(_is_clear, document.numbers)))
        quad = quad if both is None else both
    elif run.is_number and chance < ADJOINING_PROBABILITY + PARTIAL_PROBABILITY and len(run.text) > 2:
        return None, partial_quad(run, rng)
    return index, jittered_quad(quad, rng)
