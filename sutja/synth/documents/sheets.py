"""Sheet: a flat document while it is filled in, with its pens, its print and all that stands on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.documents.document import WrittenRun, other_run, upright_quad
from sutja.synth.documents.fonts import FontFile
from sutja.synth.documents.hiding import unknown_run
from sutja.synth.documents.inks import PenInk, apply_ink
from sutja.synth.documents.marks import circle, draw_filler, draw_mark_in, draw_stroke, strike_out, underline
from sutja.synth.documents.typesetting import WORD_GAP, typeset
from sutja.synth.documents.words import random_heading, random_phrase, random_word
from sutja.synth.documents.writers import Writer
from sutja.synth.documents.writing import Layer, Writing, is_visible, place_ink
from sutja.synth.sheet import Colours

MAX_RUNS = 100  # that layouts put onto a sheet, so that tiny writing does not take for ever
MIN_FITTING_SHARE = 0.5  # of the usual height, in which numbers are written where there is little room
MAX_CROSSED_SHARE = 0.12  # of the ink of two writings, where one lies on the other
DOT_SHARE, DASH_SHARE = 0.1, 0.5  # of a step of a dotted or dashed rule
MAX_DOT_STEP = 4  # of a dotted rule, in thicknesses
MIN_PRINT_PIXELS = 3.0  # the height of digits in print, below which nothing is printed
BRIGHT_PRINT = PenInk(np.array((0.97, 0.97, 0.97), np.float32), 1.0)

Region = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass
class DocumentSheet:
    """A sheet on which layouts write, print and draw, in pixels from its top left corner.

    `digit_height` is the usual height of handwritten digits, `pen_width` that of the pen's strokes, both in pixels.
    `window` (left, top, right, bottom) is the part that will surely be seen. `new_writer` makes somebody else.
    """

    rng: Generator
    colours: Colours
    digit_height: float
    pen_width: float
    writer: Writer
    pens: list[PenInk]
    print_ink: PenInk
    rule_ink: PenInk
    print_fonts: Sequence[FontFile]
    window: Region
    slope: float = 0.0
    script: str = "latin"
    new_writer: Callable[[], Writer] | None = None
    runs: list[WrittenRun] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare empty layers for the pens, the print and the rules."""
        shape = self.colours.shape[:2]
        self.hand_layers: list[Layer] = [np.zeros(shape, np.uint8) for _ in self.pens]
        self.print_layer: Layer = np.zeros(shape, np.uint8)
        self.bright_layer: Layer = np.zeros(shape, np.uint8)  # print on dark grounds
        self.rule_layer: Layer = np.zeros(shape, np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.colours.shape[1], self.colours.shape[0]

    @property
    def ink(self) -> Layer:
        """All that is written and printed on it, without rules, `uint8 (H, W)`."""
        return np.asarray(np.maximum.reduce(self.written_layers), np.uint8)

    @property
    def written_layers(self) -> list[Layer]:
        """The layers of handwriting and print."""
        return [*self.hand_layers, self.print_layer, self.bright_layer]

    def chance(self, probability: float) -> bool:
        """Whether something happens that happens with this probability."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """A random number between two."""
        return float(self.rng.uniform(low, high))

    def heights(self, low: float, high: float) -> float:
        """A random length of `low` to `high` digit heights, in pixels."""
        return self.digit_height * self.between(low, high)

    @property
    def is_full(self) -> bool:
        """Whether so much stands on it that more would take too long."""
        return len(self.runs) >= MAX_RUNS

    def word(self) -> str:
        """A word in the script of the sheet."""
        return random_word(self.rng, self.script)

    def phrase(self, words: int) -> str:
        """Some words in the script of the sheet."""
        return random_phrase(self.rng, self.script, words)

    def heading(self) -> str:
        """What stands at the head of a column or before the blank of a form."""
        return random_heading(self.rng, self.script)

    def compose(self) -> Colours:
        """Print the rules and the text, and put the handwriting on top."""
        apply_ink(self.colours, self.rule_layer, self.rule_ink, self.rng, digit_height=self.digit_height)
        apply_ink(self.colours, self.print_layer, self.print_ink, self.rng, digit_height=self.digit_height)
        apply_ink(self.colours, self.bright_layer, BRIGHT_PRINT, self.rng, digit_height=self.digit_height)
        for layer, pen in zip(self.hand_layers, self.pens, strict=True):
            apply_ink(self.colours, layer, pen, self.rng, digit_height=self.digit_height)
        return self.colours

    def change_writer(self) -> None:
        """Let somebody else write on, where there is somebody."""
        if self.new_writer is not None:
            self.writer = self.new_writer()

    def write(
        self,
        text: str,
        x: float,
        y: float,
        *,
        beginning: str = "",
        ending: str = "",
        struck: bool = False,
    ) -> Writing:
        """Write a number with the left end of its baseline at x, y; returns what was written."""
        height = self.digit_height * float(np.clip(self.rng.normal(1, 0.07), 0.7, 1.4))
        written = self.writer.write(text, height, beginning=beginning, ending=ending)
        self.put(written, x, y, struck=struck)
        return written

    def write_fitting(self, text: str, box: Region, *, pen: int = 0, align: float = 0.5, ending: str = "") -> None:
        """Write a number into a box (left, top, right, bottom), smaller if need be; `align` 0 is left, 1 right.

        Of a number that is too long even for small digits the first signs are written.
        """
        left, top, right, bottom = box
        height = min(self.digit_height * float(np.clip(self.rng.normal(1, 0.08), 0.7, 1.4)), 0.95 * (bottom - top))
        written = self.writer.write(text, height, ending=ending, in_cell=True)
        room = right - left
        if written.width > 1.02 * room and written.width > 0:
            share = room / written.width
            if share < MIN_FITTING_SHARE:
                text, ending = _first_signs(text, share / MIN_FITTING_SHARE), ""
            height *= max(MIN_FITTING_SHARE, share)
            written = self.writer.write(text, height, ending=ending, in_cell=True)
        slack = room - written.width
        x = left + slack * align + float(self.rng.normal(0, 0.08)) * height
        spare = (bottom - top) - height
        y = bottom - spare * float(np.clip(self.rng.normal(0.45, 0.18), -0.1, 1.1))
        self.put(written, x, y, pen=pen)

    def put(self, written: Writing, x: float, y: float, *, pen: int = 0, struck: bool = False) -> bool:
        """Put a writing onto the sheet, unless it would cross what stands there already; says whether it does."""
        layer = self.hand_layers[pen % len(self.pens)]
        runs = self._place(layer, written, x, y, angle=self.slope + float(self.rng.normal(0, 0.012)))
        self.runs += [unknown_run(run) for run in runs] if struck else runs
        if struck and runs:
            strike_out(layer, self.rng, runs[0].quad, self.pen_width)
        return bool(runs)

    def _place(self, layer: Layer, written: Writing, x: float, y: float, *, angle: float) -> list[WrittenRun]:
        """Add the ink of a writing to a layer; returns its visible runs, none if it would cross other writing."""
        if not written.spans:
            return []
        placed = place_ink(written, layer.shape, x, y, angle=angle)
        if not placed.patch.size or placed.crossed_share(self.written_layers) > MAX_CROSSED_SHARE:
            return []
        part = placed.part(layer)
        np.maximum(part, placed.patch, out=part)
        return [run for run in (run.moved(placed.matrix) for run in written.runs()) if is_visible(run, self.size)]

    def write_word(self, word: str, x: float, y: float, *, height: float = 0.0, pen: int = 0) -> float:
        """Write a word; returns the column behind it."""
        height = height or self.digit_height * float(np.clip(self.rng.normal(0.95, 0.12), 0.6, 1.4))
        written = self.writer.write_word(word, height)
        self.put(written, x, y, pen=pen)
        return x + written.width

    def print_text(
        self, text: str, x: float, y: float, height: float, *, angle: float = 0.0, bright: bool = False
    ) -> float:
        """Print a text, its words apart, with the left end of the baseline at x, y; returns the column behind it."""
        layer = self.bright_layer if bright else self.print_layer
        for written in typeset(text, self.random_font(), height):
            self.runs += self._place(layer, written, x, y, angle=angle)
            x += written.width + WORD_GAP * height
        return x

    def print_fitting(self, text: str, box: Region, height: float, *, align: float = 0.5, bright: bool = False) -> None:
        """Print a text into a box (left, top, right, bottom), smaller if need be; `align` 0 is left, 1 right."""
        left, top, right, bottom = box
        font = self.random_font()
        words = typeset(text, font, height)
        width = sum(word.width for word in words) + WORD_GAP * height * (len(words) - 1)
        if width > right - left:
            height *= max(0.0, right - left) / width
            if height < MIN_PRINT_PIXELS:
                return
            words, width = typeset(text, font, height), right - left
        x = left + align * (right - left - width)
        for word in words:
            layer = self.bright_layer if bright else self.print_layer
            self.runs += self._place(layer, word, x, (top + bottom + height) / 2, angle=0.0)
            x += word.width + WORD_GAP * height

    def random_font(self) -> FontFile | None:
        """One of the sheet's print fonts; `None` if there are none."""
        return self.print_fonts[int(self.rng.integers(len(self.print_fonts)))] if self.print_fonts else None

    def rule(self, start: tuple[float, float], stop: tuple[float, float], thick: float, *, dots: float = 0.0) -> None:
        """Draw a rule, with `dots` a dotted or dashed one in steps of so many pixels."""
        size = max(1, round(thick))
        ends = np.array([start, stop], np.float64)
        length = float(np.hypot(*(ends[1] - ends[0])))
        shares = np.array([0.0, 1.0])
        if dots and length > dots:
            dash = DOT_SHARE if dots < MAX_DOT_STEP * size else DASH_SHARE
            shares = (np.arange(0, length, dots)[:, None] + (0, dash * dots)) / length
        places = ends[0] + shares.reshape(-1, 2, 1) * (ends[1] - ends[0])
        inside = (places.max(axis=1) > -size).all(axis=1) & (places.min(axis=1) < np.array(self.size) + size).all(
            axis=1
        )
        eighths = np.clip(np.round(places[inside] * 8), -(10**6), 10**6).astype(np.int32)
        cv2.polylines(self.rule_layer, list(eighths), False, 255, size, cv2.LINE_AA, 3)

    def rule_by_hand(
        self, start: tuple[float, float], stop: tuple[float, float], thick: float = 0.0, *, dots: float = 0.0
    ) -> None:
        """Draw a line with the pen, whatever the thickness of printed rules."""
        points = np.linspace(start, stop, 5) + self.rng.normal(0, 0.04 * self.digit_height, (5, 2))
        draw_stroke(self.hand_layers[0], points, self.pen_width)

    def fill(self, box: Region, tint: NDArray[np.float32]) -> None:
        """Colour the paper in a box."""
        left, top, right, bottom = (max(0, round(edge)) for edge in box)
        self.colours[top:bottom, left:right] *= tint

    def mark(self, box: Region, kind: str | None = None, *, pen: int = 0) -> None:
        """Draw a mark that is no number into a box."""
        self._note(draw_mark_in(self.hand_layers[pen % len(self.pens)], self.rng, box, self.pen_width, kind))

    def stroke(self, points: NDArray[np.float64], box: Region, *, pen: int = 0) -> None:
        """Draw a stroke that is no sign, within a box."""
        draw_stroke(self.hand_layers[pen % len(self.pens)], points, self.pen_width)
        self._note(other_run(upright_quad(*box), handwritten=True))

    def filler(self, box: Region, *, pen: int = 0) -> None:
        """Draw a long stroke through a box."""
        self._note(draw_filler(self.hand_layers[pen % len(self.pens)], self.rng, box, self.pen_width))

    def decorate(self, run: WrittenRun, *, pen: int = 0) -> None:
        """Draw a circle around a number, or a line below it."""
        draw = circle if self.rng.random() < 0.6 else underline
        draw(self.hand_layers[pen % len(self.pens)], self.rng, run.quad, self.pen_width)

    def _note(self, run: WrittenRun) -> None:
        if is_visible(run, self.size):
            self.runs.append(run)


def _first_signs(text: str, share: float) -> str:
    """About that share of a number's signs, up to a digit."""
    count = max(1, int(share * len(text)))
    return text[:count].rstrip(".,-+/: ") or text[: count + 1]
