"""IDX, the form of the original MNIST files: a magic number, the shape, the raw array; gzipped or not.

Format: Y. LeCun, "The MNIST database of handwritten digits". Two bytes of zero, one byte for the type, one for the
number of dimensions, each dimension as a big-endian 32-bit number, then the values, big-endian.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import re
import struct
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits, checked_digits
from sutja.errors import DataError
from sutja.files import write_text

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_BYTES = 1 << 30  # a header that announces more is taken for damage or an attack

# The names of the four files of a set: MNIST's own (also Fashion-MNIST's and KMNIST's), EMNIST's and QMNIST's.
PREFIXES = ("", "emnist-digits-", "emnist-mnist-", "qmnist-")
PARTS = {"train": "train", "test": "(t10k|test)"}
KINDS = {"images": "images[-.]idx3-ubyte", "labels": "labels[-.]idx(1-ubyte|2-int)"}


def read_idx_folder(folder: Path) -> tuple[Digits, Digits]:
    """Read training and test digits from the four IDX files in `folder`, `folder/raw` or `folder/*/raw`.

    Files that are named in a `SHA256SUMS` beside them (checksums of the unpacked files) are held against it. Raises
    `DataError`.
    """
    for place in (folder, folder / "raw", *sorted(folder.glob("*/raw"))):
        for prefix in PREFIXES:
            if _find(place, prefix, "train", "images"):
                return _read_part(place, prefix, "train"), _read_part(place, prefix, "test")
    raise DataError(f"{folder}: neither train-images-idx3-ubyte[.gz] nor train.tar in it: not the folder of a data set")


def _find(folder: Path, prefix: str, part: str, kind: str) -> Path | None:
    pattern = re.compile(f"{prefix}{PARTS[part]}-{KINDS[kind]}(\\.gz)?")
    found = [path for path in folder.glob("*idx*") if pattern.fullmatch(path.name)]
    return min(found, key=lambda path: (path.suffix == ".gz", path.name), default=None)  # unpacked ones load faster


def _read_part(folder: Path, prefix: str, part: str) -> Digits:
    arrays, paths = [], []
    for kind in KINDS:
        path = _find(folder, prefix, part, kind)
        if path is None:
            raise DataError(f"{folder}: the file of the {part} {kind} is missing")
        paths.append(path)
        arrays.append(read_idx(path, sha256=read_checksums(folder).get(path.name.removesuffix(".gz"))))
    images, labels = arrays
    if labels.ndim == 2 and labels.shape[1]:
        labels = labels[:, 0]  # QMNIST keeps the writer and more in further columns
    if prefix.startswith("emnist") and images.ndim == 3:
        images = images.transpose(0, 2, 1)  # EMNIST stores its images column by column
    return checked_digits(images, labels, *paths)


def read_checksums(folder: Path) -> dict[str, str]:
    """The checksums that the `SHA256SUMS` in a folder gives for file names; none where there is no such file."""
    path = folder / "SHA256SUMS"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    return {words[1].lstrip("*"): words[0].lower() for words in map(str.split, lines) if len(words) == 2}


def read_idx(path: Path, *, sha256: str | None = None) -> NDArray[Any]:
    """Read one IDX file, gzipped when its first bytes say so, and hold what it unpacks to against `sha256` if given.

    Returns an array of the file's own type and shape, in native byte order. Raises `DataError` when the file is
    missing, is no IDX file, ends too early, goes on too long, announces more than 1 GiB or has another checksum.
    """
    try:
        with _open(path) as file:
            header, content = _read_array(file, path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if sha256 is not None and hashlib.sha256(header + content).hexdigest() != sha256:
        raise DataError(f"{path}: wrong checksum: its content is not what SHA256SUMS beside it says")
    shape, dtype = struct.unpack(f">{header[3]}I", header[4:]), np.dtype(TYPES[header[2]])
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _open(path: Path) -> IO[bytes]:
    file = path.open("rb")
    zipped = file.read(2) == b"\x1f\x8b"
    file.close()
    return cast(IO[bytes], gzip.open(path)) if zipped else path.open("rb")


def _read_array(file: IO[bytes], path: Path) -> tuple[bytes, bytes]:
    """The header and the values of an IDX file as bytes; never reads more than the header announces."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= magic[3] <= 4:
        raise DataError(f"{path}: not an IDX file: it begins with {magic.hex(' ') or 'nothing'}")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{path}: truncated: it ends inside its header")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    itemsize = np.dtype(TYPES[magic[2]]).itemsize
    size, most = math.prod(shape) * itemsize, math.prod(side or 1 for side in shape) * itemsize
    if most > MAX_BYTES:  # NumPy refuses the shape of an empty array, too, when its other sides are too long
        raise DataError(f"{path}: the header announces {most:,} bytes, more than the {MAX_BYTES:,} that are allowed")
    content = file.read(size)
    if len(content) < size:
        raise DataError(f"{path}: truncated: {len(content):,} of the {size:,} bytes of its shape {shape}")
    if file.read(1):
        raise DataError(f"{path}: bytes follow after the {size:,} of its shape {shape}")
    return magic + sizes, content


def write_idx_folder(folder: Path, train: Digits, test: Digits) -> None:
    """Write the four gzipped files of a set, under MNIST's names, and their `SHA256SUMS` into `folder`."""
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
    """A `uint8` array as the bytes of an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 0x08, array.ndim, *array.shape) + array.tobytes()
