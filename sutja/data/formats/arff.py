"""ARFF, the form of Weka, in which OpenML distributes `mnist_784`: attributes with names, then rows of numbers.

Format: I. H. Witten and E. Frank, "Data Mining"; only its dense rows of numbers are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sutja.data.digits import Digits
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts, only_file, read_by_parts
from sutja.data.formats.rows import MAX_COLUMNS, PIXEL_NAMES, read_numbers, rows_text, samples_of_rows
from sutja.data.samples import Samples

ARFF_FILE_PATTERN = re.compile(r".*\.arff(\.(gz|bz2|xz))?", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(\S.*)", re.IGNORECASE | re.DOTALL)


def read_arff(container: Container, names: Sequence[str]) -> Parts:
    """Read the training and test digits in ARFF files. Raises `DataError`."""
    return read_by_parts(container, names, _read_file)


def _read_file(container: Container, names: Sequence[str]) -> Samples:
    name = only_file(container, names)
    with container.open_text(name) as lines:
        header = _read_header(lines)
        rows = (line.replace("'", "") for line in lines if not line.startswith("%"))
        return samples_of_rows(read_numbers(rows, ","), header, container.place(name))


def _read_header(lines: Iterator[str]) -> list[str]:
    """The names of the attributes before the line `@data`. Raises `ValueError` for any other line."""
    names: list[str] = []
    for line in lines:
        word = line.split(None, 1)[0].lower()
        match = _ATTRIBUTE.fullmatch(line)
        if word == "@data":
            return names
        if match and len(names) < MAX_COLUMNS:
            names.append(match[1].strip("'\""))
        elif not (line.startswith("%") or word == "@relation"):
            raise ValueError(f"not a line of an ARFF header: {line[:40]}")
    raise ValueError("not an ARFF file: it has no line @data")


def write_arff(folder: Path, train: Digits, test: Digits) -> None:
    """Write `train.arff` and `test.arff` with OpenML's attributes: `pixel1` … `pixel784` and `class`."""
    for part, digits in (("train", train), ("test", test)):
        with (folder / f"{part}.arff").open("w", encoding="ascii", newline="") as file:
            file.write(f"@RELATION {part}\n\n")
            file.writelines(f"@ATTRIBUTE pixel{number} real\n" for number in range(1, len(PIXEL_NAMES) + 1))
            file.write(f"@ATTRIBUTE class {{{','.join(map(str, range(len(digits.class_names))))}}}\n\n@DATA\n")
            file.writelines(rows_text(digits, label_last=True))
