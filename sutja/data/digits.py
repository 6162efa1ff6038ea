"""Digits: images with their labels, the value that all packages share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.errors import DataError

CLASS_COUNT = 10  # of digits; other data sets have as many as `Digits.class_names`
SIDE_PIXELS = 28  # height and width of an image

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Digits:
    """Images `uint8 (N, 28, 28)`, 0 = paper, 255 = ink, and their labels `int64 (N,)`, 0…9, in the same order.

    They may also be letters or other signs: the labels are places in `class_names`.
    """

    images: Images
    labels: Labels
    class_names: ClassNames = DIGIT_NAMES

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> Digits:
        """The digits at `indices`, in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def with_images(self, images: Images) -> Digits:
        """The same digits with other images."""
        return replace(self, images=images)

    def first_of_each_class(self, most: int = CLASS_COUNT) -> list[int]:
        """The index of the first digit of each class that is there, in the order of the classes.

        Of more classes than `most`, some are chosen evenly.
        """
        present = np.unique(self.labels)
        chosen = present[np.linspace(0, len(present) - 1, min(most, len(present))).round().astype(int)]
        return [int(np.flatnonzero(self.labels == label)[0]) for label in chosen]


def checked_digits(
    images: NDArray[Any],
    labels: NDArray[Any],
    images_file: str | Path,
    labels_file: str | Path,
    class_names: ClassNames = DIGIT_NAMES,
) -> Digits:
    """Make `Digits` from arrays of files. Raises a `DataError` that names the file if an array is invalid."""
    side = SIDE_PIXELS
    if images.dtype != np.uint8 or images.shape[1:] != (side, side):
        raise DataError(f"{images_file}: {images.dtype} {images.shape} instead of images uint8 (N, {side}, {side})")
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"{labels_file}: {labels.dtype} {labels.shape} instead of integer labels (N,)")
    if len(images) != len(labels):
        raise DataError(f"{labels_file}: {len(labels):,} labels, but {len(images):,} images in {images_file}")
    if len(labels) == 0:
        raise DataError(f"{images_file}: the set is empty")
    count = len(class_names)
    if labels.min() < 0 or labels.max() >= count:
        wrong = labels[(labels < 0) | (labels >= count)][0]
        raise DataError(f"{labels_file}: the label {wrong} is out of the range 0…{count - 1}")
    return Digits(np.ascontiguousarray(images), labels.astype(np.int64), class_names)


def digit_images(images: Any) -> Images:
    """Images as networks take them, `uint8 (N, 28, 28)`, from an array `(N, 28, 28)` or `(N, 784)`.

    0 is paper. Whole numbers reach to 255, floats to 1. Raises `DataError` for anything else.
    """
    array, side = np.asarray(images), SIDE_PIXELS
    if array.shape[1:] not in ((side, side), (side * side,)) or array.dtype.kind not in "uif":
        expected = f"images (N, {side}, {side}) or (N, {side * side}) of whole numbers or floats"
        raise DataError(f"{array.dtype} {array.shape} instead of {expected}")
    highest = 1 if array.dtype.kind == "f" else 255
    if array.size and not (array.min() >= 0 and array.max() <= highest):  # neither is NaN
        found = f"from {array.min():.4g} to {array.max():.4g}"
        raise DataError(f"pixels {found}: whole numbers are from 0 to 255, and floats from 0 to 1: divide these by 255")
    scaled = np.rint(array * 255) if highest == 1 else array
    return scaled.astype(np.uint8).reshape(-1, side, side)
