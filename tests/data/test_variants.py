"""Variants of a data set keep what they do not change."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.data.variants import shuffle_pixels, take_training_digits
from sutja.errors import UsageError


def test_fewer_training_digits_keep_the_proportion_of_the_classes(mnist: Dataset) -> None:
    fewer = take_training_digits(mnist, 600)
    assert len(fewer.train) == 600
    shares = [np.bincount(each.labels) / len(each) for each in (fewer.train, mnist.train)]
    assert np.abs(shares[0] - shares[1]).max() < 1 / 600
    assert fewer.test is mnist.test


def test_the_same_training_digits_are_taken_each_time(few: Dataset) -> None:
    first, second = (take_training_digits(few, 50).train for _ in range(2))
    assert np.array_equal(first.images, second.images)


@pytest.mark.parametrize("count", [0, 61])
def test_more_digits_than_there_are_cannot_be_taken(small: Dataset, count: int) -> None:
    with pytest.raises(UsageError, match=f"small: {count} training digits asked for; it has 1…60"):
        take_training_digits(small, count)


def test_all_digits_can_be_taken(small: Dataset) -> None:
    assert take_training_digits(small, 60).sha256 == small.sha256


def test_shuffling_moves_every_pixel_in_the_same_way_in_all_images(small: Dataset) -> None:
    shuffled = shuffle_pixels(small, 1)
    before = np.concatenate([small.train.images, small.test.images]).reshape(90, -1)
    after = np.concatenate([shuffled.train.images, shuffled.test.images]).reshape(90, -1)
    assert not np.array_equal(after, before)
    assert sorted(map(bytes, after.T)) == sorted(map(bytes, before.T))
    assert np.array_equal(shuffled.train.labels, small.train.labels)


def test_the_seed_decides_the_order_of_the_pixels(small: Dataset) -> None:
    assert shuffle_pixels(small, 1).sha256 == shuffle_pixels(small, 1).sha256
    assert shuffle_pixels(small, 1).sha256 != shuffle_pixels(small, 2).sha256


def test_variants_have_names_of_their_own(small: Dataset) -> None:
    assert shuffle_pixels(take_training_digits(small, 30), 2).name == "small-30-shuffled-2"
