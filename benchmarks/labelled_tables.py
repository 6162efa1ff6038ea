"""Real pictures of tables with labels of their rows: which cells are read in the right row and column.

A label has a line for each row, its numbers from left to right. Which cells are empty it does not say, so columns are
compared where all rows of a label have the same number of cells; elsewhere the order in the row counts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.sheets import SheetScore, is_number
from sutja.errors import DataError
from sutja.reading.numbers import decide_decimal_sign
from sutja.reading.picture import as_colour
from sutja.reading.reader import Reader
from sutja.reading.result import Reading
from sutja.reading.tables.columns import best_matches
from sutja.reading.tables.page import find_tables
from sutja.reading.tables.ruling import with_ruling
from sutja.reading.tables.table import NumberTable, TableCell

SameNumber = Callable[[TableCell, str], bool]  # whether a cell has the number of a label

TABLE_KIND = "table"
LABEL_CELL = re.compile(r"\d+ \d+/\d+|\S+")  # a mixed number has a space in it
MAX_COLUMN_OFFSET = 3  # of the columns of a table from those of its label


def score_folder(folder: Path, reader: Reader) -> dict[str, SheetScore]:
    """The scores of all pictures of tables in a folder with `labels.csv`, by their names, and of all together."""
    try:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            labels = [(row["file"], row["expected"]) for row in csv.DictReader(file) if row["kind"] == TABLE_KIND]
    except OSError as error:
        raise DataError(f"{folder}: no labelled documents: {error.strerror}") from error
    scores = {name: score_reading(_read(folder / name, reader), label_rows(expected)) for name, expected in labels}
    total = SheetScore()
    for score in scores.values():
        total.add(score)
    return {**scores, "all": total}


def _read(path: Path, reader: Reader) -> Reading:
    """The reading of a picture with its ruling, as the command line has it."""
    return with_ruling(reader.read(path), as_colour(path))


def label_rows(expected: str) -> list[list[str]]:
    """The rows of a label, without dashes, which say that there is nothing."""
    rows = ([cell for cell in LABEL_CELL.findall(line) if cell != "-"] for line in expected.split("|"))
    return [row for row in rows if row]


def score_reading(reading: Reading, rows: Sequence[Sequence[str]]) -> SheetScore:
    """Compare the tables of a reading, below each other, with the rows of a label.

    Rows have the order of the label. Some may be missing, and some may be extra.
    """
    tables = [table for table in find_tables(reading) if table.aligned]
    found = [cells for table in tables for cells in _numbers(table)]
    sign = decide_decimal_sign(text for row in rows for text in row)
    right = _most_matches(found, rows, lambda cell, text: is_number(cell, text, sign))
    spelled = _most_matches(found, rows, lambda cell, text: cell.guess == text)
    wrong = [cell for row in found for cell in row if id(cell) not in right]
    marked = {id(cell) for table in tables for cell in table.filled_cells if table.remarks_on(cell)}
    return SheetScore(
        cells=sum(map(len, rows)),
        found=sum(map(len, found)),
        placed=len(right),
        right=len(right),
        spelled=len(spelled),
        unmarked=sum(id(cell) not in marked for cell in wrong),
        checked=sum(id(cell) in marked for row in found for cell in row),
    )


def _numbers(table: NumberTable) -> list[list[TableCell]]:
    rows = ([cell for cell in row if cell.numbers and not cell.is_dash] for row in table.cells)
    return [row for row in rows if row]


def _most_matches(found: Sequence[Sequence[TableCell]], rows: Sequence[Sequence[str]], is_same: SameNumber) -> set[int]:
    """The identities of the cells that fit, with all columns moved by the offset that lets most fit."""
    is_regular = len({len(row) for row in rows}) == 1
    offsets = range(-MAX_COLUMN_OFFSET, MAX_COLUMN_OFFSET + 1) if is_regular else [None]
    return max((_match_rows(found, rows, offset, is_same) for offset in offsets), key=len)


def _match_rows(
    found: Sequence[Sequence[TableCell]], rows: Sequence[Sequence[str]], offset: int | None, is_same: SameNumber
) -> set[int]:
    """The identities of the cells that fit, in the matches of rows, in order, that let most fit."""
    best: list[list[set[int]]] = [[set() for _ in range(len(rows) + 1)] for _ in range(len(found) + 1)]
    for at, cells in enumerate(found):
        for place, texts in enumerate(rows):
            both = best[at][place] | _fitting(cells, texts, offset, is_same)
            best[at + 1][place + 1] = max(both, best[at][place + 1], best[at + 1][place], key=len)
    return best[-1][-1]


def _fitting(cells: Sequence[TableCell], texts: Sequence[str], offset: int | None, is_same: SameNumber) -> set[int]:
    """The cells of a row that are as the label has them, in its columns moved by an offset, or in its order."""
    if offset is not None:
        return {
            id(cell)
            for cell in cells
            if 0 <= cell.column - offset < len(texts) and is_same(cell, texts[cell.column - offset])
        }
    same = np.array([[is_same(cell, text) for text in texts] for cell in cells], np.float64)
    return {id(cells[at]) for at, place in enumerate(best_matches(same)) if place >= 0}
