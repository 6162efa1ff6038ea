"""Made-up data sets of any number of classes: coarse patterns with noise, one for each class."""

from __future__ import annotations

import numpy as np

from sutja.data.class_names import ClassNames
from sutja.data.dataset import Dataset
from sutja.data.digits import Digits

LETTERS = ClassNames(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
BALANCED = ClassNames((*"0123456789", *LETTERS, *"abdefghnqrt"))  # of EMNIST
YES_AND_NO = ClassNames(("yes", "no"))
HUNDRED = ClassNames.numbered(100)


def patterns(class_names: ClassNames, each: int, *, seed: int = 0, noise: float = 60.0) -> Digits:
    """So many pictures of each class, one class after the other, again and again."""
    shapes = np.random.default_rng(7)
    coarse = shapes.integers(80, 256, (len(class_names), 7, 7)) * (shapes.random((len(class_names), 7, 7)) > 0.5)
    labels = np.tile(np.arange(len(class_names)), each)
    random = np.random.default_rng(seed)
    pixels = coarse[labels].repeat(4, axis=1).repeat(4, axis=2) + random.normal(0, noise, (len(labels), 28, 28))
    return Digits(pixels.clip(0, 255).astype(np.uint8), labels, class_names)


def pattern_set(class_names: ClassNames, train: int = 4, test: int = 2, *, noise: float = 60.0) -> Dataset:
    """A data set with so many training and test pictures of each class."""
    some, others = (patterns(class_names, count, seed=seed, noise=noise) for seed, count in enumerate((train, test)))
    return Dataset(f"patterns-{len(class_names)}", some, others)
