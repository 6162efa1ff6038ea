"""What is odd about a data set is told in one line with the option that mends it; sound sets are not suspected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sutja.data.dataset import Dataset, mnist_means
from sutja.data.digits import Digits
from sutja.data.inspection import inspect_digits
from sutja.data.samples import Samples, to_digits


def told(train: Digits) -> list[str]:
    return list(inspect_digits("set", train, train, mnist_means()))


def turned(digits: Digits, change: Any) -> Digits:
    return Digits(np.ascontiguousarray(change(digits.images)), digits.labels)


def test_mnist_is_not_suspected(mnist: Dataset, small: Dataset) -> None:
    assert list(inspect_digits("mnist", mnist.train, mnist.test, mnist_means())) == []
    assert told(small.train) == []


def test_other_digits_are_not_suspected() -> None:
    """Those of scikit-learn, of 8×8 pixels."""
    pixels, labels = load_digits(return_X_y=True)
    digits, _ = to_digits(Samples((pixels.reshape(-1, 8, 8) * 15).astype(np.uint8), labels, "set", "set"))
    assert told(digits) == []
    assert "--transpose" in told(turned(digits, lambda images: images.transpose(0, 2, 1)))[0]


@pytest.mark.parametrize("count", [60, 600])
@pytest.mark.parametrize(
    ("change", "options"),
    [
        (lambda images: 255 - images, ["--invert"]),
        (lambda images: images.transpose(0, 2, 1), ["--transpose"]),
        (lambda images: 255 - images.transpose(0, 2, 1), ["--invert", "--transpose"]),
        (lambda images: images // 128, ["--pixel-range 0:1"]),
        (lambda images: images // 16, ["--pixel-range 0:16"]),
        (lambda images: images // 128 * np.uint8(255), []),
        (lambda images: np.roll(images, 3, axis=2), []),
        (lambda images: images[:, ::-1], []),
    ],
    ids=["inverted", "transposed", "both", "0 and 1", "0 to 15", "black and white", "shifted", "upside down"],
)
def test_each_oddity_is_told_with_its_option(mnist: Dataset, count: int, change: Any, options: list[str]) -> None:
    lines = told(turned(mnist.test.take(np.arange(count)), change))
    assert len(lines) == len(options)
    for line, option in zip(lines, options, strict=True):
        assert line.startswith("set: ")
        assert line.endswith(f"`sutja data convert` mends it with {option}")
        assert line.isprintable()


def test_letters_that_are_like_no_digits_are_not_called_transposed(small: Dataset) -> None:
    random = np.random.default_rng(0)
    assert told(Digits(random.integers(0, 256, (60, 28, 28)).astype(np.uint8), small.train.labels)) == []


def test_blank_pictures_are_counted(small: Dataset) -> None:
    images = small.train.images.copy()
    images[:4] = 7
    assert [line for line in told(Digits(images, small.train.labels)) if "training" in line] == [
        "set: 4 of 60 training pictures are blank: `sutja data convert` mends it with --drop-blank"
    ]


def test_one_label_is_told(small: Dataset) -> None:
    assert told(Digits(small.train.images, np.full(60, 4))) == [
        "set: all 60 training digits have the label 4: are these the labels?"
    ]


def test_labels_without_0_are_told(small: Dataset) -> None:
    digits = small.train.take(np.flatnonzero(small.train.labels != 9))
    assert any("--labels-from 1" in line for line in told(Digits(digits.images, digits.labels + 1)))
