"""NumPy archives (`.npz`): arrays of bounded size, read without executing anything in the file."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.formats import MAX_ARRAY_BYTES
from sutja.files import open_regular

MAX_ARRAY_HEADER_BYTES = 10_000  # also NumPy's limit, but it reads the header first, however long


class ArrayArchive:
    """The arrays in an open `.npz` file by name; each is read on access, which raises any of `READ_ERRORS`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Raises `ValueError` if two members have the same name."""
        self._archive = archive
        self.names = [name.removesuffix(".npy") for name in archive.namelist()]
        if len(set(self.names)) < len(self.names):
            raise ValueError("two members have the same name")

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Read an array; raises `KeyError` if it is missing, and `ValueError` if it is too large or damaged."""
        member = self._archive.getinfo(f"{name}.npy")
        return read_array(lambda: self._archive.open(member), name, member.file_size)


@contextmanager
def open_arrays(path: Path) -> Iterator[ArrayArchive]:
    """Open an `.npz` file. Raises any of `READ_ERRORS`, also while arrays are read."""
    with open_regular(path) as file, zipfile.ZipFile(file) as archive:
        yield ArrayArchive(archive)


def read_array(reopen: Callable[[], AbstractContextManager[IO[bytes]]], name: str, size: int) -> NDArray[Any]:
    """Read the array in a file of `size` bytes; raises any of `READ_ERRORS` if it is too large or damaged.

    The sizes are compared first: NumPy would allocate what the header declares. The file is opened again instead of
    rewound, because a zip file that is rewound no longer verifies its checksum.
    """
    if size > MAX_ARRAY_BYTES:
        raise ValueError(f"{name} has {size:,} bytes; the maximum is {MAX_ARRAY_BYTES:,}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, about headers of Python 2 and outdated types
        with reopen() as file:
            _check_header_length(file, name)
        with reopen() as file:
            shape, dtype = _read_header(file)
        if math.prod(shape) * dtype.itemsize > size:
            raise ValueError(f"{name} declares the shape {shape} but has only {size:,} bytes")
        with reopen() as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            if file.read(1):
                raise ValueError(f"{name}: extra bytes after the array")
    return array


def _check_header_length(file: IO[bytes], name: str) -> None:
    version, _ = np.lib.format.read_magic(file)
    length = int.from_bytes(file.read(2 if version == 1 else 4), "little")
    if length > MAX_ARRAY_HEADER_BYTES:
        raise ValueError(f"{name}: a header of {length:,} bytes; the maximum is {MAX_ARRAY_HEADER_BYTES:,}")


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype
