"""Fonts in which generated documents are written: the table of them, the folder they lie in, and text drawn as masks.

Fonts serve training only and are no part of the package: `python -m tools.fonts` fetches those of `fonts.csv`.
"""

from __future__ import annotations

import csv
import math
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont, features

from sutja.errors import DataError

FONT_TABLE = Path(__file__).parent / "fonts.csv"
FONT_FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sutja" / "fonts"
FONT_USES = ("number", "word", "print", "script-print")
DIGITS = "0123456789"
NUMBER_SIGNS = frozenset(DIGITS + " .,-+/:%½=()$€")  # a text of these alone is drawn sign by sign
REFERENCE_SIZE = 200.0  # at which a font's digits are measured
MIN_SIZE = 4.0
SIZE_STEP = 1.06  # ratio of two neighbouring sizes in the cache
MAX_CACHED_SIGN_PIXELS = 64 * 64
MAX_CACHED_FONTS = 4096  # each at one size: about 0.1 MB
MAX_CACHED_SIGNS = 16384

Band = tuple[float, float]  # the rows of the digits' tops and bottoms, beside the font's baseline or in a mask


@dataclass(frozen=True)
class FontEntry:
    """A font of the table: its name, npm package, weight (400 regular, 700 bold), use and scripts.

    `use` is `number` (digits as by hand: numbers and words), `word` (only the letters are as by hand), `print`, or
    `script-print` (an ornamental or printed hand, as on signs and logos).
    """

    name: str
    package: str
    weight: int
    use: str
    scripts: frozenset[str]

    @property
    def family(self) -> str:
        """The name without its weight, with which the package's files begin."""
        return self.name.removesuffix(f"-{self.weight}")


@dataclass(frozen=True)
class FontFile:
    """A font that is there: its name, its TrueType file and the scripts it is meant for, as `latin` or `korean`."""

    name: str
    path: Path
    scripts: frozenset[str]

    def has(self, text: str) -> bool:
        """Whether the font has every sign of `text`. Raises `DataError` if the file is no font."""
        return characters_of(self.path) >= set(text)

    def drawable(self, text: str) -> str:
        """`text` without the signs that the font lacks. Raises `DataError` if the file is no font."""
        known = characters_of(self.path)
        return "".join(sign for sign in text if sign in known)


@dataclass(frozen=True)
class Fonts:
    """Fonts by use: `numbers` written by hand, `words` written by hand (those of `numbers` among them), and `print`."""

    numbers: tuple[FontFile, ...]
    words: tuple[FontFile, ...]
    print: tuple[FontFile, ...]

    @classmethod
    def none(cls) -> Fonts:
        """No font at all, for documents of strokes and digits alone."""
        return cls((), (), ())


@dataclass(frozen=True)
class RenderedText:
    """A text drawn as ink.

    `text` is what was drawn: one character for each of `boxes`. `mask` is `uint8 (H, W)`, 255 where there is most ink,
    cropped to the ink. `boxes` is `float32 (len(text), 4)`: x0, y0, x1, y1 of the ink of each character in pixels of
    the mask; of a space, its advance at the height of the digits. `digit_top` and `baseline` are the rows between which
    the font's digits stand; they may lie outside of the mask, as for a comma.
    """

    text: str
    mask: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    digit_top: float
    baseline: float


def read_font_table(path: Path = FONT_TABLE) -> tuple[FontEntry, ...]:
    """The fonts of a table with the columns name, package, weight, use, scripts (a space between two scripts).

    Raises `DataError` for a use that is not known.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = [FontEntry(n, p, int(w), u, frozenset(s.split())) for n, p, w, u, s in list(csv.reader(file))[1:]]
    for row in rows:
        if row.use not in FONT_USES:
            raise DataError(f"{path}: {row.name}: unknown use '{row.use}': known: {', '.join(FONT_USES)}")
    return tuple(rows)


def load_fonts(folder: Path = FONT_FOLDER) -> Fonts:
    """The fonts of the table that lie in `folder` as `NAME.ttf`.

    Raises `DataError` if the folder holds none of them.
    """
    there = [(row, path) for row in read_font_table() if (path := folder / f"{row.name}.ttf").is_file()]
    if not there:
        raise DataError(f"{folder}: holds no fonts for documents; fetch them: python -m tools.fonts {folder}")

    def of_use(*uses: str) -> tuple[FontFile, ...]:
        return tuple(FontFile(row.name, path, row.scripts) for row, path in there if row.use in uses)

    return Fonts(of_use("number"), of_use("number", "word"), of_use("print", "script-print"))


@lru_cache(maxsize=MAX_CACHED_FONTS)
def characters_of(path: Path) -> frozenset[str]:
    """The signs that a font file has. Raises `DataError` if it is no font."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as file, TTFont(file, lazy=True) as font:
            return frozenset(sys.intern(chr(code)) for code in font.getBestCmap() or ())
    except (OSError, TTLibError) as error:
        raise DataError(f"{path}: is no font that can be read: {error}") from error


