"""Digits in MNIST's form from ink of any size, and the ink of a line."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.reading.normalise import STROKE_WIDTH_PIXELS, Ink, centred_digits, normalise, percentile, stroke_width


def centre(image: Ink) -> tuple[float, float]:
    """The centre of mass, in pixels from the upper left corner."""
    mass = image.sum()
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]] + 0.5
    return float((y * image).sum() / mass), float((x * image).sum() / mass)


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.floats(0, 1, width=32)))
def test_any_ink_becomes_an_image_in_mnists_form(ink: Ink) -> None:
    digit = normalise(ink)
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    if not (ink > 0.3).any():
        assert not digit.any()
    elif len(rows):
        assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 20


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.floats(0.25, 1, width=32))
)
def test_the_centre_of_mass_is_that_of_mnist_unless_a_digit_reaches_the_edge(ink: Ink) -> None:
    digit = centred_digits(ink[None])[0]
    for middle, axis in zip(centre(digit.astype(np.float32)), (0, 1), strict=True):
        inked = np.flatnonzero(digit.any(axis=axis))
        at_start, at_end = inked[0] == 0, inked[-1] == 27
        assert len(inked) == ink.shape[1 - axis]
        assert abs(middle - 14.5) <= 0.51 or (at_start and middle > 14.5) or (at_end and middle < 14.5)


def test_mnist_digits_hardly_change(mnist: Dataset) -> None:
    images = mnist.test.images[:200]
    same = np.stack([normalise(image.astype(np.float32) / 255) for image in images])
    assert np.abs(same.astype(int) - images).mean() < 2


@pytest.mark.parametrize("zoom", [2, 5, 9])
def test_size_and_place_do_not_matter(mnist: Dataset, zoom: int) -> None:
    images = mnist.test.images[:60]
    differences = []
    for image in images:
        large = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        moved = np.pad(np.clip(np.asarray(large, np.float32) / np.float32(255), 0, 1), ((30, 5), (0, 50)))
        differences.append(np.abs(normalise(moved).astype(int) - normalise(image.astype(np.float32) / 255)).mean())
    assert np.mean(differences) < 12


@pytest.mark.parametrize("pen", [1, 3, 8, 20, 40])
def test_stroke_widths_are_brought_into_mnists_range(pen: int) -> None:
    ink = np.zeros((300, 300), np.uint8)
    cv2.ellipse(ink, (150, 150), (80, 110), 0, 0, 360, 255, pen, cv2.LINE_AA)
    digit = normalise(ink.astype(np.float32) / np.float32(255))
    assert STROKE_WIDTH_PIXELS[0] - 0.9 <= stroke_width(digit > 127) <= STROKE_WIDTH_PIXELS[1] + 1


def test_the_range_of_stroke_widths_is_that_of_mnist(mnist: Dataset) -> None:
    widths = [stroke_width(image > 127) for image in mnist.test.images[:400]]
    low, high = np.percentile(widths, [5, 95])
    assert low == pytest.approx(STROKE_WIDTH_PIXELS[0], abs=0.4)
    assert high == pytest.approx(STROKE_WIDTH_PIXELS[1], abs=0.5)


@pytest.mark.parametrize("width", [2, 5, 12])
def test_the_width_of_strokes(width: int) -> None:
    y, x = np.mgrid[-100:100, -100:100] + 0.5
    ring = np.abs(np.hypot(x, y) - 60) < width / 2
    assert stroke_width(ring) == pytest.approx(width, rel=0.1)
    assert stroke_width(np.zeros((5, 5), np.bool_)) == 0


@given(
    st.sampled_from([np.float32, np.uint8]).flatmap(lambda kind: arrays.arrays(kind, st.integers(1, 500))),
    st.integers(0, 100),
)
def test_a_percentile_equals_that_of_numpy(values: NDArray[Any], percent: int) -> None:
    values = np.clip(np.nan_to_num(values), 0, 255)
    assert percentile(values, percent) == float(np.percentile(values, percent))
