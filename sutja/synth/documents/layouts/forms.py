"""Forms: printed labels, and what people write behind them."""

from __future__ import annotations

from sutja.synth.documents.layouts.entries import write_entry
from sutja.synth.documents.layouts.rulings import draw_frame
from sutja.synth.documents.sheets import DocumentSheet, Region


def form(sheet: DocumentSheet) -> None:
    """A form: printed labels with dotted lines, boxes or nothing behind them, filled in by hand."""
    pitch, size = sheet.heights(1.5, 3), sheet.heights(0.4, 0.9)
    y = sheet.between(0, pitch)
    boxed = sheet.chance(0.3)
    while y < sheet.size[1] + sheet.digit_height and not sheet.is_full:
        x = sheet.between(-0.2, 0.12) * sheet.size[0]
        while x < sheet.size[0]:
            x = _fill_field(sheet, (x, y), size, boxed=boxed) + sheet.heights(0.3, 2)
        y += pitch


def _fill_field(sheet: DocumentSheet, at: tuple[float, float], size: float, *, boxed: bool) -> float:
    """A label and its blank, filled in; returns the column behind it."""
    unit, (x, y) = sheet.digit_height, at
    label = sheet.heading() + (":" if sheet.chance(0.5) else "")
    x = sheet.print_text(label, x, y, size) + 0.3 * unit
    right = x + sheet.heights(2.5, 9)
    box = (x, y - 1.15 * unit, right, y + 0.3 * unit)
    _draw_blank(sheet, box, boxed=boxed)
    write_entry(sheet, box)
    return right


def _draw_blank(sheet: DocumentSheet, box: Region, *, boxed: bool) -> None:
    """A frame, a rule, a dotted one, or nothing."""
    unit = sheet.digit_height
    if boxed:
        draw_frame(sheet, box, 0.04 * unit)
    elif sheet.chance(0.7):
        y = box[3] - 0.2 * unit
        sheet.rule((box[0], y), (box[2], y), 0.035 * unit, dots=0.16 * unit if sheet.chance(0.6) else 0.0)