def render_text(font: FontFile, text: str, height_pixels: float, *, spacing: float = 0.0) -> RenderedText:
    """`text` in `font` with digits of `height_pixels`; signs that the font lacks are left out.

    `spacing` is put between two characters, in digit heights; negative values bring them closer. Letters are shaped as
    the font asks (kerning, joins, Indic clusters), unless `spacing` is set. Raises `DataError` if the file is no font.
    """
    text = font.drawable(text).strip()
    apart = bool(spacing) or set(text) <= NUMBER_SIGNS
    loaded, band = _font_for(font.path, height_pixels, shaped=not apart)
    drawn = _drawn_apart(loaded, text, spacing, band) if apart else _drawn_whole(loaded, text)
    return _resized(text, *drawn, band, height_pixels)


def _resized(
    text: str, mask: NDArray[np.uint8], boxes: NDArray[np.float32], first_row: float, band: Band, height_pixels: float
) -> RenderedText:
    """What was drawn with digits in `band`, brought to digits of `height_pixels`."""
    if not mask.size:
        return RenderedText(text, np.zeros((1, 1), np.uint8), boxes, -height_pixels, 0.0)
    scale = height_pixels / (band[1] - band[0])
    height, width = (max(1, round(side * scale)) for side in mask.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(mask, (width, height), interpolation=method).astype(np.uint8, copy=False)
    across, down = width / mask.shape[1], height / mask.shape[0]
    boxes = boxes * np.array([across, down, across, down], np.float32)
    return RenderedText(text, resized, boxes, (band[0] - first_row) * down, (band[1] - first_row) * down)


def _font_for(path: Path, height_pixels: float, *, shaped: bool) -> tuple[ImageFont.FreeTypeFont, Band]:
    """The font at the next larger size of the cache, with digits of at least `height_pixels`, and their band."""
    _, (top, bottom) = _typical_digit(path)
    size = max(MIN_SIZE, REFERENCE_SIZE * height_pixels / (bottom - top))
    stepped = SIZE_STEP ** math.ceil(math.log(size, SIZE_STEP))
    return _font_of_size(path, round(stepped, 2), shaped=shaped)


@lru_cache(maxsize=MAX_CACHED_FONTS)
def _font_of_size(path: Path, size: float, *, shaped: bool) -> tuple[ImageFont.FreeTypeFont, Band]:
    font = _opened(path, size, shaped=shaped)
    digit, band = _typical_digit(path)
    if digit:
        _, top, _, bottom = font.getbbox(digit, anchor="ls")
        return font, (top, max(bottom, top + 1))
    return font, (band[0] * size / REFERENCE_SIZE, band[1] * size / REFERENCE_SIZE)


@lru_cache(maxsize=MAX_CACHED_FONTS)
def _typical_digit(path: Path) -> tuple[str, Band]:
    """The digit that stands as most do, and its rows at the reference size; none and those of capitals without digits.

    Digits of other heights, as the 9 that goes below the line in a text font, do not count.
    """
    font = _opened(path, REFERENCE_SIZE, shaped=False)
    boxes = {sign: font.getbbox(sign, anchor="ls") for sign in DIGITS if sign in characters_of(path)}
    if not boxes:
        return "", (-0.7 * REFERENCE_SIZE, 0.0)
    rows = np.array([(box[1], box[3]) for box in boxes.values()])
    typical = int(np.abs(rows - np.median(rows, axis=0)).sum(axis=1).argmin())
    return list(boxes)[typical], (float(rows[typical, 0]), float(rows[typical, 1]))


def _opened(path: Path, size: float, *, shaped: bool) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if shaped and features.check("raqm") else ImageFont.Layout.BASIC
    try:
        return ImageFont.truetype(str(path), size, layout_engine=engine)
    except OSError as error:
        raise DataError(f"{path}: is no font that can be read: {error}") from error


def _drawn_apart(
    font: ImageFont.FreeTypeFont, text: str, spacing: float, band: Band
) -> tuple[NDArray[np.uint8], NDArray[np.float32], float]:
    """The text sign by sign: mask, boxes in it, and the mask's first row beside the font's baseline."""
    signs = [_sign(font, sign) for sign in text]
    gap = spacing * (band[1] - band[0])
    pens = np.cumsum([0.0, *(advance + gap for _, _, _, advance in signs)])
    places = [(round(pen) + left, top) for pen, (_, left, top, _) in zip(pens, signs, strict=False)]
    inked = [(x, y, mask) for (x, y), (mask, *_) in zip(places, signs, strict=True) if mask.size]
    if not inked:
        return np.zeros((0, 0), np.uint8), np.zeros((len(text), 4), np.float32), 0.0
    left, top = min(x for x, _, _ in inked), min(y for _, y, _ in inked)
    right, bottom = max(x + m.shape[1] for x, _, m in inked), max(y + m.shape[0] for _, y, m in inked)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for x, y, mask in inked:
        part = canvas[y - top : y - top + mask.shape[0], x - left : x - left + mask.shape[1]]
        np.maximum(part, mask, out=part)
    boxes = [
        (x, y, x + mask.shape[1], y + mask.shape[0]) if mask.size else (pen, band[0], pen + advance, band[1])
        for (x, y), (mask, _, _, advance), pen in zip(places, signs, pens, strict=False)
    ]
    return canvas, np.array(boxes, np.float32) - np.array([left, top] * 2, np.float32), float(top)


def _sign(font: ImageFont.FreeTypeFont, sign: str) -> tuple[NDArray[np.uint8], int, int, float]:
    """The mask of one sign, cropped, its left and top beside the pen on the baseline, and its advance.

    The cache counts on a font being opened once for each size.
    """
    if font.size**2 > MAX_CACHED_SIGN_PIXELS:
        return _drawn_sign(font, sign)
    return _cached_sign(font, sign)


@lru_cache(maxsize=MAX_CACHED_SIGNS)
def _cached_sign(font: ImageFont.FreeTypeFont, sign: str) -> tuple[NDArray[np.uint8], int, int, float]:
    return _drawn_sign(font, sign)


def _drawn_sign(font: ImageFont.FreeTypeFont, sign: str) -> tuple[NDArray[np.uint8], int, int, float]:
    mask, left, top = _ink(font, sign)
    return mask, left, top, font.getlength(sign)


def _ink(font: ImageFont.FreeTypeFont, text: str) -> tuple[NDArray[np.uint8], int, int]:
    """The mask of a text, cropped to its ink, and the left and top of it beside the pen on the baseline."""
    drawn, (left, top) = font.getmask2(text, mode="L", anchor="ls")
    mask = np.asarray(drawn, np.uint8).reshape(drawn.size[::-1])
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8), 0, 0
    cropped = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cropped, int(left + columns[0]), int(top + rows[0])


def _drawn_whole(font: ImageFont.FreeTypeFont, text: str) -> tuple[NDArray[np.uint8], NDArray[np.float32], float]:
    """The text as the font shapes it: mask, boxes in it, and the mask's first row beside the font's baseline."""
    mask, left, top = _ink(font, text)
    ends = np.maximum.accumulate([font.getlength(text[:count]) for count in range(len(text) + 1)]) - left
    boxes = [_ink_box(mask, start, end) for start, end in pairwise(ends)]
    return mask, np.array(boxes, np.float32).reshape(-1, 4), float(top)


def _ink_box(mask: NDArray[np.uint8], start: float, end: float) -> Iterable[float]:
    """The box of the ink between two columns; the columns over the full height where there is none."""
    first, last = max(0, math.floor(start)), min(mask.shape[1], math.ceil(end))
    part = mask[:, first:last]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        return first, 0, max(first, last), mask.shape[0]
    return first + columns[0], rows[0], first + columns[-1] + 1, rows[-1] + 1
