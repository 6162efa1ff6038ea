"""The reader: from a picture to the numbers on it, with the confidence and the place of each sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.errors import UsageError
from sutja.models.ctc import LINE_HEIGHT, DecodedDigit
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.reading.cells import Cell, digit_box, digit_image, find_cells
from sutja.reading.layout import find_lines
from sutja.reading.normalise import Gray, Ink
from sutja.reading.numbers import DecimalSign
from sutja.reading.page import Page, prepare_page
from sutja.reading.picture import PictureSource, as_gray
from sutja.reading.quad import upright_boxes, upright_quad
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber
from sutja.reading.saliency import Saliency, occlusion_saliency
from sutja.reading.single_digit import (
    broaden,
    combine_probabilities,
    digit_strip,
    prepare_single_digit,
    single_digit_probabilities,
)
from sutja.reading.strip import Strip, cut_strip

DEFAULT_LINE_READER = "line-reader"
DEFAULT_CLASSIFIER = "convnet-small"

# Evidence for an orientation is a mean confidence in [0, 1].
MIN_CLEAR_EVIDENCE = 0.9  # above it no quarter turns are tried
UPRIGHT_EVIDENCE_LEAD = 0.05  # that a quarter turn must make up for
EVIDENCE_PER_DOUBLING = 0.1  # for twice as many digits in rows: in the wrong orientation few signs look like digits
MIN_DEPTH_SHARE = 0.45  # depth of a short line's ink over that of the deepest line


def reader_models(model: str | Path) -> tuple[str | Path, str | Path]:
    """The line reader and the classifier to read with: `model` in its role, and the default model in the other.

    Raises what `open_model` raises.
    """
    if open_model(model).reads == "lines":
        return model, DEFAULT_CLASSIFIER
    return DEFAULT_LINE_READER, model


@dataclass(frozen=True)
class Detection:
    """The lines and digits found in a picture after `quarter_turns` to the left.

    `strips`, `digits` and `cells` have an entry for each line.
    """

    page: Page
    strips: tuple[Strip, ...]
    digits: tuple[tuple[DecodedDigit, ...], ...]
    cells: tuple[tuple[Cell, ...], ...]
    quarter_turns: int


@dataclass(frozen=True)
class ReadingSteps:
    """A picture, the detection in its best orientation, and the reading."""

    picture: Gray
    detection: Detection
    reading: Reading


class Reader:
    """Reads handwritten numbers in pictures; safe to use from several threads.

    A digit with a confidence below `min_confidence`, in [0, 1], is `None`. The default is in the card of the line
    reader.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_LINE_READER,
        *,
        classifier: str | Path = DEFAULT_CLASSIFIER,
        min_confidence: float | None = None,
        threads: int = 0,
    ) -> None:
        """`model` is the name of a published model, an ONNX file with its card, or a run's folder (see `open_model`).

        `classifier` is likewise the network for single digits, which contributes to digits that stand alone. A `model`
        that reads single digits takes its place and is combined with the default line reader. `threads` compute at
        once; with 0, ONNX Runtime chooses. Raises `UsageError` for an unknown name, for two models that read single
        digits or a `min_confidence` outside [0, 1], and `ModelFileError` for a file that is missing or damaged.
        """
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence = {min_confidence} is out of the range 0…1")
        trained = open_model(model)
        if trained.reads == "digits":
            if classifier != DEFAULT_CLASSIFIER:
                raise UsageError(f"{model} and {classifier}: both read single digits: give one of them")
            trained, classifier = open_model(DEFAULT_LINE_READER), model
        self._threads = threads
        self._classifier_model = classifier
        self._line_network = trained.line_network(threads=threads)
        self.min_confidence = trained.min_confidence if min_confidence is None else min_confidence

    def read(
        self,
        picture: PictureSource,
        *,
        upright: bool = False,
        printed: bool = False,
        single: bool = False,
        decimal_sign: DecimalSign | None = None,
    ) -> Reading:
        """Read a picture: the path of a file, the bytes of a file, or an array that `picture.to_gray` takes.

        Unless it is known to be `upright`, quarter turns are tried. Numbers in print are left out unless `printed`. A
        picture of a `single` digit is read as `classify` does. `decimal_sign`, "point" or "comma", tells what `1,500`
        means; by default the other numbers of the picture do. Raises `DataError` if it is not a picture, and
        `UsageError` for another decimal sign.
        """
        if single:
            return self._read_single(picture).with_values(decimal_sign)
        return self.explain(picture, upright=upright, printed=printed, decimal_sign=decimal_sign).reading

    def explain(
        self,
        picture: PictureSource,
        *,
        upright: bool = False,
        printed: bool = False,
        decimal_sign: DecimalSign | None = None,
    ) -> ReadingSteps:
        """Read a picture as `read` does, and return all steps."""
        gray = as_gray(picture)
        detection = self._detect(gray, quarter_turns=0)
        if not (upright or _is_clear(detection)):
            turned = (self._detect(gray, quarter_turns=turns) for turns in (1, 3))
            detection = max((detection, *turned), key=_preference)
        detection, images = self._classify_cells(detection)
        reading = Reading(tuple(self._read_lines(detection, images, gray.shape))).with_values(decimal_sign)
        return ReadingSteps(gray, detection, reading if printed else reading.only_handwritten())

    def classify(self, images: NDArray[Any] | Sequence[PictureSource]) -> list[ReadDigit]:
        """Read each image as a single digit.

        `images` are `uint8 (N, 28, 28)` in MNIST's form, or pictures of any size that `read` takes. If there is no
        digit, the confidence is near 0 and `digit` is `None`. Raises `DataError` if one is not a picture.
        """
        singles = [prepare_single_digit(image) for image in images]
        if not singles:
            return []
        by_classifier = self._classifier.probabilities(np.stack([single.image for single in singles]))
        by_line = self._single_digits([single.strip for single in singles])
        by_line_broad = self._single_digits([digit_strip(broaden(single.image)) for single in singles])
        found = []
        for single, classifier, line, broad in zip(singles, by_classifier, by_line, by_line_broad, strict=True):
            probabilities = combine_probabilities(classifier, line, broad.sum()) * single.has_ink
            digit = DecodedDigit(0, single.strip.shape[1], probabilities)
            found.append(self._read_digit(digit, single.box, single.image))
        return found

    def saliency(self, image: Gray) -> Saliency:
        """The classifier's prediction for a digit `uint8 (28, 28)` in MNIST's form, and what supports it."""
        return occlusion_saliency(self._classifier.logits, image, self._classifier.temperature)

    @cached_property
    def _classifier(self) -> Classifier:
        return open_model(self._classifier_model).classifier(threads=self._threads)

    def _single_digits(self, strips: Sequence[Ink]) -> list[NDArray[np.float64]]:
        """The line network's probabilities `(10,)` that each strip holds just that digit."""
        temperature = self._line_network.temperature
        return [single_digit_probabilities(logits, temperature) for logits in self._line_network.logits(strips)]

    def _detect(self, gray: Gray, *, quarter_turns: int) -> Detection:
        """Find the lines and digits of a picture after quarter turns to the left."""
        page = prepare_page(np.ascontiguousarray(np.rot90(gray, quarter_turns)))
        layout = find_lines(page.ink)
        strips = _without_faint([cut_strip(page, layout, line) for line in layout.lines])
        decoded = self._line_network.read([strip.ink for strip in strips]) if strips else []
        cells = [tuple(find_cells(strip, digits)) for strip, digits in zip(strips, decoded, strict=True)]
        return Detection(page, tuple(strips), tuple(map(tuple, decoded)), tuple(cells), quarter_turns)

    def _classify_cells(self, detection: Detection) -> tuple[Detection, list[list[Gray]]]:
        """Combine the digits that stand alone with the classifier's prediction, and return the images of all digits.

        Where digits touch, a cell holds no complete digit, and the line network alone decides.
        """
        images = [
            [digit_image(strip, cell) for cell in cells]
            for strip, cells in zip(detection.strips, detection.cells, strict=True)
        ]
        if not any(images):
            return detection, images
        predictions = iter(self._classifier.probabilities(np.stack([image for line in images for image in line])))
        combined = tuple(
            tuple(
                replace(digit, probabilities=combine_probabilities(prediction, digit.probabilities))
                if cell.alone
                else digit
                for digit, cell, prediction in zip(digits, cells, predictions, strict=False)
            )
            for digits, cells in zip(detection.digits, detection.cells, strict=True)
        )
        return replace(detection, digits=combined), images

    def _read_lines(self, detection: Detection, images: list[list[Gray]], shape: tuple[int, ...]) -> Iterator[ReadLine]:
        """The lines of a picture of that shape: the digits of each strip are a number."""
        for strip, decoded, cells, line_images in zip(
            detection.strips, detection.digits, detection.cells, images, strict=True
        ):
            if decoded:
                edges = np.array([digit_box(strip, cell) for cell in cells]).reshape(-1, 2, 2) * detection.page.scale
                places = _turned_back(edges.reshape(-1, 2), shape, detection.quarter_turns).reshape(-1, 2, 2)
                digits = list(map(self._read_digit, decoded, upright_boxes(places, shape), line_images))
                (left, top), (right, bottom) = edges[:, 0].min(axis=0), edges[:, 1].max(axis=0)
                quad = _turned_back(upright_quad(left, top, right, bottom), shape, detection.quarter_turns)
                yield ReadLine((ReadNumber.at(quad, digits, shape=shape),))

    def _read_single(self, picture: PictureSource) -> Reading:
        """A picture of one digit as a reading of one number; of none if there is no ink."""
        gray = as_gray(picture)
        (digit,) = self.classify([gray])
        if not digit.confidence:
            return Reading(())
        left, top, width, height = digit.box
        quad = upright_quad(left, top, left + width, top + height)
        return Reading((ReadLine((ReadNumber.at(quad, [digit], shape=gray.shape),)),))

    def _read_digit(self, decoded: DecodedDigit, box: tuple[int, int, int, int], image: Gray) -> ReadDigit:
        digit = decoded.digit if decoded.confidence >= self.min_confidence else None
        return ReadDigit(digit, decoded.digit, decoded.confidence, box, image, decoded.probabilities)


