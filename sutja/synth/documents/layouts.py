"""Layouts: what people write numbers on, each drawn onto a sheet by one function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from sutja.synth.documents.document import WrittenRun
from sutja.synth.documents.number_texts import random_digits, random_kind, random_number_text
from sutja.synth.documents.sheets import DocumentSheet

Region = tuple[float, float, float, float]  # left, top, right, bottom

NUMBER_ENDINGS = ("", "", "", "", "", "", "", "=", "-", ".-", "/-", ",-", "~", "%", "kg", "m", "$", "x", "*", ")", ".")
MAX_RUNS = 48  # on a sheet, so that tiny writing does not take for ever


@dataclass(frozen=True)
class Column:
    """A column of a table: where it begins and ends, and what stands in it."""

    left: float
    right: float
    kind: str  # a kind of number, "word", "print" or "empty"
    align: float
    filled: float  # share of its cells
    printed: bool = False


def grid(sheet: DocumentSheet) -> None:
    """A table of numbers: mark sheets, score cards, logs, tallies."""
    rng, unit = sheet.rng, sheet.digit_height
    row_height = unit * float(rng.uniform(1.15, 2.7))
    columns = _columns(sheet, row_height)
    left, right = columns[0].left, columns[-1].right
    height = sheet.size[1]
    rows = int(rng.integers(2, 30))
    top = float(rng.uniform(-0.6, 0.5)) * height
    top = max(top, -row_height * (rows - 2))
    _heading_above(sheet, left, top)
    edges = top + row_height * np.arange(rows + 1)
    visible = [row for row in range(rows) if edges[row + 1] > 0 and edges[row] < height]
    _bands(sheet, columns, edges)
    _rules(sheet, columns, edges, (left, right))
    if rng.random() < 0.07:
        columns = [replace(column, printed=True) for column in columns]
    header = rng.random() < 0.6
    for row in visible:
        if len(sheet.runs) > MAX_RUNS:
            return
        box = (left, float(edges[row]), right, float(edges[row + 1]))
        if row == 0 and header:
            _head_row(sheet, columns, box)
        else:
            _row(sheet, columns, box, row, summed=row == rows - 1)


def _columns(sheet: DocumentSheet, row_height: float) -> list[Column]:
    """Columns of a table, with those of words and printed numbers on the left."""
    rng, unit = sheet.rng, sheet.digit_height
    width = sheet.size[0]
    count = int(rng.integers(1, 14))
    same = random_kind(rng) if rng.random() < 0.65 else ""
    narrow = same in ("digit", "small", "mark", "")
    x = float(rng.uniform(-0.3, 0.25)) * width
    columns = []
    leads = [("print", rng.uniform(1, 2.5)), ("word", rng.uniform(3, 9)), ("phrase", rng.uniform(4, 11))]
    for kind, share in leads:
        if rng.random() < (0.35, 0.3, 0.3)[("print", "word", "phrase").index(kind)]:
            columns.append(Column(x, x + unit * float(share), kind, 0.1, 0.9))
            x = columns[-1].right
    size = float(rng.uniform(1.3, 3.2))
    filled = float(rng.choice([1.0, 0.9, 0.6, 0.25], p=[0.3, 0.4, 0.2, 0.1]))
    align = float(rng.choice([0.5, 0.15, 0.85]))
    for _ in range(count):
        kind = same or random_kind(rng)
        wide = unit * (size if narrow and same else _usual_width(kind) * float(rng.uniform(0.95, 1.5)))
        wide = max(wide, 0.9 * row_height if rng.random() < 0.5 else unit)
        columns.append(Column(x, x + wide, kind, align, filled))
        x += wide
        if x > width * 1.4:
            break
    return columns


def _usual_width(kind: str) -> float:
    """The room that numbers of a kind take, in digit heights."""
    widths = {"digit": 1.2, "small": 1.9, "whole": 4, "mark": 2.6, "decimal": 4, "thousands": 5, "negative": 4}
    return widths.get(kind, {"fraction": 2.6, "time": 4, "date": 6.5, "range": 5}.get(kind, 6.5))


def _bands(sheet: DocumentSheet, columns: list[Column], edges: np.ndarray) -> None:
    """Coloured rows and columns, as on score cards."""
    rng = sheet.rng
    if rng.random() > 0.18:
        return
    for _ in range(int(rng.integers(1, 6))):
        tint = rng.uniform(0.35, 1, 3).astype(np.float32)
        if rng.random() < 0.7:
            row = int(rng.integers(len(edges) - 1))
            sheet.fill((columns[0].left, edges[row], columns[-1].right, edges[row + 1]), tint)
        else:
            column = columns[int(rng.integers(len(columns)))]
            sheet.fill((column.left, edges[0], column.right, edges[-1]), tint)


def _heading_above(sheet: DocumentSheet, left: float, top: float) -> None:
    rng, unit = sheet.rng, sheet.digit_height
    size = unit * float(rng.uniform(0.5, 1.3))
    if top > 1.5 * size and rng.random() < 0.7:
        for line in range(int(rng.integers(1, 3))):
            text = sheet.phrase(int(rng.integers(1, 6)))
            sheet.print_text(text, left + unit * float(rng.uniform(-2, 3)), top - size * (0.6 + 1.5 * line), size)


def _rules(sheet: DocumentSheet, columns: list[Column], edges: np.ndarray, ends: tuple[float, float]) -> None:
    """The rules of a table: all, only horizontal, only vertical, dotted, doubled, with a thick border, or none."""
    rng, unit = sheet.rng, sheet.digit_height
    kind = rng.random()
    across, down = kind < 0.82 or kind > 0.95, kind < 0.72 or 0.82 < kind < 0.9
    thick = unit * float(rng.choice([0.02, 0.04, 0.08, 0.14], p=[0.35, 0.4, 0.2, 0.05]))
    dots = unit * float(rng.uniform(0.1, 0.3)) if rng.random() < 0.1 else 0.0
    group = int(rng.integers(2, 6)) if rng.random() < 0.15 else 0
    border = float(rng.choice([1.0, 2.5, 4.0], p=[0.6, 0.25, 0.15]))
    draw = sheet.rule_by_hand if rng.random() < 0.08 else sheet.rule
    for row, y in enumerate(edges):
        outer = row in (0, len(edges) - 1)
        if across or outer:
            strong = border if outer or (group and row % group == 0) else 1.0
            draw((ends[0], y), (ends[1], y), thick * strong, dots=0.0 if outer else dots)
    places = [columns[0].left, *(column.right for column in columns)]
    for index, x in enumerate(places):
        outer = index in (0, len(places) - 1)
        if down or (outer and rng.random() < 0.5):
            strong = border if outer or (group and index % group == 0) else 1.0
            draw((x, edges[0]), (x, edges[-1]), thick * strong, dots=0.0 if outer else dots)


def _head_row(sheet: DocumentSheet, columns: list[Column], box: Region) -> None:
    rng, unit = sheet.rng, sheet.digit_height
    size = unit * float(rng.uniform(0.35, 0.8))
    base = (box[1] + box[3] + size) / 2
    numbered = rng.random() < 0.4
    prefix = "" if rng.random() < 0.5 else sheet.heading()[:5] + " "
    by_hand = rng.random() < 0.15
    for index, column in enumerate(columns):
        text = f"{prefix}{index + 1}" if numbered else sheet.heading()
        text = text[: max(1, int((column.right - column.left) / (0.6 * size)))]
        x = column.left + 0.15 * unit
        if by_hand:
            sheet.write_word(text.replace(" ", ""), x, base, height=size)
        else:
            sheet.print_text(text, x, base, size)


def _row(sheet: DocumentSheet, columns: list[Column], box: Region, row: int, *, summed: bool) -> None:
    rng, unit = sheet.rng, sheet.digit_height
    margin = 0.06 * (box[3] - box[1])
    for column in columns:
        cell = (column.left + 0.12 * unit, box[1] + margin, column.right - 0.12 * unit, box[3] - margin)
        if column.kind == "print":
            text = str(row) if rng.random() < 0.7 else sheet.word()
            size = unit * 0.6
            sheet.print_text(text, cell[0], (cell[1] + cell[3] + size) / 2, size)
        elif column.kind == "word":
            sheet.write_word(sheet.word()[:9], cell[0], cell[3] - 0.25 * (cell[3] - cell[1]), height=0.75 * unit)
        elif column.kind == "phrase":
            size = unit * 0.55
            words = sheet.phrase(3)[: max(2, int((cell[2] - cell[0]) / (0.6 * size)))]
            sheet.print_text(words, cell[0], (cell[1] + cell[3] + size) / 2, size)
        elif rng.random() < column.filled and column.printed:
            size = unit * 0.9
            x = cell[0] + float(rng.uniform(0.1, 0.5)) * max(0.0, cell[2] - cell[0] - size)
            sheet.print_text(random_number_text(rng, column.kind), x, (cell[1] + cell[3] + size) / 2, size)
        elif rng.random() < column.filled:
            _cell(sheet, cell, column)


def _cell(sheet: DocumentSheet, cell: Region, column: Column) -> None:
    """A number in its cell, or what else people put there."""
    rng, unit = sheet.rng, sheet.digit_height
    pen = int(rng.random() < 0.08)
    kind = rng.random()
    if kind < 0.035:
        middle, half = (cell[1] + cell[3]) / 2, 0.25 * unit
        x = (cell[0] + cell[2]) / 2
        sheet.mark((x - half, middle - half, x + half, middle + half), "dash" if rng.random() < 0.6 else None, pen=pen)
    elif kind < 0.045:
        sheet.filler(cell, pen=pen)
    elif kind < 0.06:
        sheet.write(random_number_text(rng, column.kind), cell[0], cell[3] - 0.2 * unit, struck=True)
    elif kind < 0.075:
        sheet.write_word(sheet.word()[:3], cell[0], cell[3] - 0.25 * unit, height=0.9 * unit)
    else:
        ending = str(rng.choice(NUMBER_ENDINGS)) if rng.random() < 0.08 else ""
        before = len(sheet.runs)
        sheet.write_fitting(random_number_text(rng, column.kind), cell, pen=pen, align=column.align, ending=ending)
        if rng.random() < 0.02 and len(sheet.runs) > before:
            sheet.decorate(sheet.runs[before], pen=pen)


def form(sheet: DocumentSheet) -> None:
    """A form: printed labels with dotted lines, boxes or nothing behind them, filled in by hand."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    pitch = unit * float(rng.uniform(1.5, 3))
    size = unit * float(rng.uniform(0.4, 0.9))
    y = float(rng.uniform(0, pitch))
    boxed = rng.random() < 0.3
    while y < height + unit and len(sheet.runs) < MAX_RUNS:
        x = float(rng.uniform(-0.2, 0.12)) * width
        while x < width:
            x = sheet.print_text(sheet.heading() + (":" if rng.random() < 0.5 else ""), x, y, size) + 0.3 * unit
            room = unit * float(rng.uniform(2.5, 9))
            box = (x, y - 1.15 * unit, x + room, y + 0.3 * unit)
            if boxed:
                _frame(sheet, box, 0.04 * unit)
            elif rng.random() < 0.7:
                sheet.rule(
                    (x, y + 0.1 * unit),
                    (x + room, y + 0.1 * unit),
                    0.035 * unit,
                    dots=0.16 * unit if rng.random() < 0.6 else 0,
                )
            _entry(sheet, box)
            x += room + unit * float(rng.uniform(0.3, 2))
        y += pitch


