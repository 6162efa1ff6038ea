"""Variants of a data set, for experiments: fewer training digits, or the pixels of every image in another order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sutja.data.dataset import Dataset, stratified_split
from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.errors import UsageError


def take_training_digits(dataset: Dataset, count: int) -> Dataset:
    """The data set NAME-COUNT: with `count` of its training digits, always the same, in proportion to the classes.

    The test digits stay. Raises `UsageError` when there are fewer.
    """
    if not 1 <= count <= len(dataset.train):
        raise UsageError(f"{dataset.name}: {count:,} training digits asked for; it has 1…{len(dataset.train):,}")
    taken = dataset.train.take(stratified_split(dataset.train.labels, count)[1])
    return replace(dataset, name=f"{dataset.name}-{count}", train=taken)


def shuffle_pixels(dataset: Dataset, seed: int) -> Dataset:
    """The data set NAME-shuffled-SEED: the pixels of all images, training and test, in one random order.

    No pixel is lost, but neighbours are no longer neighbours. Idea: C. Zhang, S. Bengio, M. Hardt, B. Recht and
    O. Vinyals, "Understanding deep learning requires rethinking generalization", 2017.
    """
    order = np.random.default_rng(seed).permutation(SIDE_PIXELS**2)

    def shuffled(digits: Digits) -> Digits:
        images = digits.images.reshape(len(digits), -1)[:, order]
        return digits.with_images(images.reshape(digits.images.shape))

    name = f"{dataset.name}-shuffled-{seed}"
    return replace(dataset, name=name, train=shuffled(dataset.train), test=shuffled(dataset.test))
