"""What was read of a picture: its lines, their digits, and how sure the reader is of each."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.reading.normalise import Gray


def _nothing() -> Gray:
    return np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)


def _unknown() -> NDArray[np.float64]:
    return np.zeros(CLASS_COUNT)


@dataclass(frozen=True)
class ReadDigit:
    """One digit: what it is, how probably, and its box (left, top, width, height) in pixels of the picture.

    `digit` is `None` where the reader is not sure; `guess` is what it thinks all the same. `image`, `uint8 (28, 28)`,
    shows the digit as MNIST has them; `probabilities (10,)` are those of each digit, and what they lack of 1 is the
    probability that there is none.
    """

    digit: int | None
    guess: int
    confidence: float
    box: tuple[int, int, int, int]
    image: Gray = field(default_factory=_nothing, repr=False, compare=False)
    probabilities: NDArray[np.float64] = field(default_factory=_unknown, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The digit, or `?`."""
        return "?" if self.digit is None else str(self.digit)

    def as_json(self, *, detail: bool = False) -> dict[str, Any]:
        """The digit as an object for JSON, with `detail` as in `Reading.as_json`."""
        told = {
            "digit": self.digit,
            "guess": self.guess,
            "confidence": round(self.confidence, 4),
            "box": list(self.box),
        }
        if not detail:
            return told
        return told | {
            "image": base64.b64encode(self.image.tobytes()).decode("ascii"),
            "probabilities": [round(float(each), 4) for each in self.probabilities],
        }


@dataclass(frozen=True)
class ReadLine:
    """The digits of a line, from left to right."""

    digits: tuple[ReadDigit, ...]

    @property
    def text(self) -> str:
        """The line's digits, `?` for those of which the reader is not sure."""
        return "".join(digit.text for digit in self.digits)

    @property
    def confidence(self) -> float:
        """How probably all of them are right: the product of their confidences."""
        return float(np.prod([digit.confidence for digit in self.digits]))


@dataclass(frozen=True)
class Reading:
    """What stands in a picture: its lines from top to bottom, none where nothing was read."""

    lines: tuple[ReadLine, ...]

    @property
    def text(self) -> str:
        """The lines, parted by newlines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float:
        """How probably all of it is right; 0 where nothing was read."""
        return float(np.prod([line.confidence for line in self.lines])) if self.lines else 0.0

    @property
    def readable(self) -> bool:
        """Whether there is at least one digit that the reader is sure of."""
        return any(digit.digit is not None for line in self.lines for digit in line.digits)

    def as_json(self, file: str, *, detail: bool = False) -> dict[str, Any]:
        """The reading as an object for JSON, with the name of the picture's file.

        With `detail` each digit has its `image`, the 784 bytes in base64, and its `probabilities` too.
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