def _entry(sheet: DocumentSheet, box: Region) -> None:
    """What somebody writes behind a label: a number, words, a tick, or nothing."""
    rng, unit = sheet.rng, sheet.digit_height
    kind = rng.random()
    if kind < 0.5:
        _, top, right, bottom = box
        inner = (box[0] + 0.1 * unit, top + 0.1 * unit, right - 0.1 * unit, bottom - 0.15 * unit)
        sheet.write_fitting(random_number_text(rng), inner, align=float(rng.uniform(0, 0.6)), ending=_ending(rng))
    elif kind < 0.75:
        sheet.write_word(sheet.word(), box[0] + 0.2 * unit, box[3] - 0.35 * unit, height=0.8 * unit)
    elif kind < 0.8:
        sheet.mark((box[0], box[1] + 0.2 * unit, box[0] + unit, box[3] - 0.2 * unit))
    elif kind < 0.84:
        sheet.filler((box[0], box[1], box[2], box[3]))
    elif kind < 0.87:
        sheet.write(random_number_text(rng), box[0], box[3] - 0.35 * unit, struck=True)


def _ending(rng: Generator) -> str:
    return str(rng.choice(NUMBER_ENDINGS)) if rng.random() < 0.35 else ""


def _frame(sheet: DocumentSheet, box: Region, thick: float) -> None:
    left, top, right, bottom = box
    for start, stop in (
        ((left, top), (right, top)),
        ((right, top), (right, bottom)),
        ((right, bottom), (left, bottom)),
        ((left, bottom), (left, top)),
    ):
        sheet.rule(start, stop, thick)


