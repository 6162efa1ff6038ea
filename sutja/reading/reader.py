"""The reader: from a picture to the numbers on it, with the confidence and the place of each sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.errors import UsageError
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax
from sutja.models.ctc import DecodedSign, decode_greedy, text_of
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.reading.cells import find_cells, sign_outline, strip_ink
from sutja.reading.choice import choose_strips, reading_gain, without_repeated_signs, without_twins
from sutja.reading.hands import with_columns_hands, with_counting_hands, with_looks_hands
from sutja.reading.likely_text import with_likely_text
from sutja.reading.mixed_numbers import with_spaces_before_fractions
from sutja.reading.normalise import Gray
from sutja.reading.numbers import DecimalSign, split_numbers
from sutja.reading.page_direction import row_directions, upside_down, with_page_direction
from sutja.reading.page_maps import FoundNumber, find_numbers
from sutja.reading.picture import Colour, PictureSource, as_colour, as_gray
from sutja.reading.quad import Axes, Quad, Vector, touches_edge, upright_box, upright_quad
from sutja.reading.read_strip import ReadStrip
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign
from sutja.reading.rows import group_rows
from sutja.reading.saliency import Saliency, occlusion_saliency
from sutja.reading.single_digit import (
    combine_probabilities,
    prepare_single_digit,
    row_of_pieces,
    with_prior_odds,
)
from sutja.reading.single_reader import SingleDigitReader, open_quick_reader
from sutja.reading.strip import StripCutter

DEFAULT_PAGE_READER = "page-reader"
DEFAULT_LINE_READER = "line-reader"
DEFAULT_CLASSIFIER = "convnet-small"
DEFAULT_QUICK_READER = "quick-reader"
ONLY_DIGIT_ODDS = 2.0  # how much more likely than elsewhere a sign that fills a picture is a digit
MIN_ONLY_DIGIT_CONFIDENCE = 0.4  # of a digit that fills a picture on which the page network finds nothing more
MAX_FEW_NUMBERS = 3  # on a picture that was taken for the numbers on it, whatever they look like
MIN_SPECK_HEIGHT_SHARE = 0.15  # of an unsure one of these, in heights of the highest one there
MAX_ALL_FINDS = 150  # on a picture; of more, those that are nearly the same are read once
MIN_ROW_CONFIDENCE = 0.4  # of each piece of ink in a row, given that it is a sign; nine letters in ten have under 0.11
MAX_TURNED = 12  # numbers that are also read upside down
MIN_TURNED_GAIN = 1.0  # by which they must say more than as found: few pictures are upside down
MIN_NUMBER_GAIN = 0.15  # of a strip of which the page network is not sure
PIXEL_EDGE = 0.5  # from the middle of a picture's first pixel, to the corner that quads are measured from
MIN_INKED_HEIGHT_SHARE = 0.5  # of the height at which a number was found, that its ink shows
MAX_PART_SHARE = 0.8  # of the height of such a digit that a part of it has


def reader_models(model: str | Path) -> tuple[str | Path, str | Path]:
    """The line reader and the classifier to read with: `model` in its role, and the default model in the other.

    Raises what `open_model` raises.
    """
    if open_model(model).reads == "lines":
        return model, DEFAULT_CLASSIFIER
    return DEFAULT_LINE_READER, model


@dataclass(frozen=True)
class ReadingSteps:
    """A picture `uint8 (H, W, 3)`, what was found and decoded on it, and the reading."""

    picture: Colour
    strips: tuple[ReadStrip, ...]
    reading: Reading


class Reader:
    """Reads handwritten numbers in pictures; safe to use from several threads.

    A sign with a confidence below `min_confidence`, in [0, 1], is `?`. The default is in the card of the line reader.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_LINE_READER,
        *,
        classifier: str | Path = DEFAULT_CLASSIFIER,
        page_reader: str | Path = DEFAULT_PAGE_READER,
        quick_reader: str | Path | None = DEFAULT_QUICK_READER,
        min_confidence: float | None = None,
        threads: int = 0,
    ) -> None:
        """`model` is the name of a published model, an ONNX file with its card, or a run's folder (see `open_model`).

        `classifier` is likewise the network for single digits, which contributes to digits that stand alone, and
        `page_reader` the one that finds numbers. A `model` that reads single digits, or pages, takes its place and is
        combined with the default line reader. `quick_reader` answers for both in `classify` where it is sure; it stands
        for the default line reader alone, so with another one it is not asked, nor with `None`. `threads` compute at
        once; with 0, ONNX Runtime chooses. Raises `UsageError` for an unknown name, for two models that read single
        digits or a `min_confidence` outside [0, 1], and `ModelFileError` for a file that is missing or damaged.
        """
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence = {min_confidence} is out of the range 0…1")
        trained = open_model(model)
        if trained.reads == "digits":
            if classifier != DEFAULT_CLASSIFIER:
                raise UsageError(f"{model} and {classifier}: both read single digits: give one of them")
            trained.require_digits()
            trained, classifier, model = open_model(DEFAULT_LINE_READER), model, DEFAULT_LINE_READER
        elif trained.reads == "pages":
            trained, page_reader, model = open_model(DEFAULT_LINE_READER), model, DEFAULT_LINE_READER
        if model != DEFAULT_LINE_READER:
            quick_reader = None
        self._line_network = trained.line_network(threads=threads)
        self._singles = SingleDigitReader(
            self._line_network,
            lambda: open_model(classifier).classifier(threads=threads),
            (lambda: open_quick_reader(quick_reader, threads=threads)) if quick_reader else None,
            other_classifier=classifier != DEFAULT_CLASSIFIER,
        )
        pages = open_model(page_reader)
        self._page_network, self._sure_score = pages.page_network(threads=threads), pages.min_confidence
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
        """Read a picture: the path of a file, the bytes of a file, or an array that `picture.to_colour` takes.

        Unless it is known to be `upright`, its numbers tell how it is turned. Numbers in print are left out unless
        `printed`. A picture of a `single` digit is read as `classify` does. `decimal_sign`, "point" or "comma", tells
        what `1,500` means; by default the other numbers of the picture do. Raises `DataError` if it is not a picture,
        and `UsageError` for another decimal sign.
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
        colour = as_colour(picture)
        strips = self._read_strips(colour, upright=upright, printed=printed)
        directions = row_directions([strip.found for strip in strips])
        numbers = [
            number
            for strip, direction in zip(strips, directions, strict=True)
            for number in self._numbers(strip, direction, colour.shape)
        ]
        numbers = with_spaces_before_fractions(numbers)
        single = self._only_digit(colour, numbers)
        if single is not None:
            return ReadingSteps(colour, tuple(strips), single.with_values(decimal_sign))
        rows = group_rows([np.array(number.quad) for number in numbers]) if numbers else []
        lines = tuple(ReadLine(tuple(numbers[index] for index in row)) for row in rows)
        return ReadingSteps(colour, tuple(strips), Reading(lines).with_values(decimal_sign))

    def classify(self, images: NDArray[Any] | Sequence[PictureSource]) -> list[ReadDigit]:
        """Read each image as a single digit.

        `images` are `uint8 (N, 28, 28)` in MNIST's form, or pictures of any size that `read` takes. If there is no
        digit, the confidence is near 0 and `digit` is `None`. Raises `DataError` if one is not a picture.
        """
        prepared, boxes, probabilities = self._singles.read(images)
        guesses, confidences = probabilities.argmax(axis=1).tolist(), probabilities.max(axis=1).tolist()
        return [
            ReadDigit(guess if confidence >= self.min_confidence else None, guess, confidence, (x, y, w, h), image, own)
            for guess, confidence, (x, y, w, h), image, own in zip(
                guesses, confidences, boxes.tolist(), prepared, probabilities, strict=True
            )
        ]

    def saliency(self, image: Gray) -> Saliency:
        """The classifier's prediction for a digit `uint8 (28, 28)` in MNIST's form, and what supports it."""
        return occlusion_saliency(self._classifier.logits, image, self._classifier.temperature)

    def _read_strips(self, picture: Colour, *, upright: bool, printed: bool) -> list[ReadStrip]:
        """The numbers of a picture, each found, read, and told to be handwritten or not."""
        looks, cutter = find_numbers(self._page_network, picture), StripCutter(picture)
        distinct = looks if len(looks) <= MAX_ALL_FINDS else without_twins(looks)
        found = with_page_direction(with_looks_hands(distinct, looks), upright=upright)
        decoded = self._decode(cutter, found)
        if not upright and self._is_upside_down(cutter, decoded):
            decoded = self._decode(cutter, upside_down(found))
        chosen = choose_strips(decoded)
        strips = without_repeated_signs(self._with_likely_texts(chosen))
        told_apart = with_counting_hands([strip.found for strip in strips], [text_of(strip.signs) for strip in strips])
        agreed = with_columns_hands(told_apart)
        strips = [replace(strip, found=found) for strip, found in zip(strips, agreed, strict=True)]
        told = [strip for strip in strips if printed or strip.found.handwritten]
        if not told and len(strips) <= MAX_FEW_NUMBERS:
            told = strips  # a straight stroke or a neat digit alone looks printed, and somebody wants it read
        sure = [strip for strip in told if self._is_number(strip)]
        if not sure and (row := self._row_of_strokes(picture, cutter)):
            return row
        few = len(told) <= MAX_FEW_NUMBERS  # then rather something unsure than nothing
        told = self._with_guesses(self._without_specks(told), 1) if few or not sure else self._with_guesses(sure, 0)
        rows = group_rows([strip.found.quad.astype(np.float64) for strip in told]) if told else []
        return [told[index] for row in rows for index in row]

    def _row_of_strokes(self, picture: Colour, cutter: StripCutter) -> list[ReadStrip]:
        """All ink as one number, if it is a row of digits: bare strokes side by side look like ruling."""
        boxes = row_of_pieces(as_gray(picture))
        quads = [upright_quad(left, top, left + width, top + height) for left, top, width, height in boxes]
        guesses = self._line_network.guess([cutter.cut(quad).pixels for quad in quads])
        if min((guess.confidence for guess in guesses), default=0.0) < MIN_ROW_CONFIDENCE:
            return []
        corners = np.concatenate(quads)
        around = upright_quad(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
        whole = cutter.cut(around)
        columns = [whole.to_strip(quad.astype(np.float64))[:, 0] for quad in quads]
        signs = [
            replace(guess, start=float(own.min()), stop=float(own.max()))
            for guess, own in zip(guesses, columns, strict=True)
        ]
        ink, logits = strip_ink(whole), self._line_network.logits([whole.pixels])[0]
        found = FoundNumber(around, 1.0, 1.0)
        return [ReadStrip(found, whole, ink, logits, tuple(signs), tuple(find_cells(ink, signs)))]

    def _is_upside_down(self, cutter: StripCutter, strips: Sequence[ReadStrip]) -> bool:
        """Whether the numbers that the page network is most sure of are read far better when turned by half."""
        surest = sorted(strips, key=lambda strip: -strip.found.score)[:MAX_TURNED]
        as_found = [strip.signs for strip in map(self._decoded, surest)]
        turned = [cutter.cut(each.quad).pixels for each in upside_down([strip.found for strip in surest])]
        gains = [
            sum(max(0.0, reading_gain(signs)) for signs in each_way)
            for each_way in (as_found, self._line_network.read(turned))
        ]
        return gains[1] > MIN_TURNED_GAIN + gains[0]

    def _is_number(self, strip: ReadStrip) -> bool:
        """Whether the page network alone is sure that this is a number, or both networks together are."""
        return strip.found.score >= self._sure_score or strip.gain >= MIN_NUMBER_GAIN

    @property
    def _classifier(self) -> Classifier:
        return self._singles.classifier

    def _without_specks(self, strips: Sequence[ReadStrip]) -> list[ReadStrip]:
        """The strips but those that are unsure and far smaller than another: beside one large digit, specks."""
        heights = [Axes.of(strip.place).height for strip in strips]
        return [
            strip
            for strip, height in zip(strips, heights, strict=True)
            if height >= MIN_SPECK_HEIGHT_SHARE * max(heights) or self._is_number(strip)
        ]

    def _decode(self, cutter: StripCutter, found: Sequence[FoundNumber]) -> list[ReadStrip]:
        """Cut the numbers that were found out of a picture, and decode the signs of each."""
        strips = [cutter.cut(each.quad) for each in found]
        read = []
        for each, strip, logits in zip(
            found, strips, self._line_network.logits([strip.pixels for strip in strips]), strict=True
        ):
            ink, signs = strip_ink(strip), decode_greedy(logits, self._line_network.temperature)
            read.append(ReadStrip(each, strip, ink, logits, tuple(signs), tuple(find_cells(ink, signs))))
        return self._combined(read)

    def _with_likely_texts(self, strips: Sequence[ReadStrip]) -> list[ReadStrip]:
        """The strips, each with the signs of its likeliest text.

        The line network alone tells it, unless another classifier than the published one was given. That one helped to
        choose the strips, but is right less often where the two differ.
        """
        decoded = [self._decoded(strip) for strip in strips]
        likely = []
        for strip in self._combined(decoded) if self._singles.has_other_classifier else decoded:
            probabilities = softmax(divide_by_temperature(strip.logits, self._line_network.temperature))
            signs = tuple(with_likely_text(probabilities, strip.signs))
            cells = strip.cells if signs == strip.signs else tuple(find_cells(strip.ink, signs))
            likely.append(replace(strip, signs=signs, cells=cells))
        return likely

    def _decoded(self, strip: ReadStrip) -> ReadStrip:
        """A strip with the signs that the line network alone reads."""
        signs = decode_greedy(strip.logits, self._line_network.temperature)
        return replace(strip, signs=tuple(signs), cells=tuple(find_cells(strip.ink, signs)))

    def _with_guesses(self, strips: list[ReadStrip], max_signs: int) -> list[ReadStrip]:
        """The strips; where the line network reads no more than `max_signs`, its most probable digit instead."""
        unread = [strip for strip in strips if len(strip.signs) <= max_signs]
        guesses = self._line_network.guess([strip.strip.pixels for strip in unread]) if unread else []
        guessed = {id(strip): guess for strip, guess in zip(unread, guesses, strict=True)}
        return [
            replace(strip, signs=(guess,), cells=tuple(find_cells(strip.ink, [guess])))
            if (guess := guessed.get(id(strip)))
            else strip
            for strip in strips
        ]

    def _combined(self, strips: list[ReadStrip]) -> list[ReadStrip]:
        """The strips with the classifier's prediction in the digits that stand alone.

        Where digits touch, a cell holds no complete digit, and the line network alone decides.
        """
        alone = [
            (place, index)
            for place, strip in enumerate(strips)
            for index, (sign, cell) in enumerate(zip(strip.signs, strip.cells, strict=True))
            if sign.is_digit and cell.alone
        ]
        if not alone:
            return strips
        images = [strips[place].digit_image(strips[place].cells[index]) for place, index in alone]
        signs = [list(strip.signs) for strip in strips]
        for (place, index), prediction in zip(alone, self._classifier.probabilities(np.stack(images)), strict=True):
            signs[place][index] = _with_prediction(signs[place][index], prediction)
        return [replace(strip, signs=tuple(own)) for strip, own in zip(strips, signs, strict=True)]

    def _numbers(self, strip: ReadStrip, direction: Vector, shape: tuple[int, ...]) -> list[ReadNumber]:
        """The numbers on a strip, along the rows in a `direction`, of a picture of that shape."""
        parts = [slice(*span) for span in split_numbers(text_of(strip.signs))]
        return [self._number(strip, part, direction, shape) for part in parts]

    def _number(self, strip: ReadStrip, part: slice, direction: Vector, shape: tuple[int, ...]) -> ReadNumber:
        signs, cells = strip.signs[part], strip.cells[part]
        outlines = [strip.strip.to_picture(sign_outline(strip.ink, cell)) + PIXEL_EDGE for cell in cells]
        read: list[ReadDigit | ReadSign] = []
        for sign, cell, outline in zip(signs, cells, outlines, strict=True):
            box = upright_box(outline, shape)
            if sign.is_digit:
                read.append(self._read_digit(sign.probabilities, box, strip.digit_image(cell)))
            else:
                sure = sign.confidence >= self.min_confidence
                read.append(ReadSign(sign.sign if sure else None, sign.sign, sign.confidence, box))
        quad = _quad_around(signs, outlines, strip.found.quad, direction)
        at_edge = touches_edge(quad, shape)
        return ReadNumber.at(quad, read, shape=shape, handwritten=strip.found.handwritten, at_edge=at_edge)

    def _read_single(self, picture: PictureSource) -> Reading:
        """A picture of one digit as a reading of one number; of none if there is no ink."""
        gray = as_gray(picture)
        (digit,) = self.classify([gray])
        return _reading_of(digit, gray.shape) if digit.confidence else Reading(())

    def _only_digit(self, picture: Colour, numbers: Sequence[ReadNumber]) -> Reading | None:
        """The reading of a picture that one digit fills, of which the page network finds parts at most."""
        if any(len(number.signs) > 1 for number in numbers):
            return None
        single = prepare_single_digit(picture)
        if not single.fills(picture.shape) or not all(_is_part(number, single.box) for number in numbers):
            return None
        (alone,) = self.classify([picture])
        digit = self._read_digit(with_prior_odds(alone.probabilities, ONLY_DIGIT_ODDS), alone.box, alone.image)
        return _reading_of(digit, picture.shape) if digit.confidence >= MIN_ONLY_DIGIT_CONFIDENCE else None

    def _read_digit(self, probabilities: NDArray[np.float64], box: tuple[int, int, int, int], image: Gray) -> ReadDigit:
        guess, confidence = int(probabilities.argmax()), float(probabilities.max())
        digit = guess if confidence >= self.min_confidence else None
        return ReadDigit(digit, guess, confidence, box, image, probabilities)


def _with_prediction(sign: DecodedSign, prediction: NDArray[np.float64]) -> DecodedSign:
    """A digit with the classifier's prediction combined with that of the line network."""
    probabilities = combine_probabilities(prediction, sign.probabilities)
    best = int(probabilities.argmax())
    return replace(sign, sign=str(best), confidence=float(probabilities[best]), probabilities=probabilities)


