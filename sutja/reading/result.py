"""The result of reading a picture: its lines, their numbers, the digits of these, and how sure each is."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.reading.normalise import Gray
from sutja.reading.numbers import (
    DecimalSign,
    NumberKind,
    decide_decimal_sign,
    decimal_text,
    interpret_number,
    parse_decimal_sign,
)
from sutja.reading.quad import PixelBox, upright_box

if TYPE_CHECKING:
    from sutja.reading.tables.table import NumberTable

Corner = tuple[float, float]  # x and y in pixels
Quadrilateral = tuple[Corner, Corner, Corner, Corner]
RuledLine = tuple[Corner, Corner]  # both ends
UNSURE = "?"
MENDED_SHARE_RIGHT = 0.5  # of numbers that a table has cut or joined, on synthetic sheets


NO_IMAGE = np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)  # of a digit that was read without keeping one
NO_IMAGE.setflags(write=False)


def _zero_probabilities() -> NDArray[np.float64]:
    return np.zeros(CLASS_COUNT)


@dataclass(frozen=True)
class ReadDigit:
    """A digit with its confidence in [0, 1] and its box (left, top, width, height) in pixels of the picture.

    `digit` is `None` if the confidence is below the reader's minimum; `guess` is the most probable digit in any case.
    `image`, `uint8 (28, 28)`, shows it in MNIST's form. What `probabilities (10,)` lack of 1 is the probability that
    there is no digit.
    """

    digit: int | None
    guess: int
    confidence: float
    box: PixelBox
    image: Gray = field(default_factory=lambda: NO_IMAGE, repr=False, compare=False)
    probabilities: NDArray[np.float64] = field(default_factory=_zero_probabilities, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The digit, or `?`."""
        return UNSURE if self.digit is None else str(self.digit)

    def as_json(self, *, detail: bool = False) -> dict[str, Any]:
        """The digit as a JSON object, with `detail` as in `Reading.as_json`."""
        values = {
            "digit": self.digit,
            "guess": self.guess,
            "confidence": round(self.confidence, 4),
            "box": list(self.box),
        }
        if not detail:
            return values
        return values | {
            "image": base64.b64encode(self.image.tobytes()).decode("ascii"),
            "probabilities": [round(float(each), 4) for each in self.probabilities],
        }


@dataclass(frozen=True)
class ReadSign:
    """A sign of a number that is no digit: one of `.,-+/:`, or the space in `2 1/2`; otherwise like `ReadDigit`.

    `guess` is `?` for ink of which no sign is probable.
    """

    sign: str | None
    guess: str
    confidence: float
    box: PixelBox

    @property
    def text(self) -> str:
        """The sign, or `?`."""
        return self.sign or UNSURE


@dataclass(frozen=True)
class ReadNumber:
    """A number: its `signs` from left to right, of which the digits are `ReadDigit`.

    `quad` has its corners in pixels of the picture: top left, top right, bottom right and bottom left as seen in
    reading direction; it is as high as the digits. `box` is the upright one around it. `kind` and `value` are told by
    `Reading.with_values`. A number `at_edge` touches the edge of the picture, and may go on beyond it. Where a table
    has cut the number from its neighbour, or joined it of parts, `read_as` has the signs as they were read, with a
    space between two parts; otherwise it is empty.
    """

    signs: tuple[ReadDigit | ReadSign, ...]
    box: PixelBox
    quad: Quadrilateral
    handwritten: bool = True
    kind: NumberKind = "other"
    value: Decimal | None = None
    at_edge: bool = False
    read_as: str = ""

    @classmethod
    def at(
        cls,
        quad: NDArray[np.floating],
        signs: Sequence[ReadDigit | ReadSign],
        *,
        shape: tuple[int, ...],
        handwritten: bool = True,
        at_edge: bool = False,
    ) -> ReadNumber:
        """The number at a `quad`, `(4, 2)`, of a picture of that shape."""
        top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in quad)
        corners = (top_left, top_right, bottom_right, bottom_left)
        return cls(tuple(signs), upright_box(quad, shape), corners, handwritten, at_edge=at_edge)

    @property
    def text(self) -> str:
        """The signs as written, with `?` for those below the minimum confidence."""
        return "".join(sign.text for sign in self.signs)

    @property
    def guess(self) -> str:
        """The most probable signs, also where they are below the minimum confidence."""
        return "".join(str(sign.guess) for sign in self.signs)

    @property
    def digits(self) -> tuple[ReadDigit, ...]:
        """The digits from left to right, without the other signs."""
        return tuple(sign for sign in self.signs if isinstance(sign, ReadDigit))

    @property
    def confidence(self) -> float:
        """The probability that all signs are right: the product of their confidences, halved if it was mended."""
        product = float(np.prod([sign.confidence for sign in self.signs]))
        return product * MENDED_SHARE_RIGHT if self.read_as else product

    def with_value(self, decimal_sign: DecimalSign | None) -> ReadNumber:
        """The number with the kind of its most probable signs, and its value if it is sure of all."""
        meaning = interpret_number(self.guess, decimal_sign)
        return replace(self, kind=meaning.kind, value=None if UNSURE in self.text else meaning.value)

    def without_images(self) -> ReadNumber:
        """The number without the images of its digits, which are most of its size."""
        signs = (replace(each, image=NO_IMAGE) if isinstance(each, ReadDigit) else each for each in self.signs)
        return replace(self, signs=tuple(signs))

    def as_json(self, *, detail: bool = False) -> dict[str, Any]:
        """The number as a JSON object, its value as a string of digits, with `detail` as in `Reading.as_json`."""
        return {
            "text": self.text,
            "guess": self.guess,
            "kind": self.kind,
            "value": None if self.value is None else decimal_text(self.value),
            "confidence": round(self.confidence, 4),
            "handwritten": self.handwritten,
            "at_edge": self.at_edge,
            "box": list(self.box),
            "quad": [[round(x, 1), round(y, 1)] for x, y in self.quad],
            "digits": [digit.as_json(detail=detail) for digit in self.digits],
        }


