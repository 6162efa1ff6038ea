"""Amounts: cheques, receipts, numbers on dotted rules."""

from __future__ import annotations

from sutja.synth.documents.layouts.entries import random_amount_kind, random_ending
from sutja.synth.documents.layouts.rulings import draw_frame
from sutja.synth.documents.number_texts import random_digits, random_number_text
from sutja.synth.documents.papers import print_guilloche
from sutja.synth.documents.sheets import DocumentSheet

AMOUNT_ENDINGS = ("", "", "", "", ".-", ".-", "-", "=", "=", "=", "--", "~", ".", ".=", "x", "/-", ",-", "*")
MONEY_SIGNS = ("", "", "", "$", "Rs", "#", "=", "*")


def cheque(sheet: DocumentSheet) -> None:
    """A cheque: fine wavy lines, an amount in its field, perhaps with words, a date and a signature around it."""
    rng, unit = sheet.rng, sheet.digit_height
    print_guilloche(sheet.colours, rng, digit_height=unit)
    text = random_number_text(rng, str(rng.choice(["whole", "thousands", "decimal"], p=[0.45, 0.45, 0.1])))
    written = sheet.writer.write(
        text, unit, beginning=str(rng.choice(MONEY_SIGNS)), ending=str(rng.choice(AMOUNT_ENDINGS))
    )
    left, top, right, bottom = sheet.window
    x = left + max(0.2 * unit, (right - left - written.width) * sheet.between(0.05, 0.95))
    y = top + (bottom - top) * sheet.between(0.25, 0.75)
    sheet.put(written, x, y)
    _draw_field(sheet, x, y, written.width)
    _fill_around(sheet, (left, y))


def _draw_field(sheet: DocumentSheet, x: float, y: float, width: float) -> None:
    """Parts of the frame around an amount, rules above and below, or nothing."""
    kind, unit = sheet.rng.random(), sheet.digit_height
    left, right = x - sheet.heights(0.3, 1.5), x + width + sheet.heights(0.3, 4)
    top, bottom = y - sheet.heights(1.1, 1.6), y + sheet.heights(0, 0.5)
    thick = sheet.heights(0.015, 0.06)
    if kind < 0.3:
        draw_frame(sheet, (left, top, right, bottom), thick)
    elif kind < 0.75:
        for line in (top, bottom)[int(sheet.chance(0.4)) :]:
            sheet.rule((left - 4 * unit, line), (right + 4 * unit, line), thick)


def _fill_around(sheet: DocumentSheet, at: tuple[float, float]) -> None:
    """Printed words, an amount in words, a date, a signature above and below the amount's row."""
    unit, (x, y) = sheet.digit_height, at
    for row in (y - sheet.heights(2.2, 3.5), y + sheet.heights(2, 3.2), y + sheet.heights(4, 6)):
        if not 0 < row < sheet.size[1]:
            continue
        kind = sheet.rng.random()
        start = x + sheet.heights(0, 5)
        if kind < 0.35:
            end = sheet.print_text(sheet.phrase(int(sheet.rng.integers(1, 4))), start, row, 0.5 * unit)
            if sheet.chance(0.5):
                sheet.write(random_number_text(sheet.rng, "date"), end + unit, row)
        elif kind < 0.7:
            for _ in range(int(sheet.rng.integers(1, 5))):
                start = sheet.write_word(sheet.word(), start, row) + sheet.heights(0.3, 0.7)
            sheet.rule((x, row + 0.1 * unit), (sheet.size[0], row + 0.1 * unit), 0.03 * unit)
        elif kind < 0.8:
            sheet.print_text(random_digits(sheet.rng, int(sheet.rng.integers(6, 14))), start, row, 0.6 * unit)


def receipt(sheet: DocumentSheet) -> None:
    """A receipt of a till: narrow columns of printed goods and prices, perhaps a number or a tick by hand."""
    rng, (width, height) = sheet.rng, sheet.size
    size = sheet.heights(0.6, 1.0)
    left, right = sheet.between(0.02, 0.25) * width, sheet.between(0.7, 1.0) * width
    y = size * sheet.between(0.5, 2)
    while y < height + size and not sheet.is_full:
        kind = rng.random()
        if kind < 0.15:
            sheet.print_fitting(sheet.phrase(2), (left, y - size, right, y), size)
        elif kind < 0.22:
            sheet.rule((left, y - size / 2), (right, y - size / 2), 0.05 * size, dots=0.6 * size)
        else:
            sheet.print_text(sheet.phrase(1), left, y, size)
            text = random_number_text(rng, "decimal" if sheet.chance(0.8) else random_amount_kind(rng))
            sheet.print_fitting(text, ((left + right) / 2, y - size, right, y), size, align=1.0)
        y += size * sheet.between(1.3, 1.8)
    for _ in range(int(rng.integers(0, 4))):
        sheet.write(random_number_text(rng), sheet.between(0, 0.8) * width, sheet.between(0.1, 0.95) * height)


def dotted(sheet: DocumentSheet) -> None:
    """Numbers on short dotted or solid rules, as in the blanks of a test, one below the other or beside."""
    rng, unit, (width, height) = sheet.rng, sheet.digit_height, sheet.size
    pitch, length = sheet.heights(2, 4.5), sheet.heights(3, 8)
    dots = sheet.heights(0.08, 0.3) if sheet.chance(0.75) else 0.0
    count = int(rng.integers(2, 8))
    y = sheet.window[1] + sheet.heights(1, 3)
    while y < height + unit and not sheet.is_full:
        x = sheet.window[0] + sheet.heights(0.2, 3)
        while x < width:
            sheet.rule((x, y), (x + length, y), sheet.heights(0.02, 0.06), dots=dots)
            if sheet.chance(0.9):
                number = random_digits(rng, count) if sheet.chance(0.7) else random_number_text(rng)
                sheet.write(
                    number, x + sheet.heights(0, 1), y + sheet.heights(-0.15, 0.3), ending=random_ending(rng, 0.15)
                )
            x += length + sheet.heights(1, 5)
        y += pitch
