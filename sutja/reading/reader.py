"""The reader: from a picture to the numbers on it, each digit with its confidence and its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.errors import UsageError
from sutja.inference import Classifier
from sutja.published import load_published, published_path, read_card
from sutja.reading.layout import find_lines
from sutja.reading.line import Strip, cut_strip, digit_boxes
from sutja.reading.network import LineNetwork, Spotted
from sutja.reading.normalise import LINE_HEIGHT, Gray
from sutja.reading.page import Page, prepare
from sutja.reading.picture import load_picture, to_gray
from sutja.reading.single import as_single, combined, single_digit

LINE_READER = "line-reader"
CLASSIFIER = "convnet"  # the published network that reads single digits
UPRIGHT = 0.05  # evidence that a turned picture must have more than the upright one
MANY = 0.1  # evidence for twice as many digits: the wrong way round few signs look like one
TRACE = 0.45  # part of the depth of the deepest line's ink that a short line of writing has at least
CLEAR = 0.9  # evidence above which a picture is not tried turned


@dataclass(frozen=True)
class ReadDigit:
    """One digit: what it is, how probably, and its box (left, top, width, height) in pixels of the picture.

    `digit` is `None` where the reader is not sure; `guess` is what it thinks all the same.
    """

    digit: int | None
    guess: int
    confidence: float
    box: tuple[int, int, int, int]

    @property
    def text(self) -> str:
        """The digit, or `?`."""
        return "?" if self.digit is None else str(self.digit)


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

    def as_json(self, file: str) -> dict[str, Any]:
        """The reading as an object for JSON, with the name of the picture's file."""
        return {
            "file": file,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "lines": [
                {
                    "text": line.text,
                    "confidence": round(line.confidence, 4),
                    "digits": [
                        {
                            "digit": each.digit,
                            "guess": each.guess,
                            "confidence": round(each.confidence, 4),
                            "box": list(each.box),
                        }
                        for each in line.digits
                    ],
                }
                for line in self.lines
            ],
        }


@dataclass(frozen=True)
class Steps:
    """The way from a picture to its reading, for people to look at: the page and each line's strip with its digits."""

    picture: Gray
    page: Page
    strips: tuple[Strip, ...]
    spotted: tuple[tuple[Spotted, ...], ...]
    turned: int
    reading: Reading


class Reader:
    """Reads handwritten numbers. One may be used by several threads.

    `min_confidence` in [0, 1] is what a digit needs to be told; below it the digit is `None`. By default it is what the
    network's card advises.
    """

    def __init__(
        self, model: str | Path = LINE_READER, *, min_confidence: float | None = None, threads: int = 0
    ) -> None:
        """`model` is the name of a published line reader, or the path of its ONNX file with the card beside it.

        `threads` compute at once; 0 = as many as ONNX Runtime thinks best. Raises `UsageError` for an unknown name or a
        `min_confidence` out of its range, and `ModelFileError` for a file that is no line reader.
        """
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence = {min_confidence} is out of the range 0 … 1")
        path = Path(model) if Path(model).suffix == ".onnx" else published_path(str(model))
        card = read_card(path)
        self._threads = threads
        self._network = LineNetwork(path, temperature=card.temperature, sha256=card.files[path.name], threads=threads)
        advised = float((card.reading or {}).get("min_confidence", 0.5))
        self.min_confidence = advised if min_confidence is None else min_confidence

    def read(self, picture: Path | str | NDArray[Any]) -> Reading:
        """Read a picture: the path of a file, or an array as `picture.to_gray` takes it.

        Raises `DataError` when it is no picture.
        """
        return self.explain(picture).reading

    def explain(self, picture: Path | str | NDArray[Any]) -> Steps:
        """As `read`, with all steps on the way."""
        gray = to_gray(picture) if isinstance(picture, np.ndarray) else load_picture(Path(picture))
        upright = self._read_turned(gray, 0)
        if _is_clear(upright):
            return upright
        tries = [upright, *(self._read_turned(gray, turn) for turn in (1, 3))]
        return max(tries, key=_preference)

    def classify(self, images: NDArray[Any] | Sequence[Path | str | NDArray[Any]]) -> list[ReadDigit]:
        """Read single digits: one for each image, whatever else is on it.

        `images` are `uint8 (N, 28, 28)` as MNIST has them, or pictures of any size as `read` takes them. Where there is
        no digit, the confidence is near 0 and `digit` is `None`. Raises `DataError` when one is no picture.
        """
        singles = [as_single(image) for image in images]
        digits = np.stack([single.digit for single in singles]) if singles else np.zeros((0, 28, 28), np.uint8)
        probabilities = self._classifier.probabilities(digits)
        lines = self._network.logits([single.strip for single in singles])
        found = []
        for single, shape, line in zip(singles, probabilities, lines, strict=True):
            both = combined(shape, single_digit(line, self._network.temperature)) * single.has_ink
            guess = int(both.argmax())
            found.append(self._digit(guess, float(both[guess]), single.box))
        return found

    @cached_property
    def _classifier(self) -> Classifier:
        return load_published(CLASSIFIER, threads=self._threads)

    def _read_turned(self, gray: Gray, turn: int) -> Steps:
        """Read a picture after so many quarter turns to the left."""
        turned = np.ascontiguousarray(np.rot90(gray, turn))
        page = prepare(turned)
        layout = find_lines(page.ink)
        strips = _without_traces([cut_strip(page, layout, line) for line in layout.lines])
        spotted = self._network.read([strip.ink for strip in strips]) if strips else []
        lines = [
            ReadLine(
                tuple(self._digit(each.digit, each.confidence, box) for each, box in zip(digits, boxes, strict=True))
            )
            for digits, boxes in (
                (digits, _boxes(strip, digits, page.scale, gray.shape, turn))
                for strip, digits in zip(strips, spotted, strict=True)
            )
            if digits
        ]
        return Steps(gray, page, tuple(strips), tuple(map(tuple, spotted)), turn, Reading(tuple(lines)))

    def _digit(self, guess: int, confidence: float, box: tuple[int, int, int, int]) -> ReadDigit:
        return ReadDigit(guess if confidence >= self.min_confidence else None, guess, confidence, box)


