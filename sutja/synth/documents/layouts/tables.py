"""Tables: mark sheets, score cards, logs and tallies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sutja.synth.documents.layouts.entries import random_ending
from sutja.synth.documents.number_texts import random_kind, random_number_text
from sutja.synth.documents.sheets import MAX_RUNS, DocumentSheet, Region

Edges = NDArray[np.float64]  # the rows at which a table's rows begin and end
NARROW_KINDS = ("digit", "small", "mark", "")
# The room that numbers of a kind take, in digit heights.
USUAL_WIDTHS = {
    "digit": 1.2,
    "small": 1.9,
    "whole": 4.0,
    "mark": 2.6,
    "decimal": 4.0,
    "thousands": 5.0,
    "negative": 4.0,
    "fraction": 2.6,
    "time": 4.0,
    "range": 5.0,
}
OTHER_WIDTH = 6.5
RULED_MARGIN, UNRULED_MARGIN = 0.12, 0.4  # on both sides of a cell with and without rules there, in digit heights
SHORT_PROBABILITY = 0.12  # of tables with few rows
MIN_FILLED_CELLS = 0.25  # of the cells of large tables
# Columns on the left of a table: what stands in them, the least and the greatest width in digit heights, how often.
LEADING_COLUMNS = (("print", 1.0, 2.5, 0.35), ("word", 3.0, 9.0, 0.3), ("phrase", 4.0, 11.0, 0.3))


@dataclass(frozen=True)
class Column:
    """A column of a table: where it begins and ends, and what stands in it."""

    left: float
    right: float
    kind: str  # a kind of number, "word", "phrase" or "print"
    align: float
    filled: float  # share of its cells
    margin: float = RULED_MARGIN
    printed: bool = False


@dataclass(frozen=True)
class TableRules:
    """Which rules a table has, and how thick they are in pixels."""

    across: bool
    down: bool
    thick: float
    dots: float
    group: int  # every so many rules a strong one; 0 is never
    border: float  # how much thicker strong ones are
    by_hand: bool

    def strength(self, index: int, count: int) -> float:
        """How much thicker than others the rule `index` of `count` is."""
        is_strong = index in (0, count - 1) or (self.group and index % self.group == 0)
        return self.border if is_strong else 1.0


def grid(sheet: DocumentSheet) -> None:
    """A table of numbers: mark sheets, score cards, logs, tallies."""
    row_height = sheet.heights(1.15, 2.7)
    rules = _random_rules(sheet)
    columns = _random_columns(sheet, row_height, RULED_MARGIN if rules.down else UNRULED_MARGIN)
    edges = _random_rows(sheet, row_height)
    _draw_heading(sheet, columns[0].left, float(edges[0]))
    _draw_bands(sheet, columns, edges)
    _draw_rules(sheet, rules, columns, edges)
    if sheet.chance(0.07):
        columns = [replace(column, printed=True) for column in columns]
    _fill_rows(sheet, columns, edges, has_header=sheet.chance(0.6))


def _random_rows(sheet: DocumentSheet, row_height: float) -> Edges:
    """The edges of a table's rows; the first may lie above the sheet, and most tables fill it."""
    height = sheet.size[1]
    top, bottom = sheet.between(-0.4, 0.25) * height, sheet.between(0.6, 1.4) * height
    if sheet.chance(SHORT_PROBABILITY):
        top, bottom = sheet.between(0.15, 0.8) * height, 0.0
    rows = max(int(sheet.rng.integers(1, 4)), int((bottom - top) / row_height))
    return np.asarray(top + row_height * np.arange(rows + 1))


def _fill_rows(sheet: DocumentSheet, columns: list[Column], edges: Edges, *, has_header: bool) -> None:
    """Fill in the rows that lie on the sheet."""
    left, right = columns[0].left, columns[-1].right
    for row, (top, bottom) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        if bottom <= 0 or top >= sheet.size[1]:
            continue
        if sheet.is_full:
            return
        if row == 0 and has_header:
            _fill_header(sheet, columns, (left, top, right, bottom))
        else:
            _fill_row(sheet, columns, (top, bottom), row)


