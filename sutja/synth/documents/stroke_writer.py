"""A writer with a pen: traced, penned or drawn digits, bent and joined in one style."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from sutja.synth.documents.scrawls import flourish, scrawl
from sutja.synth.documents.writers import MAX_CELL_GAP, Sources, Writer
from sutja.synth.documents.writing import POINT_SIGNS, Layer, Writing, digit_band
from sutja.synth.handwriting import HandwritingStyle, Placement
from sutja.synth.lines import warp_line
from sutja.synth.stroke_shapes import COMMA_SHAPES, MARK_SHAPES, MARK_SIZES
from sutja.synth.strokes import Glyph, digit_strokes, draw_letter, vary_shape
from sutja.synth.tracing import Strokes

STYLE_DIGIT_ROWS = 43  # digit height of a style of scale 1
STYLE_MIDDLE_COLUMN = 150  # of a style of scale 1, around which its line is sloped
LETTER_SHAPE_ROWS = 64  # for which letters are drawn
# Where a writer's digits come from, and how often; and where each digit of a writer of mixed digits comes from.
DIGIT_SOURCES = {"traced": 0.25, "penned": 0.22, "drawn": 0.24, "mixed": 0.23, "image": 0.06}
MIXED_SOURCES = {"traced": 0.35, "penned": 0.2, "drawn": 0.45}
DRAWN_ONES_SHARE = 0.5  # of writers: MNIST's ones are bare strokes, those of half the world begin with an upstroke
GAP_AFTER_MARK_PROBABILITY = 0.12  # of room behind a point or comma within a number
MARK_ROOM_PROBABILITY, MARK_ROOMS = 0.25, (0.1, 0.45)  # of writers that leave room beside all of them, in digit heights
RAISED_POINT_PROBABILITY, POINT_RISES = 0.4, (0.08, 0.5)  # of writers whose points stand higher, in digit heights
MIN_MARK_CLEARANCE = 0.03  # between a point or comma and the foot of the next digit, in digit heights
POINT_SIZES, OTHER_MARK_SIZES = (0.8, 2.2), (0.8, 1.4)  # in usual sizes
COMMA_HEIGHTS, COMMA_WIDTHS = (0.2, 0.75), (0.08, 0.22)  # in digit heights
COMMA_BEGINNINGS = (0.1, 0.45)  # below the middle of the line, in digit heights
MAX_POINT_HEIGHT = 0.3  # of a comma that is pressed like a point, in digit heights
CROWDING_PROBABILITY, MAX_CROWDING = 0.3, 0.15  # of writers whose marks stand below the digits beside them
# Of ones with an upstroke: it begins at the foot of the digit before or under it; in widths of the 1.
TOUCHING_ONE_PROBABILITY, ONE_OVERLAPS = 0.25, (0.0, 0.2)
MIN_UPSTROKE_WIDTH = 0.4  # of a 1 that has one, in digit heights
MINUS_ROOM_PROBABILITY, MINUS_ROOMS = 0.3, (0.1, 0.8)  # of writers who leave room behind a minus, in digit heights
POINT_PENS = (0.9, 1.9)  # of what is no more than a point, in widths of the pen: people press there,
MIN_POINT_PEN = 0.06  # also with a fine pen, in digit heights
FRACTION_DIGIT_HEIGHT = 0.56  # in digit heights
FRACTION_DIGIT_GAP = 0.02
FULL_SIZE_SHARE, STACKED_SHARE = 0.2, 0.25  # of fractions; the others have small digits beside a slanted stroke
STACKED_OFFSET, SLANTED_OFFSET = 0.42, 0.24  # of a fraction's digits above and below the middle, in digit heights
MIN_BAR_WIDTH = 0.6  # of stacked fractions, in digit heights
SLASH_OVERLAPS = (0.0, 0.2)  # of a slanted stroke with its digits, in digit heights
ONE_STROKE_PROBABILITY = 0.4  # of writers that do not lift the pen within a fraction
# Of gaps between digits, in digit heights, and how many writers leave such: digits apart, close together, touching.
GAPS = ((0.25, (0.4, 1.2)), (0.5, (0.05, 0.35)), (0.25, (-0.06, 0.05)))
SPACES, MORE_SPACE = (0.2, 0.45), 0.5  # of a space, in digit heights, and as a share of the gap between digits
MIN_VARIED_PIXELS = 14  # smaller digits do not show how their strokes vary
MAX_ENDING_GAP = 0.2  # between the signs that end a number, in digit heights


@dataclass
class WrittenLine:
    """A line while it is written: its ink, the column that it has reached, and the columns of each sign.

    `digits` are the middle column and the first and last row of each digit of the usual size.
    """

    canvas: Layer
    at: float
    spans: list[tuple[float, float]] = field(default_factory=list)
    digits: list[tuple[float, float, float]] = field(default_factory=list)

    def note(self, box: tuple[float, float, float, float], *, is_digit: bool = False) -> None:
        """Note the box (left, top, right, bottom) of the sign written last."""
        left, top, right, bottom = box
        self.spans.append((left, max(left + 1, right)))
        if is_digit:
            self.digits.append(((left + right) / 2, top, bottom))


class StrokeWriter:
    """Writes with strokes: traced, penned or drawn digits, bent and joined in one style."""

    def __init__(self, rng: Generator, sources: Sources, *, pen_width: float, words: Writer | None = None) -> None:
        """`pen_width` is in digit heights; `words` writes the words."""
        self._rng, self._shapes, self._words = rng, sources.shapes, words
        self._pen_width = pen_width
        self._style = HandwritingStyle(rng, pen_width=pen_width)
        if rng.random() < 0.65:
            self._style.gap = float(rng.uniform(*GAPS[rng.choice(len(GAPS), p=[share for share, _ in GAPS])][1]))
        self._gap = self._style.gap  # between digits, where there is room
        self._source = str(rng.choice(list(DIGIT_SOURCES), p=list(DIGIT_SOURCES.values())))
        self._pen = int(rng.integers(sources.shapes.writers))
        self._exemplars: dict[int, list[Glyph | Strokes]] = {}
        self._draws_ones = rng.random() < DRAWN_ONES_SHARE
        self._mark_room = float(rng.uniform(*MARK_ROOMS)) if rng.random() < MARK_ROOM_PROBABILITY else 0.0
        crowds = not self._mark_room and rng.random() < CROWDING_PROBABILITY
        self._crowding = float(rng.uniform(0, MAX_CROWDING)) * crowds
        self._comma_height = float(np.exp(rng.uniform(*np.log(COMMA_HEIGHTS))))
        self._minus_room = float(rng.uniform(*MINUS_ROOMS)) * (rng.random() < MINUS_ROOM_PROBABILITY)
        self._point_rise = float(rng.uniform(*POINT_RISES)) if rng.random() < RAISED_POINT_PROBABILITY else 0.0
        self._point_pen = float(rng.uniform(*POINT_PENS)) * max(pen_width, MIN_POINT_PEN)
        self._joins_fractions = rng.random() < ONE_STROKE_PROBABILITY
        self._steady = rng.random() < 0.5  # writes a digit always in nearly the same way

    def write(
        self, text: str, height: float, *, beginning: str = "", ending: str = "", in_cell: bool = False
    ) -> Writing:
        """Write a number with digits of `height` pixels, a `beginning` and an `ending` that are no part of it.

        Its signs stand close together `in_cell`.
        """
        style = self._fitted(height)
        style.gap = min(self._gap, MAX_CELL_GAP) if in_cell else self._gap
        style.start_number()
        whole = beginning + text + ending
        columns = round(
            (1.5 * len(whole) + 2 + 2 * self._mark_room * len(whole))
            * height
            * max(1.0, style.width)
            * (1 + max(0.0, style.gap))
        )
        line = WrittenLine(np.zeros((style.rows, columns), np.uint8), 0.7 * height)
        self._write_others(line, beginning)
        for piece in _pieces(text):
            write = self._write_fraction if _is_fraction(piece, text) else self._write_plain
            write(line, piece)
        self._write_others(line, ending)
        ink = warp_line(line.canvas[:, : min(columns, round(line.at + height))], self._rng, scale=style.scale)
        slope = style.baseline_slope
        middle = style.middle - STYLE_MIDDLE_COLUMN * style.scale * slope
        top, bottom = digit_band(line.digits, (middle - height / 2, middle + height / 2), slope)
        return Writing(ink, whole, tuple(line.spans), top, bottom, slope, len(text), first=len(beginning))

    def write_word(self, word: str, height: float) -> Writing:
        """Write a word with capitals of about `height` pixels."""
        if self._words is not None:
            return self._words.write_word(word, height)
        return scrawl(self._rng, word, height, pen=self._pen_width * height)

    def _fitted(self, height: float) -> HandwritingStyle:
        """The style for digits of a height."""
        style = self._style
        style.scale = height / STYLE_DIGIT_ROWS
        style.height = height
        style.rows = round(2.8 * height) + 8
        style.middle = style.rows / 2
        style.varies_strokes = height >= MIN_VARIED_PIXELS
        return style

    def _write_plain(self, line: WrittenLine, text: str) -> None:
        """Write digits and signs beside one another."""
        style = self._style
        for sign in text:
            if sign == " ":
                start = line.at
                line.at += style.height * (float(self._rng.uniform(*SPACES)) + MORE_SPACE * max(0.0, style.gap))
                line.spans.append((start, line.at))
            elif sign.isdigit():
                glyph = self._digit(int(sign))
                if line.digits and sign == "1":
                    line.at -= self._overlap_of_one(glyph) * style.height
                line.at = style.draw_digit(line.canvas, glyph, int(sign), line.at)
                line.note(style.last_box, is_digit=True)
            else:
                self._write_mark(line, sign)

    def _overlap_of_one(self, glyph: Glyph | Strokes) -> float:
        """How far a 1 reaches below the digit before it, in digit heights, with the gap between them."""
        width = float(np.concatenate(glyph)[:, 0].max()) * self._style.width if isinstance(glyph, tuple) else 0.0
        if width < MIN_UPSTROKE_WIDTH or self._rng.random() >= TOUCHING_ONE_PROBABILITY:
            return 0.0
        return max(0.0, self._style.gap + float(self._rng.uniform(*ONE_OVERLAPS)) * width)

    def _write_mark(self, line: WrittenLine, sign: str, *, join_probability: float | None = None) -> None:
        """Write a sign that is no digit."""
        style, rng = self._style, self._rng
        strokes, placement = self._comma() if sign == "," else self._mark(sign)
        placement = replace(placement, join_probability=join_probability)
        separates = sign in ".,"
        room = separates * self._mark_room * style.height
        if separates and not room and rng.random() < 0.35:  # points between digits take hardly any room
            line.at -= 0.5 * style.height * max(0.0, style.gap)
        crowding = max(0.0, self._crowding + min(0.0, style.gap)) * bool(line.spans)
        line.at -= separates * crowding * style.height
        line.at = style.draw_glyph(line.canvas, strokes, line.at + room, placement) + room
        line.note(style.last_box)
        if separates:
            clearance = MIN_MARK_CLEARANCE + style.slant / 2 - crowding
            line.at = max(line.at - crowding * style.height, style.last_box[2] + clearance * style.height)
        if separates and rng.random() < GAP_AFTER_MARK_PROBABILITY:
            line.at += style.height * float(rng.uniform(0.15, 0.6))
        if sign == "-":
            line.at += self._minus_room * style.height

    def _comma(self) -> tuple[Strokes, Placement]:
        """A comma as this writer writes it: from a point to a stroke of most of a digit's height."""
        rng = self._rng
        height = self._comma_height * float(rng.uniform(0.8, 1.25))
        shape = COMMA_SHAPES[rng.integers(len(COMMA_SHAPES))]
        strokes = vary_shape(shape, rng, width=float(rng.uniform(*COMMA_WIDTHS)) / height)
        below = float(rng.uniform(*COMMA_BEGINNINGS)) + height / 2
        min_pen = self._point_pen if height < MAX_POINT_HEIGHT else 0.0
        return strokes, Placement(height, offset_below=below, min_pen=min_pen)

    def _mark(self, sign: str) -> tuple[Strokes, Placement]:
        """Any other sign that is no digit."""
        rng = self._rng
        height, width, below = MARK_SIZES[sign]
        shapes = MARK_SHAPES[sign]
        strokes = vary_shape(shapes[rng.integers(len(shapes))], rng, width=width / height)
        offset = below - (sign == ".") * self._point_rise + float(rng.normal(0, 0.04))
        size = height * float(rng.uniform(*(POINT_SIZES if sign == "." else OTHER_MARK_SIZES)))
        return strokes, Placement(size, offset_below=offset, min_pen=self._point_pen if sign in POINT_SIGNS else 0.0)

    def _write_fraction(self, line: WrittenLine, piece: str) -> None:
        """Write a fraction of small digits, beside a slanted stroke or above one another; sometimes of usual digits."""
        kind = self._rng.random()
        if kind < FULL_SIZE_SHARE:
            self._write_plain(line, piece)
            return
        gap, self._style.gap = self._style.gap, FRACTION_DIGIT_GAP
        size = FRACTION_DIGIT_HEIGHT * float(self._rng.uniform(0.85, 1.15))
        write = self._write_stacked if kind < FULL_SIZE_SHARE + STACKED_SHARE else self._write_slanted
        upper, lower = piece.split("/")
        write(line, upper, lower, size)
        self._style.gap = gap

    def _write_slanted(self, line: WrittenLine, upper: str, lower: str, size: float) -> None:
        """Small digits before and behind a slanted stroke, perhaps without lifting the pen."""
        overlap = float(self._rng.uniform(*SLASH_OVERLAPS)) * self._style.height
        self._style.start_number()
        self._write_small(line, upper, size, -SLANTED_OFFSET, join_probability=0.0)
        join_probability = 1.0 if self._joins_fractions else 0.0
        line.at -= overlap
        self._write_mark(line, "/", join_probability=join_probability)
        line.at -= overlap
        self._write_small(line, lower, size, SLANTED_OFFSET, join_probability=join_probability)

    def _write_stacked(self, line: WrittenLine, upper: str, lower: str, size: float) -> None:
        """Small digits above and below a bar."""
        style, start = self._style, line.at
        self._write_small(line, upper, size, -STACKED_OFFSET)
        width = max(line.at - start, MIN_BAR_WIDTH * style.height)
        thick = 0.1  # the height of the shape of a bar
        bar = vary_shape(MARK_SHAPES["-"][0], self._rng, width=width / (thick * style.height), jitter=0.02)
        style.draw_glyph(line.canvas, bar, start, Placement(thick))
        line.note(style.last_box)
        end, line.at = line.spans[-1][1], start
        self._write_small(line, lower, size, STACKED_OFFSET)
        line.at = max(line.at, end)

    def _write_small(
        self, line: WrittenLine, digits: str, size: float, below: float, *, join_probability: float | None = None
    ) -> None:
        """Write the digits of a fraction, above or below the middle of the line."""
        placement = Placement(size, offset_below=below, join_probability=join_probability)
        for sign in digits:
            line.at = self._style.draw_glyph(line.canvas, self._digit(int(sign)), line.at, placement)
            line.note(self._style.last_box)

    def _write_others(self, line: WrittenLine, signs: str) -> None:
        """Write what is no part of a number: marks, flourishes (`~`), and for all other signs some letter."""
        style, rng = self._style, self._rng
        gap, style.gap = style.gap, min(style.gap, MAX_ENDING_GAP)
        for sign in signs:
            if sign in MARK_SIZES and sign != "~":
                self._write_mark(line, sign)
                continue
            is_flourish = sign == "~"
            glyph = flourish(rng) if is_flourish else draw_letter(rng, pen=LETTER_SHAPE_ROWS * style.pen_width)
            size = float(rng.uniform(0.3, 0.9) if is_flourish else rng.uniform(0.6, 1.0))
            line.at = style.draw_glyph(line.canvas, glyph, line.at, Placement(size))
            line.note(style.last_box)
        style.gap = gap

    def _digit(self, digit: int) -> Glyph | Strokes:
        """A digit as this writer writes it, who may have two ways of writing it and no more."""
        known = self._exemplars.setdefault(digit, [])
        if self._steady and len(known) >= 2:
            return known[int(self._rng.integers(len(known)))]
        shape = self._new_digit(digit)
        known.append(shape)
        return shape

    def _new_digit(self, digit: int) -> Glyph | Strokes:
        rng, source = self._rng, self._source
        if digit == 1 and self._draws_ones:
            source = "drawn"
        if source == "mixed":
            source = str(rng.choice(list(MIXED_SOURCES), p=list(MIXED_SOURCES.values())))
        if source == "traced":
            return self._shapes.traced(rng, digit)
        if source == "image":
            return self._shapes.image(rng, digit)
        if source == "penned":
            return self._shapes.penned(rng, digit, self._pen)
        return digit_strokes(digit, rng, jitter=self._style.stroke_jitter)


def _pieces(text: str) -> list[str]:
    """The parts of a mixed number: "2 1/2" → "2", " ", "1/2"; everything else is one part."""
    if " " in text and "/" in text:
        whole, _, part = text.partition(" ")
        return [whole, " ", part]
    return [text]


def _is_fraction(piece: str, text: str) -> bool:
    """Whether a part of a number may be written with small digits: not so the parts of a date."""
    return piece.count("/") == 1 and (" " in text or len(piece) <= 4)