def _without_traces(strips: list[Strip]) -> list[Strip]:
    """Strips without the narrow ones of much weaker ink than the rest: edges of shadows, what shines through."""
    deepest = max((strip.depth for strip in strips), default=0.0)
    return [strip for strip in strips if strip.depth > TRACE * deepest or strip.ink.shape[1] > 2 * LINE_HEIGHT]


def _boxes(
    strip: Strip, digits: Sequence[Spotted], scale: float, shape: tuple[int, ...], turn: int
) -> list[tuple[int, int, int, int]]:
    """The boxes of a strip's digits in pixels of the picture before it was turned."""
    height, width = shape
    boxes = []
    for left, top, right, bottom in digit_boxes(strip, [(each.start, each.stop) for each in digits]):
        corners = _turned_back(np.array([(left, top), (right, bottom)]) * scale, shape, turn)
        (x0, y0), (x1, y1) = np.sort(corners, axis=0)
        x0, x1 = np.clip((x0, x1), 0, width)
        y0, y1 = np.clip((y0, y1), 0, height)
        boxes.append((int(x0), int(y0), max(1, round(x1 - x0)), max(1, round(y1 - y0))))
    return boxes


def _turned_back(points: NDArray[np.float64], shape: tuple[int, ...], turn: int) -> NDArray[np.float64]:
    """Where points `(N, 2)`, x and y, of a picture turned so often to the left lie in the picture of that `shape`."""
    height, width = shape
    x, y = points.T
    back = {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[turn]
    return np.stack(back, axis=1)


def _evidence(steps: Steps) -> float:
    """How well a picture can be read this way round, in [0, 1]: the mean confidence, with 0 for a line without digits.

    Sideways lines of digits are mostly rows of one sign each, of which few look like a digit.
    """
    found = [digit.confidence for digits in steps.spotted for digit in digits]
    empty = sum(not digits for digits in steps.spotted)
    return sum(found) / (len(found) + empty) if found else 0.0


def _preference(steps: Steps) -> float:
    """How much speaks for this way round: evidence, more of it for many digits, and a lead for the upright way."""
    count = sum(map(len, steps.spotted))
    return _evidence(steps) + MANY * float(np.log2(1 + count)) + (UPRIGHT if steps.turned == 0 else 0)


def _is_clear(steps: Steps) -> bool:
    """Whether there is no reason to turn a picture: it was read well, or there is nothing to read."""
    return not steps.strips or _evidence(steps) > CLEAR
