"""Bills: a printed head, columns of particulars, quantities and amounts, much empty room, a total."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents.layouts.entries import random_amount_kind, random_ending
from sutja.synth.documents.number_texts import random_digits, random_number_text
from sutja.synth.documents.sheets import DocumentSheet


def bill(sheet: DocumentSheet) -> None:
    """A bill with its head, its rows and its total."""
    width, height = sheet.size
    left, right = sheet.between(-0.15, 0.08) * width, sheet.between(0.9, 1.2) * width
    shares = np.sort(sheet.rng.uniform(0.35, 0.95, int(sheet.rng.integers(1, 4))))
    places = [left, *(left + (right - left) * shares).tolist(), right]
    top = sheet.between(-0.2, 0.35) * height
    bottom = top + sheet.between(0.5, 1.2) * height
    head = _draw_table(sheet, places, (top, bottom))
    _fill_letterhead(sheet, left, top)
    size = sheet.heights(0.35, 0.65)
    for start in places[:-1]:
        sheet.print_text(sheet.heading(), start + 0.2 * sheet.digit_height, top + 0.5 * (head + size), size)
    _fill_rows(sheet, places, (top + head, bottom - 1.8 * sheet.digit_height))
    _fill_total(sheet, places, bottom, size)


def _draw_table(sheet: DocumentSheet, places: list[float], rows: tuple[float, float]) -> float:
    """The rules of the table; returns the height of its head."""
    unit, (top, bottom) = sheet.digit_height, rows
    thick = unit * float(sheet.rng.choice([0.03, 0.06, 0.1]))
    for x in places:
        sheet.rule((x, top), (x, bottom), thick)
    head = sheet.heights(1, 1.6)
    for y in (top, top + head, bottom - 1.6 * unit, bottom):
        sheet.rule((places[0], y), (places[-1], y), thick)
    return head


def _fill_total(sheet: DocumentSheet, places: list[float], bottom: float, size: float) -> None:
    """The total, and perhaps a name below."""
    rng, unit = sheet.rng, sheet.digit_height
    label = "TOTAL" if sheet.chance(0.6) else sheet.heading()
    sheet.print_text(label, places[-2] - 3 * size, bottom - 0.5 * unit, size)
    if sheet.chance(0.85):
        cell = (places[-2] + 0.1 * unit, bottom - 1.5 * unit, places[-1] - 0.2 * unit, bottom - 0.1 * unit)
        sheet.write_fitting(random_number_text(rng, random_amount_kind(rng)), cell, ending=random_ending(rng))
    if sheet.chance(0.5):
        sheet.write_word(sheet.phrase(1), places[0] + unit, bottom + 1.4 * unit)


def _fill_letterhead(sheet: DocumentSheet, left: float, top: float) -> None:
    """Name, address and telephone number of a shop, a stamped number, a date, from below upwards."""
    y = top - 0.8 * sheet.digit_height
    while y > 0 and sheet.chance(0.85):
        size = sheet.heights(0.35, 1.1)
        _fill_letterhead_row(sheet, left + sheet.between(0, 0.3) * sheet.size[0], y, size)
        y -= size + sheet.heights(0.3, 1)


def _fill_letterhead_row(sheet: DocumentSheet, x: float, y: float, size: float) -> None:
    rng = sheet.rng
    kind = rng.random()
    if kind < 0.5:
        sheet.print_text(sheet.phrase(int(rng.integers(2, 6))), x, y, size)
    elif kind < 0.7:
        sheet.print_text(f"{sheet.heading()}: {random_digits(rng, int(rng.integers(4, 13)))}", x, y, size)
    else:
        x = sheet.print_text(sheet.heading(), x, y, size) + 0.4 * sheet.digit_height
        sheet.write(random_number_text(rng, "date" if sheet.chance(0.6) else "code"), x, y)


def _fill_rows(sheet: DocumentSheet, places: list[float], rows: tuple[float, float]) -> None:
    """Some rows of goods with their amounts, and perhaps a long stroke through the room below."""
    rng, unit = sheet.rng, sheet.digit_height
    pitch = sheet.heights(1.3, 2.6)
    y = rows[0] + pitch * sheet.between(0.8, 1.2)
    kinds = [random_amount_kind(rng) if sheet.chance(0.7) else "small" for _ in places[1:-1]]
    for _ in range(int(rng.integers(1, 8))):
        if y >= rows[1] or sheet.is_full:
            break
        _fill_row(sheet, places, y, kinds)
        y += pitch
    if y < rows[1] - 2 * unit and sheet.chance(0.45):
        x = float(rng.choice(places[1:]))
        sheet.filler((x - 2 * unit, y, x + unit, rows[1]))


def _fill_row(sheet: DocumentSheet, places: list[float], y: float, kinds: list[str]) -> None:
    rng, unit = sheet.rng, sheet.digit_height
    if sheet.chance(0.9):
        sheet.write_word(sheet.word(), places[0] + sheet.heights(0.2, 2), y, height=0.8 * unit)
    for left, right, kind in zip(places[1:-1], places[2:], kinds, strict=True):
        if sheet.chance(0.88):
            cell = (left + 0.15 * unit, y - 1.1 * unit, right - 0.1 * unit, y + 0.1 * unit)
            text = random_number_text(rng, kind)
            sheet.write_fitting(text, cell, align=sheet.between(0.2, 0.8), ending=random_ending(rng))
