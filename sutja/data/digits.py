"""Digits: images with their labels, the value that all packages share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.errors import DataError

CLASS_COUNT = 10
SIDE_PIXELS = 28  # height and width of an image

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Digits:
    """Images `uint8 (N, 28, 28)`, 0 = paper, 255 = ink, and their labels `int64 (N,)`, 0…9, in the same order."""

    images: Images
    labels: Labels

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> Digits:
        """The digits at `indices`, in that order."""
        return Digits(self.images[indices], self.labels[indices])

    def first_of_each_class(self) -> list[int]:
        """The index of the first digit of each class that is there, in the order of the classes."""
        return [int(np.flatnonzero(self.labels == label)[0]) for label in np.unique(self.labels)]


def checked_digits(
    images: NDArray[Any], labels: NDArray[Any], images_file: str | Path, labels_file: str | Path
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
    if labels.min() < 0 or labels.max() >= CLASS_COUNT:
        wrong = labels[(labels < 0) | (labels >= CLASS_COUNT)][0]
        raise DataError(f"{labels_file}: the label {wrong} is out of the range 0…{CLASS_COUNT - 1}")
    return Digits(np.ascontiguousarray(images), labels.astype(np.int64))


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
