"""Blank sheets: paper or a board, pens, printers' inks, fonts, and somebody who writes."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sutja.synth.documents.font_writer import FontWriter
from sutja.synth.documents.fonts import FontFile
from sutja.synth.documents.inks import PenInk, chalk, random_pen
from sutja.synth.documents.papers import paint_board, paint_paper
from sutja.synth.documents.sheets import DocumentSheet
from sutja.synth.documents.stroke_writer import StrokeWriter
from sutja.synth.documents.words import WRITTEN_SCRIPTS
from sutja.synth.documents.writers import Sources, Writer
from sutja.synth.sheet import Colours

BLEED_SHARE = 0.17  # of the picture, at each side: what a sloped picture shows beyond the upright one
BOARD_PROBABILITY, CLEAN_BOARD_PROBABILITY = 0.07, 0.4  # of photographs and of screenshots
FLAT_PROBABILITY = 0.7  # of screenshots: one colour alone
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
DARK_INK, BRIGHT_INK = (0.1, 0.1, 0.1), (0.9, 0.9, 0.9)
LATIN_PROBABILITY = 0.8
FONT_WRITER_PROBABILITY = 0.22
FONT_WORDS_PROBABILITY = 0.8  # of writers with strokes whose words are written in a font
FONT_PEN_WIDTH = 0.09  # of most handwriting fonts, in digit heights
MIN_PEN_PIXELS = 1.1


def blank_document_sheet(
    rng: Generator, sources: Sources, size: tuple[int, int], *, digit_height: float, clean: bool
) -> DocumentSheet:
    """An empty sheet for a picture of `size` (width, height); a `clean` one is a screenshot's or a canvas's."""
    margin = round(BLEED_SHARE * max(size))
    board = rng.random() < (CLEAN_BOARD_PROBABILITY if clean else BOARD_PROBABILITY)
    large = (size[0] + 2 * margin, size[1] + 2 * margin)
    colours = _random_colours(rng, large, digit_height, clean=clean, board=board)
    pens = [chalk(rng), chalk(rng)] if board else [random_pen(rng), random_pen(rng)]
    pen_width = _random_pen_width(rng, digit_height)
    print_ink, rule_ink = _random_print_inks(rng, board=board)
    script = "latin" if rng.random() < LATIN_PROBABILITY else str(rng.choice(WRITTEN_SCRIPTS))
    slope = float(np.radians(rng.normal(0, 1.2) if rng.random() < 0.88 else rng.uniform(-14, 14)))

    def new_writer() -> Writer:
        width = _random_pen_width(rng, digit_height)
        return _random_writer(rng, sources, width, script)

    return DocumentSheet(
        rng,
        colours,
        digit_height,
        pen_width * digit_height,
        _random_writer(rng, sources, pen_width, script),
        pens,
        print_ink,
        rule_ink,
        _fonts_of(rng, sources.fonts.print, script, count=2),
        (margin, margin, margin + size[0], margin + size[1]),
        slope,
        script,
        new_writer,
    )


def _random_colours(rng: Generator, size: tuple[int, int], digit_height: float, *, clean: bool, board: bool) -> Colours:
    """One colour, a board or paper, of `size` (width, height)."""
    if clean and rng.random() < FLAT_PROBABILITY:
        return np.full((size[1], size[0], 3), 0.05 if board else rng.uniform(0.9, 1), np.float32)
    return paint_board(size, rng) if board else paint_paper(size, rng, digit_height=digit_height)


def _random_print_inks(rng: Generator, *, board: bool) -> tuple[PenInk, PenInk]:
    """The inks of printed text and of rules."""
    dark = BRIGHT_INK if board else DARK_INK
    colour = dark if rng.random() < 0.7 else tuple(rng.uniform(0, 0.8, 3).tolist())
    rule = dark if rng.random() < 0.4 else RULE_COLOURS[rng.integers(len(RULE_COLOURS))]
    return (
        PenInk(np.array(colour, np.float32), float(rng.uniform(0.5, 1))),
        PenInk(np.array(rule, np.float32), float(rng.uniform(0.15, 1))),
    )


def _random_writer(rng: Generator, sources: Sources, pen_width: float, script: str) -> Writer:
    """Somebody who writes with strokes or, where there are fonts, in one; `pen_width` is in digit heights."""
    words = _fonts_of(rng, sources.fonts.words, script, count=1)
    thickness = float(np.clip(pen_width - FONT_PEN_WIDTH, -0.04, 0.12))
    numbers = _fonts_of(rng, sources.fonts.numbers, "latin", count=1)
    if numbers and rng.random() < FONT_WRITER_PROBABILITY:
        return FontWriter(rng, numbers[0], words[0] if words else None, thickness=thickness)
    has_font = words and rng.random() < FONT_WORDS_PROBABILITY
    word_writer = FontWriter(rng, words[0], thickness=thickness) if has_font else None
    return StrokeWriter(rng, sources, pen_width=pen_width, words=word_writer)


def _fonts_of(rng: Generator, fonts: tuple[FontFile, ...], script: str, *, count: int) -> list[FontFile]:
    """Some fonts for a script, of those that there are."""
    fitting = [font for font in fonts if script in font.scripts]
    return [fitting[index] for index in rng.integers(len(fitting), size=count)] if fitting else []


def _random_pen_width(rng: Generator, digit_height: float) -> float:
    """The width of a pen in digit heights: thin on large writing, broad felt pens up to a fifth."""
    kind = rng.random()
    width = rng.uniform(0.045, 0.1) if kind < 0.62 else rng.uniform(0.1, 0.2) if kind < 0.9 else rng.uniform(0.02, 0.05)
    return float(max(width, MIN_PEN_PIXELS / digit_height))
