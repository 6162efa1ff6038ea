"""One number alone, on a sheet or in a cell cut from a form."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents.layouts.entries import random_beginning, random_ending
from sutja.synth.documents.layouts.rulings import draw_frame, draw_ruling, long_sides
from sutja.synth.documents.number_texts import random_number_text
from sutja.synth.documents.sheets import DocumentSheet, Region
from sutja.synth.documents.writing import Writing

LONG_STROKE_PROBABILITY = 0.06  # of a long stroke above or below a number
LARGE_SHARE = 0.35  # of the sheet's height: where a digit is higher there is one alone


def single(sheet: DocumentSheet) -> None:
    """One number or one digit alone."""
    unit = sheet.digit_height
    written = _single_writing(sheet)
    left, top, right, bottom = sheet.window
    x = left + (right - left - written.width) * float(np.clip(sheet.rng.normal(0.5, 0.2), 0, 1))
    y = top + (bottom - top - unit) * float(np.clip(sheet.rng.normal(0.5, 0.2), 0, 1)) + unit
    if sheet.chance(0.3):
        draw_ruling(sheet, 1.5 * unit)
    sheet.put(written, x, y)
    if sheet.chance(0.25):
        pad = sheet.heights(0.15, 0.6)
        box = (x - pad, y - unit - pad, x + written.width + pad, y + pad)
        draw_frame(sheet, box, sheet.heights(0.01, 0.08))


def _single_writing(sheet: DocumentSheet) -> Writing:
    """A digit, a number, or few letters."""
    rng, unit = sheet.rng, sheet.digit_height
    if sheet.chance(0.12):
        return sheet.writer.write_word(sheet.word()[: int(rng.integers(1, 4))], unit)
    is_digit = unit > LARGE_SHARE * sheet.size[1] or sheet.chance(0.5)
    return sheet.writer.write(random_number_text(rng, "digit" if is_digit else None), unit)


def cell(sheet: DocumentSheet) -> None:
    """A cell or a strip cut from a form: one number with remains of frames, rules and neighbours around it."""
    rng, unit = sheet.rng, sheet.digit_height
    left, top, right, bottom = sheet.window
    beginning, ending = random_beginning(rng), random_ending(rng)
    written = sheet.writer.write(random_number_text(rng), unit, beginning=beginning, ending=ending)
    slack = (right - left - written.width) * float(np.clip(rng.normal(0.5, 0.25), 0, 1))
    x = left + max(0.05 * unit, slack)
    y = (top + bottom) / 2 + unit * float(rng.normal(0.5, 0.3))
    room = _room_around(sheet, (x, y), written.width)
    _draw_remains(sheet, room)
    sheet.put(written, x, y)
    _write_neighbours(sheet, x, y)
    if sheet.chance(0.15):
        sheet.print_text(sheet.heading(), room[0], room[1] - 0.2 * unit, 0.4 * unit)


def _room_around(sheet: DocumentSheet, at: tuple[float, float], width: float) -> Region:
    """The cell around a number with the left end of its baseline at `at`."""
    x, y = at
    wide = max(width, sheet.heights(1, 5))
    left, top = x - sheet.heights(0.05, 0.8), y - sheet.heights(1.05, 1.7)
    return left, top, x + wide + sheet.heights(0.05, 0.8), y + sheet.heights(0.05, 0.6)


def _draw_remains(sheet: DocumentSheet, room: Region) -> None:
    """Some sides of a cell, which go on beyond it."""
    unit = sheet.digit_height
    thick = unit * float(sheet.rng.choice([0.03, 0.06, 0.12]))
    for start, stop in long_sides(room, 2.0 * unit):
        if sheet.chance(0.5):
            sheet.rule(start, stop, thick, dots=0.18 * unit if sheet.chance(0.15) else 0.0)


def _write_neighbours(sheet: DocumentSheet, x: float, y: float) -> None:
    """Numbers, or long strokes that fill a cell, in the rows above and below."""
    rng, unit = sheet.rng, sheet.digit_height
    for side in (-1, 1):
        if sheet.chance(LONG_STROKE_PROBABILITY):
            top = y + (0.3 * unit if side > 0 else -3.2 * unit)
            sheet.filler((x - unit, top, x + sheet.heights(0, 3), top + sheet.heights(1, 2)))
        elif sheet.chance(0.35):
            text = random_number_text(rng)
            sheet.write(text, x + unit * float(rng.normal(0, 1)), y + side * sheet.heights(1.5, 2.2))