def _without_faint(strips: list[Strip]) -> list[Strip]:
    """Strips without short ones of much fainter ink than the rest: edges of shadows, writing that shines through."""
    deepest = max((strip.depth for strip in strips), default=0.0)
    return [
        strip for strip in strips if strip.depth > MIN_DEPTH_SHARE * deepest or strip.ink.shape[1] > 2 * LINE_HEIGHT
    ]


def _turned_back(points: NDArray[np.floating], shape: tuple[int, ...], quarter_turns: int) -> NDArray[np.float64]:
    """The points `(N, 2)`, x and y, of a picture turned to the left, in the unturned picture of that `shape`."""
    height, width = shape
    x, y = points.T
    back = {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[quarter_turns]
    return np.stack(back, axis=1)


def _evidence(detection: Detection) -> float:
    """How well a picture can be read in an orientation, in [0, 1]: the mean confidence, 0 for a line without digits.

    Sideways lines of digits are mostly rows of a single sign, of which few look like a digit.
    """
    found = [digit.confidence for digits in detection.digits for digit in digits]
    empty = sum(not digits for digits in detection.digits)
    return sum(found) / (len(found) + empty) if found else 0.0


def _preference(detection: Detection) -> float:
    """The evidence for an orientation, with a bonus for digits in rows and a lead for the upright orientation.

    Digits that stand alone say little: a row of them, turned, is a column of signs that often look like other digits.
    """
    followers = sum(len(digits) - 1 for digits in detection.digits if digits)
    lead = UPRIGHT_EVIDENCE_LEAD if detection.quarter_turns == 0 else 0
    return _evidence(detection) + EVIDENCE_PER_DOUBLING * float(np.log2(1 + followers)) + lead


def _is_clear(detection: Detection) -> bool:
    """Whether no other orientation needs to be tried: there is nothing to read, or it is read with confidence."""
    return not detection.strips or _evidence(detection) > MIN_CLEAR_EVIDENCE
