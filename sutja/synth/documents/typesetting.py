"""Printed words and numbers: set in a font, or in OpenCV's own where there is none."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.synth.documents.fonts import FontFile, render_text
from sutja.synth.documents.writing import Writing

PRINTED_NUMBER_SIGNS = frozenset("0123456789.,-+/:")
WORD_GAP = 0.45  # between two words, in digit heights
PRINT_MARGIN_PIXELS = 2
PLAIN_FONT, PLAIN_STROKE_PIXELS = cv2.FONT_HERSHEY_SIMPLEX, 2


def typeset(text: str, font: FontFile | None, height: float) -> list[Writing]:
    """The words of a text in print with digits of `height` pixels, without those of which a font has no sign."""
    words = [_plain_word(word, height) if font is None else _word(word, font, height) for word in text.split()]
    return [word for word in words if word is not None]


def _word(text: str, font: FontFile, height: float) -> Writing | None:
    drawn = render_text(font, text, height)
    if not drawn.text or drawn.mask.size < 2:
        return None
    spans = [(left + PRINT_MARGIN_PIXELS, right + PRINT_MARGIN_PIXELS) for left, _, right, _ in drawn.boxes.tolist()]
    return _printed(np.pad(drawn.mask, PRINT_MARGIN_PIXELS), drawn.text, spans, drawn.digit_top, drawn.baseline)


def _plain_word(text: str, height: float) -> Writing:
    """A word in the font that OpenCV brings."""
    (width, high), below = cv2.getTextSize(text, PLAIN_FONT, 1.0, PLAIN_STROKE_PIXELS)
    mask = np.zeros((high + below, width), np.uint8)
    cv2.putText(mask, text, (0, high), PLAIN_FONT, 1.0, 255, PLAIN_STROKE_PIXELS, cv2.LINE_AA)
    zoom = height / high
    mask = np.asarray(cv2.resize(mask, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8)
    edges = np.linspace(0, mask.shape[1], len(text) + 1) + PRINT_MARGIN_PIXELS
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    return _printed(np.pad(mask, PRINT_MARGIN_PIXELS), text, spans, 0, height)


def _printed(ink: np.ndarray, text: str, spans: list[tuple[float, float]], top: float, bottom: float) -> Writing:
    """Printed ink; it is a number if it has digits and nothing but the signs of numbers."""
    is_number = set(text) <= PRINTED_NUMBER_SIGNS and any(sign.isdigit() for sign in text)
    count = len(text.rstrip(".,:/-+")) if is_number else 0
    rows = (top + PRINT_MARGIN_PIXELS, bottom + PRINT_MARGIN_PIXELS)
    return Writing(ink, text, tuple(spans), *rows, count=count, handwritten=False)
