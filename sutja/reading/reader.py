"""The reader: from a picture to the numbers on it, each digit with its confidence and its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS
from sutja.errors import UsageError
from sutja.models.ctc import LINE_HEIGHT, DecodedDigit
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.reading.cells import Cell, cells, digit_box, digit_image
from sutja.reading.layout import find_lines
from sutja.reading.normalise import Gray, Ink
from sutja.reading.page import Page, prepare
from sutja.reading.picture import Picture, as_gray
from sutja.reading.result import ReadDigit, Reading, ReadLine
from sutja.reading.saliency import Look, look
from sutja.reading.single_digit import as_single, as_strip, broader, combined, single_digit
from sutja.reading.strip import Strip, cut_strip

LINE_READER = "line-reader"
CLASSIFIER = "convnet-small"  # the published network that reads single digits
UPRIGHT = 0.05  # evidence that a turned picture must have more than the upright one
MANY = 0.1  # evidence for twice as many digits in rows: the wrong way round few signs look like one
TRACE = 0.45  # part of the depth of the deepest line's ink that a short line of writing has at least
CLEAR = 0.9  # evidence above which a picture is not tried turned


def networks_with(model: str | Path) -> tuple[str | Path, str | Path]:
    """The line reader and the network for single digits, one of which is `model`, the other the published one.

    Raises what `open_model` does.
    """
    return (model, CLASSIFIER) if open_model(model).reads == "lines" else (LINE_READER, model)


@dataclass(frozen=True)
class Sight:
    """What is seen of a picture one way round: its page and each line's strip with the digits spotted there."""

    page: Page
    strips: tuple[Strip, ...]
    spotted: tuple[tuple[DecodedDigit, ...], ...]
    cells: tuple[tuple[Cell, ...], ...]
    turned: int  # quarter turns to the left


@dataclass(frozen=True)
class Steps:
    """The way from a picture to its reading, for people to look at."""

    picture: Gray
    sight: Sight
    reading: Reading


class Reader:
    """Reads handwritten numbers. One may be used by several threads.

    `min_confidence` in [0, 1] is what a digit needs to be told; below it the digit is `None`. By default it is what the
    network's card advises.
    """

    def __init__(
        self,
        model: str | Path = LINE_READER,
        *,
        classifier: str | Path = CLASSIFIER,
        min_confidence: float | None = None,
        threads: int = 0,
    ) -> None:
        """`model` is the name of a published model, an ONNX file with its card, or a run's folder (see `open_model`).

        `classifier` is, likewise, the network for single digits, which has a say on digits that stand alone; a `model`
        that reads single digits takes its place, and the published line reader finds them. `threads` compute at once;
        with 0, ONNX Runtime chooses. Raises `UsageError` for an unknown name, for two models that read single digits or
        a `min_confidence` outside [0, 1], and `ModelFileError` for a file that is missing or damaged.
        """
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence = {min_confidence} is out of the range 0 … 1")
        trained = open_model(model)
        if trained.reads == "digits":
            if classifier != CLASSIFIER:
                raise UsageError(f"{model} and {classifier}: both read single digits: name one of them")
            trained, classifier = open_model(LINE_READER), model
        self._threads = threads
        self._classifier_model = classifier
        self._network = trained.line_network(threads=threads)
        self.min_confidence = trained.min_confidence if min_confidence is None else min_confidence

    def read(self, picture: Picture, *, upright: bool = False) -> Reading:
        """Read a picture: the path of a file, the bytes of one, or an array as `picture.to_gray` takes it.

        Of one that is `upright` for sure no quarter turns are tried. Raises `DataError` when it is no picture.
        """
        return self.explain(picture, upright=upright).reading

    def explain(self, picture: Picture, *, upright: bool = False) -> Steps:
        """As `read`, with all steps on the way."""
        gray = as_gray(picture)
        sight = self._see(gray, 0)
        if not (upright or _is_clear(sight)):
            sight = max((sight, *(self._see(gray, turn) for turn in (1, 3))), key=_preference)
        sight, images = self._look_again(sight)
        lines = [
            ReadLine(tuple(map(self._digit, digits, _boxes(strip, found, sight, gray.shape), shapes)))
            for strip, digits, found, shapes in zip(sight.strips, sight.spotted, sight.cells, images, strict=True)
            if digits
        ]
        return Steps(gray, sight, Reading(tuple(lines)))

    def classify(self, images: NDArray[Any] | Sequence[Picture]) -> list[ReadDigit]:
        """Read single digits: one for each image, whatever else is on it.

        `images` are `uint8 (N, 28, 28)` as MNIST has them, or pictures of any size as `read` takes them. Where there is
        no digit, the confidence is near 0 and `digit` is `None`. Raises `DataError` when one is no picture.
        """
        singles = [as_single(image) for image in images]
        digits = (
            np.stack([single.digit for single in singles])
            if singles
            else np.zeros((0, SIDE_PIXELS, SIDE_PIXELS), np.uint8)
        )
        shapes = self._classifier.probabilities(digits)
        lines = self._lines([single.strip for single in singles])
        broad = self._lines([as_strip(broader(single.digit)) for single in singles])
        found = []
        for single, shape, line, other in zip(singles, shapes, lines, broad, strict=True):
            both = combined(shape, line, other.sum()) * single.has_ink
            found.append(self._digit(DecodedDigit(0, single.strip.shape[1], both), single.box, single.digit))
        return found

    def _lines(self, strips: Sequence[Ink]) -> list[NDArray[np.float64]]:
        """What the line reader says to strips of one digit each: ten probabilities, and the rest for none."""
        return [single_digit(each, self._network.temperature) for each in self._network.logits(strips)]

    def look(self, image: Gray) -> Look:
        """Where the classifier looks on a digit `uint8 (28, 28)` as MNIST has them, and what it says of it."""
        return look(self._classifier.logits, image, self._classifier.temperature)

    @cached_property
    def _classifier(self) -> Classifier:
        return open_model(self._classifier_model).classifier(threads=self._threads)

    def _see(self, gray: Gray, turned: int) -> Sight:
        """Spot the digits of a picture after so many quarter turns to the left."""
        page = prepare(np.ascontiguousarray(np.rot90(gray, turned)))
        layout = find_lines(page.ink)
        strips = _without_traces([cut_strip(page, layout, line) for line in layout.lines])
        spotted = self._network.read([strip.ink for strip in strips]) if strips else []
        found = [tuple(cells(strip, digits)) for strip, digits in zip(strips, spotted, strict=True)]
        return Sight(page, tuple(strips), tuple(map(tuple, spotted)), tuple(found), turned)

    def _look_again(self, sight: Sight) -> tuple[Sight, list[list[Gray]]]:
        """Let the classifier have its say on digits that stand alone, and give the picture of every digit.

        Where digits touch, what was cut out is no whole digit: there the line reader knows better.
        """
        images = [
            [digit_image(strip, cell) for cell in found] for strip, found in zip(sight.strips, sight.cells, strict=True)
        ]
        if not any(images):
            return sight, images
        shapes = iter(self._classifier.probabilities(np.stack([image for line in images for image in line])))
        spotted = tuple(
            tuple(
                replace(digit, probabilities=combined(shape, digit.probabilities)) if cell.alone else digit
                for digit, cell, shape in zip(digits, found, shapes, strict=False)
            )
            for digits, found in zip(sight.spotted, sight.cells, strict=True)
        )
        return replace(sight, spotted=spotted), images

    def _digit(self, seen: DecodedDigit, box: tuple[int, int, int, int], image: Gray) -> ReadDigit:
        sure = seen.confidence >= self.min_confidence
        return ReadDigit(seen.digit if sure else None, seen.digit, seen.confidence, box, image, seen.probabilities)


