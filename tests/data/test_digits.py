"""Only valid arrays become digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.data.digits import checked_digits
from sutja.errors import DataError

Array = NDArray[Any]


def images(*shape: int, dtype: str = "u1") -> Array:
    return np.zeros(shape, dtype)


def labels(*values: int, dtype: str = "i8") -> Array:
    return np.array(values, dtype)


@pytest.mark.parametrize("dtype", ["u1", "i1", ">i2", "<i4", "u8"])
def test_good_arrays_become_digits(small: Dataset, dtype: str) -> None:
    pixels = small.train.images
    digits = checked_digits(np.asfortranarray(pixels), small.train.labels.astype(dtype), "images", "labels")
    assert digits.images.dtype == np.uint8
    assert digits.images.flags.c_contiguous
    assert digits.labels.dtype == np.int64
    assert np.array_equal(digits.images, pixels)
    assert np.array_equal(digits.labels, small.train.labels)
    assert len(digits) == 60


def test_all_ten_labels_are_good() -> None:
    assert checked_digits(images(10, 28, 28), labels(*range(10)), "images", "labels").labels.tolist() == [*range(10)]


def test_take_keeps_the_order(small: Dataset) -> None:
    taken = small.train.take(np.array([5, 0, 5]))
    assert np.array_equal(taken.images, np.stack([small.train.images[index] for index in (5, 0, 5)]))
    assert taken.labels.tolist() == [small.train.labels[index] for index in (5, 0, 5)]


@pytest.mark.parametrize(
    ("pixels", "classes", "message"),
    [
        (images(2, 28, 28, dtype="f4"), labels(1, 2), "images.file: float32"),
        (images(2, 28, 28, dtype="i1"), labels(1, 2), "images.file: int8"),
        (images(2, 28, 28, dtype="O"), labels(1, 2), "images.file: object"),
        (images(2, 28, 27), labels(1, 2), "images.file: uint8 (2, 28, 27)"),
        (images(2, 784), labels(1, 2), "images.file: uint8 (2, 784)"),
        (images(2, 28, 28, 1), labels(1, 2), "images.file: uint8 (2, 28, 28, 1)"),
        (images(28, 28), labels(1, 2), "images.file: uint8 (28, 28)"),
        (images(), labels(1), "images.file: uint8 ()"),
        (images(2, 28, 28), labels(1, 2, dtype="f8"), "labels.file: float64"),
        (images(2, 28, 28), labels(1, 0, dtype="?"), "labels.file: bool"),
        (images(2, 28, 28), labels(1, 2, dtype="m8[s]"), "labels.file: timedelta64"),
        (images(2, 28, 28), np.array(["1", "2"]), "labels.file: <U1"),
        (images(2, 28, 28), np.ones((2, 1), int), "labels.file: int64 (2, 1)"),
        (images(2, 28, 28), np.int64(1) * np.ones((), int), "labels.file: int64 ()"),
        (images(2, 28, 28), labels(1), "labels.file: 1 labels, but 2 images in images.file"),
        (images(1, 28, 28), labels(1, 2), "labels.file: 2 labels, but 1 images in images.file"),
        (images(0, 28, 28), labels(), "images.file: the set is empty"),
        (images(2, 28, 28), labels(1, -1), "labels.file: the label -1 is out of the range"),
        (images(2, 28, 28), labels(1, 10), "labels.file: the label 10 is out of the range"),
        (images(2, 28, 28), labels(1, 2**64 - 1, dtype="u8"), f"labels.file: the label {2**64 - 1} is out of"),
    ],
)
def test_other_arrays_are_refused_with_the_name_of_their_file(pixels: Array, classes: Array, message: str) -> None:
    with pytest.raises(DataError) as caught:
        checked_digits(pixels, classes, "images.file", "labels.file")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
