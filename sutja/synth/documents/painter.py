"""Painter of whole documents: a layout on a sheet, filled in by a writer, photographed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from sutja.data.digits import Digits
from sutja.synth.documents.clutter import add_clutter
from sutja.synth.documents.document import Document
from sutja.synth.documents.fonts import FontFile, load_fonts
from sutja.synth.documents.inks import PenInk, chalk, random_pen
from sutja.synth.documents.layouts import LAYOUTS
from sutja.synth.documents.papers import paint_board, paint_paper
from sutja.synth.documents.photographer import add_light, take_picture, turned, view
from sutja.synth.documents.sheets import DocumentSheet
from sutja.synth.documents.words import WRITTEN_SCRIPTS
from sutja.synth.documents.writers import DigitShapes, FontWriter, Sources, StrokeWriter, Writer
from sutja.synth.documents.writing import is_visible
from sutja.synth.sheet import Colours

BLEED_SHARE = 0.17  # of the picture, at each side: what a sloped picture shows beyond the upright one
TURN_PROBABILITIES = (0.79, 0.07, 0.07, 0.07)
RULE_COLOURS = (  # of ruled and squared paper, and of printed forms
    (0.86, 0.72, 0.62),
    (0.75, 0.75, 0.75),
    (0.82, 0.80, 0.62),
    (0.80, 0.55, 0.35),
    (0.55, 0.50, 0.85),
    (0.60, 0.62, 0.92),
    (0.60, 0.75, 0.45),
    (0.45, 0.45, 0.45),
)
LATIN_PROBABILITY = 0.8
FONT_WRITER_PROBABILITY = 0.22
CROPPED_PROBABILITY = 0.08  # of pictures that do not fill the square that a network sees
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
COARSE_LAYOUTS = ("single", "cell")  # often small pictures, enlarged
MAX_CROP_ZOOM = 6.0
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
        clean = rng.random() < 0.08
        sheet = self._sheet(rng, size, unit, clean=clean)
        layout = layout or _random_layout(rng, unit)
        LAYOUTS[layout][0](sheet)
        add_clutter(sheet)
        colours = np.clip(sheet.compose(), 0, 1)
        return [self._photographed(sheet, colours, size, layout, clean=clean) for _ in range(count)]

    def _photographed(
        self, sheet: DocumentSheet, colours: Colours, size: tuple[int, int], layout: str, *, clean: bool
    ) -> Document:
        rng, unit = sheet.rng, sheet.digit_height
        seen, runs = view(rng, colours, sheet.runs, size, clean=clean)
        if not clean:
            add_light(rng, seen, digit_height=unit)
        picture = take_picture(rng, seen, digit_height=unit, clean=clean, coarse=layout in COARSE_LAYOUTS)
        document = turned(Document(picture, tuple(runs)), int(rng.choice(4, p=TURN_PROBABILITIES)))
        return cropped(document, rng) if rng.random() < CROPPED_PROBABILITY or layout == "cell" else document

    def _sheet(self, rng: Generator, size: tuple[int, int], unit: float, *, clean: bool) -> DocumentSheet:
        margin = round(BLEED_SHARE * max(size))
        large = (size[0] + 2 * margin, size[1] + 2 * margin)
        board = rng.random() < (0.3 if clean else 0.07)
        if clean and rng.random() < 0.7:
            colours = np.full((large[1], large[0], 3), 0.05 if board else rng.uniform(0.9, 1), np.float32)
        else:
            colours = paint_board(large, rng) if board else paint_paper(large, rng, digit_height=unit)
        pens = [chalk(rng), chalk(rng)] if board else [random_pen(rng), random_pen(rng)]
        pen_width = _pen_width(rng, unit)
        dark = (0.9, 0.9, 0.9) if board else (0.1, 0.1, 0.1)
        colour = dark if rng.random() < 0.7 else tuple(rng.uniform(0, 0.8, 3).tolist())
        rule = dark if rng.random() < 0.4 else RULE_COLOURS[rng.integers(len(RULE_COLOURS))]
        print_ink = PenInk(np.array(colour, np.float32), float(rng.uniform(0.5, 1)))
        rule_ink = PenInk(np.array(rule, np.float32), float(rng.uniform(0.15, 1)))
        script = "latin" if rng.random() < LATIN_PROBABILITY else str(rng.choice(WRITTEN_SCRIPTS))
        slope = float(np.radians(rng.normal(0, 1.0) if rng.random() < 0.85 else rng.uniform(-18, 18)))
        return DocumentSheet(
            rng,
            colours,
            unit,
            pen_width * unit,
            self._writer(rng, pen_width, script),
            pens,
            print_ink,
            rule_ink,
            _fonts_of(rng, self._sources.fonts.print, script, count=2),
            (margin, margin, margin + size[0], margin + size[1]),
            slope,
            script,
        )

    def _writer(self, rng: Generator, pen_width: float, script: str) -> Writer:
        fonts = self._sources.fonts
        words = _fonts_of(rng, fonts.words, script, count=1)
        thickness = float(np.clip(pen_width - 0.09, -0.04, 0.12))
        numbers = _fonts_of(rng, fonts.numbers, "latin", count=1)
        if numbers and rng.random() < FONT_WRITER_PROBABILITY:
            return FontWriter(rng, numbers[0], words[0] if words else None, thickness=thickness)
        word_writer = FontWriter(rng, words[0], thickness=thickness) if words and rng.random() < 0.8 else None
        return StrokeWriter(rng, self._sources, pen_width=pen_width, words=word_writer)


def document_painter(digits: Digits) -> DocumentPainter:
    """The painter of documents with some digits, the pen strokes that come with the package, and the fonts fetched.

    Raises `DataError` if no fonts were fetched.
    """
    return DocumentPainter(Sources(DigitShapes(digits), load_fonts()))


def _fonts_of(rng: Generator, fonts: tuple[FontFile, ...], script: str, *, count: int) -> list[FontFile]:
    """Some fonts for a script, of those that there are."""
    fitting = [font for font in fonts if script in font.scripts]
    return [fitting[index] for index in rng.integers(len(fitting), size=count)] if fitting else []


def _random_layout(rng: Generator, unit: float) -> str:
    """A layout that suits digits of `unit` pixels: few numbers where they are large."""
    if unit > LARGE_DIGIT_PIXELS:
        return str(rng.choice(list(LARGE_LAYOUTS), p=list(LARGE_LAYOUTS.values())))
    weights = np.array([weight for _, weight in LAYOUTS.values()])
    return str(rng.choice(list(LAYOUTS), p=weights / weights.sum()))


def _random_digit_height(rng: Generator, size: tuple[int, int]) -> float:
    weights = np.array([weight for _, _, weight in DIGIT_HEIGHTS])
    low, high, _ = DIGIT_HEIGHTS[int(rng.choice(len(DIGIT_HEIGHTS), p=weights / weights.sum()))]
    height = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return height if low > min(size) / 2 else min(height, 0.75 * min(size))


def _pen_width(rng: Generator, unit: float) -> float:
    """The width of a pen in digit heights: thin on large writing, broad felt pens up to a fifth."""
    kind = rng.random()
    width = rng.uniform(0.045, 0.1) if kind < 0.7 else rng.uniform(0.1, 0.2) if kind < 0.9 else rng.uniform(0.02, 0.05)
    return float(max(width, 1.1 / unit))


def cropped(document: Document, rng: Generator) -> Document:
    """The document cut around one of its numbers and enlarged, with black beside it, as a network sees a cell."""
    height, width = document.picture.shape[:2]
    numbers = document.numbers
    if not numbers:
        return document
    chosen = numbers[int(rng.integers(len(numbers)))]
    margins = chosen.height * rng.uniform(-0.05, 1.2, 4) * float(rng.choice([0.5, 1, 3]))
    low = np.maximum(np.round(chosen.quad.min(axis=0) - margins[:2]), 0).astype(int)
    high = np.minimum(np.round(chosen.quad.max(axis=0) + margins[2:]), (width, height)).astype(int)
    if (high - low).min() < 24:
        return document
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    zoom = min(width / (right - left), height / (bottom - top), MAX_CROP_ZOOM)
    matrix = np.array([[zoom, 0, -left * zoom], [0, zoom, -top * zoom], [0, 0, 1.0]])
    part = document.picture[top:bottom, left:right]
    size = (round(zoom * part.shape[1]), round(zoom * part.shape[0]))
    picture = np.zeros_like(document.picture)
    picture[: size[1], : size[0]] = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)[:height, :width]
    runs = [run.moved(matrix) for run in document.runs]
    return Document(picture, tuple(run for run in runs if is_visible(run, size)))
