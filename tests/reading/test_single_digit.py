"""Pictures of a single digit: the inputs of both networks, and their combined result."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.errors import DataError
from sutja.models.ctc import BLANK
from sutja.reading.single_digit import (
    combine_probabilities,
    digit_strip,
    prepare_single_digit,
    row_of_pieces,
    single_digit_probabilities,
    with_prior_odds,
)


def test_an_mnist_digit_is_unchanged(mnist: Dataset) -> None:
    image = mnist.test.images[0]
    single = prepare_single_digit(image)
    assert np.abs(single.image.astype(int) - image).mean() < 2
    assert single.strip.shape[:2] == (3, 48)
    x, y, wide, high = single.box
    assert image[y : y + high, x : x + wide].max() == 255
    rest = image.copy()
    rest[y : y + high, x : x + wide] = 0
    assert rest.max() <= 0.3 * 255


@pytest.mark.parametrize("light_on_dark", [False, True])
@pytest.mark.parametrize("side", [28, 50, 140, 500])
def test_a_picture_of_a_digit_becomes_that_digit(mnist: Dataset, side: int, light_on_dark: bool) -> None:
    differences = []
    for image in mnist.test.images[:20]:
        large = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA if side <= 28 else cv2.INTER_CUBIC)
        picture = (30 + large * 0.8 if light_on_dark else 230 - large * 0.8).astype(np.uint8)
        differences.append(
            np.abs(prepare_single_digit(picture).image.astype(int) - prepare_single_digit(image).image).mean()
        )
    assert np.median(differences) < 14


@pytest.mark.parametrize("level", [0, 60, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (28, 28), (64, 64), (200, 90)])
def test_a_uniform_picture_has_no_digit(shape: tuple[int, int], level: int) -> None:
    single = prepare_single_digit(np.full(shape, level, np.uint8))
    assert not single.image.any()
    assert not single.strip.any()
    assert single.box == (0, 0, 0, 0)


def test_a_source_that_is_not_a_picture_is_refused() -> None:
    with pytest.raises(DataError, match="is not a picture"):
        prepare_single_digit(np.zeros((28, 28, 2), np.uint8))
    with pytest.raises(DataError, match=r"none\.png: cannot be read"):
        prepare_single_digit("none.png")


def test_the_digit_is_in_the_middle_of_its_strip(mnist: Dataset) -> None:
    strip = digit_strip(mnist.test.images[0])
    assert strip.shape[:2] == (3, 48)
    assert np.array_equal(strip[0], strip[1]) and np.array_equal(strip[0], strip[2])
    rows, columns = (np.flatnonzero((strip[0] < -0.5).any(axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) + 1 == pytest.approx(24, abs=2)
    assert rows.mean() == pytest.approx(23.5, abs=4)
    assert columns[0] >= 12
    assert columns[-1] < strip.shape[2] - 12


def test_the_probability_of_a_single_digit_is_the_sum_over_its_paths() -> None:
    """Compared with the sum over every path of four steps."""
    logits = np.random.default_rng(2).normal(size=(4, BLANK + 1)).astype(np.float32) * 2
    odds = np.exp(logits.astype(np.float64) / 1.5)
    odds /= odds.sum(axis=1, keepdims=True)
    expected = np.zeros(10)
    for digit in range(10):
        for path in product([digit, BLANK], repeat=4):
            runs = sum(each == digit and (place == 0 or path[place - 1] != digit) for place, each in enumerate(path))
            if runs == 1:
                expected[digit] += np.prod([odds[place, each] for place, each in enumerate(path)])
    assert single_digit_probabilities(logits, 1.5) == pytest.approx(expected)


def test_both_networks_choose_the_digit_and_the_line_network_decides_whether_there_is_one() -> None:
    shape = np.full(10, 0.02)
    shape[3] = 0.82
    line = np.zeros(10)
    line[3], line[5] = 0.45, 0.15
    both = combine_probabilities(shape, line)
    assert both.argmax() == 3
    assert both.sum() == pytest.approx(0.6)
    assert both[3] / both[5] == pytest.approx(np.sqrt(0.82 * 0.45 / (0.02 * 0.15)))
    assert not combine_probabilities(shape, np.zeros(10)).any()
    contrary = np.zeros(10)
    contrary[7] = 1
    assert not combine_probabilities(np.eye(10)[2], contrary).any()


def test_prior_odds_change_how_likely_a_sign_is_a_digit_and_not_which() -> None:
    probabilities = np.array([0.1, 0.3, *[0.0] * 8])
    likelier = with_prior_odds(probabilities, 2)
    assert likelier.sum() == pytest.approx(0.8 / 1.4)
    assert likelier / likelier.sum() == pytest.approx(probabilities / probabilities.sum())
    assert with_prior_odds(np.eye(10)[3], 2) == pytest.approx(np.eye(10)[3])
    assert not with_prior_odds(np.zeros(10), 2).any()


def bars(*boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A picture with black boxes."""
    picture = np.full((120, 400), 255, np.uint8)
    for left, top, width, height in boxes:
        picture[top : top + height, left : left + width] = 0
    return picture


def test_pieces_of_ink_of_like_height_side_by_side_are_a_row() -> None:
    row = [(30, 30, 4, 50), (60, 34, 4, 48), (100, 30, 10, 50)]
    for found, box in zip(row_of_pieces(bars(*row)), row, strict=True):
        assert found == pytest.approx(box, abs=2)
    assert row_of_pieces(bars(row[0])) == []
    assert row_of_pieces(bars(row[0], (60, 60, 4, 20))) == [], "another height"
    assert row_of_pieces(bars(row[0], (260, 30, 4, 50))) == [], "far apart"
    assert row_of_pieces(bars(*((10 + 20 * place, 30, 4, 50) for place in range(13)))) == [], "a fence"
    assert row_of_pieces(np.full((50, 50), 200, np.uint8)) == []
