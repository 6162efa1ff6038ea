"""What people write into a blank: numbers with endings, words, ticks, fillers, or nothing."""

from __future__ import annotations

from numpy.random import Generator

from sutja.synth.documents.number_texts import random_number_text
from sutja.synth.documents.sheets import DocumentSheet, Region

# Behind a number; most often nothing.
NUMBER_ENDINGS = (
    *(7 * ("",)),
    *(3 * ("=",)),
    *(2 * ("-", ".-")),
    *("/-", ",-", "--", ".=", "~", "%", "kg", "m", "$", "x", "*", ")", ".", "a", "b"),
)
# Before a number.
NUMBER_BEGINNINGS = ("S", "A", "B", "No", "P", "ML-", "R-", "x", "#", "Rs", "$", "(", "*", "=")
BEGINNING_PROBABILITY = 0.08
ENDING_PROBABILITY = 0.35


def random_ending(rng: Generator, probability: float = ENDING_PROBABILITY) -> str:
    """What stands behind a number and is no part of it."""
    return str(rng.choice(NUMBER_ENDINGS)) if rng.random() < probability else ""


def random_beginning(rng: Generator) -> str:
    """What stands right before a number and is no part of it; mostly nothing."""
    return str(rng.choice(NUMBER_BEGINNINGS)) if rng.random() < BEGINNING_PROBABILITY else ""


def random_amount_kind(rng: Generator) -> str:
    """A kind of number that stands on bills."""
    return str(rng.choice(["whole", "thousands", "decimal", "small"], p=[0.5, 0.25, 0.15, 0.1]))


def write_entry(sheet: DocumentSheet, box: Region) -> None:
    """Write what somebody puts into a blank (left, top, right, bottom)."""
    rng, unit = sheet.rng, sheet.digit_height
    left, top, right, bottom = box
    kind = rng.random()
    if kind < 0.5:
        inner = (left + 0.1 * unit, top + 0.1 * unit, right - 0.1 * unit, bottom - 0.15 * unit)
        text = random_number_text(rng)
        sheet.write_fitting(text, inner, align=sheet.between(0, 0.6), ending=random_ending(rng))
    elif kind < 0.75:
        sheet.write_word(sheet.word(), left + 0.2 * unit, bottom - 0.35 * unit, height=0.8 * unit)
    elif kind < 0.8:
        sheet.mark((left, top + 0.2 * unit, left + unit, bottom - 0.2 * unit))
    elif kind < 0.84:
        sheet.filler(box)
    elif kind < 0.87:
        sheet.write(random_number_text(rng), left, bottom - 0.35 * unit, struck=True)
