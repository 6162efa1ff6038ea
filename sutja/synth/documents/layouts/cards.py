"""Score cards and games: coloured rows of printed numbers, points by hand, puzzles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sutja.synth.documents.layouts.rulings import draw_frame
from sutja.synth.documents.number_texts import random_digits, random_number_text
from sutja.synth.documents.sheets import DocumentSheet, Region

DARK_BAND_LEVEL = 0.55  # of a band's colour, below which its print is bright
CIRCLED_PROBABILITY = 0.25  # of the totals of a score card
GAME_LABELS = ("1", "2", "3", "4", "5", "6", "Sum", "Bonus", "1 pair", "2 pairs", "3 x", "4 x", "Full house", "Total")


@dataclass(frozen=True)
class CardGrid:
    """The cells of a card: the edges of its columns, its first row, and the height of a row, in pixels."""

    columns: tuple[float, ...]
    top: float
    row_height: float

    def cell(self, column: int, row: int) -> Region:
        """A cell, a little smaller than its frame."""
        top, margin = self.top + row * self.row_height, 0.07 * self.row_height
        return (
            self.columns[column] + margin,
            top + margin,
            self.columns[column + 1] - margin,
            self.bottom(row) - margin,
        )

    def bottom(self, row: int) -> float:
        """Where a row ends."""
        return self.top + (row + 1) * self.row_height


def score_card(sheet: DocumentSheet) -> None:
    """A card with coloured rows of printed numbers, and rows of points written below them."""
    rng, unit = sheet.rng, sheet.digit_height
    label = sheet.heights(2, 6)
    left, right = sheet.between(-0.2, 0.1) * sheet.size[0], sheet.between(0.85, 1.2) * sheet.size[0]
    wide = max(sheet.heights(1.4, 2.4), (right - left - label) / 24)
    count = max(2, int((right - left - label) / wide))
    columns = (left, *(left + label + wide * index for index in range(count + 1)))
    y = sheet.window[1] + sheet.between(-0.15, 0.4) * sheet.size[1]
    while y < sheet.size[1] and not sheet.is_full:
        printed, written = int(rng.integers(1, 6)), int(rng.integers(1, 5))
        grid = CardGrid(columns, y, sheet.heights(1.25, 1.9))
        for row in range(printed):
            _print_band(sheet, grid, row)
        totals = {int(rng.integers(1, count + 1)) for _ in range(int(rng.integers(0, 3)))}
        for row in range(printed, printed + written):
            _write_points(sheet, grid, row, totals)
        _rule_card(sheet, grid, printed + written)
        y = grid.bottom(printed + written - 1) + unit * float(rng.choice([0, sheet.between(0.5, 3)]))


def _print_band(sheet: DocumentSheet, grid: CardGrid, row: int) -> None:
    """A coloured row with a printed label and a printed number in each column."""
    tint = np.clip(sheet.rng.uniform(0.2, 1.1, 3), 0, 1).astype(np.float32)
    top = grid.top + row * grid.row_height
    sheet.fill((grid.columns[0], top, grid.columns[-1], top + grid.row_height), tint)
    bright = float(tint.mean()) < DARK_BAND_LEVEL
    size = grid.row_height * sheet.between(0.35, 0.6)
    digits = int(sheet.rng.choice([1, 2, 3], p=[0.4, 0.2, 0.4]))
    numbered = sheet.chance(0.3)
    sheet.print_fitting(sheet.heading(), grid.cell(0, row), size, align=0.1, bright=bright)
    for column in range(1, len(grid.columns) - 1):
        text = str(column) if numbered else random_digits(sheet.rng, digits)
        sheet.print_fitting(text, grid.cell(column, row), size, bright=bright)


def _write_points(sheet: DocumentSheet, grid: CardGrid, row: int, totals: set[int]) -> None:
    """A row of points, some of them in a circle; the columns of `totals` hold larger numbers."""
    filled = sheet.rng.choice([1.0, 0.85, 0.5])
    if sheet.chance(0.4):
        cell = grid.cell(0, row)
        sheet.write_word(sheet.word()[:8], cell[0], cell[3] - 0.2 * grid.row_height, height=0.7 * sheet.digit_height)
    for column in range(1, len(grid.columns) - 1):
        if not sheet.chance(float(filled)):
            continue
        cell, before = grid.cell(column, row), len(sheet.runs)
        if sheet.chance(0.02):
            sheet.mark(cell, "triangle")
            continue
        sheet.write_fitting(random_number_text(sheet.rng, "small" if column in totals else "digit"), cell)
        if len(sheet.runs) > before and sheet.chance(CIRCLED_PROBABILITY if column in totals else 0.02):
            sheet.decorate(sheet.runs[before])


def _rule_card(sheet: DocumentSheet, grid: CardGrid, rows: int) -> None:
    """Thin rules around the cells, or only between the rows."""
    thick = sheet.heights(0.02, 0.06)
    bottom = grid.bottom(rows - 1)
    for row in range(rows + 1):
        y = grid.top + row * grid.row_height
        sheet.rule((grid.columns[0], y), (grid.columns[-1], y), thick)
    if sheet.chance(0.8):
        for x in grid.columns:
            sheet.rule((x, grid.top), (x, bottom), thick)


def game_sheet(sheet: DocumentSheet) -> None:
    """A sheet for a game: printed labels, a narrow column for each player, dashes where nothing was scored."""
    rng = sheet.rng
    left, label = sheet.between(-0.05, 0.2) * sheet.size[0], sheet.heights(4, 7)
    wide, count = sheet.heights(1.7, 3), int(rng.integers(2, 8))
    columns = (left, *(left + label + wide * index for index in range(count + 1)))
    grid = CardGrid(columns, sheet.between(-0.1, 0.25) * sheet.size[1], sheet.heights(1.3, 1.9))
    rows = min(int(rng.integers(5, 20)), int((sheet.size[1] - grid.top) / grid.row_height) + 1)
    filled = rng.uniform(0.3, 1, count) * (rng.random(count) < 0.75)
    for row in range(rows):
        _fill_game_row(sheet, grid, row, filled)
        top = grid.top + row * grid.row_height
        sheet.rule((columns[0], top), (columns[-1], top), sheet.heights(0.02, 0.04))
    for x in columns:
        sheet.rule((x, grid.top), (x, grid.bottom(rows - 1)), 0.03 * sheet.digit_height)


def _fill_game_row(sheet: DocumentSheet, grid: CardGrid, row: int, filled: np.ndarray) -> None:
    """The players' initials in the first row, else a label and what each player scored."""
    if row == 0:
        for column in range(1, len(grid.columns) - 1):
            cell = grid.cell(column, row)
            sheet.write_word(
                sheet.word()[:1].upper(), cell[0] + 0.3 * (cell[2] - cell[0]), cell[3], height=0.8 * sheet.digit_height
            )
        return
    label = GAME_LABELS[(row - 1) % len(GAME_LABELS)] if sheet.chance(0.6) else sheet.heading()
    sheet.print_fitting(label, grid.cell(0, row), 0.5 * grid.row_height, align=0.1)
    for column, share in enumerate(filled.tolist(), start=1):
        if not sheet.chance(share):
            continue
        cell = grid.cell(column, row)
        if sheet.chance(0.08):
            x, y, half = (cell[0] + cell[2]) / 2, (cell[1] + cell[3]) / 2, 0.3 * sheet.digit_height
            sheet.mark((x - half, y - half, x + half, y + half), "dash" if sheet.chance(0.7) else "cross")
        else:
            sheet.write_fitting(random_number_text(sheet.rng, "small"), cell, align=sheet.between(0.3, 0.7))


