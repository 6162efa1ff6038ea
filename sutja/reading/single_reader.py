"""Which digit an image in MNIST's form shows, if any: by a quick network where it is sure, else by two larger ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import DIGIT_NAMES
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Images
from sutja.errors import UsageError
from sutja.models.onnx_classifier import Classifier
from sutja.models.onnx_line_network import LineNetwork
from sutja.models.open import open_model
from sutja.reading.digit_batch import Boxes, are_mnist, normalise_images
from sutja.reading.picture import PictureSource
from sutja.reading.single_digit import (
    combine_probabilities,
    digit_strip,
    prepare_single_digit,
    single_digit_probabilities,
)

MIN_QUICK_CONFIDENCE = 0.95  # below it, the larger networks are asked
QUICK_CLASSES = (*DIGIT_NAMES, "other")
IMAGES_AT_ONCE = 1000  # that are prepared and looked at together

DigitProbabilities = NDArray[np.float64]
QuickLook = tuple[DigitProbabilities, NDArray[np.bool_]]  # probabilities (N, 10), and which of them are sure


def open_quick_reader(model: str | Path, *, threads: int) -> Classifier:
    """Open the quick network. Raises what `open_model` raises, and `UsageError` if it knows no class for no digit."""
    trained = open_model(model)
    if trained.class_names.names != QUICK_CLASSES:
        known = trained.class_names.summary
        raise UsageError(f"{model}: knows {known}: a quick reader knows the ten digits and '{QUICK_CLASSES[-1]}'")
    return trained.classifier(threads=threads, any_classes=True)


class SingleDigitReader:
    """Reads images of one digit with a cascade: the quick network first, the others about what it leaves.

    The quick network learned what the line network and the default classifier say together. It stands for both; where
    `other_classifier` says that the classifier is another one, for the line network alone: then this classifier has its
    usual part in every answer, and the line network is asked wherever the two differ.
    """

    def __init__(
        self,
        line_network: LineNetwork,
        classifier: Callable[[], Classifier],
        quick: Callable[[], Classifier] | None,
        *,
        other_classifier: bool,
    ) -> None:
        """`classifier` and `quick` open their networks when these are first needed. `quick` may be `None`.

        `other_classifier` tells that the classifier is not the one that the quick network learned from.
        """
        self.has_other_classifier = other_classifier
        self._line_network, self._open_classifier, self._open_quick = line_network, classifier, quick

    @cached_property
    def classifier(self) -> Classifier:
        """The network for single digits."""
        return self._open_classifier()

    @cached_property
    def _quick(self) -> Classifier | None:
        return self._open_quick() if self._open_quick else None

    def read(self, pictures: Sequence[PictureSource] | NDArray[np.uint8]) -> tuple[Images, Boxes, DigitProbabilities]:
        """Read each picture as one digit: images `uint8 (N, 28, 28)`, boxes `int64 (N, 4)`, probabilities `(N, 10)`.

        The boxes of the ink are left, top, width and height in pixels of the picture; see `probabilities` for the last.
        The next images are prepared while the networks look at those before. Raises `DataError` if one is no picture.
        """
        images = np.zeros((len(pictures), SIDE_PIXELS, SIDE_PIXELS), np.uint8)
        boxes = np.zeros((len(pictures), 4), np.int64)
        looks = []
        with ThreadPoolExecutor(1, "quick-reader") as networks:
            for start in range(0, len(pictures), IMAGES_AT_ONCE):
                chunk = slice(start, start + IMAGES_AT_ONCE)
                images[chunk], boxes[chunk] = prepare_single_digits(pictures[chunk])
                looks.append(networks.submit(self._look_quickly, images[chunk]))
        return images, boxes, self._with_closer_looks(images, [look.result() for look in looks])

    def probabilities(self, images: Images) -> DigitProbabilities:
        """The probabilities `(N, 10)` of images as `normalise` makes them; 0 for an image without ink.

        What they lack of 1 is the probability that there is no digit.
        """
        chunks = [images[start : start + IMAGES_AT_ONCE] for start in range(0, len(images), IMAGES_AT_ONCE)]
        return self._with_closer_looks(images, [self._look_quickly(chunk) for chunk in chunks])

    def _with_closer_looks(self, images: Images, looks: Sequence[QuickLook]) -> DigitProbabilities:
        """The probabilities by quick looks at all images in turn, and by closer ones where these are not sure."""
        if not looks:
            return np.zeros((0, CLASS_COUNT))
        result, sure = (np.concatenate(parts) for parts in zip(*looks, strict=True))
        if len(unsure := np.flatnonzero(~sure)):
            result[unsure] = self._look_closely(images[unsure])
        return np.asarray(result)

    def _look_quickly(self, images: Images) -> QuickLook:
        inked = images.any(axis=(1, 2))
        probabilities = np.zeros((len(images), CLASS_COUNT))
        sure = np.asarray(~inked)
        if self._quick is not None and inked.any():
            probabilities[inked], sure[inked] = self._ask_quick(self._quick, images[inked])
        return probabilities, sure

    def _ask_quick(self, network: Classifier, images: Images) -> QuickLook:
        quick = network.probabilities(images)[:, :CLASS_COUNT]
        sure = quick.max(axis=1) >= MIN_QUICK_CONFIDENCE
        if not self.has_other_classifier:
            return quick, sure
        by_classifier = self.classifier.probabilities(images)
        return combine_probabilities(by_classifier, quick), sure & (by_classifier.argmax(1) == quick.argmax(1))

    def _look_closely(self, images: Images) -> DigitProbabilities:
        """The probabilities `(N, 10)` by the classifier and the line network."""
        logits = self._line_network.logits([digit_strip(image) for image in images])
        by_line = [single_digit_probabilities(each, self._line_network.temperature) for each in logits]
        return combine_probabilities(self.classifier.probabilities(images), np.stack(by_line))


def prepare_single_digits(pictures: Sequence[PictureSource] | NDArray[np.uint8]) -> tuple[Images, Boxes]:
    """What `prepare_single_digit` makes of each picture: images `uint8 (N, 28, 28)`, and the boxes of their ink.

    Images in MNIST's form are prepared together. Raises `DataError` if one is no picture.
    """
    images = np.zeros((len(pictures), SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    boxes = np.zeros((len(pictures), 4), np.int64)
    together = np.array([_is_small(picture) for picture in pictures], np.bool_)
    if together.any():
        stacked = np.stack([np.asarray(pictures[index]) for index in np.flatnonzero(together).tolist()])
        mnist = are_mnist(stacked)
        together[together] = mnist
        images[together], boxes[together] = normalise_images(stacked[mnist])
    for index in np.flatnonzero(~together).tolist():
        single = prepare_single_digit(pictures[index])
        images[index], boxes[index] = single.image, single.box
    return images, boxes


def _is_small(picture: PictureSource) -> bool:
    """Whether a picture may be an image in MNIST's form."""
    return isinstance(picture, np.ndarray) and picture.shape == (SIDE_PIXELS, SIDE_PIXELS) and picture.dtype == np.uint8
