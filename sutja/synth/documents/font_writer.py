"""A writer with a handwriting font, bent, slanted and thickened."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from sutja.synth.documents.fonts import FontFile, render_text
from sutja.synth.documents.writers import MAX_CELL_GAP
from sutja.synth.documents.writing import Layer, Writing, digit_band

WIDE_SPACING_PROBABILITY, WIDE_SPACINGS = 0.15, (0.4, 0.9)  # of writers that set digits apart, in digit heights
MIN_INK_SHARE = 0.5  # that thinning leaves of a thin font's strokes


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
        wide = rng.random() < WIDE_SPACING_PROBABILITY
        self._spacing = float(rng.uniform(*WIDE_SPACINGS) if wide else rng.uniform(-0.05, 0.3))

    def write(
        self, text: str, height: float, *, beginning: str = "", ending: str = "", in_cell: bool = False
    ) -> Writing:
        """Write a number with digits of `height` pixels, a `beginning` and an `ending` that are no part of it.

        Its signs stand close together `in_cell`.
        """
        font = self._numbers
        # Signs that the font lacks are left out of the number, too.
        first, stop = (len(font.drawable(part).lstrip()) for part in (beginning, beginning + text))
        spacing = min(self._spacing, MAX_CELL_GAP) if in_cell else self._spacing
        return self._written(font, beginning + text + ending, height, (first, stop), spacing=spacing)

    def write_word(self, word: str, height: float) -> Writing:
        """Write a word with capitals of about `height` pixels."""
        return self._written(self._words, word, height, (0, 0))

    def _written(
        self, font: FontFile, text: str, height: float, number: tuple[int, int], *, spacing: float = 0.0
    ) -> Writing:
        """Write a text in which the signs from and to `number` are the number."""
        drawn = render_text(font, text, height, spacing=spacing)
        pad = round(0.6 * height) + 2
        boxes = drawn.boxes + pad
        digits = [
            ((x0 + x1) / 2, y0, y1)
            for sign, (x0, y0, x1, y1) in zip(drawn.text[slice(*number)], boxes[slice(*number)].tolist(), strict=True)
            if sign.isdigit()
        ]
        top, bottom = digit_band(digits, (drawn.digit_top + pad, drawn.baseline + pad))
        ink = self._bent(np.pad(drawn.mask, pad), height, (top + bottom) / 2)
        spans = tuple((left, right) for left, _, right, _ in boxes.tolist())
        return Writing(ink, drawn.text, spans, top, bottom, count=number[1] - number[0], first=number[0])

    def _bent(self, ink: Layer, height: float, middle: float) -> Layer:
        """The ink with this writer's pen, slant and unsteadiness."""
        ink = _thickened(ink, self._thickness * height)
        shear = np.array([[1, -self._slant, self._slant * middle], [0, 1, 0]])
        ink = np.asarray(cv2.warpAffine(ink, shear, ink.shape[::-1], flags=cv2.INTER_LINEAR), np.uint8)
        return _waved(ink, self._rng, height, self._jitter)


def _thickened(ink: Layer, pixels: float) -> Layer:
    """Strokes thicker by some pixels, or thinner."""
    if abs(pixels) < 0.4:
        return ink
    soft = cv2.GaussianBlur(ink, (0, 0), max(0.5, abs(pixels) / 2)).astype(np.float32)
    threshold = 127 - np.clip(90 * np.sign(pixels) * min(1.0, abs(pixels) / 2), -70, 90)
    changed = np.asarray(np.clip((soft - threshold) * 4 + 128, 0, 255), np.uint8)
    return changed if changed.mean() > MIN_INK_SHARE * ink.mean() else ink


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