def _random_columns(sheet: DocumentSheet, row_height: float, margin: float) -> list[Column]:
    """Columns of a table, with those of words and printed numbers on the left; most tables fill the sheet.

    `margin` is what is left free on both sides of a cell, in digit heights.
    """
    rng, width = sheet.rng, sheet.size[0]
    same = random_kind(rng) if sheet.chance(0.65) else ""
    x, stop = sheet.between(-0.25, 0.15) * width, sheet.between(0.45, 1.3) * width
    columns = _leading_columns(sheet, x)
    x = columns[-1].right if columns else x
    shared = sheet.between(1.4, 3.2) if same and same in NARROW_KINDS else 0.0
    filled = float(rng.choice([1.0, 0.9, 0.6, 0.25], p=[0.3, 0.4, 0.2, 0.1]))
    align = float(rng.choice([0.5, 0.15, 0.85]))
    while not columns or x < stop:
        kind = same or random_kind(rng)
        wide = _random_width(sheet, kind, shared, row_height) + 2 * (margin - RULED_MARGIN) * sheet.digit_height
        columns.append(Column(x, x + wide, kind, align, filled, margin))
        x += wide
    share = MAX_RUNS * row_height / max(1, len(columns) * sheet.size[1])  # so that all rows get their part
    return [replace(column, filled=min(column.filled, max(MIN_FILLED_CELLS, share))) for column in columns]


def _leading_columns(sheet: DocumentSheet, x: float) -> list[Column]:
    """Columns of printed numbers, of words by hand and of printed words, from column x on."""
    columns = []
    for kind, low, high, probability in LEADING_COLUMNS:
        if sheet.chance(probability):
            columns.append(Column(x, x + sheet.heights(low, high), kind, 0.1, 0.9))
            x = columns[-1].right
    return columns


def _random_width(sheet: DocumentSheet, kind: str, shared: float, row_height: float) -> float:
    """The width of a column, `shared` digit heights if all have the same."""
    unit = sheet.digit_height
    wide = unit * (shared or USUAL_WIDTHS.get(kind, OTHER_WIDTH) * sheet.between(0.95, 1.5))
    return max(wide, 0.9 * row_height if sheet.chance(0.5) else unit)


def _draw_heading(sheet: DocumentSheet, left: float, top: float) -> None:
    """Print one or two lines above a table."""
    size = sheet.heights(0.5, 1.3)
    if top > 1.5 * size and sheet.chance(0.7):
        for line in range(int(sheet.rng.integers(1, 3))):
            text = sheet.phrase(int(sheet.rng.integers(1, 6)))
            sheet.print_text(text, left + sheet.heights(-2, 3), top - size * (0.6 + 1.5 * line), size)


def _draw_bands(sheet: DocumentSheet, columns: list[Column], edges: Edges) -> None:
    """Colour rows and columns, as on score cards."""
    if not sheet.chance(0.18):
        return
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 6))):
        tint = rng.uniform(0.35, 1, 3).astype(np.float32)
        if sheet.chance(0.7):
            row = int(rng.integers(len(edges) - 1))
            sheet.fill((columns[0].left, edges[row], columns[-1].right, edges[row + 1]), tint)
        else:
            column = columns[int(rng.integers(len(columns)))]
            sheet.fill((column.left, edges[0], column.right, edges[-1]), tint)


def _random_rules(sheet: DocumentSheet) -> TableRules:
    """All rules, only horizontal or vertical ones, dotted, grouped, with a thick border, by hand, or none."""
    rng = sheet.rng
    kind = rng.random()
    return TableRules(
        across=kind < 0.82 or kind > 0.95,
        down=kind < 0.72 or 0.82 < kind < 0.9,
        thick=sheet.digit_height * float(rng.choice([0.02, 0.04, 0.08, 0.14], p=[0.35, 0.4, 0.2, 0.05])),
        dots=sheet.heights(0.1, 0.3) if sheet.chance(0.1) else 0.0,
        group=int(rng.integers(2, 6)) if sheet.chance(0.15) else 0,
        border=float(rng.choice([1.0, 2.5, 4.0], p=[0.6, 0.25, 0.15])),
        by_hand=sheet.chance(0.14),
    )


def _draw_rules(sheet: DocumentSheet, rules: TableRules, columns: list[Column], edges: Edges) -> None:
    draw = sheet.rule_by_hand if rules.by_hand else sheet.rule
    places = [columns[0].left, *(column.right for column in columns)]
    for row, y in enumerate(edges.tolist()):
        outer = row in (0, len(edges) - 1)
        if rules.across or outer:
            thick = rules.thick * rules.strength(row, len(edges))
            draw((places[0], y), (places[-1], y), thick, dots=0.0 if outer else rules.dots)
    for index, x in enumerate(places):
        outer = index in (0, len(places) - 1)
        if rules.down or (outer and sheet.chance(0.5)):
            thick = rules.thick * rules.strength(index, len(places))
            draw((x, edges[0]), (x, edges[-1]), thick, dots=0.0 if outer else rules.dots)


