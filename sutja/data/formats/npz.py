"""NumPy archives with the arrays `x_train`, `y_train`, `x_test` and `y_test`, as Keras distributes MNIST."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sutja.data.class_names import ClassNames, listed_names
from sutja.data.digits import Digits
from sutja.data.formats import READ_ERRORS
from sutja.data.formats.arrays import ArrayArchive, open_arrays
from sutja.data.formats.parts import Parts
from sutja.data.samples import Samples
from sutja.errors import DataError

CLASS_NAMES_KEY = "class_names"  # of the array that sutja adds to Keras's four


def read_npz(path: Path) -> Parts:
    """Read training and test digits. Nothing in the file is executed; arrays of objects are refused.

    Raises `DataError` if the file is missing or damaged, lacks an array, or has one of more than 1 GiB.
    """
    try:
        with open_arrays(path) as arrays:
            names = _read_class_names(arrays, path)
            train, test = (replace(_read_part(arrays, part, path), class_names=names) for part in ("train", "test"))
            return train, test
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


def _read_class_names(arrays: ArrayArchive, path: Path) -> ClassNames | None:
    if CLASS_NAMES_KEY not in arrays.names:
        return None
    names = arrays[CLASS_NAMES_KEY]
    if names.ndim != 1 or names.dtype.kind != "U":
        raise DataError(f"{path}: {CLASS_NAMES_KEY}: {names.dtype} {names.shape} instead of texts (N,)")
    return listed_names(names.tolist(), f"{path}: {CLASS_NAMES_KEY}")


def write_npz(path: Path, train: Digits, test: Digits) -> None:
    """Write training and test digits, compressed, and `class_names` where these are not the digits."""
    arrays: dict[str, Any] = {
        "x_train": train.images,
        "y_train": train.labels.astype(np.uint8),
        "x_test": test.images,
        "y_test": test.labels.astype(np.uint8),
    }
    if not train.class_names.are_digits:
        arrays[CLASS_NAMES_KEY] = np.array([*train.class_names])
    with path.open("wb") as file:  # given a path, NumPy would append a missing .npz
        np.savez_compressed(file, **arrays)
