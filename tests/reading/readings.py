"""Readings for tests, made from their signs."""

from __future__ import annotations

from sutja.reading.quad import upright_quad
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign

SIGN_WIDTH, SIGN_HEIGHT = 10, 20  # pixels
SHAPE = (1000, 1000)


def read_number(
    signs: str, *, confidence: float = 0.9, left: int = 0, top: int = 0, handwritten: bool = True
) -> ReadNumber:
    """A number of signs side by side; one in brackets, as in `1[2]3`, is below the minimum confidence."""
    read: list[ReadDigit | ReadSign] = []
    sure = True
    for sign in signs:
        box = (left + SIGN_WIDTH * len(read), top, SIGN_WIDTH, SIGN_HEIGHT)
        if sign in "[]":
            sure = sign == "]"
        elif sign.isdigit():
            read.append(ReadDigit(int(sign) if sure else None, int(sign), confidence, box))
        else:
            read.append(ReadSign(sign if sure else None, sign, confidence, box))
    quad = upright_quad(left, top, left + SIGN_WIDTH * len(read), top + SIGN_HEIGHT)
    return ReadNumber.at(quad, read, shape=SHAPE, handwritten=handwritten)


def read_lines(*lines: tuple[str, ...]) -> Reading:
    """A reading of lines of numbers, below and beside each other."""
    return Reading(
        tuple(
            ReadLine(tuple(read_number(signs, left=200 * at, top=40 * row) for at, signs in enumerate(line)))
            for row, line in enumerate(lines)
        )
    )
