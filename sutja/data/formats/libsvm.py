"""LIBSVM's text: a line for each digit with its label and the pixels that are not zero, as in `7 203:84 204:185`.

Format: C.-C. Chang and C.-J. Lin, "LIBSVM: a library for support vector machines". Test digits are in a file of the
same name with `.t` at its end, or with "test" in place of "train".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.data.formats.container import MAX_FILES, Container
from sutja.data.formats.parts import Parts, only_file, read_by_parts
from sutja.data.formats.rows import MAX_COLUMNS, MAX_NUMBERS_BYTES, compact
from sutja.data.samples import Samples, square_pictures, whole_labels

LIBSVM_FILE_PATTERN = re.compile(r".*\.(libsvm|svm|svmlight)(\.t)?(\.(gz|bz2|xz))?", re.IGNORECASE | re.DOTALL)
LINE_PATTERN = re.compile(  # possessive: a damaged pair at the end of a long line must not take years
    r"[+-]?+\d{1,9}+(?:\.0*+)?+"
    r"(?:\s++\d{1,9}+:[+-]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?+\d{1,3}+)?+)*+\s*+(?:#.*+)?+",
    re.ASCII,
)
_USUAL_SIDES_PIXELS = (8, 16, 20, 28, 32, 64)  # pixels at the end that are always zero are in no line

MAX_LIBSVM_PAIRS = 64 << 20  # of index and value: EMNIST digits have 36 million

Row = tuple[NDArray[np.uint16], NDArray[np.float32]]


def read_libsvm(container: Container, names: Sequence[str]) -> Parts:
    """Read the training and test digits in texts of LIBSVM. Raises `DataError`."""
    return read_by_parts(container, names, _read_file)


def _read_file(container: Container, names: Sequence[str]) -> Samples:
    name = only_file(container, names)
    with container.open_text(name) as lines:
        labels, rows = _read_rows(lines)
        pixels = square_pictures(_dense(rows))
    return Samples(pixels, labels, container.place(name), container.place(name))


def _read_rows(lines: Iterator[str]) -> tuple[NDArray[np.int64], list[Row]]:
    labels: list[float] = []
    rows: list[Row] = []
    pair_count = 0
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            continue
        if not LINE_PATTERN.fullmatch(line):
            raise ValueError(f"line {number:,} is not a label and index:value pairs")
        label, *pairs = line.split("#")[0].replace(":", " ").split()
        values = np.array(pairs, np.float64).reshape(-1, 2)
        indices = values[:, 0]
        if (np.diff(indices) <= 0).any() or (len(indices) and indices[-1] >= MAX_COLUMNS):
            raise ValueError(f"line {number:,}: the indices do not increase, or reach {MAX_COLUMNS:,}")
        pair_count += len(indices)
        if pair_count > MAX_LIBSVM_PAIRS or len(rows) == MAX_FILES:
            raise ValueError(f"more than {MAX_LIBSVM_PAIRS:,} pairs or {MAX_FILES:,} digits")
        labels.append(float(label))
        rows.append((indices.astype(np.uint16), values[:, 1].astype(np.float32)))
    if not rows:
        raise ValueError("no line with a digit")
    return whole_labels(np.array(labels)), rows


def _dense(rows: Sequence[Row]) -> NDArray[Any]:
    """Rows of pixels `(N, H · H)`, `uint8` if all fit. Indices begin with 1, or with 0 if that occurs."""
    first = 0 if any(len(indices) and indices[0] == 0 for indices, _ in rows) else 1
    count = max((int(indices[-1]) + 1 - first for indices, _ in rows if len(indices)), default=0)
    side = next((side for side in _USUAL_SIDES_PIXELS if side * side >= count), math.isqrt(max(count - 1, 0)) + 1)
    kind: type[np.generic] = np.uint8 if all(compact(values).dtype == np.uint8 for _, values in rows) else np.float32
    if len(rows) * side * side * np.dtype(kind).itemsize > MAX_NUMBERS_BYTES:
        raise ValueError(f"{len(rows):,} pictures of {side}×{side} pixels are too many")
    pixels = np.zeros((len(rows), side * side), kind)
    for number, (indices, values) in enumerate(rows):
        pixels[number, indices.astype(np.intp) - first] = values
    return pixels


def write_libsvm(folder: Path, train: Digits, test: Digits) -> None:
    """Write `train.libsvm` and `test.libsvm`; the last pixel is always in them, so that the size is known."""
    last = SIDE_PIXELS * SIDE_PIXELS
    for part, digits in (("train", train), ("test", test)):
        with (folder / f"{part}.libsvm").open("w", encoding="ascii", newline="") as file:
            for image, label in zip(digits.images.reshape(-1, last), digits.labels, strict=True):
                inked = np.flatnonzero(image[:-1])
                pairs = zip((inked + 1).tolist(), image[inked].tolist(), strict=True)
                words = [str(label), *(f"{index}:{value}" for index, value in pairs), f"{last}:{image[-1]}"]
                file.write(" ".join(words) + "\n")
