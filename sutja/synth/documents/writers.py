"""Writers: people who write numbers and words with a pen, each in a style of their own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from numpy.random import Generator

from sutja.data.digits import Digits
from sutja.data.pendigits.strokes import PenDigits, load_pen_digits
from sutja.synth.documents.fonts import FontFile, Fonts, render_text
from sutja.synth.documents.writing import Layer, Writing
from sutja.synth.handwriting import HandwritingStyle, Placement
from sutja.synth.lines import warp_line
from sutja.synth.strokes import MARK_SHAPES, MARK_SIZES, Glyph, digit_strokes, draw_letter, vary_shape
from sutja.synth.tracing import Strokes, trace_strokes

STYLE_DIGIT_ROWS = 43  # digit height of a style of scale 1
MIN_GLYPH_LEVEL = 60
MAX_TRACED_DIGITS = 600  # of each label: tracing takes longer than drawing, and each is traced once
MAX_TRACED_CANDIDATES = 4
FRACTION_DIGIT_HEIGHT = 0.56  # in digit heights


class Writer(Protocol):
    """Somebody who writes."""

    def write(self, text: str, height: float, *, ending: str = "") -> Writing:
        """Write a number with digits of `height` pixels, and an `ending` that is no part of it."""

    def write_word(self, word: str, height: float) -> Writing:
        """Write a word with capitals of about `height` pixels."""


class DigitShapes:
    """The shapes of single digits: those of a data set, of 44 writers' pens, and of drawn strokes."""

    def __init__(self, digits: Digits) -> None:
        self._images = digits.images
        inked = digits.images.max(axis=(1, 2)) > MIN_GLYPH_LEVEL
        self._by_digit = [np.flatnonzero((digits.labels == digit) & inked)[:MAX_TRACED_DIGITS] for digit in range(10)]
        self._traced: dict[int, Strokes | None] = {}
        self._pens: PenDigits = load_pen_digits()

    def traced(self, rng: Generator, digit: int) -> Strokes:
        """A digit of the data set as strokes."""
        for _ in range(MAX_TRACED_CANDIDATES):
            index = int(rng.choice(self._by_digit[digit]))
            if index not in self._traced:
                self._traced[index] = trace_strokes(self._images[index])
            strokes = self._traced[index]
            if strokes is not None:
                return strokes
        return digit_strokes(digit, rng)

    def image(self, rng: Generator, digit: int) -> Glyph:
        """A digit of the data set as a picture, cropped to its ink."""
        image = self._images[int(rng.choice(self._by_digit[digit]))]
        rows, columns = (np.flatnonzero(image.max(axis=axis) > MIN_GLYPH_LEVEL) for axis in (1, 0))
        return np.asarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])

    def penned(self, rng: Generator, digit: int, writer: int) -> Strokes:
        """A digit of one of the 44 writers."""
        return self._pens.strokes[int(rng.choice(self._pens.indices(writer, digit)))]

    @property
    def writers(self) -> int:
        """The number of writers with a pen."""
        return int(self._pens.writers.max()) + 1


@dataclass(frozen=True)
class Sources:
    """All that handwriting and print are made of."""

    shapes: DigitShapes
    fonts: Fonts