def _without_traces(strips: list[Strip]) -> list[Strip]:
    """Strips without the narrow ones of much weaker ink than the rest: edges of shadows, what shines through."""
    deepest = max((strip.depth for strip in strips), default=0.0)
    return [strip for strip in strips if strip.depth > TRACE * deepest or strip.ink.shape[1] > 2 * LINE_HEIGHT]


def _boxes(
    strip: Strip, found: Sequence[Cell], sight: Sight, shape: tuple[int, ...]
) -> list[tuple[int, int, int, int]]:
    """The boxes of the cells of a strip in pixels of the picture before it was turned."""
    height, width = shape
    corners = np.array([digit_box(strip, cell) for cell in found]).reshape(-1, 2) * sight.page.scale
    turned = _turned_back(corners, shape, sight.turned).reshape(-1, 2, 2)
    low, high = turned.min(axis=1), turned.max(axis=1)
    inside = np.clip(np.concatenate([low, high], axis=1), 0, (width, height, width, height)).tolist()
    return [(int(x0), int(y0), max(1, round(x1 - x0)), max(1, round(y1 - y0))) for x0, y0, x1, y1 in inside]


def _turned_back(points: NDArray[np.float64], shape: tuple[int, ...], turn: int) -> NDArray[np.float64]:
    """Where points `(N, 2)`, x and y, of a picture turned so often to the left lie in the picture of that `shape`."""
    height, width = shape
    x, y = points.T
    back = {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[turn]
    return np.stack(back, axis=1)


def _evidence(sight: Sight) -> float:
    """How well a picture can be read this way round, in [0, 1]: the mean confidence, with 0 for a line without digits.

    Sideways lines of digits are mostly rows of one sign each, of which few look like a digit.
    """
    found = [digit.confidence for digits in sight.spotted for digit in digits]
    empty = sum(not digits for digits in sight.spotted)
    return sum(found) / (len(found) + empty) if found else 0.0


def _preference(sight: Sight) -> float:
    """How much speaks for this way round: evidence, more of it for digits in rows, and a lead for the upright way.

    Digits that stand alone say little: turned, a row of them is a column of signs that often look like other digits.
    """
    followers = sum(len(digits) - 1 for digits in sight.spotted if digits)
    return _evidence(sight) + MANY * float(np.log2(1 + followers)) + (UPRIGHT if sight.turned == 0 else 0)


def _is_clear(sight: Sight) -> bool:
    """Whether there is no reason to turn a picture: it was read well, or there is nothing to read."""
    return not sight.strips or _evidence(sight) > CLEAR
