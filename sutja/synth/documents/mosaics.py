"""Mosaics: parts of documents beside one another on black, each of them a small picture as a network sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.parts import Window, cut_part, on_black, window_around

NUMBER_PROBABILITY = 0.85  # of a part around a number; the others are cut around any run
LINE_PROBABILITY = 0.15  # of a part as wide as its document
MARGIN_FACTORS = (0.2, 0.5, 1.0, 2.0)  # of the margins around a run
DIGIT_PIXELS = (11.0, 170.0)  # height of the digits of a part on the mosaic
MAX_PART_ENLARGEMENT = 5.0
SOFT_PROBABILITY, SOFT_DIGIT_PIXELS = 0.4, (9.0, 30.0)  # of a part that was a small picture, and its digits' height
PART_GAP_PIXELS = (6, 33)  # of black between two parts
MIN_PART_PIXELS = 12
PART_SHARES = (0.25, 0.85)  # of the sides of a mosaic, that a part has at most
PARTS_TRIED = 20


def paint_mosaic(documents: Sequence[Document], rng: Generator, size: tuple[int, int]) -> Document:
    """A picture of `size` (width, height) with parts of some documents, black where there is none.

    The parts stand on shelves, the highest first, as Coffman et al., "Performance bounds for level-oriented
    two-dimensional packing algorithms", 1980, pack them.
    """
    placed: list[tuple[Document, int, int]] = []
    left = top = shelf = 0
    for part in _random_parts([each for each in documents if each.runs], rng, size):
        height, width = part.picture.shape[:2]
        if left + width > size[0]:
            left, top, shelf = 0, top + shelf, 0
        if top + height > size[1]:
            continue
        placed.append((part, left, top))
        gap = int(rng.integers(*PART_GAP_PIXELS))
        left, shelf = left + width + gap, max(shelf, height + gap)
    return on_black(placed, size)


def _random_parts(documents: Sequence[Document], rng: Generator, limits: tuple[int, int]) -> list[Document]:
    """Parts of documents, the highest first: more than fit on a mosaic."""
    if not documents:
        return []
    chosen = [documents[int(index)] for index in rng.integers(len(documents), size=PARTS_TRIED)]
    parts = [part for each in chosen if (part := _random_part(each, rng, limits)) is not None]
    return sorted(parts, key=lambda part: -part.picture.shape[0])


def _random_part(document: Document, rng: Generator, limits: tuple[int, int]) -> Document | None:
    """A part of a document around one of its runs, not larger than `limits` (width, height); `None` if too small."""
    run = _random_run(document, rng)
    window = window_around(run, rng, document.picture, margin_factors=MARGIN_FACTORS)
    if rng.random() < LINE_PROBABILITY:
        window = Window(0, window.top, document.picture.shape[1], window.bottom)
    if min(window.size) < MIN_PART_PIXELS:
        return None
    zoom = _random_zoom(run.height, window, rng, limits)
    size = (int(zoom * window.size[0]), int(zoom * window.size[1]))
    if min(size) < MIN_PART_PIXELS:
        return None
    soft = rng.random() < SOFT_PROBABILITY
    smallest = float(rng.uniform(*SOFT_DIGIT_PIXELS)) / (zoom * run.height) if soft else 1.0
    return cut_part(document, window, size, smallest=smallest)


def _random_run(document: Document, rng: Generator) -> WrittenRun:
    """A legible number of a document, or any run."""
    numbers = [run for run in document.numbers if run.legible]
    runs = numbers if numbers and rng.random() < NUMBER_PROBABILITY else document.runs
    return runs[int(rng.integers(len(runs)))]


def _random_zoom(digit_height: float, window: Window, rng: Generator, limits: tuple[int, int]) -> float:
    """By how much a window is enlarged or reduced."""
    wanted = float(np.exp(rng.uniform(*np.log(DIGIT_PIXELS)))) / max(digit_height, 1.0)
    share = float(rng.uniform(*PART_SHARES))
    fitting = share * min(limits[0] / window.size[0], limits[1] / window.size[1])
    return min(wanted, fitting, MAX_PART_ENLARGEMENT)