class StrokeWriter:
    """Writes with strokes: traced, penned or drawn digits, bent and joined in one style."""

    def __init__(self, rng: Generator, sources: Sources, *, pen_width: float, words: Writer | None = None) -> None:
        """`pen_width` is in digit heights; `words` writes the words."""
        self._rng, self._shapes, self._words = rng, sources.shapes, words
        self._pen_width = pen_width
        self._style = HandwritingStyle(rng, pen_width=pen_width)
        if rng.random() < 0.6:
            self._style.gap = float(rng.uniform(0.05, 0.35) if rng.random() < 0.8 else rng.uniform(0.4, 1.2))
        self._source = str(rng.choice(["traced", "penned", "drawn", "mixed", "image"], p=[0.36, 0.24, 0.1, 0.22, 0.08]))
        self._pen = int(rng.integers(sources.shapes.writers))
        self._exemplars: dict[int, list[Glyph | Strokes]] = {}
        self._steady = rng.random() < 0.5  # writes a digit always in nearly the same way

    def write(self, text: str, height: float, *, ending: str = "") -> Writing:
        """Write a number with digits of `height` pixels, and an `ending` that is no part of it."""
        style = self._fitted(height)
        style.start_number()
        columns = round((1.5 * len(text + ending) + 2) * height * max(1.0, style.width) * (1 + max(0.0, style.gap)))
        canvas = np.zeros((style.rows, columns), np.uint8)
        at = 0.7 * height
        spans: list[tuple[float, float]] = []
        for piece in _pieces(text):
            write = self._fraction if _is_fraction(piece, text) else self._plain
            at = write(canvas, piece, at, spans)
        at = self._ending(canvas, ending, at, spans)
        ink = warp_line(canvas[:, : min(columns, round(at + height))], self._rng, scale=style.scale)
        middle = style.middle - 150 * style.scale * style.baseline_slope
        half = style.height / 2
        return Writing(ink, text + ending, tuple(spans), middle - half, middle + half, style.baseline_slope, len(text))

    def write_word(self, word: str, height: float) -> Writing:
        """Write a word with capitals of about `height` pixels."""
        if self._words is not None:
            return self._words.write_word(word, height)
        return scrawl(self._rng, word, height, pen=self._pen_width * height)

    def _fitted(self, height: float) -> HandwritingStyle:
        style = self._style
        style.scale = height / STYLE_DIGIT_ROWS
        style.height = height
        style.rows = round(2.4 * height) + 8
        style.middle = style.rows / 2
        return style

    def _plain(self, canvas: Layer, text: str, at: float, spans: list[tuple[float, float]]) -> float:
        style = self._style
        for sign in text:
            start = at
            if sign == " ":
                at += style.height * float(self._rng.uniform(0.15, 0.4))
            elif sign.isdigit():
                at = style.draw_digit(canvas, self._digit(int(sign)), int(sign), at)
            else:
                at = self._mark(canvas, sign, at)
            spans.append((start, max(start + 1, at - style.height * style.gap)))
        return at

    def _mark(self, canvas: Layer, sign: str, at: float) -> float:
        style, rng = self._style, self._rng
        height, width, below = MARK_SIZES[sign]
        shapes = MARK_SHAPES[sign]
        strokes = vary_shape(shapes[rng.integers(len(shapes))], rng, width=width / height)
        if sign in ".," and rng.random() < 0.35:  # points between digits take hardly any room
            at -= 0.5 * style.height * max(0.0, style.gap)
        size = height * float(rng.uniform(0.8, 1.4))
        return style.draw_glyph(canvas, strokes, at, Placement(size, offset_below=below + float(rng.normal(0, 0.04))))

    def _fraction(self, canvas: Layer, piece: str, at: float, spans: list[tuple[float, float]]) -> float:
        """A fraction of small digits, beside a slanted stroke or above one another; sometimes of usual digits."""
        style, rng = self._style, self._rng
        kind = rng.random()
        if kind < 0.2:
            return self._plain(canvas, piece, at, spans)
        upper, lower = piece.split("/")
        size = FRACTION_DIGIT_HEIGHT * float(rng.uniform(0.85, 1.15))
        gap, style.gap = style.gap, 0.02
        stacked = kind < 0.45
        high, low = (-0.42, 0.42) if stacked else (-0.24, 0.24)
        start = at
        for sign in upper:
            before = at
            at = style.draw_glyph(canvas, self._digit(int(sign)), at, Placement(size, 1, high))
            spans.append((before, at))
        if stacked:
            end = max(at, start + 0.4 * style.height)
            bar = vary_shape(MARK_SHAPES["-"][0], rng, width=(end - start) / (0.1 * style.height), jitter=0.02)
            style.draw_glyph(canvas, bar, start, Placement(0.1))
            spans.append((start, end))
            at = start
        else:
            before, at = (
                at - 0.12 * style.height,
                self._mark(canvas, "/", at - 0.12 * style.height) - 0.12 * style.height,
            )
            spans.append((before, at))
        for sign in lower:
            before = at
            at = style.draw_glyph(canvas, self._digit(int(sign)), at, Placement(size, 1, low))
            spans.append((before, at))
        style.gap = gap
        return max(at, end) if stacked else at

    def _ending(self, canvas: Layer, ending: str, at: float, spans: list[tuple[float, float]]) -> float:
        style, rng = self._style, self._rng
        for sign in ending:
            start = at
            if sign in MARK_SIZES:
                at = self._mark(canvas, sign, at)
            elif sign == "~":
                at = style.draw_glyph(canvas, flourish(rng), at, Placement(float(rng.uniform(0.3, 0.9))))
            else:
                letter = draw_letter(rng, pen=64 * style.pen_width)
                at = style.draw_glyph(canvas, letter, at, Placement(float(rng.uniform(0.6, 1.0))))
            spans.append((start, max(start + 1, at)))
        return at

    def _digit(self, digit: int) -> Glyph | Strokes:
        known = self._exemplars.setdefault(digit, [])
        if self._steady and len(known) >= 2:
            return known[int(self._rng.integers(len(known)))]
        shape = self._new_digit(digit)
        known.append(shape)
        return shape

    def _new_digit(self, digit: int) -> Glyph | Strokes:
        rng = self._rng
        source = self._source
        if source == "mixed":
            source = str(rng.choice(["traced", "penned", "drawn"], p=[0.45, 0.2, 0.35]))
        if source == "traced":
            return self._shapes.traced(rng, digit)
        if source == "image":
            return self._shapes.image(rng, digit)
        if source == "penned":
            return self._shapes.penned(rng, digit, self._pen)
        return digit_strokes(digit, rng, jitter=self._style.stroke_jitter)