@dataclass(frozen=True)
class ReadLine:
    """The numbers of a line, from left to right."""

    numbers: tuple[ReadNumber, ...]

    @property
    def text(self) -> str:
        """The numbers, with a space between two."""
        return " ".join(number.text for number in self.numbers)

    @property
    def digits(self) -> tuple[ReadDigit, ...]:
        """The digits of all numbers, from left to right."""
        return tuple(digit for number in self.numbers for digit in number.digits)

    @property
    def confidence(self) -> float:
        """The probability that all numbers are right: the product of their confidences."""
        return float(np.prod([number.confidence for number in self.numbers]))


@dataclass(frozen=True)
class Reading:
    """The lines of a picture from top to bottom; empty if nothing was read.

    `ruling` are ruled lines near the numbers, in pixels of the picture, if they were looked for.
    """

    lines: tuple[ReadLine, ...]
    ruling: tuple[RuledLine, ...] = ()

    @property
    def text(self) -> str:
        """The lines, separated by newlines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def numbers(self) -> tuple[ReadNumber, ...]:
        """The numbers of all lines, in reading order."""
        return tuple(number for line in self.lines for number in line.numbers)

    @property
    def confidence(self) -> float:
        """The probability that all lines are right; 0 if nothing was read."""
        return float(np.prod([line.confidence for line in self.lines])) if self.lines else 0.0

    @property
    def readable(self) -> bool:
        """Whether any digit reaches the minimum confidence."""
        return any(digit.digit is not None for line in self.lines for digit in line.digits)

    @cached_property
    def tables(self) -> tuple[NumberTable, ...]:
        """The tables among the numbers, from top to bottom; lines of numbers that are no table are in none."""
        from sutja.reading.tables.page import find_tables  # above this module

        return tuple(table for table in find_tables(self) if table.aligned)

    def with_values(self, decimal_sign: DecimalSign | None = None) -> Reading:
        """The reading with the kind and value of each number, by a decimal sign or that of most of its numbers.

        Raises `UsageError` for any other sign than "point" and "comma".
        """
        given = parse_decimal_sign(decimal_sign) if decimal_sign is not None else None
        sign = given or decide_decimal_sign(number.text for number in self.numbers)
        lines = [ReadLine(tuple(number.with_value(sign) for number in line.numbers)) for line in self.lines]
        return replace(self, lines=tuple(lines))

    def with_numbers(self, instead: Mapping[int, Sequence[ReadNumber]]) -> Reading:
        """The reading with others `instead` of some numbers, by the `id` of these; a line may lose all."""
        lines = (ReadLine(exchanged_numbers(line.numbers, instead)) for line in self.lines)
        return replace(self, lines=tuple(line for line in lines if line.numbers))

    def only_handwritten(self) -> Reading:
        """The reading without printed numbers, and without lines of these alone."""
        lines = [ReadLine(tuple(number for number in line.numbers if number.handwritten)) for line in self.lines]
        return replace(self, lines=tuple(line for line in lines if line.numbers))

    def without_images(self) -> Reading:
        """The reading without the images of its digits."""
        lines = (ReadLine(tuple(each.without_images() for each in line.numbers)) for line in self.lines)
        return replace(self, lines=tuple(lines))

    def as_json(self, file: str, *, detail: bool = False) -> dict[str, Any]:
        """The reading as a JSON object, with the name of the picture's file.

        With `detail` each digit also has its `image`, 784 bytes in base64, and its `probabilities`.
        """
        return {
            "file": file,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "lines": [
                {
                    "text": line.text,
                    "confidence": round(line.confidence, 4),
                    "numbers": [number.as_json(detail=detail) for number in line.numbers],
                }
                for line in self.lines
            ],
        }


def exchanged_numbers(
    numbers: Sequence[ReadNumber], instead: Mapping[int, Sequence[ReadNumber]]
) -> tuple[ReadNumber, ...]:
    """The numbers in their order, with others, or none, `instead` of some, by the `id` of these."""
    return tuple(new for number in numbers for new in instead.get(id(number), (number,)))
