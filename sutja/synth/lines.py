"""Render lines of digits on paper, composed of single digits, with their transcription.

A line is drawn digit by digit at twice the height that the network sees, put on paper, made smaller, and then processed
exactly as a line of a photograph is: by `reading.normalise.line_ink`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from sutja.data.digits import Digits
from sutja.errors import DataError
from sutja.reading.normalise import Gray, Ink, line_ink
from sutja.synth.handwriting import CANVAS_ROWS, HandwritingStyle, Placement
from sutja.synth.paper import line_paper
from sutja.synth.strokes import MARK_SHAPES, MARK_SIZES, Glyph, digit_strokes, draw_letter, scribble, vary_shape
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


@dataclass(frozen=True)
class RenderedLine:
    """A line: its `ink`, the network input `float32 (32, W)`, the digits on it, and the grey picture it comes from."""

    ink: Ink
    text: str
    gray: Gray


class LineRenderer:
    """Renders lines with the digits of a data set and, for a share of them, with pen strokes."""

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

    def render_lines(self, rng: np.random.Generator, count: int) -> Iterator[RenderedLine]:
        """Render `count` lines."""
        for _ in range(count):
            yield self.render_line(rng)

    def render_line(self, rng: np.random.Generator) -> RenderedLine:
        """Render a line of one to ten digits; about one line in thirty has signs instead."""
        text = "" if rng.random() < 0.03 else random_number(rng)
        style = HandwritingStyle(rng)
        canvas, text = self.draw_line(style, text)
        gray = photograph_line(style.vary_thickness(canvas), rng)
        return RenderedLine(line_ink(gray), text, gray)

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


def photograph_line(canvas: Gray, rng: np.random.Generator) -> Gray:
    """Put the ink of a line, `uint8 (64, W)`, on paper and photograph or scan it: `uint8 (32, W / 2)`."""
    canvas = _crop(_add_clutter(canvas, rng), rng)
    shape = (CANVAS_ROWS // 2, max(16, canvas.shape[1] // 2))
    ink = cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    harm = float(rng.choice([0.4, 1]))  # half of all pictures have good quality
    if rng.random() < 0.3 * harm:  # dry ink, or pencil on rough paper
        ink *= np.clip(1 - np.abs(rng.standard_normal(shape, dtype=np.float32)) * rng.uniform(0.1, 0.6), 0, 1)
    weak = float(rng.uniform(0.95 - 0.65 * harm, 0.95))
    paper = line_paper(shape, rng, max_strength=0.55 * harm * weak)
    light = float(rng.uniform(90, 250))
    gray = light * paper * (1 - weak * ink)
    blur = float(rng.uniform(0, 1.1))
    if blur > 0.3:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), blur))
    gray += rng.standard_normal(shape, dtype=np.float32) * rng.uniform(0, 6 * harm)
    seen = np.clip(gray, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        coded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        seen = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return seen


def _crop(canvas: Gray, rng: np.random.Generator) -> Gray:
    """Sometimes erase one edge of the line, as if the picture ended within the writing."""
    if rng.random() < 0.12:
        rows, columns = canvas.shape
        edge = int(rng.integers(4, 14))
        parts = (canvas[:edge], canvas[rows - edge :], canvas[:, :edge], canvas[:, columns - edge :])
        parts[rng.integers(4)][:] = 0
    return canvas


def _add_clutter(canvas: Gray, rng: np.random.Generator) -> Gray:
    """Add what else a picture of a line may contain: rules, boxes, parts of neighbouring lines, specks."""
    rows, columns = canvas.shape
    if rng.random() < 0.3:
        _rule(canvas, rng)
    if rng.random() < 0.03:  # a vertical rule
        x = int(rng.choice([rng.integers(0, 6), columns - 1 - rng.integers(0, 6)]))
        cv2.line(canvas, (x, 0), (x, rows), int(rng.integers(100, 255)), int(rng.integers(1, 5)))
    if rng.random() < 0.15:  # parts of another line
        high = int(rng.integers(3, 10))
        strip = np.roll(canvas[26 : 26 + high], int(rng.integers(0, columns)), axis=1)
        strip[:, int(rng.integers(columns // 3, columns)) :] = 0
        target = canvas[:high] if rng.random() < 0.5 else canvas[rows - high :]
        np.maximum(target, strip, out=target)
    for _ in range(int(rng.integers(1, 8)) if rng.random() < 0.15 else 0):
        spot = (int(rng.integers(0, columns)), int(rng.integers(0, rows)))
        cv2.circle(canvas, spot, int(rng.integers(1, 4)), int(rng.integers(80, 255)), -1, cv2.LINE_AA)
    return canvas


def _rule(canvas: Gray, rng: np.random.Generator) -> None:
    """Draw a solid, dashed or dotted rule above, below or through the foot of the writing."""
    columns = canvas.shape[1]
    y, rise = float(rng.choice([rng.uniform(0, 10), rng.uniform(44, 63)], p=[0.25, 0.75])), float(rng.normal(0, 1.5))
    grey, thick = int(rng.integers(90, 255)), int(rng.integers(1, 5))
    step = int(rng.choice([columns, 7, 10, 14], p=[0.4, 0.25, 0.2, 0.15]))
    length = columns if step == columns else max(1, round(step * float(rng.uniform(0.05, 0.6))))
    for x in range(int(rng.integers(0, 7)), columns, step):
        points = [(round(end), round(y + rise * end / columns)) for end in (x, min(columns, x + length))]
        cv2.line(canvas, points[0], points[1], grey, thick, cv2.LINE_AA)


def line_maker(digits: Digits, count: int) -> Callable[[np.random.Generator], list[RenderedLine]]:
    """The function that renders chunks of `count` lines of some digits; for the processes of a `Prefetcher`."""
    renderer = LineRenderer(digits)
    return lambda rng: list(renderer.render_lines(rng, count))
