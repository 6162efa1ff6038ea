"""CSV: a row of numbers for each digit, its label and its pixels, as Kaggle's Digit Recognizer has it.

With and without a header and labels; separated by commas, semicolons or tabulators; plain or packed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from sutja.data.digits import Digits
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts, only_file, read_by_parts
from sutja.data.formats.rows import (
    PIXEL_NAMES,
    delimiter_of,
    fields,
    is_number,
    read_numbers,
    rows_text,
    samples_of_rows,
)
from sutja.data.samples import Samples

CSV_FILE_PATTERN = re.compile(r".*\.(csv|tsv)(\.(gz|bz2|xz))?", re.IGNORECASE | re.DOTALL)


def read_csv(container: Container, names: Sequence[str]) -> Parts:
    """Read the training and test digits in CSV files. Raises `DataError`."""
    return read_by_parts(container, names, _read_file)


def _read_file(container: Container, names: Sequence[str]) -> Samples:
    name = only_file(container, names)
    with container.open_text(name) as lines:
        first = next(lines, "")
        delimiter = delimiter_of(first)
        header = fields(first, delimiter)
        place = container.place(name)
        if is_number(header[0]) and header != [str(number) for number in range(len(header))]:  # pandas numbers columns
            return samples_of_rows(read_numbers(itertools.chain([first], lines), delimiter), None, place)
        return samples_of_rows(read_numbers(lines, delimiter), header, place)


def write_csv(folder: Path, train: Digits, test: Digits) -> None:
    """Write `train.csv` and `test.csv` with a header as Kaggle's: `label,pixel0,…,pixel783`."""
    for part, digits in (("train", train), ("test", test)):
        with (folder / f"{part}.csv").open("w", encoding="ascii", newline="") as file:
            file.write(",".join(("label", *PIXEL_NAMES)) + "\n")
            file.writelines(rows_text(digits))
