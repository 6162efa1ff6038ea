"""Rows of numbers in texts: a picture and its label in each, as CSV and ARFF have them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import MAX_CLASSES
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits
from sutja.data.samples import Samples, UnlabelledError, square_pictures, whole_labels

MAX_COLUMNS = 1 << 16  # a picture of 256×256 pixels
MAX_NUMBERS_BYTES = 256 << 20  # of the numbers in a text as an array: EMNIST digits have 188 MB
_ROWS_AT_ONCE, _CHARACTERS_AT_ONCE = 500, 4 << 20
_LABEL_NAMES = ("label", "labels", "class", "target", "digit", "y")
_INDEX_NAMES = ("", "unnamed: 0", "index", "id", "imageid")
_NUMBER = re.compile(r"[+-]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?+\d++)?+")
_TEXTS = tuple(str(value) for value in range(256))


def read_numbers(lines: Iterator[str], delimiter: str) -> NDArray[Any]:
    """Read rows of numbers, all of one length, as `uint8 (rows, columns)` if all fit, else as `float32`.

    Raises `ValueError` for other text, for rows of different lengths and for too many numbers.
    """
    parts: list[NDArray[Any]] = []
    for chunk in _chunks(lines):
        if chunk[0].count(delimiter) >= MAX_COLUMNS:
            raise ValueError(f"more than {MAX_COLUMNS:,} columns")
        rows = np.loadtxt(chunk, np.float64, comments=None, delimiter=delimiter, quotechar='"', ndmin=2)
        if not np.isfinite(rows).all():
            raise ValueError("a number that is not finite")
        if parts and rows.shape[1] != parts[0].shape[1]:
            raise ValueError(f"{rows.shape[1]:,} columns after rows of {parts[0].shape[1]:,}")
        parts.append(compact(rows))
        itemsize = max(part.itemsize for part in parts)
        if sum(part.size for part in parts) * itemsize > MAX_NUMBERS_BYTES:
            raise ValueError(f"its numbers have more than {MAX_NUMBERS_BYTES:,} bytes")
    if not parts:
        raise ValueError("no row of numbers")
    return np.concatenate(parts)


def _chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    """The lines, several at once, but few of them if they are long."""
    chunk: list[str] = []
    characters = 0
    for line in lines:
        chunk.append(line)
        characters += len(line)
        if len(chunk) == _ROWS_AT_ONCE or characters > _CHARACTERS_AT_ONCE:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _without_index(header: Sequence[str] | None, rows: NDArray[Any]) -> tuple[list[str], NDArray[Any]]:
    """The names of the columns in small letters, and the rows, both without a column that numbers the rows."""
    if header is None:
        return [], rows
    if len(header) != rows.shape[1]:
        raise ValueError(f"{len(header):,} names, but {rows.shape[1]:,} columns")
    names = [each.lower() for each in header]
    kept = [number for number, each in enumerate(names) if each not in _INDEX_NAMES]
    return [names[number] for number in kept], rows if len(kept) == len(names) else rows[:, kept]


def compact(values: NDArray[Any]) -> NDArray[Any]:
    """The values as `uint8` if all are whole numbers from 0 to 255, otherwise as `float32`."""
    if values.dtype == np.uint8:
        return values
    is_byte = values.size == 0 or (values.min() >= 0 and values.max() <= 255 and _are_whole(values))
    return values.astype(np.uint8 if is_byte else np.float32)


def _are_whole(values: NDArray[Any]) -> bool:
    """Whether all values are whole numbers; row by row, or a copy of all would take as much memory again."""
    return all(bool((row == np.floor(row)).all()) for row in (values if values.ndim > 1 else [values]))


def delimiter_of(line: str) -> str:
    """The character between the fields of a line: tabulator, semicolon or comma, whichever occurs most."""
    return max(("\t", ";", ","), key=line.count)


def fields(line: str, delimiter: str) -> list[str]:
    """The fields of a line of names, without quotes and spaces around them."""
    return [field.strip().strip("\"'").strip() for field in line.split(delimiter)]


def is_number(text: str) -> bool:
    """Whether a field is a number."""
    return _NUMBER.fullmatch(text) is not None


def samples_of_rows(rows: NDArray[Any], header: Sequence[str] | None, name: str) -> Samples:
    """The samples in rows of numbers, whose columns `header` names where there is one.

    The label is in the column that the header calls so, otherwise in the first, or in the last if only that one can be
    it. Raises `UnlabelledError` if the columns are a picture and no label, `ValueError` if they are no picture.
    """
    remarks: tuple[str, ...] = ()
    names, rows = _without_index(header, rows)
    if all(map(is_number, names)):
        label = _label_column(rows)
        remarks = (f"{name}: the labels are in the last column",) if label else ()
    else:
        label = next((names.index(each) for each in _LABEL_NAMES if each in names), None)
    if label is None:
        square_pictures(rows[:0])
        raise UnlabelledError(f"{name}: no labels, only {rows.shape[1]:,} pixels a row")
    pixels = compact(np.delete(rows, label, axis=1))  # a label alone may have made floats of them
    return Samples(square_pictures(pixels), whole_labels(rows[:, label]), name, name, remarks)


def _label_column(rows: NDArray[Any]) -> int | None:
    """The column of the labels in rows without a header; `None` if all columns together are a square picture."""
    count = rows.shape[1]
    if math.isqrt(count) ** 2 == count and math.isqrt(count - 1) ** 2 != count - 1:
        return None
    for most in (CLASS_COUNT, MAX_CLASSES):  # labels of digits rather than of more classes
        for place in (0, count - 1):
            if _may_be_labels(rows[:, place], most):
                return place
    return 0


def _may_be_labels(column: NDArray[Any], most: int) -> bool:
    is_whole = bool((column == np.floor(column)).all())
    return is_whole and 0 <= column.min() < column.max() <= most


def rows_text(digits: Digits, *, label_last: bool = False) -> Iterator[str]:
    """A line of comma-separated numbers for each digit: its label and its pixels, row by row."""
    for image, label in zip(digits.images, digits.labels, strict=True):
        numbers = [_TEXTS[value] for value in image.ravel().tolist()]
        yield ",".join([*numbers, _TEXTS[label]] if label_last else [_TEXTS[label], *numbers]) + "\n"


PIXEL_NAMES = tuple(f"pixel{number}" for number in range(SIDE_PIXELS * SIDE_PIXELS))  # Kaggle's
