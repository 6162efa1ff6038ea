"""NumPy archives with the arrays `x_train`, `y_train`, `x_test` and `y_test`, as Keras distributes MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sutja.data.digits import Digits
from sutja.data.formats import READ_ERRORS
from sutja.data.formats.arrays import ArrayArchive, open_arrays
from sutja.data.formats.parts import Parts
from sutja.data.samples import Samples
from sutja.errors import DataError


def read_npz(path: Path) -> Parts:
    """Read training and test digits. Nothing in the file is executed; arrays of objects are refused.

    Raises `DataError` if the file is missing or damaged, lacks an array, or has one of more than 1 GiB.
    """
    try:
        with open_arrays(path) as arrays:
            return _read_part(arrays, "train", path), _read_part(arrays, "test", path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except READ_ERRORS as error:
        raise DataError(f"{path}: not a readable .npz file: {' '.join(str(error).split())}") from error


def _read_part(arrays: ArrayArchive, part: str, path: Path) -> Samples:
    keys = (f"x_{part}", f"y_{part}")
    for key in keys:
        if key not in arrays.names:
            found = ", ".join(arrays.names[:8]) or "nothing"
            raise DataError(f"{path}: {key} is missing: expected x_train, y_train, x_test and y_test, found {found}")
    images, labels = (arrays[key] for key in keys)
    return Samples(images, labels, f"{path}: x_{part}", f"{path}: y_{part}")


def write_npz(path: Path, train: Digits, test: Digits) -> None:
    """Write training and test digits, compressed."""
    arrays: dict[str, Any] = {
        "x_train": train.images,
        "y_train": train.labels.astype(np.uint8),
        "x_test": test.images,
        "y_test": test.labels.astype(np.uint8),
    }
    with path.open("wb") as file:  # given a path, NumPy would append a missing .npz
        np.savez_compressed(file, **arrays)