def bill(sheet: DocumentSheet) -> None:
    """A bill: a printed head, columns of particulars, quantities and amounts, much empty room, a total."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    left = float(rng.uniform(-0.15, 0.08)) * width
    right = float(rng.uniform(0.9, 1.2)) * width
    shares = np.sort(rng.uniform(0.35, 0.95, int(rng.integers(1, 4))))
    places = [left, *(left + (right - left) * shares), right]
    top = float(rng.uniform(-0.2, 0.35)) * height
    bottom = top + float(rng.uniform(0.5, 1.2)) * height
    thick = unit * float(rng.choice([0.03, 0.06, 0.1]))
    for x in places:
        sheet.rule((x, top), (x, bottom), thick)
    head = unit * float(rng.uniform(1, 1.6))
    for y in (top, top + head, bottom - 1.6 * unit, bottom):
        sheet.rule((left, y), (right, y), thick)
    _letterhead(sheet, left, top)
    size = unit * float(rng.uniform(0.35, 0.65))
    for start in places[:-1]:
        sheet.print_text(sheet.heading(), start + 0.2 * unit, top + 0.5 * (head + size), size)
    _bill_rows(sheet, places, (top + head, bottom - 1.8 * unit))
    sheet.print_text(
        "TOTAL" if rng.random() < 0.6 else sheet.heading(), places[-2] - 3 * size, bottom - 0.5 * unit, size
    )
    if rng.random() < 0.85:
        cell = (places[-2] + 0.1 * unit, bottom - 1.5 * unit, right - 0.2 * unit, bottom - 0.1 * unit)
        sheet.write_fitting(random_number_text(rng, _amount(rng)), cell, align=0.5, ending=_ending(rng))
    if rng.random() < 0.5:
        sheet.write_word(sheet.phrase(1), left + unit, bottom + 1.4 * unit)


def _amount(rng: Generator) -> str:
    return str(rng.choice(["whole", "thousands", "decimal", "small"], p=[0.5, 0.25, 0.15, 0.1]))


def _letterhead(sheet: DocumentSheet, left: float, top: float) -> None:
    """Name, address and telephone number of a shop, a stamped number, a date."""
    rng, unit = sheet.rng, sheet.digit_height
    y = top - 0.8 * unit
    while y > 0 and rng.random() < 0.85:
        size = unit * float(rng.uniform(0.35, 1.1))
        x = left + float(rng.uniform(0, 0.3)) * sheet.size[0]
        kind = rng.random()
        if kind < 0.5:
            sheet.print_text(sheet.phrase(int(rng.integers(2, 6))), x, y, size)
        elif kind < 0.7:
            sheet.print_text(f"{sheet.heading()}: {random_digits(rng, int(rng.integers(4, 13)))}", x, y, size)
        else:
            x = sheet.print_text(sheet.heading(), x, y, size) + 0.4 * unit
            sheet.write(random_number_text(rng, "date" if rng.random() < 0.6 else "code"), x, y)
        y -= size + unit * float(rng.uniform(0.3, 1))


def _bill_rows(sheet: DocumentSheet, places: list[float], rows: tuple[float, float]) -> None:
    rng, unit = sheet.rng, sheet.digit_height
    pitch = unit * float(rng.uniform(1.3, 2.6))
    y = rows[0] + pitch * float(rng.uniform(0.8, 1.2))
    kinds = [_amount(rng) if rng.random() < 0.7 else "small" for _ in places[1:-1]]
    count = int(rng.integers(1, 8))
    while y < rows[1] and count and len(sheet.runs) < MAX_RUNS:
        count -= 1
        if rng.random() < 0.9:
            sheet.write_word(sheet.word(), places[0] + unit * float(rng.uniform(0.2, 2)), y, height=0.8 * unit)
        for index, kind in enumerate(kinds):
            cell = (places[index + 1] + 0.15 * unit, y - 1.1 * unit, places[index + 2] - 0.1 * unit, y + 0.1 * unit)
            if rng.random() < 0.88:
                sheet.write_fitting(
                    random_number_text(rng, kind), cell, align=float(rng.uniform(0.2, 0.8)), ending=_ending(rng)
                )
        y += pitch
    if y < rows[1] - 2 * unit and rng.random() < 0.45:
        x = float(rng.choice(places[1:]))
        sheet.filler((x - 2 * unit, y, x + unit, rows[1]))


def lines(sheet: DocumentSheet) -> None:
    """Numbers in lines on plain, ruled or squared paper, one or several on a line, with or without words."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    pitch = unit * float(rng.uniform(1.35, 3))
    _ruling(sheet, pitch)
    kind = random_kind(rng) if rng.random() < 0.6 else None
    words = float(rng.choice([0.0, 0.25, 0.6], p=[0.6, 0.25, 0.15]))
    many = rng.random() < 0.5
    gap = unit * float(rng.uniform(0.8, 4))
    y = float(rng.uniform(0.2, 1.5)) * pitch
    indent = float(rng.uniform(-0.05, 0.35)) * width
    while y < height + unit and len(sheet.runs) < MAX_RUNS:
        x = indent + unit * abs(float(rng.normal(0, 0.4)))
        while x < width:
            if rng.random() < words:
                x = sheet.write_word(sheet.word(), x, y)
            else:
                struck = rng.random() < 0.02
                x += sheet.write(
                    random_number_text(rng, kind),
                    x,
                    y,
                    ending=_ending(rng) if rng.random() < 0.3 else "",
                    struck=struck,
                ).width
            x += gap * float(rng.uniform(0.7, 1.5))
            if not many:
                break
        y += pitch * float(rng.uniform(0.95, 1.1))
        if rng.random() < 0.06:
            break


