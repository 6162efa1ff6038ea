"""Notes: lines of numbers, equations, sums, and numbers all over the sheet."""

from __future__ import annotations

from dataclasses import dataclass

from sutja.synth.documents.layouts.entries import random_beginning, random_ending
from sutja.synth.documents.layouts.rulings import draw_ruling
from sutja.synth.documents.number_texts import random_kind, random_number_text
from sutja.synth.documents.sheets import DocumentSheet, Region

FILLER_PROBABILITY = 0.03  # of an upright stroke right behind a number
EQUATION_LETTERS = "xyzabnktv"
EQUATION_SIGNS = ("+", "-", "=", "x", ":", "=")
TERM_KINDS = {"digit": 0.4, "small": 0.3, "whole": 0.15, "decimal": 0.1, "negative": 0.05}


@dataclass(frozen=True)
class LineStyle:
    """What stands on the lines of a note: a kind of number or any, a share of words, and how far they are apart."""

    kind: str | None
    words: float
    many: bool
    gap: float


def lines(sheet: DocumentSheet) -> None:
    """Numbers in lines on plain, ruled or squared paper, one or several on a line, with or without words."""
    rng, unit, (width, height) = sheet.rng, sheet.digit_height, sheet.size
    pitch = sheet.heights(1.35, 3)
    draw_ruling(sheet, pitch)
    style = LineStyle(
        kind=random_kind(rng) if sheet.chance(0.6) else None,
        words=float(rng.choice([0.0, 0.25, 0.6], p=[0.6, 0.25, 0.15])),
        many=sheet.chance(0.5),
        gap=sheet.heights(0.8, 4),
    )
    y = sheet.between(0.2, 1.5) * pitch
    indent = sheet.between(-0.05, 0.35) * width
    while y < height + unit and not sheet.is_full:
        _write_line(sheet, (indent + unit * abs(float(rng.normal(0, 0.4))), y), style)
        y += pitch * sheet.between(0.95, 1.1)
        if sheet.chance(0.06):
            break


def _write_line(sheet: DocumentSheet, at: tuple[float, float], style: LineStyle) -> None:
    """One number or word, or as many as the line takes."""
    x, y = at
    while x < sheet.size[0]:
        if sheet.chance(style.words):
            x = sheet.write_word(sheet.word(), x, y)
        else:
            x += _write_note(sheet, (x, y), style.kind)
        x += style.gap * sheet.between(0.7, 1.5)
        if not style.many:
            break


def _write_note(sheet: DocumentSheet, at: tuple[float, float], kind: str | None) -> float:
    """A number, rarely struck out; returns its width."""
    struck = sheet.chance(0.02)
    text = random_number_text(sheet.rng, kind)
    ending = random_ending(sheet.rng) if sheet.chance(0.3) else ""
    written = sheet.write(text, *at, beginning=random_beginning(sheet.rng), ending=ending, struck=struck)
    if sheet.chance(FILLER_PROBABILITY):
        x, y = at[0] + written.width + sheet.heights(0.1, 0.5), at[1]
        sheet.filler((x, y - sheet.heights(0.7, 1.3), x + sheet.heights(0.05, 0.5), y + sheet.heights(0, 0.8)))
    return written.width


def equations(sheet: DocumentSheet) -> None:
    """Equations: numbers between letters, signs and brackets."""
    unit = sheet.digit_height
    pitch = sheet.heights(1.5, 2.8)
    draw_ruling(sheet, pitch)
    y, x = sheet.window[1] + sheet.heights(-1, 2), sheet.window[0] + sheet.heights(-1, 4)
    if sheet.chance(0.4):
        sheet.mark((x - 0.9 * unit, y - unit, x - 0.2 * unit, y + 2 * pitch), "brace")
    while y < sheet.size[1] + unit and not sheet.is_full:
        _write_equation(sheet, x, y)
        y += pitch