def _fill_header(sheet: DocumentSheet, columns: list[Column], box: Region) -> None:
    """Print or write what the columns hold."""
    size = sheet.heights(0.35, 0.8)
    numbered, by_hand = sheet.chance(0.4), sheet.chance(0.15)
    prefix = "" if sheet.chance(0.5) else sheet.heading()[:5] + " "
    margin = 0.1 * sheet.digit_height
    for index, column in enumerate(columns):
        text = f"{prefix}{index + 1}" if numbered else sheet.heading()
        if by_hand:
            short = text.replace(" ", "")[: max(1, int((column.right - column.left) / (0.6 * size)))]
            sheet.write_word(short, column.left + margin, (box[1] + box[3] + size) / 2, height=size)
        else:
            cell = (column.left + margin, box[1], column.right - margin, box[3])
            sheet.print_fitting(text, cell, size, align=column.align)


def _fill_row(sheet: DocumentSheet, columns: list[Column], rows: tuple[float, float], row: int) -> None:
    """Fill in the cells of a row."""
    unit, (top, bottom) = sheet.digit_height, rows
    above = 0.06 * (bottom - top)
    for column in columns:
        beside = column.margin * unit
        cell = (column.left + beside, top + above, column.right - beside, bottom - above)
        if column.kind == "word":
            sheet.write_word(sheet.word()[:9], cell[0], cell[3] - 0.25 * (cell[3] - cell[1]), height=0.75 * unit)
        elif column.kind in ("print", "phrase"):
            _print_cell(sheet, cell, column.kind, row)
        elif sheet.chance(column.filled):
            if column.printed:
                _print_number(sheet, cell, column.kind)
            else:
                _write_cell(sheet, cell, column)


def _print_cell(sheet: DocumentSheet, cell: Region, kind: str, row: int) -> None:
    """Print the number of a row, a word, or some words."""
    if kind == "print":
        text = str(row) if sheet.chance(0.7) else sheet.word()
        sheet.print_fitting(text, cell, 0.6 * sheet.digit_height, align=0.1)
    else:
        sheet.print_fitting(sheet.phrase(2), cell, 0.55 * sheet.digit_height, align=0.0)


def _print_number(sheet: DocumentSheet, cell: Region, kind: str) -> None:
    """Print a number into a cell, smaller if there is little room."""
    text = random_number_text(sheet.rng, kind)
    sheet.print_fitting(text, cell, 0.9 * sheet.digit_height, align=sheet.between(0, 1))


def _write_cell(sheet: DocumentSheet, cell: Region, column: Column) -> None:
    """A number in its cell, or what else people put there."""
    rng, unit = sheet.rng, sheet.digit_height
    pen = int(sheet.chance(0.08))
    kind = rng.random()
    if kind < 0.035:
        _write_dash(sheet, cell, pen)
    elif kind < 0.045:
        sheet.filler(cell, pen=pen)
    elif kind < 0.06:
        sheet.write(random_number_text(rng, column.kind), cell[0], cell[3] - 0.2 * unit, struck=True)
    elif kind < 0.075:
        sheet.write_word(sheet.word()[:3], cell[0], cell[3] - 0.25 * unit, height=0.9 * unit)
    else:
        _write_number(sheet, cell, column, pen)


def _write_dash(sheet: DocumentSheet, cell: Region, pen: int) -> None:
    """A dash or another mark in the middle of a cell."""
    x, y, half = (cell[0] + cell[2]) / 2, (cell[1] + cell[3]) / 2, 0.25 * sheet.digit_height
    sheet.mark((x - half, y - half, x + half, y + half), "dash" if sheet.chance(0.6) else None, pen=pen)


def _write_number(sheet: DocumentSheet, cell: Region, column: Column, pen: int) -> None:
    ending = random_ending(sheet.rng, 0.08)
    before = len(sheet.runs)
    text = random_number_text(sheet.rng, column.kind)
    sheet.write_fitting(text, cell, pen=pen, align=column.align, ending=ending)
    if sheet.chance(0.02) and len(sheet.runs) > before:
        sheet.decorate(sheet.runs[before], pen=pen)
