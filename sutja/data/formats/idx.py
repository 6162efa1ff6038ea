"""IDX, the format of the original MNIST files: a magic number, the shape and the raw array, gzipped or not.

Format: Y. LeCun, "The MNIST database of handwritten digits". Two zero bytes, one byte for the type, one for the
number of dimensions, each dimension as a big-endian 32-bit integer, then the big-endian values.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits, checked_digits
from sutja.data.formats import MAX_ARRAY_BYTES
from sutja.errors import DataError
from sutja.files import open_regular, write_text

DTYPE_BY_CODE = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

MAX_CHECKSUMS_BYTES = 1 << 20  # of SHA256SUMS, whose rest is not read
_CHUNK_BYTES = 1 << 20  # read at once

# The names of the four files of a set, as used by MNIST, Fashion-MNIST and KMNIST; by EMNIST; and by QMNIST.
FILE_PREFIXES = ("", "emnist-digits-", "emnist-mnist-", "qmnist-")
PART_PATTERNS = {"train": "train", "test": "(t10k|test)"}
KIND_PATTERNS = {"images": "images[-.]idx3-ubyte", "labels": "labels[-.]idx(1-ubyte|2-int)"}


def read_idx_folder(folder: Path) -> tuple[Digits, Digits]:
    """Read training and test digits from the four IDX files in `folder`, `folder/raw` or `folder/*/raw`.

    If a `SHA256SUMS` beside the files lists them (checksums of the unpacked files), they are verified. Raises
    `DataError`.
    """
    for location in (folder, folder / "raw", *sorted(folder.glob("*/raw"))):
        for prefix in FILE_PREFIXES:
            if _find(location, prefix, "train", "images"):
                return _read_part(location, prefix, "train"), _read_part(location, prefix, "test")
    raise DataError(
        f"{folder}: not the folder of a data set: it has neither train-images-idx3-ubyte[.gz] nor train.tar"
    )


def _find(folder: Path, prefix: str, part: str, kind: str) -> Path | None:
    pattern = re.compile(f"{prefix}{PART_PATTERNS[part]}-{KIND_PATTERNS[kind]}(\\.gz)?")
    found = [path for path in folder.glob("*idx*") if pattern.fullmatch(path.name)]
    return min(found, key=lambda path: (path.suffix == ".gz", path.name), default=None)  # unpacked files load faster


def _read_part(folder: Path, prefix: str, part: str) -> Digits:
    arrays, paths = [], []
    for kind in KIND_PATTERNS:
        path = _find(folder, prefix, part, kind)
        if path is None:
            raise DataError(f"{folder}: the file of the {part} {kind} is missing")
        paths.append(path)
        arrays.append(read_idx(path, sha256=read_checksums(folder).get(path.name.removesuffix(".gz"))))
    images, labels = arrays
    if labels.ndim == 2 and labels.shape[1]:
        labels = labels[:, 0]  # QMNIST has the writer and more in further columns
    if prefix.startswith("emnist") and images.ndim == 3:
        images = images.transpose(0, 2, 1)  # EMNIST stores its images column by column
    return checked_digits(images, labels, *paths)


def read_checksums(folder: Path) -> dict[str, str]:
    """The checksums in the `SHA256SUMS` of a folder by file name; empty without such a file. Raises `DataError`."""
    path = folder / "SHA256SUMS"
    try:
        with open_regular(path) as file:
            lines = file.read(MAX_CHECKSUMS_BYTES).decode().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    return {words[1].lstrip("*"): words[0].lower() for words in map(str.split, lines) if len(words) == 2}


def read_idx(path: Path, *, sha256: str | None = None) -> NDArray[Any]:
    """Read an IDX file, unpacking it if its first bytes are those of gzip, and verify its `sha256` if given.

    Returns an array of the file's type and shape in native byte order. Raises `DataError` if the file is missing, not
    an IDX file, truncated, too long, declares more than 1 GiB or has a different checksum.
    """
    try:
        with _open(path) as file:
            header, content = _read_array(file, path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if sha256 is not None:
        digest = hashlib.sha256(header)
        digest.update(content)
        if digest.hexdigest() != sha256:
            raise DataError(f"{path}: wrong checksum: it differs from the one in SHA256SUMS")
    shape, dtype = struct.unpack(f">{header[3]}I", header[4:]), np.dtype(DTYPE_BY_CODE[header[2]])
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, and unpack it while it is read if its first bytes are those of gzip."""
    with open_regular(path) as file:
        gzipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not gzipped:
            yield file
            return
        with gzip.open(file) as unpacked:
            yield cast(IO[bytes], unpacked)


def _read_array(file: IO[bytes], path: Path) -> tuple[bytes, bytearray]:
    """Read the header and the values of an IDX file, never more than the header declares or the file contains."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPE_BY_CODE or not 1 <= magic[3] <= 4:
        raise DataError(f"{path}: not an IDX file: it begins with {magic.hex(' ') or 'nothing'}")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{path}: truncated: it ends inside its header")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    itemsize = np.dtype(DTYPE_BY_CODE[magic[2]]).itemsize
    size, nonzero_size = math.prod(shape) * itemsize, math.prod(side or 1 for side in shape) * itemsize
    if nonzero_size > MAX_ARRAY_BYTES:  # NumPy also refuses empty arrays whose other sides are too long
        raise DataError(f"{path}: the header declares {nonzero_size:,} bytes; the maximum is {MAX_ARRAY_BYTES:,}")
    content = bytearray()  # grows: a header may declare a gigabyte that is not there
    while part := file.read(min(_CHUNK_BYTES, size - len(content))):
        content += part
    if len(content) < size:
        raise DataError(f"{path}: truncated: {len(content):,} of the {size:,} bytes of its shape {shape}")
    if file.read(1):
        raise DataError(f"{path}: extra bytes after the {size:,} of its shape {shape}")
    return magic + sizes, content


def write_idx_folder(folder: Path, train: Digits, test: Digits) -> None:
    """Write the four gzipped files of a set under MNIST's names, and their `SHA256SUMS`, into `folder`."""
    sums = ""
    for part, digits in (("train", train), ("t10k", test)):
        for name, array in (
            (f"{part}-images-idx3-ubyte", digits.images),
            (f"{part}-labels-idx1-ubyte", digits.labels.astype(np.uint8)),
        ):
            content = idx_bytes(array)
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, compresslevel=6, mtime=0))
            sums += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    write_text(folder / "SHA256SUMS", sums)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Encode a `uint8` array as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 0x08, array.ndim, *array.shape) + array.tobytes()