class FontWriter:
    """Writes in a handwriting font, bent, slanted and thickened so that no two signs are the same."""

    def __init__(
        self, rng: Generator, numbers: FontFile, words: FontFile | None = None, *, thickness: float = 0.0
    ) -> None:
        """`numbers` and `words` are fonts; strokes become `thickness` digit heights thicker, or thinner."""
        self._rng, self._numbers, self._words = rng, numbers, words or numbers
        self._thickness = thickness
        self._slant = float(rng.normal(0, 0.12))
        self._jitter = float(rng.uniform(0.0, 0.06))
        self._spacing = float(rng.uniform(-0.05, 0.3))

    def write(self, text: str, height: float, *, ending: str = "") -> Writing:
        """Write a number with digits of `height` pixels, and an `ending` that is no part of it."""
        return self._written(self._numbers, text + ending, height, count=len(text))

    def write_word(self, word: str, height: float) -> Writing:
        """Write a word with capitals of about `height` pixels."""
        return self._written(self._words, word, height, count=0)

    def _written(self, font: FontFile, text: str, height: float, *, count: int) -> Writing:
        drawn = render_text(font, text, height, spacing=self._spacing if count else 0.0)
        pad = round(0.6 * height) + 2
        ink = np.pad(drawn.mask, pad)
        ink = _thickened(ink, self._thickness * height)
        top, bottom = drawn.digit_top + pad, drawn.baseline + pad
        middle = (top + bottom) / 2
        shear = np.array([[1, -self._slant, self._slant * middle], [0, 1, 0]])
        ink = np.asarray(cv2.warpAffine(ink, shear, ink.shape[::-1], flags=cv2.INTER_LINEAR), np.uint8)
        ink = _waved(ink, self._rng, height, self._jitter)
        spans = tuple((float(box[0]) + pad, float(box[2]) + pad) for box in drawn.boxes)
        # Signs that the font lacks are left out of the number, too.
        known = len(font.drawable(text[:count]).strip())
        return Writing(ink, drawn.text, spans, top, bottom, 0.0, known)


