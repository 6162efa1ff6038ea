"""Examination papers: printed heads, codes and dates by hand, marks in boxes and in a table of questions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sutja.synth.documents.layouts.cards import CardGrid
from sutja.synth.documents.layouts.rulings import draw_frame
from sutja.synth.documents.number_texts import random_digits, random_number_text
from sutja.synth.documents.sheets import DocumentSheet, Region

CODES = ("S", "B", "ML-", "CST ", "Roll ", "No. ", "R", "A-", "Q", "CS/", "EC ")  # before numbers
RED_PEN = 1  # the pen of whoever marks
MARK_KINDS = {"digit": 0.55, "mark": 0.25, "fraction": 0.15, "small": 0.05}


def answer_book(sheet: DocumentSheet) -> None:
    """The front of an answer book: fields with codes and dates, a box with the mark, a table of marks by question."""
    unit, (width, _) = sheet.digit_height, sheet.size
    size, pitch = sheet.heights(0.45, 0.75), sheet.heights(1.6, 2.4)
    y = sheet.window[1] + sheet.heights(-2, 3)
    left = sheet.between(-0.05, 0.12) * width
    for _ in range(int(sheet.rng.integers(1, 3))):
        sheet.print_text(sheet.phrase(int(sheet.rng.integers(2, 5))), left + sheet.heights(0, 6), y, 1.3 * size)
        y += pitch
    rows = int(sheet.rng.integers(3, 8))
    _draw_mark_box(sheet, (sheet.between(0.68, 0.85) * width, y, sheet.between(0.9, 1.1) * width, y + 3 * unit), size)
    for _ in range(rows):
        _fill_fields(sheet, left, y, size)
        y += pitch
    sheet.rule((left, y), (width, y), sheet.heights(0.02, 0.08))
    _fill_mark_table(sheet, (left, y + pitch), size)


def _fill_fields(sheet: DocumentSheet, left: float, y: float, size: float) -> None:
    """One or two printed labels, and what was written behind each."""
    x = left
    for _ in range(int(sheet.rng.integers(1, 3))):
        x = (
            sheet.print_text(sheet.heading() + (" :" if sheet.chance(0.6) else ""), x, y, size)
            + 0.5 * sheet.digit_height
        )
        if sheet.chance(0.5):
            sheet.rule(
                (x, y + 0.1 * size),
                (x + sheet.heights(3, 7), y + 0.1 * size),
                0.03 * sheet.digit_height,
                dots=0.3 * size,
            )
        x = _write_field(sheet, x + 0.2 * sheet.digit_height, y) + sheet.heights(2, 5)


def _write_field(sheet: DocumentSheet, x: float, y: float) -> float:
    """A name, a code, a date, a corrected number; returns the column behind it."""
    kind, rng = sheet.rng.random(), sheet.rng
    if kind < 0.35:
        for _ in range(int(rng.integers(1, 4))):
            x = sheet.write_word(sheet.word(), x, y, height=0.8 * sheet.digit_height) + sheet.heights(0.3, 0.6)
        return x
    if kind < 0.6:
        text = random_digits(rng, int(rng.integers(1, 4)))
        return x + sheet.write(text, x, y, beginning=str(rng.choice(CODES))).width
    if kind < 0.7:
        x += sheet.write(random_number_text(rng, "small"), x, y, struck=True).width + sheet.heights(0.3, 0.8)
        return x + sheet.write(random_number_text(rng, "small"), x, y).width
    if kind < 0.95:
        text = random_number_text(rng, str(rng.choice(["date", "range", "small", "code"])))
        return x + sheet.write(text, x, y).width
    return x


def _draw_mark_box(sheet: DocumentSheet, box: Region, size: float) -> None:
    """A frame with a printed head on its left and a mark in red on its right."""
    left, top, right, bottom = box
    thick = sheet.heights(0.02, 0.06)
    middle = left + (right - left) * sheet.between(0.35, 0.6)
    draw_frame(sheet, box, thick)
    sheet.rule((middle, top), (middle, bottom), thick)
    sheet.print_fitting(sheet.heading(), (left, top, middle, top + (bottom - top) / 2), size)
    sheet.print_fitting(sheet.heading(), (left, top + (bottom - top) / 2, middle, bottom), size)
    if sheet.chance(0.8):
        inner = (middle + 0.2 * size, top, right - 0.2 * size, bottom)
        sheet.write_fitting(random_number_text(sheet.rng, "small"), inner, pen=int(sheet.chance(0.6)))


def _fill_mark_table(sheet: DocumentSheet, at: tuple[float, float], size: float) -> None:
    """A table with the printed numbers of questions, and few marks below them."""
    rng, (left, top) = sheet.rng, at
    count, rows = int(rng.integers(6, 14)), int(rng.integers(2, 6))
    wide = max(sheet.heights(1.6, 2.6), (sheet.size[0] - left) / (count + 3))
    head = sheet.heights(1.5, 3)
    grid = CardGrid((left, *(left + head + wide * index for index in range(count + 1))), top, sheet.heights(1.5, 2.4))
    thick, filled = sheet.heights(0.02, 0.05), rng.choice([0.8, 0.1, 0.02], size=rows)
    for row in range(rows):
        label = sheet.heading() if row == 0 else "abcdefg"[row % 7] if row + 1 < rows else sheet.heading()
        sheet.print_fitting(label, grid.cell(0, row), size)
        for column in range(1, count + 1):
            if row == 0:
                sheet.print_fitting(str(column), grid.cell(column, row), size)
            elif sheet.chance(float(filled[row])):
                kind = str(rng.choice(list(MARK_KINDS), p=list(MARK_KINDS.values())))
                sheet.write_fitting(random_number_text(rng, kind), grid.cell(column, row), pen=RED_PEN)
    for row in range(rows + 1):
        sheet.rule((left, top + row * grid.row_height), (grid.columns[-1], top + row * grid.row_height), thick)
    for x in grid.columns:
        sheet.rule((x, top), (x, grid.bottom(rows - 1)), thick)


def mark_head(sheet: DocumentSheet) -> None:
    """The head of a paper: a table of few wide cells with printed heads, the first with the mark, then ruled lines."""
    rng, unit, (width, height) = sheet.rng, sheet.digit_height, sheet.size
    left, right = sheet.between(-0.1, 0.1) * width, sheet.between(0.9, 1.1) * width
    shares = np.sort(rng.uniform(0.15, 0.95, int(rng.integers(1, 4))))
    edges = [left, *(left + (right - left) * shares).tolist(), right]
    top = sheet.window[1] + sheet.between(-0.05, 0.5) * height
    head, bottom = top + sheet.heights(1, 1.6), top + sheet.heights(3, 6)
    size, thick = sheet.heights(0.4, 0.8), sheet.heights(0.03, 0.08)
    draw_frame(sheet, (left, top, right, bottom), thick)
    sheet.rule((left, head), (right, head), thick)
    marked = int(rng.integers(len(edges) - 1))
    for index, (start, stop) in enumerate(pairwise(edges)):
        sheet.rule((start, top), (start, bottom), thick)
        sheet.print_fitting(sheet.phrase(1), (start + 0.2 * unit, top, stop - 0.2 * unit, head), size)
        if index == marked:
            text = random_number_text(rng, "mark")
            sheet.write_fitting(
                text, (start + 0.2 * unit, head + 0.2 * unit, stop - 0.2 * unit, bottom), align=sheet.between(0.1, 0.6)
            )
        elif sheet.chance(0.6):
            sheet.print_text(sheet.heading() + ":", start + 0.3 * unit, bottom - 0.5 * unit, 0.5 * size)
            sheet.rule(
                (start + 2 * size, bottom - 0.45 * unit),
                (stop - 0.3 * unit, bottom - 0.45 * unit),
                thick / 2,
                dots=0.2 * unit,
            )
    _draw_answer_lines(sheet, bottom, size)
    _print_above(sheet, (left, top), size)


def _draw_answer_lines(sheet: DocumentSheet, bottom: float, size: float) -> None:
    """A printed title, and lines for an answer, of which some hold words."""
    width, height = sheet.size
    sheet.print_text(sheet.phrase(1), 0.5 * width, bottom + 2 * size, size)
    pitch = sheet.heights(1.2, 2.2)
    written = sheet.chance(0.3)
    for y in np.arange(bottom + 3 * size + pitch, height, pitch).tolist():
        sheet.rule(
            (0, y), (width, y), 0.025 * sheet.digit_height, dots=0.18 * sheet.digit_height if sheet.chance(0.5) else 0.0
        )
        if written and not sheet.is_full:
            x = sheet.heights(0, 2)
            while x < width:
                x = sheet.write_word(sheet.word(), x, y, height=0.75 * sheet.digit_height) + sheet.heights(0.3, 0.7)


def _print_above(sheet: DocumentSheet, at: tuple[float, float], size: float) -> None:
    """Printed lines above the table, with dots or a short name behind each."""
    x, y = at[0], at[1] - 1.5 * size
    while y > 0 and sheet.chance(0.85):
        end = sheet.print_text(sheet.phrase(int(sheet.rng.integers(1, 4))) + ":", x, y, size)
        if sheet.chance(0.5):
            sheet.rule((end, y), (end + sheet.heights(4, 12), y), 0.03 * sheet.digit_height, dots=0.2 * size)
            if sheet.chance(0.4):
                sheet.write_word(sheet.word(), end + size, y, height=0.8 * sheet.digit_height)
        y -= size * sheet.between(1.6, 2.4)
