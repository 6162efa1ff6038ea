"""MATLAB's `.mat` files of level 5, as SVHN, USPS and older copies of MNIST come: arrays with names.

Format: The MathWorks, "MAT-File Format". Only arrays of numbers are read, without SciPy: here, what a damaged file
declares is compared with what it has before memory is taken for it. The layouts that are known:

- SVHN's: `X` `(H, W, 3, N)` and `y`, in which 10 stands for 0;
- pictures and labels under usual names (`data` and `label`, `fea` and `gnd`, `images` and `labels`), one picture per
  row or column, labels as numbers or one column for each class;
- `train0` … `train9` and `test0` … `test9`, the pictures of a digit each.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, Digits
from sutja.data.formats.container import Container
from sutja.data.formats.npy import images_and_labels
from sutja.data.formats.parts import Parts, only_file, part_of, read_by_parts
from sutja.data.formats.rows import compact
from sutja.data.samples import Samples, square_pictures, whole_labels

MATLAB_FILE_PATTERN = re.compile(r".*\.mat", re.IGNORECASE | re.DOTALL)
MAX_MATLAB_BYTES = 448 << 20  # unpacked: MNIST as doubles has 440 MB, and some of it is copied
_HEADER_BYTES = 128
_CHUNK_BYTES = 1 << 16  # packed, and unpacked, at once
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_UINT8, _INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 2, 1, 5, 6, 14, 15
_NUMERIC_CLASSES = range(6, 16)
_UINT8_CLASS = 9
_CLASS_OF_NAME = re.compile(r"(train|test)_?([0-9])")
_SVHN_DIMENSIONS, _SVHN_CHANNELS = 4, 3

Arrays = dict[str, NDArray[Any]]


def read_matlab(container: Container, names: Sequence[str]) -> Parts:
    """Read the training and test digits in one `.mat` file, or in one for each part. Raises `DataError`."""
    if len(names) == 1:
        with container.open(names[0]) as file:
            arrays = read_arrays(file.read(MAX_MATLAB_BYTES + 1))
            parts = {
                part: {key: each for key, each in arrays.items() if part_of(key) == part} for part in ("train", "test")
            }
            if all(parts.values()):
                train, test = (_samples(parts[part], container.place(names[0])) for part in ("train", "test"))
                return train, test
            return _samples(arrays, container.place(names[0])), None
    return read_by_parts(container, names, _read_file)


def _read_file(container: Container, names: Sequence[str]) -> Samples:
    name = only_file(container, names)
    with container.open(name) as file:
        return _samples(read_arrays(file.read(MAX_MATLAB_BYTES + 1)), container.place(name))


def _samples(arrays: Arrays, name: str) -> Samples:
    """The samples in the arrays of a part. Raises `ValueError` for a layout that is not known."""
    by_class = {int(match[2]): each for key, each in arrays.items() if (match := _CLASS_OF_NAME.fullmatch(key))}
    if len(by_class) == CLASS_COUNT:
        counts = [len(by_class[label]) for label in range(CLASS_COUNT)]
        pixels = np.concatenate([by_class[label] for label in range(CLASS_COUNT)])
        return Samples(square_pictures(pixels), np.repeat(np.arange(CLASS_COUNT), counts), name, name)
    images_key, labels_key = images_and_labels({key: key for key in arrays}, name)
    labels = _labels(arrays[labels_key])
    images = _pictures_first(arrays[images_key], len(labels))
    if images.ndim == _SVHN_DIMENSIONS and images.shape[3] == _SVHN_CHANNELS and set(labels) <= set(range(1, 11)):
        remark = f"{name}: the label 10 stands for 0, as in SVHN"
        return Samples(images, labels % CLASS_COUNT, name, name, (remark,) if 10 in labels else ())
    return Samples(images, labels, name, name)


def _labels(array: NDArray[Any]) -> NDArray[np.int64]:
    """Labels `(N,)` of a row, a column, or a column for each class in which one value is the largest."""
    if array.size == max(array.shape):
        return whole_labels(array.ravel())
    if array.ndim == 2 and CLASS_COUNT in array.shape:
        scores = array if array.shape[1] == CLASS_COUNT else array.T
        largest = scores == scores.max(axis=1, keepdims=True)
        if (largest.sum(axis=1) == 1).all():
            return np.asarray(scores.argmax(axis=1), np.int64)
    raise ValueError(f"labels of the shape {array.shape}")


def _pictures_first(array: NDArray[Any], count: int) -> NDArray[Any]:
    """The pictures with their number as the first axis: MATLAB has it last, and many files have it first."""
    if array.shape[-1] == count:
        array = np.moveaxis(array, -1, 0)
    if array.shape[0] != count or not 2 <= array.ndim <= 4:
        raise ValueError(f"pictures of the shape {array.shape}, but {count:,} labels")
    array = square_pictures(array) if array.ndim == 2 else array
    return compact(array) if array.dtype == np.float64 and np.isfinite(array).all() else array


# The format


class Element(NamedTuple):
    """A data element: the code of its type, its content, and where the next one begins."""

    type: int
    content: memoryview
    end: int


def read_arrays(content: bytes) -> Arrays:
    """The arrays of real numbers in the bytes of a `.mat` file by name, others left out.

    Raises `ValueError` for other files, damaged ones, and more than `MAX_MATLAB_BYTES`, before it is unpacked.
    """
    if len(content) > MAX_MATLAB_BYTES:
        raise ValueError(f"more than {MAX_MATLAB_BYTES:,} bytes")
    if content.startswith((b"\x89HDF", b"MATLAB 7.3")):
        raise ValueError("a .mat file of version 7.3 (HDF5): write it with save -v7 in MATLAB")
    order = {b"IM": "<", b"MI": ">"}.get(content[126:_HEADER_BYTES], "")
    if not order or content[124:126] != (b"\0\1" if order == "<" else b"\1\0"):
        raise ValueError("not a .mat file of level 5")
    arrays: Arrays = {}
    at, left = _HEADER_BYTES, MAX_MATLAB_BYTES
    while at < len(content):
        element = _element(memoryview(content), at, order)
        matrix = _unpacked(element, order, left)
        left -= len(matrix)
        name, array = _matrix(matrix, order)
        if name in arrays:
            raise ValueError(f"two variables are called {name}")
        if array is not None:
            arrays[name] = array
        at = element.end
    return arrays


def _element(content: memoryview, at: int, order: str) -> Element:
    """The element at an offset; up to four bytes are stored in its tag."""
    if at + 8 > len(content):
        raise ValueError("truncated")
    kind, size = struct.unpack_from(f"{order}II", content, at)
    start = at + 8
    if kind >> 16:
        kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
    end = start + size
    if end > len(content) or (start == at + 4 and size > 4):
        raise ValueError("truncated: an element is longer than the file")
    padded = end if kind == _COMPRESSED else at + 8 if start == at + 4 else end + -end % 8
    return Element(kind, content[start:end], padded)


def _unpacked(element: Element, order: str, limit: int) -> memoryview:
    if element.type == _COMPRESSED:
        unpacked = _decompressed(element.content, limit)
        inner = _element(memoryview(unpacked), 0, order)
        if inner.end != len(unpacked):
            raise ValueError("a compressed array is damaged")
        element = inner
    if element.type != _MATRIX:
        raise ValueError(f"an element of the type {element.type} in place of an array")
    return element.content


def _decompressed(content: memoryview, limit: int) -> bytearray:
    """The content, unpacked piece by piece: zlib alone would double its buffer again and again."""
    stream, unpacked = zlib.decompressobj(), bytearray()
    for start in range(0, len(content), _CHUNK_BYTES):
        rest: bytes | memoryview = content[start : start + _CHUNK_BYTES]
        if stream.eof:
            raise ValueError("a compressed array is damaged: data after its end")
        part = b""
        while rest or len(part) == _CHUNK_BYTES:  # the latter: more may come without input
            part = stream.decompress(rest, _CHUNK_BYTES)
            rest = stream.unconsumed_tail
            unpacked += part
            if len(unpacked) > limit:
                raise ValueError(f"its arrays have more than {MAX_MATLAB_BYTES:,} bytes")
    if not stream.eof or stream.unused_data:
        raise ValueError("a compressed array is damaged")
    return unpacked


def _matrix(content: memoryview, order: str) -> tuple[str, NDArray[Any] | None]:
    """The name and the numbers of an array; `None` for what has no real numbers."""
    elements = _elements(content, order)
    flags, dimensions, name = (next(elements, None) for _ in range(3))
    if not (flags and dimensions and name) or (flags.type, dimensions.type, name.type) != (_UINT32, _INT32, _INT8):
        raise ValueError("an array without a header")
    (word,) = struct.unpack_from(f"{order}I", bytes(flags.content).ljust(4, b"\0"))
    if word & 0xFF not in _NUMERIC_CLASSES or word & 0x0800:  # cells, texts, complex numbers and so on
        return bytes(name.content).decode("latin-1"), None
    shape = tuple(np.frombuffer(dimensions.content, f"{order}i4").tolist())
    numbers = next(elements, None)
    if numbers is None or numbers.type not in _TYPES or min(shape, default=-1) < 0:
        raise ValueError("an array without numbers")
    values = np.frombuffer(numbers.content, order + _TYPES[numbers.type])
    if len(shape) < 2 or math.prod(shape) != len(values):
        raise ValueError(f"an array of the shape {shape[:8]} with {len(values):,} numbers")
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return bytes(name.content).decode("latin-1"), native.reshape(shape, order="F")


def _elements(content: memoryview, order: str) -> Iterator[Element]:
    at = 0
    while at < len(content):
        element = _element(content, at, order)
        yield element
        at = element.end


def write_matlab(folder: Path, train: Digits, test: Digits) -> None:
    """Write `train.mat` and `test.mat` with `X` `(28, 28, N)` and `y` `(N, 1)`, compressed."""
    header = b"MATLAB 5.0 MAT-file, written by sutja".ljust(116) + bytes(8) + b"\0\1IM"
    for part, digits in (("train", train), ("test", test)):
        arrays = {"X": np.moveaxis(digits.images, 0, -1), "y": digits.labels.astype(np.uint8)[:, None]}
        (folder / f"{part}.mat").write_bytes(header + b"".join(_packed(*each) for each in arrays.items()))


def _packed(name: str, array: NDArray[np.uint8]) -> bytes:
    parts = (
        _tagged(_UINT32, struct.pack("<II", _UINT8_CLASS, 0)),
        _tagged(_INT32, np.array(array.shape, "<i4").tobytes()),
        _tagged(_INT8, name.encode()),
        _tagged(_UINT8, array.tobytes(order="F")),
    )
    packed = zlib.compress(_tagged(_MATRIX, b"".join(parts)), 6)
    return struct.pack("<II", _COMPRESSED, len(packed)) + packed


def _tagged(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)