def _thickened(ink: Layer, pixels: float) -> Layer:
    """Strokes thicker by some pixels, or thinner."""
    if abs(pixels) < 0.4:
        return ink
    soft = cv2.GaussianBlur(ink, (0, 0), max(0.5, abs(pixels) / 2)).astype(np.float32)
    threshold = 127 - np.clip(90 * np.sign(pixels) * min(1.0, abs(pixels) / 2), -70, 90)
    return np.asarray(np.clip((soft - threshold) * 4 + 128, 0, 255), np.uint8)


def _waved(ink: Layer, rng: Generator, height: float, strength: float) -> Layer:
    """Bend the ink smoothly, by a standard deviation of `strength` digit heights."""
    rows, columns = ink.shape
    if strength * height < 0.3:
        return ink
    grid = (4, max(3, round(columns / (0.8 * height))))
    moves = rng.normal(0, strength * height, (2, *grid)).astype(np.float32)
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    x += cv2.resize(moves[0], (columns, rows), interpolation=cv2.INTER_CUBIC)
    y += cv2.resize(moves[1], (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(ink, x, y, cv2.INTER_LINEAR), np.uint8)


def _pieces(text: str) -> list[str]:
    """The parts of a mixed number: "2 1/2" → "2", " ", "1/2"; everything else is one part."""
    if " " in text and "/" in text:
        whole, _, part = text.partition(" ")
        return [whole, " ", part]
    return [text]


def _is_fraction(piece: str, text: str) -> bool:
    """Whether a part of a number may be written with small digits: not so the parts of a date."""
    return piece.count("/") == 1 and (" " in text or len(piece) <= 4)


def flourish(rng: Generator) -> Strokes:
    """A stroke that ends an amount: a dash with a wave or a hook."""
    count = int(rng.integers(3, 7))
    x = np.linspace(0, 1, count) + rng.normal(0, 0.08, count)
    y = 0.5 + rng.normal(0, 0.25, count)
    return vary_shape((tuple(map(tuple, np.stack([x, y], axis=1))),), rng, width=float(rng.uniform(0.8, 3)))


def scrawl(rng: Generator, word: str, height: float, *, pen: float) -> Writing:
    """A word as cursive loops that nobody can read: as good as one in a script that no font has."""
    low = 0.55 * height  # height of small letters
    step = low * float(rng.uniform(0.5, 1.0))
    points, x = [], 0.0
    for _ in word:
        kind = rng.random()
        tall = height * float(rng.uniform(0.9, 1.5)) if kind < 0.25 else low * float(rng.uniform(0.5, 1.1))
        deep = height * float(rng.uniform(0.2, 0.5)) if kind > 0.85 else 0.0
        turns = rng.normal(0, 0.15, 6) * low
        points += [
            (x + turns[0], deep * 0.2),
            (x + 0.45 * step + turns[1], -tall),
            (x + 0.2 * step + turns[2], -tall * 0.8),
            (x + 0.35 * step + turns[3], deep),
            (x + 0.6 * step + turns[4], deep * 0.5),
        ]
        x += step * float(rng.uniform(0.8, 1.3))
    place = np.array(points) * (1, 1)
    margin = height
    place += (margin, 2 * height)
    canvas = np.zeros((round(3.4 * height) + 4, round(x + 2.5 * margin) + 4), np.uint8)
    smooth = vary_shape((tuple(map(tuple, place / height)),), rng, width=1.0, jitter=0.0)[0] * height
    smooth[:, 0] += float(place[:, 0].min())
    thick = max(1, round(pen))
    cv2.polylines(canvas, [np.round(smooth * 8).astype(np.int32)], False, 255, thick, cv2.LINE_AA, shift=3)
    ends = np.linspace(margin, margin + x, len(word) + 1)
    return Writing(canvas, word, tuple(pairwise(ends.tolist())), height, 2 * height)
