"""The ink of handwritten lines of digits, composed of single digits."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.data.digits import Digits
from sutja.errors import DataError
from sutja.reading.normalise import Gray
from sutja.synth.handwriting import HandwritingStyle, Placement
from sutja.synth.stroke_shapes import MARK_SHAPES, MARK_SIZES
from sutja.synth.strokes import Glyph, digit_strokes, draw_letter, scribble, vary_shape
from sutja.synth.tracing import Strokes, trace_strokes

MAX_LINE_COLUMNS = 640
MIN_INK_LEVEL = 60  # grey level from which a pixel of a digit counts as ink
MAX_TRACING_ATTEMPTS = 4  # digits tried until one can be traced

# Signs before, between and after digits, and at the end of numbers, above all of amounts. Brackets are rare: where only
# digits are expected, most characters that look like brackets are ones.
SIGNS_BEFORE = "=-.,-=-.=-.=-,$#*:+()~x"
SIGNS_BETWEEN = ".,.,.,.-.,-.: ., .,/-. "
SIGNS_AFTER = "=-.,-=-.=-.=-,$#*:+)~x"
ENDINGS = ("=", "=", "=", "-", "-", ".-", ".-", ",-", ".", ".", ",", ".=", "=-", "--", "~", "x", "#", "*", ":", "/-")


class LineRenderer:
    """Draws lines with the digits of a data set and, for a share of them, with pen strokes."""

    def __init__(self, digits: Digits, *, drawn: float = 0.4) -> None:
        """`drawn` is the share of digits that are drawn as pen strokes instead of taken from `digits`.

        Raises `DataError` if one of the ten digits is missing.
        """
        self._drawn_share = drawn
        self._images = digits.images
        self._traced: dict[int, Strokes | None] = {}  # by index, traced on first use
        inked = digits.images.max(axis=(1, 2)) > MIN_INK_LEVEL
        self._indices = [np.flatnonzero((digits.labels == digit) & inked) for digit in range(10)]
        missing = [str(digit) for digit, found in enumerate(self._indices) if not len(found)]
        if missing:
            raise DataError(f"lines need all ten digits; missing with ink: {', '.join(missing)}")

    def draw_line(
        self, style: HandwritingStyle, text: str, *, max_columns: int = MAX_LINE_COLUMNS, signs: bool = True
    ) -> tuple[Gray, str]:
        """Draw the ink of a line, `uint8 (style.rows, W)`, W ≤ `max_columns`; returns it and the digits that fit.

        Without `signs`, only the separators of the style appear beside digits.
        """
        rng = style.rng
        style.start_number()
        canvas = np.zeros((style.rows, max_columns), np.uint8)
        at = float(rng.uniform(2, 30)) * style.scale
        if signs and rng.random() < 0.1:
            at = self._sign(canvas, style, at, SIGNS_BEFORE)
        done = 0
        while done < len(text) and at < max_columns - 100 * style.scale:
            at = style.draw_digit(canvas, self._digit(style, int(text[done])), int(text[done]), at)
            done += 1
            if done < len(text) and rng.random() < style.separator_probability:
                at = draw_mark(canvas, style, at, choose_one(SIGNS_BETWEEN, rng))
        end = rng.random() if signs else 1.0
        if end < 0.25:
            for mark in ENDINGS[rng.integers(len(ENDINGS))]:
                at = draw_mark(canvas, style, at, mark) if at < max_columns - 60 * style.scale else at
        elif end < 0.45 or (signs and not text):
            for _ in range(int(rng.integers(1, 4))):
                at = self._sign(canvas, style, at, SIGNS_AFTER) if at < max_columns - 60 * style.scale else at
        end = int(np.clip(at + rng.uniform(0, 40) * style.scale, 32, max_columns))
        return warp_line(canvas[:, :end], rng, scale=style.scale), text[:done]

    def _digit(self, style: HandwritingStyle, digit: int) -> Glyph | Strokes:
        rng = style.rng
        if rng.random() < self._drawn_share:
            return digit_strokes(digit, rng, jitter=style.stroke_jitter)
        for _ in range(MAX_TRACING_ATTEMPTS if style.uses_traces else 0):
            strokes = self._strokes(int(rng.choice(self._indices[digit])))
            if strokes is not None:
                return strokes
        image = self._images[rng.choice(self._indices[digit])]
        rows, columns = (np.flatnonzero(image.max(axis=axis) > MIN_INK_LEVEL) for axis in (1, 0))
        return np.asarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])

    def _strokes(self, index: int) -> Strokes | None:
        if index not in self._traced:
            self._traced[index] = trace_strokes(self._images[index])
        return self._traced[index]

    def _sign(self, canvas: Gray, style: HandwritingStyle, at: float, marks: str) -> float:
        """Draw a sign, a letter or a scribble; returns the column for the next glyph."""
        rng = style.rng
        if rng.random() >= 0.25:
            return draw_mark(canvas, style, at, choose_one(marks, rng))
        height = float(rng.uniform(0.6, 1.1))
        if rng.random() < 0.3:
            return style.draw_glyph(canvas, scribble(rng), at, Placement(height))
        return style.draw_glyph(canvas, draw_letter(rng, pen=64 * style.pen_width), at, Placement(height))


def choose_one(marks: str, rng: np.random.Generator) -> str:
    """Choose a character of `marks`, with probability proportional to its frequency there."""
    return marks[rng.integers(len(marks))]


def draw_mark(canvas: Gray, style: HandwritingStyle, at: float, mark: str) -> float:
    """Draw a mark, or leave a space; returns the column for the next glyph."""
    rng = style.rng
    if mark == " ":
        return at + style.height * float(rng.uniform(0.2, 0.9))
    height, width, below = MARK_SIZES[mark]
    shapes = MARK_SHAPES[mark]
    strokes = vary_shape(shapes[rng.integers(len(shapes))], rng, width=width / height)
    return style.draw_glyph(canvas, strokes, at, Placement(height * float(rng.uniform(0.8, 1.3)), offset_below=below))


def random_number(rng: np.random.Generator) -> str:
    """A random number of one to ten digits, sometimes round or repetitive."""
    length = int(rng.integers(1, 11))
    text = "".join(map(str, rng.integers(0, 10, length)))
    if length > 2 and rng.random() < 0.3:
        start = length // 2
        text = text[:start] + str(rng.choice([0] * 8 + list(range(10)))) * (length - start)
    return text


def warp_line(canvas: Gray, rng: np.random.Generator, *, scale: float = 1.0) -> Gray:
    """Warp the ink of a line smoothly and locally, horizontally and vertically, in half of all cases.

    `scale` is its size relative to the lines that a network reads.
    """
    if rng.random() < 0.5:
        return canvas
    rows, columns = canvas.shape
    grid = (4, max(3, int(columns / (24 * scale))))
    strength = float(rng.uniform(0.5, 2.5)) * scale
    moves = rng.normal(0, strength, (2, *grid)).astype(np.float32)
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    x += cv2.resize(moves[0], (columns, rows), interpolation=cv2.INTER_CUBIC)
    y += cv2.resize(moves[1], (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(canvas, x, y, cv2.INTER_LINEAR), np.uint8)
