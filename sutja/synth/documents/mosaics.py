"""Mosaics: parts of documents beside one another on black, each of them a small picture as a network sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.visibility import seen_runs

NUMBER_PROBABILITY = 0.85  # of a part around a number; the others are cut around any run
LINE_PROBABILITY = 0.15  # of a part as wide as its document
MARGIN_HEIGHTS = (-0.05, 1.2)  # of a part around its run, in digit heights,
MARGIN_FACTORS = (0.2, 0.5, 1.0, 2.0)  # times one of these
DIGIT_PIXELS = (11.0, 170.0)  # height of the digits of a part on the mosaic
MAX_ENLARGEMENT = 5.0
COARSE_PROBABILITY, COARSE_DIGIT_PIXELS = 0.4, (9.0, 30.0)  # of a part that was a small picture, and its digits' height
GAP_PIXELS = (6, 33)  # of black between two parts
MIN_PART_PIXELS = 12
PART_SHARES = (0.25, 0.85)  # of the sides of a mosaic, that a part has at most
PARTS_TRIED = 20


@dataclass(frozen=True)
class Part:
    """A part of a document, cut out and scaled: its `picture`, `uint8 (H, W, 3)`, and the runs on it."""

    picture: NDArray[np.uint8]
    runs: tuple[WrittenRun, ...]


def paint_mosaic(documents: Sequence[Document], rng: Generator, size: tuple[int, int]) -> Document:
    """A picture of `size` (width, height) with parts of some documents, black where there is none.

    The parts stand on shelves, one below the other, as Coffman et al., "Performance bounds for level-oriented
    two-dimensional packing algorithms", 1980, pack them.
    """
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    runs: list[WrittenRun] = []
    left = top = shelf = 0
    for part in _random_parts([each for each in documents if each.runs], rng, size):
        height, width = part.picture.shape[:2]
        if left + width > size[0]:
            left, top, shelf = 0, top + shelf, 0
        if top + height > size[1]:
            continue
        picture[top : top + height, left : left + width] = part.picture
        runs += [run.moved(_shift(left, top)) for run in part.runs]
        gap = int(rng.integers(*GAP_PIXELS))
        left, shelf = left + width + gap, max(shelf, height + gap)
    return Document(picture, tuple(runs))


def _random_parts(documents: Sequence[Document], rng: Generator, limits: tuple[int, int]) -> list[Part]:
    """Parts of documents, the highest first: more than fit on a mosaic."""
    chosen = rng.integers(len(documents), size=PARTS_TRIED) if documents else []
    parts = [part for index in chosen if (part := cut_part(documents[index], rng, limits)) is not None]
    return sorted(parts, key=lambda part: -part.picture.shape[0])


def cut_part(document: Document, rng: Generator, limits: tuple[int, int]) -> Part | None:
    """A part of a document around one of its runs, not larger than `limits` (width, height); `None` if none fits."""
    numbers = [run for run in document.numbers if run.legible]
    chosen_from = numbers if numbers and rng.random() < NUMBER_PROBABILITY else document.runs
    run = chosen_from[int(rng.integers(len(chosen_from)))]
    height, width = document.picture.shape[:2]
    margins = run.height * rng.uniform(*MARGIN_HEIGHTS, 4) * float(rng.choice(MARGIN_FACTORS))
    low = np.maximum(np.round(run.quad.min(axis=0) - margins[:2]), 0).astype(int)
    high = np.minimum(np.round(run.quad.max(axis=0) + margins[2:]), (width, height)).astype(int)
    if rng.random() < LINE_PROBABILITY:
        low[0], high[0] = 0, width
    if (high - low).min() < MIN_PART_PIXELS:
        return None
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    zoom = _random_zoom(run.height, rng)
    share = float(rng.uniform(*PART_SHARES))
    zoom = min(zoom, share * limits[0] / (right - left), share * limits[1] / (bottom - top))
    cut = document.picture[top:bottom, left:right]
    target = (max(1, int(zoom * cut.shape[1])), max(1, int(zoom * cut.shape[0])))
    if min(target) < MIN_PART_PIXELS:
        return None
    picture = _scaled(cut, target, run.height * zoom, rng)
    across, down = target[0] / cut.shape[1], target[1] / cut.shape[0]
    matrix = np.array([[across, 0, -left * across], [0, down, -top * down], [0, 0, 1.0]])
    nothing_hidden = np.zeros(picture.shape[:2], np.uint8)
    return Part(picture, tuple(seen_runs([each.moved(matrix) for each in document.runs], nothing_hidden)))


def _random_zoom(digit_height: float, rng: Generator) -> float:
    """By how much a part is enlarged or reduced."""
    wanted = float(np.exp(rng.uniform(*np.log(DIGIT_PIXELS))))
    return min(wanted / max(digit_height, 1.0), MAX_ENLARGEMENT)


def _scaled(cut: NDArray[np.uint8], size: tuple[int, int], digit_height: float, rng: Generator) -> NDArray[np.uint8]:
    """A picture at another size, for some by way of a size so small that it is soft."""
    if rng.random() < COARSE_PROBABILITY:
        zoom = float(rng.uniform(*COARSE_DIGIT_PIXELS)) / digit_height
        if zoom < 1:
            small = (max(4, round(zoom * size[0])), max(4, round(zoom * size[1])))
            cut = np.asarray(cv2.resize(cut, small, interpolation=cv2.INTER_AREA), np.uint8)
    reduced = size[0] < cut.shape[1]
    how = cv2.INTER_AREA if reduced else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)


def _shift(left: int, top: int) -> NDArray[np.float64]:
    """The homography that moves places by so many pixels."""
    return np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