def _write_equation(sheet: DocumentSheet, x: float, y: float) -> None:
    """Some terms with signs between them, as long as there is room."""
    for term in range(int(sheet.rng.integers(2, 6))):
        if term:
            x = _write_sign(sheet, str(sheet.rng.choice(EQUATION_SIGNS)), x, y)
        x = _write_term(sheet, x, y) + sheet.heights(0.1, 0.5)
        if x > sheet.size[0]:
            break


def _write_sign(sheet: DocumentSheet, sign: str, x: float, y: float) -> float:
    """A sign between two numbers that belongs to neither; returns the column behind it."""
    written = sheet.writer.write("", sheet.digit_height, ending=sign)
    sheet.put(written, x + 0.1 * sheet.digit_height, y)
    return x + written.width + sheet.heights(0.25, 0.6)


def _write_term(sheet: DocumentSheet, x: float, y: float) -> float:
    """A number, often with a letter stuck to it; returns the column behind it."""
    rng, unit = sheet.rng, sheet.digit_height
    kind = str(rng.choice(list(TERM_KINDS), p=list(TERM_KINDS.values())))
    x += sheet.write(random_number_text(rng, kind), x, y).width
    if sheet.chance(0.45):
        letter = EQUATION_LETTERS[rng.integers(len(EQUATION_LETTERS))]
        x = sheet.write_word(letter, x + 0.08 * unit, y, height=unit)
    return x


def scattered(sheet: DocumentSheet) -> None:
    """Numbers, words and marks all over the sheet: notes and scrap paper."""
    unit, (width, height) = sheet.digit_height, sheet.size
    taken: list[Region] = []
    for _ in range(int(sheet.rng.integers(3, 25))):
        text = random_number_text(sheet.rng)
        x, y = sheet.between(-0.05, 0.9) * width, sheet.between(0.05, 1) * height
        box = (x - 0.4 * unit, y - 1.6 * unit, x + 0.9 * unit * len(text) + unit, y + 0.6 * unit)
        if not any(_overlap(box, other) for other in taken):
            taken.append(box)
            _write_scrap(sheet, text, x, y)


def _overlap(first: Region, second: Region) -> bool:
    across = first[0] < second[2] and second[0] < first[2]
    return across and first[1] < second[3] and second[1] < first[3]


def _write_scrap(sheet: DocumentSheet, text: str, x: float, y: float) -> None:
    """A number, perhaps struck out or with a circle around it, a word, or a mark."""
    kind = sheet.rng.random()
    if kind < 0.6:
        before = len(sheet.runs)
        sheet.write(text, x, y, struck=sheet.chance(0.05))
        if sheet.chance(0.1) and len(sheet.runs) > before:
            sheet.decorate(sheet.runs[before])
    elif kind < 0.85:
        sheet.write_word(sheet.word(), x, y)
    else:
        sheet.mark((x, y - sheet.digit_height, x + sheet.heights(0.5, 2), y))


def sums(sheet: DocumentSheet) -> None:
    """Columns of numbers with a line and a sum below them."""
    x = sheet.heights(0, 3)
    while x < sheet.size[0]:
        kind = str(sheet.rng.choice(["whole", "decimal", "small", "thousands"]))
        room = sheet.heights(3.5, 6)
        _write_sum(sheet, x, room, kind)
        x += room + sheet.heights(1, 4)


def _write_sum(sheet: DocumentSheet, x: float, room: float, kind: str) -> None:
    """Numbers below one another from column x on, `room` pixels wide, with their sum."""
    rng, unit = sheet.rng, sheet.digit_height
    pitch = sheet.heights(1.25, 2)
    _, first, _, last = sheet.window
    y = first - unit + sheet.between(0, 0.6) * (last - first)
    count = int(rng.integers(2, 9))
    for index in range(count + 1):
        if index == count:
            rule = y + 0.15 * unit
            sheet.rule_by_hand((x - 0.3 * unit, rule), (x + room + 0.3 * unit, rule))
            y += 0.25 * unit
        sheet.write_fitting(random_number_text(rng, kind), (x, y, x + room, y + 1.1 * unit), align=0.95)
        y += pitch
        if y > sheet.size[1]:
            break
