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
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.data.formats import MAX_ARRAY_BYTES
from sutja.data.formats.container import Container, unzipped
from sutja.data.formats.parts import Parts
from sutja.data.samples import Samples
from sutja.errors import DataError
from sutja.files import open_regular, write_text

DTYPE_BY_CODE = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

CHECKSUMS_NAME = "SHA256SUMS"
MAX_CHECKSUMS_BYTES = 1 << 20  # of SHA256SUMS, whose rest is not read
_CHUNK_BYTES = 1 << 20  # read at once

# The names of the four files of a set, as used by MNIST, Fashion-MNIST and KMNIST; by EMNIST; and by QMNIST.
EMNIST_SETS = ("digits", "mnist", "balanced", "bymerge", "byclass", "letters")
FILE_PREFIXES = ("", *(f"emnist-{name}-" for name in EMNIST_SETS), "qmnist-")
PART_PATTERNS = {"train": "train", "test": "(t10k|test)"}
KIND_PATTERNS = {"images": "images[-.]idx3-ubyte", "labels": "labels[-.]idx(1-ubyte|2-int)"}
IDX_FILE_PATTERN = re.compile(
    f"(?s:.*/)?(?:{'|'.join(FILE_PREFIXES)})(?:train|t10k|test)-(?:{'|'.join(KIND_PATTERNS.values())})(\\.gz)?"
)


def read_idx_files(container: Container, names: Sequence[str]) -> Parts:
    """Read training and test digits from four IDX files in one folder, or each in a folder of its own name.

    Of several sets, the first in the fewest folders is read. If a `SHA256SUMS` beside the files lists them (checksums
    of the unpacked files), they are verified. Raises `DataError`.
    """
    found_sets = [prefix for prefix in FILE_PREFIXES if _find(names, prefix, "train", "images")]
    for prefix in found_sets:
        if found := _find(names, prefix, "train", "images"):
            folder = PurePosixPath(found).parent
            place = str(folder.parent if folder.name == PurePosixPath(found).name else folder)
            names = [name for name in names if place == "." or PurePosixPath(name).is_relative_to(place)]
            train, test = (_read_part(container, names, prefix, part) for part in PART_PATTERNS)
            return train.remarked(*_other_sets(container, found_sets)), test
    raise DataError(f"{container.path}: the file of the train images is missing")


def _other_sets(container: Container, prefixes: Sequence[str]) -> tuple[str, ...]:
    """The remark on sets beside the first, which is read."""
    others = ", ".join(prefix.removesuffix("-") or "mnist" for prefix in prefixes[1:])
    return (f"{container.path}: not used: {others}: the path of its training images chooses it",) if others else ()


def _find(names: Sequence[str], prefix: str, part: str, kind: str) -> str | None:
    pattern = re.compile(f"(?s:.*/)?{prefix}{PART_PATTERNS[part]}-{KIND_PATTERNS[kind]}(\\.gz)?")
    found = [name for name in names if pattern.fullmatch(name)]
    return min(
        found, key=lambda name: (name.count("/"), name.endswith(".gz"), name), default=None
    )  # unpacked is faster


def _read_part(container: Container, names: Sequence[str], prefix: str, part: str) -> Samples:
    arrays, places = [], []
    for kind in KIND_PATTERNS:
        name = _find(names, prefix, part, kind)
        if name is None:
            raise DataError(f"{container.path}: the file of the {part} {kind} is missing")
        places.append(container.place(name))
        sums = _checksums_beside(container, name)
        with container.open(name) as file:
            arrays.append(
                read_idx_file(file, places[-1], sha256=sums.get(PurePosixPath(name).name.removesuffix(".gz")))
            )
    images, labels = arrays
    if labels.ndim == 2 and labels.shape[1]:
        labels = labels[:, 0]  # QMNIST has the writer and more in further columns
    if prefix.startswith("emnist") and images.ndim == 3:
        images = images.transpose(0, 2, 1)  # EMNIST stores its images column by column
    return Samples(images, labels, places[0], places[1])


def _checksums_beside(container: Container, name: str) -> dict[str, str]:
    beside = str(PurePosixPath(name).with_name(CHECKSUMS_NAME))
    if beside not in container.names:
        return {}
    with container.open(beside) as file:
        return _parse_checksums(file)


def read_checksums(folder: Path) -> dict[str, str]:
    """The checksums in the `SHA256SUMS` of a folder by file name; empty without such a file. Raises `DataError`."""
    return _checksums_beside(Container(folder, [CHECKSUMS_NAME] * (folder / CHECKSUMS_NAME).exists()), CHECKSUMS_NAME)


def _parse_checksums(file: IO[bytes]) -> dict[str, str]:
    lines = file.read(MAX_CHECKSUMS_BYTES).decode().splitlines()
    return {words[1].lstrip("*"): words[0].lower() for words in map(str.split, lines) if len(words) == 2}


def read_idx(path: Path, *, sha256: str | None = None) -> NDArray[Any]:
    """Read an IDX file as `read_idx_file` does; raises `DataError` also if it is missing."""
    try:
        with open_regular(path) as file:
            return read_idx_file(file, str(path), sha256=sha256)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def read_idx_file(file: IO[bytes], name: str, *, sha256: str | None = None) -> NDArray[Any]:
    """Read an open IDX file, unpacking it if its first bytes are those of gzip, and verify its `sha256` if given.

    Returns an array of the file's type and shape in native byte order. Raises a `DataError` that calls it `name` if it
    is not an IDX file, truncated, too long, declares more than 1 GiB or has a different checksum.
    """
    try:
        with unzipped(file) as plain:
            header, content = _read_array(plain, name)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name}: cannot be read: {error}") from error
    if sha256 is not None:
        digest = hashlib.sha256(header)
        digest.update(content)
        if digest.hexdigest() != sha256:
            raise DataError(f"{name}: wrong checksum: it differs from the one in SHA256SUMS")
    shape, dtype = struct.unpack(f">{header[3]}I", header[4:]), np.dtype(DTYPE_BY_CODE[header[2]])
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _read_array(file: IO[bytes], path: str) -> tuple[bytes, bytearray]:
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
    write_text(folder / CHECKSUMS_NAME, sums)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Encode a `uint8` array as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 0x08, array.ndim, *array.shape) + array.tobytes()
