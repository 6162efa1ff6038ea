"""Painter of whole documents: a layout on a sheet, filled in by a writer, photographed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sutja.data.digits import Digits
from sutja.synth.documents.blanks import blank_document_sheet
from sutja.synth.documents.cameras import take_picture
from sutja.synth.documents.clutter import add_clutter
from sutja.synth.documents.document import Document
from sutja.synth.documents.fingers import add_fingers
from sutja.synth.documents.fonts import load_fonts
from sutja.synth.documents.layouts import LAYOUTS
from sutja.synth.documents.lights import add_light
from sutja.synth.documents.parts import cut_part, on_black, window_around
from sutja.synth.documents.photographer import Scene, turned, view
from sutja.synth.documents.visibility import legible_runs
from sutja.synth.documents.writers import DigitShapes, Sources

TURN_PROBABILITIES = (0.7, 0.1, 0.1, 0.1)  # of none, one, two and three quarter turns
CLEAN_PROBABILITY = 0.1  # of screenshots and canvases
CROPPED_PROBABILITY = 0.14  # of pictures that do not fill the square that a network sees
LARGE_DIGIT_PIXELS = 100
LARGE_LAYOUTS = {  # of documents with larger digits
    "single": 0.42,
    "cell": 0.2,
    "lines": 0.13,
    "grid": 0.1,
    "boxes": 0.05,
    "scattered": 0.05,
    "empty": 0.05,
}
SMALL_DIGIT_PIXELS = 15
SPARSE_LAYOUTS = ("single", "cell", "cheque", "mark head", "scattered", "equations", "puzzle", "sums", "empty")
SPARSE_SHARE = 0.3  # of these layouts remains where digits are small: there would be hardly anything on the picture
COARSE_LAYOUTS = ("single", "cell")  # often small pictures, enlarged
CROP_MARGIN_FACTORS = (0.5, 1.0, 3.0)  # of the margins around a number that is cropped
MAX_CROP_ZOOM, MIN_CROP_PIXELS = 6.0, 24
MAX_REPAINTINGS = 3
EMPTY_PROBABILITY = 0.2
# Digit heights in pixels, and how often a picture has them.
DIGIT_HEIGHTS = (
    (5.0, 9.0, 0.04),
    (9.0, 16.0, 0.21),
    (16.0, 40.0, 0.36),
    (40.0, 110.0, 0.18),
    (110.0, 330.0, 0.17),
    (330.0, 1100.0, 0.04),  # parts of digits so large that they are found on the reduced picture only
)


class DocumentPainter:
    """Paints documents of handwriting and print from `sources`."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def paint(
        self, rng: Generator, size: tuple[int, int], *, layout: str | None = None, digit_height: float = 0.0
    ) -> Document:
        """Paint a document of `size` (width, height) in pixels, by default of any layout and any size of writing."""
        return self.paint_views(rng, size, 1, layout=layout, digit_height=digit_height)[0]

    def paint_views(
        self,
        rng: Generator,
        size: tuple[int, int],
        count: int,
        *,
        layout: str | None = None,
        digit_height: float = 0.0,
    ) -> list[Document]:
        """Paint a sheet as `paint` does, and photograph it `count` times, each time from elsewhere in another light."""
        for _ in range(MAX_REPAINTINGS):  # few documents without any number
            views = self._views(rng, size, count, layout, digit_height)
            if any(view.numbers for view in views) or rng.random() < EMPTY_PROBABILITY:
                break
        return views

    def _views(
        self, rng: Generator, size: tuple[int, int], count: int, layout: str | None, digit_height: float
    ) -> list[Document]:
        unit = digit_height or _random_digit_height(rng, size)
        clean = rng.random() < CLEAN_PROBABILITY
        sheet = blank_document_sheet(rng, self._sources, size, digit_height=unit, clean=clean)
        layout = layout or _random_layout(rng, unit)
        LAYOUTS[layout][0](sheet)
        add_clutter(sheet)
        flat = Scene.flat(np.clip(sheet.compose(), 0, 1), sheet.runs, sheet.ink, sheet.rule_layer)
        return [self._photographed(rng, flat, size, layout, digit_height=unit, clean=clean) for _ in range(count)]

    @staticmethod
    def _photographed(
        rng: Generator, flat: Scene, size: tuple[int, int], layout: str, *, digit_height: float, clean: bool
    ) -> Document:
        seen = view(rng, flat, size, clean=clean)
        if not clean:
            add_fingers(seen, rng)
            add_light(rng, seen.colours)
        coarse = layout in COARSE_LAYOUTS
        picture = take_picture(rng, seen.colours, digit_height=digit_height, clean=clean, coarse=coarse)
        runs = legible_runs(seen.seen_runs(), picture, seen.ink, seen.rules, digit_height=digit_height)
        document = turned(Document(picture, tuple(runs)), int(rng.choice(4, p=TURN_PROBABILITIES)))
        return cropped(document, rng) if rng.random() < CROPPED_PROBABILITY or layout == "cell" else document


def document_painter(digits: Digits) -> DocumentPainter:
    """The painter of documents with some digits, the pen strokes that come with the package, and the fonts fetched.

    Raises `DataError` if no fonts were fetched.
    """
    return DocumentPainter(Sources(DigitShapes(digits), load_fonts()))


def _random_layout(rng: Generator, unit: float) -> str:
    """A layout that suits digits of `unit` pixels: few numbers where they are large, many where they are small."""
    if unit > LARGE_DIGIT_PIXELS:
        return str(rng.choice(list(LARGE_LAYOUTS), p=list(LARGE_LAYOUTS.values())))
    weights = np.array([weight for _, weight in LAYOUTS.values()])
    if unit < SMALL_DIGIT_PIXELS:
        weights *= [SPARSE_SHARE if name in SPARSE_LAYOUTS else 1 for name in LAYOUTS]
    return str(rng.choice(list(LAYOUTS), p=weights / weights.sum()))


def _random_digit_height(rng: Generator, size: tuple[int, int]) -> float:
    weights = np.array([weight for _, _, weight in DIGIT_HEIGHTS])
    low, high, _ = DIGIT_HEIGHTS[int(rng.choice(len(DIGIT_HEIGHTS), p=weights / weights.sum()))]
    height = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return height if low > min(size) / 2 else min(height, 0.75 * min(size))


def cropped(document: Document, rng: Generator) -> Document:
    """The document cut around one of its numbers and enlarged, with black beside it, as a network sees a cell."""
    height, width = document.picture.shape[:2]
    numbers = document.numbers
    if not numbers:
        return document
    chosen = numbers[int(rng.integers(len(numbers)))]
    window = window_around(chosen, rng, document.picture, margin_factors=CROP_MARGIN_FACTORS)
    if min(window.size) < MIN_CROP_PIXELS:
        return document
    zoom = min(width / window.size[0], height / window.size[1], MAX_CROP_ZOOM)
    size = (min(width, round(zoom * window.size[0])), min(height, round(zoom * window.size[1])))
    return on_black([(cut_part(document, window, size), 0, 0)], (width, height))