def puzzle(sheet: DocumentSheet) -> None:
    """A number puzzle: a square grid with strong lines around groups, printed digits, and some by hand."""
    unit = sheet.digit_height
    group = int(sheet.rng.choice([2, 3, 3, 3]))
    count, side = group * group, sheet.heights(1.5, 2.2)
    left, top = (low + sheet.between(-0.2, 1) * max(0.0, high - low - count * side) for low, high in _ends(sheet))
    grid = CardGrid(tuple(left + side * index for index in range(count + 1)), top, side)
    thin, strong = sheet.heights(0.02, 0.05), sheet.heights(0.06, 0.16)
    for index in range(count + 1):
        thick, at = strong if index % group == 0 else thin, side * index
        sheet.rule((left, top + at), (left + count * side, top + at), thick)
        sheet.rule((left + at, top), (left + at, top + count * side), thick)
    printed, written = sheet.between(0.2, 0.5), float(sheet.rng.choice([0, sheet.between(0.1, 0.6)]))
    for column in range(count):
        for row in range(count):
            text, kind = str(sheet.rng.integers(1, count + 1)), sheet.rng.random()
            if kind < printed:
                sheet.print_fitting(text, grid.cell(column, row), 0.75 * unit)
            elif kind < printed + written:
                sheet.write_fitting(text, grid.cell(column, row))
    if sheet.chance(0.3):
        draw_frame(sheet, (left, top, left + count * side, top + count * side), 2 * strong)


def _ends(sheet: DocumentSheet) -> tuple[tuple[float, float], tuple[float, float]]:
    """From where to where the window reaches, across and down."""
    left, top, right, bottom = sheet.window
    return (left, right), (top, bottom)
