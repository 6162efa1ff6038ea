"""The cascade that reads single digits: who is asked about which picture, and that answers stay as good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.out_of_distribution import letters
from sutja.data.dataset import Dataset
from sutja.errors import DataError, UsageError
from sutja.evaluation.metrics import expected_calibration_error
from sutja.models.catalogue import WEIGHTS
from sutja.models.onnx_classifier import Classifier
from sutja.models.onnx_line_network import LineNetwork
from sutja.reading.reader import Reader
from sutja.reading.single_digit import combine_probabilities, prepare_single_digit
from sutja.reading.single_reader import prepare_single_digits

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture(scope="module")
def both() -> Reader:
    """A reader that asks line network and classifier about every picture."""
    return Reader(quick_reader=None, threads=1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many strips the line network reads, call by call."""
    counts: list[int] = []
    logits = LineNetwork.logits

    def counted(network: LineNetwork, strips: Any) -> Any:
        counts.append(len(strips))
        return logits(network, strips)

    monkeypatch.setattr(LineNetwork, "logits", counted)
    yield counts


def probabilities(reader: Reader, images: Any) -> NDArray[np.float64]:
    return np.stack([digit.probabilities for digit in reader.classify(images)])


def test_the_line_network_is_asked_about_few_digits(mnist: Dataset, reader: Reader, asked: list[int]) -> None:
    reader.classify(mnist.test.images[:3000])
    assert sum(asked) <= 0.03 * 3000
    assert len(asked) <= 1, "what is left of all chunks is asked together"


def test_without_a_quick_reader_it_is_asked_about_all(mnist: Dataset, both: Reader, asked: list[int]) -> None:
    both.classify(mnist.test.images[:40])
    assert asked == [40]


def test_the_quick_reader_stands_for_no_other_line_reader(mnist: Dataset, asked: list[int]) -> None:
    Reader(WEIGHTS / "line-reader.onnx", threads=1).classify(mnist.test.images[:10])
    assert asked == [10]


def test_answers_are_as_good_as_those_of_both_networks(mnist: Dataset, reader: Reader, both: Reader) -> None:
    images, labels = mnist.test.images[1000:3000], mnist.test.labels[1000:3000]
    found = [probabilities(each, images) for each in (reader, both)]
    correct = [each.argmax(axis=1) == labels for each in found]
    assert correct[0].mean() >= correct[1].mean() - 0.002
    told = [each.max(axis=1) >= reader.min_confidence for each in found]
    assert told[0].mean() >= max(told[1].mean() - 0.001, 0.985)
    errors = [expected_calibration_error(each.max(axis=1), right) for each, right in zip(found, correct, strict=True)]
    assert errors[0] <= errors[1] + 0.002


def test_no_more_letters_are_taken_for_digits(reader: Reader, both: Reader) -> None:
    pictures = letters(400, np.random.default_rng(1))
    told = [sum(digit.digit is not None for digit in each.classify(pictures)) for each in (reader, both)]
    assert told[0] <= told[1] + 1
    assert told[0] <= 0.03 * 400


def test_another_classifier_has_its_part_in_every_answer(mnist: Dataset, reader: Reader) -> None:
    images = mnist.test.images[:60]
    other = Reader(classifier="mlp-best", threads=1)
    differences = np.abs(probabilities(other, images) - probabilities(reader, images)).max(axis=1)
    assert (differences > 0).all()


def test_where_another_classifier_differs_the_line_network_is_asked(
    mnist: Dataset, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Reader(classifier="mlp-best", threads=1)
    own = Classifier.probabilities

    def turned(classifier: Classifier, images: Images) -> NDArray[np.float64]:
        """Another digit than it is, for the classifier of ten classes."""
        found = own(classifier, images)
        return np.roll(found, 1, axis=1) if found.shape[1] == 10 else found

    monkeypatch.setattr(Classifier, "probabilities", turned)
    other.classify(mnist.test.images[:20])
    assert sum(asked) == 20


def test_pictures_of_all_sizes_are_read_together_as_alone(mnist: Dataset, reader: Reader) -> None:
    pictures: list[Images] = []
    for number, image in enumerate(mnist.test.images[:24]):
        large = cv2.resize(image, (60 + number, 60 + number), interpolation=cv2.INTER_CUBIC)
        pictures.append([image, (240 - large * 0.8).astype(np.uint8), (255 - image).astype(np.uint8)][number % 3])
    pictures.append(np.zeros((28, 28), np.uint8))
    together, alone = reader.classify(pictures), [reader.classify([each])[0] for each in pictures]
    for one, other in zip(together, alone, strict=True):
        assert (one.digit, one.guess, one.box) == (other.digit, other.guess, other.box)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)


def test_pictures_are_prepared_together_as_alone(mnist: Dataset) -> None:
    pictures = [*mnist.test.images[:30], 255 - mnist.test.images[30], np.full((40, 30), 200, np.uint8)]
    images, boxes = prepare_single_digits(pictures)
    for image, box, picture in zip(images, boxes.tolist(), pictures, strict=True):
        single = prepare_single_digit(picture)
        np.testing.assert_array_equal(image, single.image)
        assert tuple(box) == single.box
    with pytest.raises(DataError, match="is not a picture"):
        prepare_single_digits([pictures[0], np.zeros(5, np.uint8)])


def test_probabilities_are_combined_row_by_row() -> None:
    rng = np.random.default_rng(0)
    classifier, line = rng.dirichlet(np.ones(10), 5), rng.dirichlet(np.ones(11), 5)[:, :10]
    line[2] = 0
    classifier[3], line[3] = np.eye(10)[0], np.eye(10)[1] * 0.8
    for rows, own in zip(combine_probabilities(classifier, line), zip(classifier, line, strict=True), strict=True):
        np.testing.assert_allclose(rows, combine_probabilities(*own))
    assert not combine_probabilities(classifier, line)[2:4].any()


def test_a_network_without_a_class_for_no_digit_is_refused(mnist: Dataset) -> None:
    with pytest.raises(UsageError, match="tiny: knows the ten digits: a quick reader knows the ten digits and 'other'"):
        Reader(quick_reader="tiny", threads=1).classify(mnist.test.images[:1])
    with pytest.raises(UsageError, match="no-such"):
        Reader(quick_reader=Path("no-such"), threads=1).classify(mnist.test.images[:1])
