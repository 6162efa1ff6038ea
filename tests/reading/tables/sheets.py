"""Readings of tables for tests, laid out in cells of equal size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber
from tests.reading.readings import read_number

CELL_WIDTH, CELL_HEIGHT = 120, 40  # pixels


def read_table(*rows: Sequence[str], top: int = 0, left: int = 0) -> Reading:
    """A reading of a table by the signs in its cells; an empty one holds no number."""
    lines = [
        ReadLine(
            tuple(
                read_number(signs, confidence=0.99, left=left + CELL_WIDTH * column, top=top + CELL_HEIGHT * at)
                for column, signs in enumerate(row)
                if signs
            )
        )
        for at, row in enumerate(rows)
    ]
    return Reading(tuple(line for line in lines if line.numbers)).with_values()


def unsure_of(number: ReadNumber, **chances: float) -> ReadNumber:
    """A number whose unsure digits may be others, each named as in `d7=0.3`."""
    probabilities = np.zeros(10)
    for name, chance in chances.items():
        probabilities[int(name[1:])] = chance
    signs = [
        ReadDigit(sign.digit, sign.guess, sign.confidence, sign.box, sign.image, probabilities)
        if isinstance(sign, ReadDigit) and sign.digit is None
        else sign
        for sign in number.signs
    ]
    return ReadNumber(tuple(signs), number.box, number.quad, number.handwritten, number.kind, number.value)