def _ruling(sheet: DocumentSheet, pitch: float) -> None:
    """Rules, squares or dots of the paper."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    kind = rng.random()
    if kind < 0.4:
        return
    spacing = pitch if kind < 0.65 else unit * float(rng.uniform(0.35, 1.3))
    thick = max(0.6, unit * float(rng.uniform(0.015, 0.05)))
    dots = spacing if kind > 0.93 else 0.0
    for y in np.arange(float(rng.uniform(0, spacing)), height, spacing):
        sheet.rule((0, y), (width, y), thick, dots=dots)
    if 0.65 < kind < 0.93:
        for x in np.arange(float(rng.uniform(0, spacing)), width, spacing):
            sheet.rule((x, 0), (x, height), thick)


def equations(sheet: DocumentSheet) -> None:
    """Equations: numbers between letters, signs and brackets."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    pitch = unit * float(rng.uniform(1.5, 2.8))
    _ruling(sheet, pitch)
    y = float(rng.uniform(0.8, 1.6)) * unit
    x0 = unit * float(rng.uniform(0.3, 4))
    if rng.random() < 0.4:
        sheet.mark((x0 - 0.9 * unit, y - unit, x0 - 0.2 * unit, y + 2 * pitch), "brace")
    letters = "xyzabnktv"
    while y < height + unit and len(sheet.runs) < MAX_RUNS:
        x = x0
        for term in range(int(rng.integers(2, 6))):
            if term:
                sign = str(rng.choice(["+", "-", "=", "x", ":", "="]))
                x += sheet.writer.write("", unit).width
                x = _sign(sheet, sign, x, y)
            text = random_number_text(
                rng, str(rng.choice(["digit", "small", "whole", "decimal", "negative"], p=[0.4, 0.3, 0.15, 0.1, 0.05]))
            )
            x += sheet.write(text, x, y).width
            if rng.random() < 0.45:
                x = sheet.write_word(letters[rng.integers(len(letters))], x + 0.08 * unit, y, height=unit)
            x += unit * float(rng.uniform(0.1, 0.5))
            if x > width:
                break
        y += pitch


