"""NumPy archives with the arrays `x_train`, `y_train`, `x_test` and `y_test`, as Keras distributes MNIST."""

from __future__ import annotations

import math
import warnings
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits, checked_digits
from sutja.data.formats import MAX_ARRAY_BYTES, READ_ERRORS
from sutja.errors import DataError


def read_npz(path: Path) -> tuple[Digits, Digits]:
    """Read training and test digits. Nothing in the file is executed; arrays of objects are refused.

    Raises `DataError` if the file is missing or damaged, lacks an array, or has one of more than 1 GiB.
    """
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(path) as archive:
            warnings.simplefilter("ignore")  # NumPy's, about headers of Python 2 and outdated types
            return _read_part(archive, "train", path), _read_part(archive, "test", path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except READ_ERRORS as error:
        raise DataError(f"{path}: not a readable .npz file: {' '.join(str(error).split())}") from error


def _read_part(archive: zipfile.ZipFile, part: str, path: Path) -> Digits:
    arrays = [_read_array(archive, f"{axis}_{part}", path) for axis in ("x", "y")]
    return checked_digits(arrays[0], arrays[1], f"{path}: x_{part}", f"{path}: y_{part}")


def _read_array(archive: zipfile.ZipFile, key: str, path: Path) -> NDArray[Any]:
    if f"{key}.npy" not in archive.namelist():
        found = ", ".join(archive.namelist()[:8]) or "nothing"
        raise DataError(f"{path}: {key} is missing: expected x_train, y_train, x_test and y_test, found {found}")
    member = archive.getinfo(f"{key}.npy")
    if member.file_size > MAX_ARRAY_BYTES:
        raise DataError(f"{path}: {key} has {member.file_size:,} bytes; the maximum is {MAX_ARRAY_BYTES:,}")
    with archive.open(member) as file:  # the header first: NumPy would allocate what it declares
        shape, dtype = _read_header(file)
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise DataError(f"{path}: {key} declares the shape {shape} but has only {member.file_size:,} bytes")
    with archive.open(member) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise DataError(f"{path}: {key}: extra bytes after the array")
    return array


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


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
