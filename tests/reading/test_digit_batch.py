"""Images in MNIST's form that are prepared together are the same as each prepared by itself, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.reading.digit_batch import are_mnist, ink_boxes, normalise_images
from sutja.reading.normalise import ink_bounds, normalise, percentile, percentiles
from sutja.reading.single_digit import prepare_single_digit

Images = NDArray[np.uint8]


def compare(images: Images) -> None:
    prepared, boxes = normalise_images(images)
    for image, own, box in zip(images, prepared, boxes.tolist(), strict=True):
        np.testing.assert_array_equal(own, normalise(image.astype(np.float32) / np.float32(255)))
        single = prepare_single_digit(image)
        if are_mnist(image[None])[0]:
            assert tuple(box) == single.box
            np.testing.assert_array_equal(own, single.image)


def test_mnist_digits(mnist: Dataset) -> None:
    compare(mnist.test.images[:1500])


def test_strokes_that_are_too_thin_or_too_thick(mnist: Dataset) -> None:
    images = mnist.test.images[:60]
    thick = np.maximum.reduce([np.roll(images, shift, axis) for shift in (-1, 1, 2) for axis in (1, 2)])
    thin = np.minimum(images, np.roll(images, 1, axis=2))
    compare(np.concatenate([thick, thin]))


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1), side=st.integers(1, 28))
def test_any_ink(seed: int, share: float, side: int) -> None:
    rng = np.random.default_rng(seed)
    images = np.zeros((3, 28, 28), np.uint8)
    left, top = rng.integers(0, 29 - side, 2)
    spots = rng.integers(0, 256, (3, side, side)) * (rng.random((3, side, side)) < share)
    images[:, top : top + side, left : left + side] = spots
    compare(images)


def test_images_without_ink_and_no_images() -> None:
    prepared, boxes = normalise_images(np.full((2, 28, 28), 76, np.uint8))  # 76 of 255 is less than 0.3
    assert not prepared.any()
    assert not boxes.any()
    prepared, boxes = normalise_images(np.zeros((0, 28, 28), np.uint8))
    assert (prepared.shape, boxes.shape) == ((0, 28, 28), (0, 4))


def test_boxes_are_the_bounds_of_the_ink(mnist: Dataset) -> None:
    ink = mnist.test.images[:50].astype(np.float32) / np.float32(255)
    for own, (left, top, width, height) in zip(ink, ink_boxes(ink).tolist(), strict=True):
        assert ink_bounds(own) == (slice(top, top + height), slice(left, left + width))


@pytest.mark.parametrize("count", [1, 2, 57, 400])
@pytest.mark.parametrize("percent", [0, 3, 50, 98, 100])
def test_percentiles_of_rows(count: int, percent: int) -> None:
    rows = np.random.default_rng(count).random((5, count)).astype(np.float32)
    np.testing.assert_allclose(percentiles(rows, percent), np.percentile(rows, percent, axis=1), rtol=1e-6)
    assert percentiles(rows, percent).tolist() == [percentile(row, percent) for row in rows]
    small = (rows * 255).astype(np.uint8)
    np.testing.assert_allclose(percentiles(small, percent), np.percentile(small, percent, axis=1), rtol=1e-6)
