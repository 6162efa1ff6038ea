"""Sheets without handwritten numbers, or with hardly any."""

from __future__ import annotations

from sutja.synth.documents.layouts.rulings import draw_ruling
from sutja.synth.documents.number_texts import random_number_text
from sutja.synth.documents.sheets import DocumentSheet


def printed(sheet: DocumentSheet) -> None:
    """Nothing but print, mostly: paragraphs, lists, tables of printed numbers."""
    rng, (width, height) = sheet.rng, sheet.size
    size = sheet.heights(0.6, 1.1)
    pitch = size * sheet.between(1.5, 2.4)
    y = size * sheet.between(0.5, 1.5)
    numbers = 0.5 * rng.random()
    while y < height + size and not sheet.is_full:
        _print_line(sheet, y, size, numbers)
        y += pitch
    if sheet.chance(0.3):
        text = random_number_text(rng)
        sheet.write(text, sheet.between(0.1, 0.7) * width, sheet.between(0.3, 0.9) * height)


def _print_line(sheet: DocumentSheet, y: float, size: float, numbers: float) -> None:
    """A line of words, with a share of `numbers` among them."""
    x = sheet.between(-0.1, 0.1) * sheet.size[0]
    while x < sheet.size[0] and sheet.chance(0.95):
        text = random_number_text(sheet.rng) if sheet.chance(numbers) else sheet.word()
        x = sheet.print_text(text, x, y, size) + (0.0 if sheet.chance(0.9) else 2 * size)


def empty(sheet: DocumentSheet) -> None:
    """No number at all: a page of words, a drawing, empty paper."""
    kind = sheet.rng.random()
    if kind < 0.4:
        _fill_with_words(sheet)
    elif kind < 0.7:
        _fill_with_marks(sheet)
    else:
        draw_ruling(sheet, sheet.digit_height)


def _fill_with_words(sheet: DocumentSheet) -> None:
    pitch = sheet.heights(1, 2.5)
    draw_ruling(sheet, pitch)
    y = sheet.digit_height
    while y < sheet.size[1] and not sheet.is_full:
        x = sheet.heights(0, 2)
        while x < sheet.size[0]:
            x = sheet.write_word(sheet.word(), x, y) + sheet.heights(0.4, 1)
        y += pitch


def _fill_with_marks(sheet: DocumentSheet) -> None:
    width, height = sheet.size
    for _ in range(int(sheet.rng.integers(1, 12))):
        x, y = sheet.between(0, 1) * width, sheet.between(0, 1) * height
        size = sheet.heights(0.5, 3)
        sheet.mark((x, y, x + size, y + size))