def _reading_of(digit: ReadDigit, shape: tuple[int, ...]) -> Reading:
    """One digit as the reading of a picture of that shape."""
    left, top, width, height = digit.box
    quad = upright_quad(left, top, left + width, top + height)
    return Reading((ReadLine((ReadNumber.at(quad, [digit], shape=shape),)),))


def _is_part(number: ReadNumber, box: tuple[int, int, int, int]) -> bool:
    """Whether a number of a single sign lies within a box that is higher than it."""
    left, _, width, height = number.box
    inside = left >= box[0] - width / 2 and left + width <= box[0] + box[2] + width / 2
    return inside and height < MAX_PART_SHARE * box[3]


def _quad_around(signs: Sequence[DecodedSign], outlines: Sequence[Vector], found: Quad, direction: Vector) -> Quad:
    """The quad of a number along a `direction`: as long as its signs are together, and as high as its digits.

    Where weak ink shows less than half of the height at which the number was found, it is as high as that.
    """
    axes = np.array([direction, (-direction[1], direction[0])])
    digits = [outline for sign, outline in zip(signs, outlines, strict=True) if sign.is_digit] or outlines
    along, down = np.concatenate(outlines) @ axes[0], np.concatenate(digits) @ axes[1]
    if np.ptp(down) < MIN_INKED_HEIGHT_SHARE * Axes.of(found).height:
        down = Axes.of(found).centre @ axes[1] + Axes.of(found).height * np.array([-0.5, 0.5])
    corners = upright_quad(float(along.min()), float(down.min()), float(along.max()), float(down.max()))
    return np.asarray(corners @ axes, np.float32)
