"""Lists of classes beside the files of a data set: text files that say which name a label has.

`classes.txt` has a name in each line, that of label 0 first. EMNIST has `emnist-balanced-mapping.txt` with a label and
the code point of a letter in each line, Kuzushiji-49 `k49_classmap.csv` with the columns index, codepoint and char.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from sutja.data.class_names import MAX_CLASSES, ClassNames, listed_names
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts
from sutja.data.samples import Samples
from sutja.errors import DataError
from sutja.files import write_text

_T = TypeVar("_T")
CLASS_LIST_NAME = "classes.txt"
_MAPPING = re.compile(r"(.*[-_])?mapping\.txt", re.IGNORECASE)
_CLASS_MAP = re.compile(r".*classmap\.csv", re.IGNORECASE)
_MAPPED = re.compile(r"(\d{1,3})\s+(\d{1,7})(\s+\d{1,7})?", re.ASCII)


def is_class_list(name: str) -> bool:
    """Whether a file is a list of classes by its name."""
    word = PurePosixPath(name).name
    return word == CLASS_LIST_NAME or any(pattern.fullmatch(word) for pattern in (_MAPPING, _CLASS_MAP))


def name_classes(parts: Parts, container: Container) -> Parts:
    """The same samples with the class names of a list, where there is one that belongs to their files.

    Of several, the one in the fewest folders counts. Where its labels begin with 1, those of the samples do, too: they
    are counted from 0, with a remark. Samples that have names keep them. Raises `DataError` for a damaged list.
    """
    train, test = parts
    found = [name for name in container.names if is_class_list(name) and _belongs(name, str(train.images_name))]
    if train.class_names or not found:
        return parts
    name = min(found, key=lambda each: (each.count("/"), PurePosixPath(each).name != CLASS_LIST_NAME, each))
    first, class_names = _read_list(container, name)
    remark = f"{container.place(name)}: its labels begin with {first}: they are counted from 0"
    named = _named(train, first, class_names)
    return named.remarked(remark) if first else named, _named(test, first, class_names) if test else None


def _belongs(name: str, images_name: str) -> bool:
    """Whether a list is one of these images: a mapping of EMNIST is if the names of both begin with the same set."""
    match = _MAPPING.fullmatch(PurePosixPath(name).name)
    return not match or (match[1] or "") in images_name


def _named(samples: Samples, first: int, class_names: ClassNames) -> Samples:
    is_shifted = first and samples.labels.ndim == 1 and samples.labels.dtype.kind in "iu"
    labels = samples.labels.astype("i8") - first if is_shifted else samples.labels
    return replace(samples, labels=labels, class_names=class_names)


def _read_list(container: Container, name: str) -> tuple[int, ClassNames]:
    """The label of the first class, and the names of all."""
    place = container.place(name)
    with container.open_text(name) as lines:
        word = PurePosixPath(name).name
        if word == CLASS_LIST_NAME:
            return 0, listed_names(_limited(lines), place)
        rows = sorted(_limited(_map_rows(lines) if _CLASS_MAP.fullmatch(word) else map(_mapping_row, lines)))
    labels = [label for label, _ in rows]
    if not labels or labels != list(range(labels[0], labels[0] + len(labels))) or labels[0] > 1:
        raise DataError(f"{place}: not a list of classes: its labels are not 0, 1, 2 and so on, each once")
    return labels[0], listed_names([name for _, name in rows], place)


def _limited(rows: Iterable[_T]) -> list[_T]:
    """The rows of a list, and one more at most than there may be classes."""
    return [row for row, _ in zip(rows, range(MAX_CLASSES + 1), strict=False)]


def _mapping_row(line: str) -> tuple[int, str]:
    match = _MAPPED.fullmatch(line)
    if not match or int(match[2]) > sys.maxunicode:
        raise ValueError(f"not a label and a code point: {line[:40]}")
    return int(match[1]), chr(int(match[2]))


def _map_rows(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    rows = csv.reader(lines, strict=True)
    header = [field.strip().lower() for field in next(rows, [])]
    if "index" not in header or "char" not in header:
        raise ValueError(f"expected the columns index and char, found {', '.join(header[:8]) or 'nothing'}")
    for row in rows:
        if len(row) != len(header) or not re.fullmatch(r"\d{1,3}", row[header.index("index")], re.ASCII):
            raise ValueError(f"line {rows.line_num:,} is not an index and a sign")
        yield int(row[header.index("index")]), row[header.index("char")]


def write_class_list(folder: Path, class_names: ClassNames) -> None:
    """Write `classes.txt`."""
    write_text(folder / CLASS_LIST_NAME, "".join(f"{name}\n" for name in class_names))
