"""Picture files with a list of labels: `labels.csv`, whose rows are the name of a file and its label."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from sutja.data.digits import Digits
from sutja.data.formats.container import MAX_FILES, Container
from sutja.data.formats.parts import Parts
from sutja.data.formats.picture_files import numbered_pictures, read_labelled_pictures, write_picture
from sutja.errors import DataError

LIST_NAME = "labels.csv"
LIST_FILE_PATTERN = re.compile(rf"(.*/)?{LIST_NAME}", re.DOTALL)
_FILE_COLUMNS, _LABEL_COLUMNS = ("file", "filename", "name", "path", "image"), ("label", "digit", "class", "target")


def read_listed(container: Container, names: Sequence[str]) -> Parts:
    """Read the pictures that the files `labels.csv` list. Raises `DataError`, also if one of them is missing."""
    labels: dict[str, int] = {}
    for name in names:
        folder = PurePosixPath(name).parent
        with container.open_text(name) as lines:
            for file, label in _listed(lines):
                path = str(folder / file)
                if path in labels or len(labels) == MAX_FILES:
                    raise ValueError(f"{file} is listed twice" if path in labels else f"more than {MAX_FILES:,} lines")
                labels[path] = label
    missing = sorted(labels.keys() - set(container.names))
    if missing:
        raise DataError(f"{container.path}: {len(missing):,} listed pictures are missing: {missing[0]}")
    if not labels:
        raise DataError(f"{container.place(names[0])}: lists no pictures")
    return read_labelled_pictures(container, labels)


def _listed(lines: Iterator[str]) -> Iterator[tuple[str, int]]:
    """The files and labels in the lines of a list. Raises `ValueError` unless there is a column for each."""
    rows = csv.reader(lines, strict=True)
    header = [field.strip().lower() for field in next(rows, [])]
    columns = [
        next((header.index(each) for each in known if each in header), -1) for known in (_FILE_COLUMNS, _LABEL_COLUMNS)
    ]
    if -1 in columns:
        raise ValueError(f"expected the columns file and label, found {', '.join(header[:8]) or 'nothing'}")
    for row in rows:
        if len(row) != len(header) or not re.fullmatch(r"\d{1,3}", row[columns[1]].strip(), re.ASCII):
            raise ValueError(f"line {rows.line_num:,} is not a file and a label")
        yield row[columns[0]].strip(), int(row[columns[1]])


def write_listed(folder: Path, train: Digits, test: Digits) -> None:
    """Write the pictures `train/000012.png`, and `labels.csv` with the columns `file` and `label`."""
    rows = ["file,label\n"]
    for name, label, content in numbered_pictures(train, test):
        write_picture(folder / name, content)
        rows.append(f"{name},{label}\n")
    (folder / LIST_NAME).write_text("".join(rows), encoding="ascii", newline="")
