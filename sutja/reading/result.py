"""The result of reading a picture: its lines, their digits, and the confidence of each."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.reading.normalise import Gray


def _empty_image() -> Gray:
    return np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)


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
    box: tuple[int, int, int, int]
    image: Gray = field(default_factory=_empty_image, repr=False, compare=False)
    probabilities: NDArray[np.float64] = field(default_factory=_zero_probabilities, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The digit, or `?`."""
        return "?" if self.digit is None else str(self.digit)

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
class ReadLine:
    """The digits of a line, from left to right."""

    digits: tuple[ReadDigit, ...]

    @property
    def text(self) -> str:
        """The digits as a string, with `?` for those below the minimum confidence."""
        return "".join(digit.text for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The probability that all digits are right: the product of their confidences."""
        return float(np.prod([digit.confidence for digit in self.digits]))


@dataclass(frozen=True)
class Reading:
    """The lines of a picture from top to bottom; empty if nothing was read."""

    lines: tuple[ReadLine, ...]

    @property
    def text(self) -> str:
        """The lines, separated by newlines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float:
        """The probability that all lines are right; 0 if nothing was read."""
        return float(np.prod([line.confidence for line in self.lines])) if self.lines else 0.0

    @property
    def readable(self) -> bool:
        """Whether any digit reaches the minimum confidence."""
        return any(digit.digit is not None for line in self.lines for digit in line.digits)

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
                    "digits": [each.as_json(detail=detail) for each in line.digits],
                }
                for line in self.lines
            ],
        }
