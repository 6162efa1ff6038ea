"""Rows of boxes for one digit each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sutja.synth.documents.document import WrittenRun, upright_quad
from sutja.synth.documents.layouts.rulings import draw_frame
from sutja.synth.documents.number_texts import random_digits
from sutja.synth.documents.sheets import DocumentSheet

EMPTY_SHARE, FULL_SHARE = 0.2, 0.5  # of rows of boxes; the others are filled in part
LETTERS_SHARE = 0.12  # of rows that are filled in


@dataclass(frozen=True)
class BoxRow:
    """Boxes beside one another: the left top corner of the first, their count, their size and their distance."""

    x: float
    y: float
    count: int
    width: float
    height: float
    gap: float

    def left(self, index: int) -> float:
        """Where a box begins."""
        return self.x + index * (self.width + self.gap)


def boxes(sheet: DocumentSheet) -> None:
    """Rows of boxes for one digit each, filled, half filled or empty, touching or apart, or combs."""
    rng, unit = sheet.rng, sheet.digit_height
    y = sheet.heights(0, 2)
    while y < sheet.size[1] and not sheet.is_full:
        side = sheet.heights(1.15, 2)
        wide = side * sheet.between(0.7, 1.2)
        gap = wide * float(rng.choice([0.0, sheet.between(0.05, 0.5)], p=[0.65, 0.35]))
        x = sheet.between(-0.2, 0.4) * sheet.size[0]
        if sheet.chance(0.6):
            x = sheet.print_text(sheet.heading(), x, y + 0.7 * side, 0.5 * unit) + 0.4 * unit
        row = BoxRow(x, y, int(rng.integers(2, 13)), wide, side, gap)
        _draw_boxes(sheet, row)
        _fill_boxes(sheet, row)
        y += side + sheet.heights(0.5, 2.5)


def _draw_boxes(sheet: DocumentSheet, row: BoxRow) -> None:
    """Frames, or a comb: only the lower parts of them."""
    thick = sheet.digit_height * float(sheet.rng.choice([0.025, 0.05, 0.1]))
    comb = sheet.chance(0.15)
    bottom = row.y + row.height
    for left in map(row.left, range(row.count)):
        if comb:
            sheet.rule((left, row.y + 0.6 * row.height), (left, bottom), thick)
            sheet.rule((left, bottom), (left + row.width, bottom), thick)
        else:
            draw_frame(sheet, (left, row.y, left + row.width, bottom), thick)


def _fill_boxes(sheet: DocumentSheet, row: BoxRow) -> None:
    """Write a number with a digit in each box, from the first on or up to the last: one run over all of them."""
    rng = sheet.rng
    filled = rng.random()
    if filled < EMPTY_SHARE:
        return
    is_full = filled < EMPTY_SHARE + FULL_SHARE
    text = random_digits(rng, row.count if is_full else int(rng.integers(1, row.count + 1)))
    start = 0 if sheet.chance(0.7) else row.count - len(text)
    before = len(sheet.runs)
    if sheet.chance(LETTERS_SHARE):
        _write_letters(sheet, row)
        return
    for index, digit in enumerate(text):
        _write_boxed(sheet, digit, row, start + index)
    digits = sheet.runs[before:]
    if len(digits) > 1:
        sheet.runs[before:] = [_joined(digits)]


def _write_letters(sheet: DocumentSheet, row: BoxRow) -> None:
    """Write a capital letter into each of the first boxes, as in the blank for a name."""
    for index in range(int(sheet.rng.integers(1, row.count + 1))):
        written = sheet.writer.write_word(sheet.word()[:1].upper(), min(sheet.digit_height, 0.8 * row.height))
        x = row.left(index) + 0.5 * (row.width - written.width)
        sheet.put(written, x, row.y + sheet.between(0.8, 0.95) * row.height)


def _write_boxed(sheet: DocumentSheet, digit: str, row: BoxRow, index: int) -> None:
    """Write a digit about the middle of its box."""
    rng = sheet.rng
    height = min(sheet.digit_height, 0.85 * row.height)
    written = sheet.writer.write(digit, height * float(np.clip(rng.normal(1, 0.06), 0.8, 1.15)))
    x = row.left(index) + 0.5 * (row.width - written.width) + float(rng.normal(0, 0.05)) * row.width
    y = row.y + row.height - 0.5 * (row.height - height) + float(rng.normal(0, 0.05)) * row.height
    sheet.put(written, x, y)


def _joined(runs: list[WrittenRun]) -> WrittenRun:
    """One run of several digits: as upright as its boxes, and as high as most of its digits."""
    corners = np.stack([run.quad for run in runs])
    top = float(np.quantile(corners[:, :2, 1].mean(axis=1), 0.4))
    bottom = float(np.quantile(corners[:, 2:, 1].mean(axis=1), 0.6))
    quad = upright_quad(float(corners[0, :, 0].min()), top, float(corners[-1, :, 0].max()), bottom)
    text = "".join(run.text for run in runs)
    return replace(runs[0], text=text, quad=quad, centres=np.concatenate([run.centres for run in runs]))
