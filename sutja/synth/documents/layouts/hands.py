"""Many hands: numbers of many people close together, so that a picture shows as many ways of writing as it can."""

from __future__ import annotations

from sutja.synth.documents.layouts.entries import random_beginning, random_ending
from sutja.synth.documents.layouts.rulings import draw_ruling
from sutja.synth.documents.number_texts import random_number_text
from sutja.synth.documents.sheets import DocumentSheet

NUMBER_KINDS = {  # long numbers more often than elsewhere: they show more
    "whole": 0.26,
    "thousands": 0.16,
    "decimal": 0.14,
    "small": 0.1,
    "mark": 0.06,
    "negative": 0.06,
    "code": 0.06,
    "date": 0.04,
    "fraction": 0.08,
    "telephone": 0.02,
    "time": 0.02,
}
LISTED_ENDING_PROBABILITY = 0.3


def many_hands(sheet: DocumentSheet) -> None:
    """Numbers of many writers in rows, as on a list that goes round."""
    rng, unit = sheet.rng, sheet.digit_height
    left, top, right, bottom = sheet.window
    pitch, gap = sheet.heights(1.4, 2.4), sheet.heights(0.7, 2.0)
    if sheet.chance(0.5):
        draw_ruling(sheet, pitch)
    y = top + sheet.heights(0.2, 1.2)
    while y < bottom + unit and not sheet.is_full:
        x = left - sheet.heights(0, 2)
        while x < right and not sheet.is_full:
            sheet.change_writer()
            text = random_number_text(rng, str(rng.choice(list(NUMBER_KINDS), p=list(NUMBER_KINDS.values()))))
            height = unit * sheet.between(0.75, 1.25)
            written = sheet.writer.write(
                text, height, beginning=random_beginning(rng), ending=random_ending(rng, LISTED_ENDING_PROBABILITY)
            )
            sheet.put(written, x, y + unit * float(rng.normal(0, 0.08)), pen=int(rng.integers(len(sheet.pens))))
            x += written.width + gap * sheet.between(0.7, 1.5)
        y += pitch