def _sign(sheet: DocumentSheet, sign: str, x: float, y: float) -> float:
    """A sign between two numbers that belongs to neither; returns the column behind it."""
    written = sheet.writer.write("", sheet.digit_height, ending=sign)
    sheet.put(written, x + 0.1 * sheet.digit_height, y)
    return x + written.width + sheet.digit_height * float(sheet.rng.uniform(0.25, 0.6))


def boxes(sheet: DocumentSheet) -> None:
    """Rows of boxes for one digit each, filled, half filled or empty, touching or apart, or combs."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    y = float(rng.uniform(0, 2)) * unit
    while y < height and len(sheet.runs) < MAX_RUNS:
        side = unit * float(rng.uniform(1.15, 2))
        wide = side * float(rng.uniform(0.7, 1.2))
        gap = wide * float(rng.choice([0.0, rng.uniform(0.05, 0.5)], p=[0.65, 0.35]))
        x = float(rng.uniform(-0.2, 0.4)) * width
        if rng.random() < 0.6:
            x = sheet.print_text(sheet.heading(), x, y + 0.7 * side, 0.5 * unit) + 0.4 * unit
        count = int(rng.integers(2, 13))
        _digit_boxes(sheet, (x, y), (wide, side), count, gap)
        y += side + unit * float(rng.uniform(0.5, 2.5))


def _digit_boxes(
    sheet: DocumentSheet, at: tuple[float, float], size: tuple[float, float], count: int, gap: float
) -> None:
    rng, unit = sheet.rng, sheet.digit_height
    (x, y), (wide, side) = at, size
    thick = unit * float(rng.choice([0.025, 0.05, 0.1]))
    comb = rng.random() < 0.15
    for index in range(count):
        left = x + index * (wide + gap)
        if comb:
            sheet.rule((left, y + 0.6 * side), (left, y + side), thick)
            sheet.rule((left, y + side), (left + wide, y + side), thick)
        else:
            _frame(sheet, (left, y, left + wide, y + side), thick)
    filled = rng.random()
    if filled < 0.2:
        return
    text = random_digits(rng, count if filled < 0.7 else int(rng.integers(1, count + 1)))
    start = 0 if rng.random() < 0.7 else count - len(text)
    spread = [(x + (start + index) * (wide + gap), digit) for index, digit in enumerate(text)]
    _boxed_number(sheet, spread, (y, side), wide)


def _boxed_number(
    sheet: DocumentSheet, spread: list[tuple[float, str]], rows: tuple[float, float], wide: float
) -> None:
    """One number with a digit in each box: one run over all of them where the boxes are close."""
    rng, unit = sheet.rng, sheet.digit_height
    y, side = rows
    before = len(sheet.runs)
    height = min(unit, 0.85 * side)
    for left, digit in spread:
        written = sheet.writer.write(digit, height * float(np.clip(rng.normal(1, 0.06), 0.8, 1.15)))
        x = left + 0.5 * (wide - written.width) + float(rng.normal(0, 0.05)) * wide
        sheet.put(written, x, y + side - 0.5 * (side - height) + float(rng.normal(0, 0.05)) * side)
    digits = sheet.runs[before:]
    if len(digits) == len(spread) > 1:
        sheet.runs[before:] = [_joined(digits)]


def _joined(runs: list[WrittenRun]) -> WrittenRun:
    """One run of several digits."""
    quad = np.stack([runs[0].quad[0], runs[-1].quad[1], runs[-1].quad[2], runs[0].quad[3]])
    text = "".join(run.text for run in runs)
    return replace(runs[0], text=text, quad=quad, centres=np.concatenate([run.centres for run in runs]))


def single(sheet: DocumentSheet) -> None:
    """One number or one digit alone."""
    rng, unit = sheet.rng, sheet.digit_height
    height = sheet.size[1]
    if rng.random() < 0.12:
        written = sheet.writer.write_word(sheet.word()[: int(rng.integers(1, 4))], unit)
    else:
        text = random_number_text(rng, "digit" if unit > 0.35 * height or rng.random() < 0.5 else None)
        written = sheet.writer.write(text, unit)
    left, top, right, bottom = sheet.window
    x = left + (right - left - written.width) * float(np.clip(rng.normal(0.5, 0.2), 0, 1))
    y = top + (bottom - top - unit) * float(np.clip(rng.normal(0.5, 0.2), 0, 1)) + unit
    if rng.random() < 0.3:
        _ruling(sheet, 1.5 * unit)
    sheet.put(written, x, y)
    if rng.random() < 0.25:
        pad = unit * float(rng.uniform(0.15, 0.6))
        _frame(
            sheet, (x - pad, y - unit - pad, x + written.width + pad, y + pad), unit * float(rng.uniform(0.01, 0.08))
        )


def cell(sheet: DocumentSheet) -> None:
    """A cell or a strip cut from a form: one number with remains of frames, rules and neighbours around it."""
    rng, unit = sheet.rng, sheet.digit_height
    left, top, right, bottom = sheet.window
    text = random_number_text(rng)
    written = sheet.writer.write(text, unit, ending=_ending(rng))
    x = left + max(0.05 * unit, (right - left - written.width) * float(np.clip(rng.normal(0.5, 0.25), 0, 1)))
    y = (top + bottom) / 2 + unit * float(rng.normal(0.5, 0.3))
    wide = max(written.width, unit * float(rng.uniform(1, 5)))
    room = (
        x - unit * float(rng.uniform(0.05, 0.8)),
        y - unit * float(rng.uniform(1.05, 1.7)),
        x + wide + unit * float(rng.uniform(0.05, 0.8)),
        y + unit * float(rng.uniform(0.05, 0.6)),
    )
    thick = unit * float(rng.choice([0.03, 0.06, 0.12]))
    for start, stop in _sides(room, 2.0 * unit):
        if rng.random() < 0.5:
            sheet.rule(start, stop, thick, dots=0.18 * unit if rng.random() < 0.15 else 0.0)
    sheet.put(written, x, y)
    for near in (-1, 1):  # rows above and below
        if rng.random() < 0.35:
            sheet.write(
                random_number_text(rng),
                x + unit * float(rng.normal(0, 1)),
                y + near * unit * float(rng.uniform(1.5, 2.2)),
            )
    if rng.random() < 0.15:
        sheet.print_text(sheet.heading(), room[0], room[1] - 0.2 * unit, 0.4 * unit)


def _sides(box: Region, beyond: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The four sides of a box, longer at both ends."""
    left, top, right, bottom = box
    return [
        ((left - beyond, top), (right + beyond, top)),
        ((left - beyond, bottom), (right + beyond, bottom)),
        ((left, top - beyond), (left, bottom + beyond)),
        ((right, top - beyond), (right, bottom + beyond)),
    ]


