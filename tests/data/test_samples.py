"""Samples become digits: only what is asked for is mended, and what had to be done is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.data.samples import Mending, Samples, parse_pixel_range, pixel_range_of, to_digits, whole_labels
from sutja.errors import DataError, UsageError


def samples(images: NDArray[Any], labels: NDArray[Any] | None = None) -> Samples:
    return Samples(images, np.zeros(len(images), int) if labels is None else labels, "images", "labels")


def same(first: Digits, second: Digits) -> bool:
    return np.array_equal(first.images, second.images) and np.array_equal(first.labels, second.labels)


def test_sound_samples_are_unchanged(small: Dataset) -> None:
    digits, remarks = to_digits(samples(small.train.images, small.train.labels))
    assert same(digits, small.train)
    assert remarks == ()


@pytest.mark.parametrize(
    ("spoiled", "mending"),
    [
        (lambda images: 255 - images, Mending(invert=True)),
        (lambda images: images.transpose(0, 2, 1), Mending(transpose=True)),
        (lambda images: (images / 255).astype(np.float32), Mending(pixel_range=(0, 1))),
        (lambda images: images / 127.5 - 1, Mending(pixel_range=(-1, 1))),
        (lambda images: 1 - images / 255, Mending(pixel_range=(1, 0))),
        (lambda images: images.astype(np.int64), Mending(pixel_range=(0, 255))),
        (lambda images: images.astype(np.uint16) * 257, Mending(pixel_range=(0, 65535))),
        (lambda images: 255 - images.swapaxes(1, 2), Mending(invert=True, transpose=True)),
    ],
    ids=["inverted", "transposed", "0 to 1", "-1 to 1", "1 to 0", "int64", "uint16", "both"],
)
def test_each_option_mends_what_it_is_for(small: Dataset, spoiled: Any, mending: Mending) -> None:
    digits, _ = to_digits(samples(spoiled(small.train.images), small.train.labels), mending)
    assert same(digits, small.train)


def test_labels_from_1_are_refused_with_both_options(small: Dataset) -> None:
    shifted = samples(small.train.images, small.train.labels + 1)
    with pytest.raises(DataError, match=r"labels: the label 10 is out .*--labels-from 1 .*--ten-is-zero") as caught:
        to_digits(shifted)
    assert str(caught.value).isprintable()
    assert same(to_digits(shifted, Mending(labels_from=1))[0], small.train)
    tens = np.where(small.train.labels == 0, 10, small.train.labels)
    assert same(to_digits(samples(small.train.images, tens), Mending(ten_is_zero=True))[0], small.train)


@pytest.mark.parametrize(
    ("pixels", "hint"),
    [
        (np.array([0.0, 1.0]), "--pixel-range 0:1"),
        (np.array([-1.0, 1.0]), "--pixel-range -1:1"),
        (np.array([0, 16]), "--pixel-range 0:16"),
        (np.array([0, 255]), "--pixel-range 0:255"),
        (np.array([0, 300]), "--pixel-range 0:65535"),
        (np.array([-3.5, 700.25]), "--pixel-range -3.5:700.25"),
        (np.array([0, np.nan]), "values that are not finite"),
        (np.array([0, np.inf]), "values that are not finite"),
    ],
)
def test_other_pixels_are_refused_with_the_range_that_helps(pixels: NDArray[Any], hint: str) -> None:
    images = np.resize(pixels, (2, 28, 28))
    with pytest.raises(DataError) as caught:
        to_digits(samples(images))
    assert str(caught.value).startswith(f"images: {images.dtype} (2, 28, 28), pixels from ")
    assert str(caught.value).endswith(hint)


@pytest.mark.parametrize("value", [1.5, -0.5, np.nan])
def test_pixels_out_of_the_range_are_refused(value: float) -> None:
    images = np.zeros((2, 28, 28))
    images[1, 3, 3] = value
    with pytest.raises(DataError, match=r"images: pixels from .* are out of the range 0:1"):
        to_digits(samples(images), Mending(pixel_range=(0, 1)))


def test_colour_becomes_grey_by_its_brightness_and_is_told() -> None:
    colours = np.zeros((3, 28, 28, 3), np.uint8)
    for channel in range(3):
        colours[channel, ..., channel] = 255
    digits, remarks = to_digits(samples(colours))
    assert digits.images[:, 0, 0].tolist() == [76, 150, 29]  # red, green, blue
    assert remarks == ("images: 3 pictures in colour made grey",)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 16), (32, 32), (20, 40), (1, 1), (64, 3)])
def test_every_size_becomes_28_by_28_and_is_told(height: int, width: int) -> None:
    images = np.full((2, height, width), 9, np.uint8)
    images[:, height // 2, width // 2] = 250
    digits, remarks = to_digits(samples(images))
    assert digits.images.shape == (2, 28, 28)
    assert digits.images.max() > 30
    assert remarks == (f"images: 2 pictures of {width}×{height} pixels brought to 28×28",)


def test_blank_pictures_are_left_out_only_when_asked(small: Dataset) -> None:
    images = small.train.images.copy()
    images[[3, 7]] = np.array([0, 200], np.uint8)[:, None, None]
    assert len(to_digits(samples(images))[0]) == 60
    digits, remarks = to_digits(samples(images, small.train.labels), Mending(drop_blank=True))
    assert same(digits, small.train.take(np.setdiff1d(np.arange(60), [3, 7])))
    assert remarks == ("images: 2 blank pictures left out",)
    with pytest.raises(DataError, match="images: all 2 pictures are blank"):
        to_digits(samples(images[[3, 7]]), Mending(drop_blank=True))


@pytest.mark.parametrize("text", ["", "1", "0:1:2", "a:b", "0:nan", "0:inf", "1:1"])
def test_other_texts_are_no_range(text: str) -> None:
    with pytest.raises(UsageError, match="a range of pixels is two numbers"):
        parse_pixel_range(text)
    assert parse_pixel_range("-1:1.5") == (-1, 1.5)


def test_the_usual_range_contains_the_values() -> None:
    assert pixel_range_of(0, 1) == "0:1"
    assert pixel_range_of(0, 1.01) == "0:16"
    assert pixel_range_of(-2, 5) == "-128:127"


@pytest.mark.parametrize("labels", [np.array([1.5]), np.array([np.nan]), np.array([1e30]), np.array(["1"])])
def test_other_labels_are_refused(labels: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="labels that are not whole numbers"):
        whole_labels(labels)
