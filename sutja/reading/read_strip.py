"""A number that was found, cut out and read: the strip with its signs, and where these are in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import STRIP_ROWS, DecodedSign
from sutja.reading.cells import Cell, digit_image, sign_outline
from sutja.reading.choice import reading_gain
from sutja.reading.normalise import Gray, Ink
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Quad, upright_quad
from sutja.reading.single_digit import STRIP_MARGIN_COLUMNS
from sutja.reading.strip import STRIP_DIGIT_ROWS, Strip

SIGN_REACH_COLUMNS = STRIP_DIGIT_ROWS / 4  # from where a sign is read to its edge, at least


@dataclass(frozen=True)
class ReadStrip:
    """A number that was found, its strip, the strip's ink `float32 (48, W)`, and the signs there with their cells.

    `logits` are the line network's, `float32 (T, 19)`.
    """

    found: FoundNumber
    strip: Strip
    ink: Ink
    logits: NDArray[np.float32]
    signs: tuple[DecodedSign, ...]
    cells: tuple[Cell, ...]
    _images: dict[Cell, Gray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def place(self) -> Quad:
        """Where its signs are in the picture: what was found, and signs that were read beside it."""
        left, right = float(STRIP_MARGIN_COLUMNS), float(self.ink.shape[1] - STRIP_MARGIN_COLUMNS)
        if self.signs:
            left = min(left, self.signs[0].start - SIGN_REACH_COLUMNS)
            right = max(right, self.signs[-1].stop + SIGN_REACH_COLUMNS)
        top = (STRIP_ROWS - STRIP_DIGIT_ROWS) / 2
        corners = upright_quad(left, top, right, top + STRIP_DIGIT_ROWS)
        return np.asarray(self.strip.to_picture(corners.astype(np.float64)), np.float32)

    @cached_property
    def middles(self) -> NDArray[np.float64]:
        """The middle of each sign's ink in the picture, `(N, 2)`; NaN for a space."""
        middles = np.full((len(self.signs), 2), np.nan)
        for index, (sign, cell) in enumerate(zip(self.signs, self.cells, strict=True)):
            if sign.sign != " ":
                middles[index] = self.strip.to_picture(sign_outline(self.ink, cell)).mean(axis=0)
        return middles

    def digit_image(self, cell: Cell) -> Gray:
        """The digit in a cell in MNIST's form, `uint8 (28, 28)`; made once."""
        if cell not in self._images:
            self._images[cell] = digit_image(self.ink, cell)
        return self._images[cell]

    def without(self, left_out: NDArray[np.bool_]) -> ReadStrip:
        """The strip without some of its signs."""
        kept = np.flatnonzero(~left_out).tolist()
        return replace(
            self, signs=tuple(self.signs[index] for index in kept), cells=tuple(self.cells[index] for index in kept)
        )

    @property
    def gain(self) -> float:
        """How much both networks together say for a number: what its signs say, by what the page network says."""
        return self.found.score * reading_gain(self.signs)