def printed(sheet: DocumentSheet) -> None:
    """Nothing but print: paragraphs, lists, tables of printed numbers."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    size = unit * float(rng.uniform(0.6, 1.1))
    pitch = size * float(rng.uniform(1.5, 2.4))
    y = size * float(rng.uniform(0.5, 1.5))
    numbers = rng.random()
    while y < height + size and len(sheet.runs) < MAX_RUNS:
        x = float(rng.uniform(-0.1, 0.1)) * width
        while x < width and rng.random() < 0.95:
            text = random_number_text(rng) if rng.random() < 0.5 * numbers else sheet.word()
            x = sheet.print_text(text, x, y, size) + (0.0 if rng.random() < 0.9 else 2 * size)
        y += pitch
    if rng.random() < 0.3:
        sheet.write(
            random_number_text(rng), float(rng.uniform(0.1, 0.7)) * width, float(rng.uniform(0.3, 0.9)) * height
        )


def scattered(sheet: DocumentSheet) -> None:
    """Numbers, words and marks all over the sheet, at many slopes: notes and scrap paper."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    taken: list[Region] = []
    for _ in range(int(rng.integers(3, 25))):
        text = random_number_text(rng)
        room = 0.9 * unit * len(text) + unit
        x, y = float(rng.uniform(-0.05, 0.9)) * width, float(rng.uniform(0.05, 1)) * height
        box = (x - 0.4 * unit, y - 1.6 * unit, x + room, y + 0.6 * unit)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        kind = rng.random()
        if kind < 0.6:
            before = len(sheet.runs)
            sheet.write(text, x, y, struck=rng.random() < 0.05)
            if rng.random() < 0.1 and len(sheet.runs) > before:
                sheet.decorate(sheet.runs[before])
        elif kind < 0.85:
            sheet.write_word(sheet.word(), x, y)
        else:
            sheet.mark((x, y - unit, x + unit * float(rng.uniform(0.5, 2)), y))


