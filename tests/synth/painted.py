"""A quick painter of documents for tests: numbers and words in rows, written with OpenCV's letters."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.models.ctc import OTHER
from sutja.synth.documents.document import Document, WrittenRun, upright_quad

FONT = cv2.FONT_HERSHEY_SIMPLEX
ROW_PIXELS = 56
SIGNS = list("0123456789.,-/:")


class RowPainter:
    """Paints a number, handwritten or printed, or a word in each row."""

    def paint(self, rng: np.random.Generator, size: tuple[int, int]) -> Document:
        """Paint a document of that width and height."""
        picture = np.full((size[1], size[0], 3), rng.integers(160, 255), np.uint8)
        rows = range(ROW_PIXELS, size[1], ROW_PIXELS)
        return Document(picture, tuple(self._write(picture, baseline, rng) for baseline in rows))

    def paint_views(
        self,
        rng: np.random.Generator,
        size: tuple[int, int],
        count: int,
        *,
        layout: str | None = None,
        digit_height: float = 0.0,
    ) -> list[Document]:
        """Paint documents of that width and height."""
        return [self.paint(rng, size) for _ in range(count)]

    def _write(self, picture: NDArray[np.uint8], baseline: int, rng: np.random.Generator) -> WrittenRun:
        is_number, handwritten = bool(rng.random() < 0.8), bool(rng.random() < 0.8)
        text = "".join(rng.choice(SIGNS, rng.integers(1, 6))) if is_number else "No"
        scale, x = float(rng.uniform(0.7, 1.2)), float(rng.integers(5, 200))
        left, centres, height = x, [], 21 * scale
        for sign in text:
            (width, _), _ = cv2.getTextSize(sign, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
            cv2.putText(
                picture, sign, (round(x), baseline), cv2.FONT_HERSHEY_SIMPLEX, scale, (60, 40, 30), 2, cv2.LINE_AA
            )
            centres.append((x + width / 2, baseline - height / 2))
            x += width
        quad = upright_quad(left, baseline - height, x, baseline)
        signs = text if is_number else OTHER * len(text)
        return WrittenRun(signs, quad, np.array(centres, np.float32), handwritten, is_number)


def row_painter(digits: Digits) -> RowPainter:
    """The painter, which needs no digits."""
    return RowPainter()
