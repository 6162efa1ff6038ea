"""Alphabets: isolated letters and digits, from which the line network learns to tell one from the other."""

from __future__ import annotations

from sutja.synth.documents.number_texts import random_number_text
from sutja.synth.documents.sheets import DocumentSheet

LETTERS = "ACEFHKMNPRUVWXYacdefhkmnprtuvwx"  # without those that many people write like a digit
DIGIT_SHARE, PRINTED_SHARE = 0.4, 0.3  # of all signs; the others are letters by hand
SIGN_GAPS, ROW_GAPS = (0.8, 1.8), (1.7, 2.6)  # between neighbours, in digit heights


def alphabet(sheet: DocumentSheet) -> None:
    """Letters and digits of many people, and in print, in rows."""
    unit, (left, top, right, bottom) = sheet.digit_height, sheet.window
    y = top + sheet.heights(*ROW_GAPS)
    while y < bottom and not sheet.is_full:
        x = left + sheet.heights(*SIGN_GAPS)
        while x < right - unit and not sheet.is_full:
            sheet.change_writer()
            kind = sheet.rng.random()
            letter = LETTERS[sheet.rng.integers(len(LETTERS))]
            if kind < DIGIT_SHARE:
                end = x + sheet.write(random_number_text(sheet.rng, "digit"), x, y).width
            elif kind < DIGIT_SHARE + PRINTED_SHARE:
                end = sheet.print_text(letter, x, y, unit * sheet.between(0.9, 1.3))
            else:
                end = sheet.write_word(letter, x, y)
            x = end + sheet.heights(*SIGN_GAPS)
        y += sheet.heights(*ROW_GAPS)
