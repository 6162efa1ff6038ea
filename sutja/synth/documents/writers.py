"""Writers: people who write numbers and words with a pen, each in a style of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator

from sutja.data.digits import Digits
from sutja.data.pendigits.strokes import PenDigits, load_pen_digits
from sutja.synth.documents.fonts import Fonts
from sutja.synth.documents.writing import Writing
from sutja.synth.strokes import Glyph, digit_strokes
from sutja.synth.tracing import Strokes, trace_strokes

MIN_GLYPH_LEVEL = 60
MAX_TRACED_CANDIDATES = 4
MAX_CELL_GAP = 0.25  # between the signs of a number in a cell, in digit heights


class Writer(Protocol):
    """Somebody who writes."""

    def write(
        self, text: str, height: float, *, beginning: str = "", ending: str = "", in_cell: bool = False
    ) -> Writing:
        """Write a number with digits of `height` pixels, a `beginning` and an `ending` that are no part of it.

        Its signs stand close together `in_cell`, where they would else stand as near to the next cell's number.
        """

    def write_word(self, word: str, height: float) -> Writing:
        """Write a word with capitals of about `height` pixels."""


class DigitShapes:
    """The shapes of single digits: those of a data set, of 44 writers' pens, and of drawn strokes."""

    def __init__(self, digits: Digits) -> None:
        self._images = digits.images
        inked = digits.images.max(axis=(1, 2)) > MIN_GLYPH_LEVEL
        self._by_digit = [np.flatnonzero((digits.labels == digit) & inked) for digit in range(10)]
        self._traced: dict[int, Strokes | None] = {}  # each digit is traced once: tracing takes longer than drawing
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
