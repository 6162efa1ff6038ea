"""Letters as strokes of a pen, after the stroke fonts of A. V. Hershey (1967): what stands near digits and is none."""

from __future__ import annotations

from functools import cache

import numpy as np
from HersheyFonts import HersheyFonts

from sutja.synth.strokes import Glyph, Shape, draw

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYabcdefhijkmnprtuvwxy&%@?!"  # without those that are digits in somebody's hand
FONTS = (
    "futural",
    "futuram",
    "rowmans",
    "rowmand",
    "rowmant",
    "scripts",
    "scriptc",
    "cursive",
    "timesr",
    "timesrb",
    "timesi",
    "timesib",
    "gothgbt",
)


def draw_letter(rng: np.random.Generator, *, pen: float) -> Glyph:
    """A letter of one of the fonts, as a pen as wide as `pen` draws it: as `strokes.draw` does."""
    shape, width = letter(FONTS[rng.integers(len(FONTS))], LETTERS[rng.integers(len(LETTERS))])
    return draw(
        shape, rng, pen=pen, width=width * rng.uniform(0.8, 1.2), unrest=rng.uniform(0, 0.03), round_corners=False
    )


@cache
def letter(font: str, name: str) -> tuple[Shape, float]:
    """A letter's strokes in a box of width and height 1, and its width in heights."""
    strokes = [np.array(stroke, np.float64) for stroke in _font(font).strokes_for_text(name)]
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1)
    shape = tuple(tuple((float(x), float(y)) for x, y in (stroke - low) / size) for stroke in strokes)
    return shape, float(np.clip(size[0] / size[1], 0.15, 1.4))


@cache
def _font(name: str) -> HersheyFonts:
    font = HersheyFonts()
    font.load_default_font(name)
    return font