def sums(sheet: DocumentSheet) -> None:
    """Columns of numbers with a line and a sum below them."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    x = unit * float(rng.uniform(0, 3))
    while x < width:
        kind = str(rng.choice(["whole", "decimal", "small", "thousands"]))
        room = unit * float(rng.uniform(3.5, 6))
        pitch = unit * float(rng.uniform(1.25, 2))
        y = unit * float(rng.uniform(0.2, 4))
        count = int(rng.integers(2, 9))
        for index in range(count + 1):
            if index == count:
                sheet.rule_by_hand((x - 0.3 * unit, y + 0.15 * unit), (x + room + 0.3 * unit, y + 0.15 * unit))
                y += 0.25 * unit
            cell = (x, y, x + room, y + 1.1 * unit)
            sheet.write_fitting(random_number_text(rng, kind), cell, align=0.95)
            y += pitch
            if y > height:
                break
        x += room + unit * float(rng.uniform(1, 4))


def empty(sheet: DocumentSheet) -> None:
    """No number at all: an empty table, a drawing, a page of words."""
    rng, unit = sheet.rng, sheet.digit_height
    width, height = sheet.size
    kind = rng.random()
    if kind < 0.4:
        pitch = unit * float(rng.uniform(1, 2.5))
        _ruling(sheet, pitch)
        y = unit
        while y < height and len(sheet.runs) < MAX_RUNS:
            x = unit * float(rng.uniform(0, 2))
            while x < width:
                x = sheet.write_word(sheet.word(), x, y) + unit * float(rng.uniform(0.4, 1))
            y += pitch
    elif kind < 0.7:
        for _ in range(int(rng.integers(1, 12))):
            x, y = float(rng.uniform(0, 1)) * width, float(rng.uniform(0, 1)) * height
            size = unit * float(rng.uniform(0.5, 3))
            sheet.mark((x, y, x + size, y + size))
    else:
        _ruling(sheet, unit)


# How often a document has a layout.
LAYOUTS: dict[str, tuple[Callable[[DocumentSheet], None], float]] = {
    "grid": (grid, 0.30),
    "form": (form, 0.11),
    "bill": (bill, 0.11),
    "lines": (lines, 0.15),
    "equations": (equations, 0.06),
    "boxes": (boxes, 0.07),
    "single": (single, 0.09),
    "cell": (cell, 0.16),
    "printed": (printed, 0.04),
    "scattered": (scattered, 0.05),
    "sums": (sums, 0.03),
    "empty": (empty, 0.03),
}
