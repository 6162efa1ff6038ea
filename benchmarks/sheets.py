"""Sheets: cells in the right row and column, and with the right value, on synthetic mark sheets, bills and logs.

With the true numbers as input this measures how tables are found; with `--reader`, the whole way from the photograph.
The sheets are written by MNIST's test digits and 44 writers' pens, with the seeds of this benchmark only.
Command: `python -m benchmarks.sheets [--reader] [--sheets N]`. Writes `results/sheets.json`: with the true numbers
alone, and with the ruling of the pictures, too. With `--devset`, it reads real pictures of tables instead, those of a
folder with labels, and writes `results/sheets-devset.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recording import ROOT, record
from benchmarks.sheet_pages import SheetPage, TrueCell, paint_sheet_page
from sutja.data.dataset import load_dataset
from sutja.errors import DataError
from sutja.reading.numbers import DecimalSign, decide_decimal_sign, interpret_number
from sutja.reading.quad import quad_area, shared_area
from sutja.reading.reader import Reader
from sutja.reading.result import Reading
from sutja.reading.tables.page import find_tables
from sutja.reading.tables.ruling import with_ruling
from sutja.reading.tables.table import NumberTable, TableCell
from sutja.synth.documents.fonts import Fonts, load_fonts
from sutja.synth.documents.writers import DigitShapes, Sources

SEED = 20261203
SHEETS = 60
LABELLED_DOCUMENTS = ROOT.parent / "shared" / "devset" / "documents"
MIN_SHARED_AREA = 0.5  # of the smaller of a number as written and as found


@dataclass
class SheetScore:
    """Counts of cells: true ones, those found, those in place, those right there, and those wrong without a remark.

    A cell is right if its value is, and `spelled` if its signs are, too: `2.50` for 2,5 is right but not spelled. A
    wrong cell has another place or value than the number that stands there; those with a remark are `checked`, and so
    are right ones with a remark.
    """

    cells: int = 0
    found: int = 0
    placed: int = 0
    right: int = 0
    spelled: int = 0
    unmarked: int = 0
    checked: int = 0

    def add(self, other: SheetScore) -> None:
        """Add the counts of another sheet."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)

    def shares(self) -> dict[str, float]:
        """The number of true cells, and the shares of them; of `checked`, that of the cells that were found."""
        shares = {name: vars(self)[name] / max(1, self.cells) for name in ("placed", "right", "spelled", "unmarked")}
        return {"cells": self.cells, **shares, "checked": self.checked / max(1, self.found)}


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", action="store_true", help="read photographs, too, with the published reader")
    parser.add_argument("--sheets", type=int, default=SHEETS, help=f"number of sheets (default: {SHEETS})")
    parser.add_argument(
        "--devset",
        type=Path,
        nargs="?",
        const=LABELLED_DOCUMENTS,
        metavar="FOLDER",
        help=f"read the tables in a folder with labels.csv instead (default: {LABELLED_DOCUMENTS})",
    )
    options = parser.parse_args()
    if options.devset:
        measure_labelled(options.devset)
        return
    sources = load_sheet_sources()
    reader = Reader() if options.reader else None
    scores = {name: SheetScore() for name in ("true_numbers", "with_ruling", *(["published_reader"] if reader else []))}
    seconds = []
    for index in range(options.sheets):
        page = paint_sheet_page(np.random.default_rng([SEED, index]), sources, picture=True)
        start = time.perf_counter()
        found = {"true_numbers": page.reading(), "with_ruling": _with_ruling(page.reading(), page)}
        if reader and page.picture is not None:
            found["published_reader"] = _with_ruling(reader.read(page.picture), page)
        for name, reading in found.items():
            score = score_page(page, reading)
            scores[name].add(score)
            if score.placed < score.cells and name != "published_reader":
                print(f"sheet {index}, {page.kind}, {name}: {score.placed} of {score.cells} cells in place")
        seconds.append(time.perf_counter() - start)
    values = {
        "sheets": options.sheets,
        **{name: score.shares() for name, score in scores.items()},
        "milliseconds_per_sheet": 1000 * float(np.median(seconds)),
    }
    print(values)
    print(f"→ {record('sheets', values)}")


def _with_ruling(reading: Reading, page: SheetPage) -> Reading:
    assert page.picture is not None
    return with_ruling(reading, page.picture)


def measure_labelled(folder: Path) -> None:
    """Measure real pictures of tables with the published reader, print and record."""
    from benchmarks.labelled_tables import score_folder

    scores = {name: score.shares() for name, score in score_folder(folder, Reader()).items()}
    for name, shares in scores.items():
        print(
            f"{name}: {shares['right']:.1%} of {shares['cells']} cells right, {shares['unmarked']:.1%} wrong and not "
            f"marked, {shares['checked']:.1%} to check"
        )
    print(f"→ {record('sheets-devset', {'scores': scores})}")


def load_sheet_sources() -> Sources:
    """MNIST's test digits and the fonts for print and words; without fonts if they were not fetched."""
    try:
        fonts = load_fonts()
    except DataError:
        fonts = Fonts.none()
    return Sources(DigitShapes(load_dataset().test), fonts)


def score_page(page: SheetPage, reading: Reading) -> SheetScore:
    """Compare the largest table of a reading with a sheet; both count rows and columns from any start.

    All cells of the other tables and lines of the reading are wrong.
    """
    tables = find_tables(reading)
    score = SheetScore(len(page.cells), found=sum(len(table.filled_cells) for table in tables))
    score.checked = sum(len({remark.place for remark in table.remarks}) for table in tables)
    aligned = [table for table in tables if table.aligned]
    right: list[TableCell] = []
    if page.cells and aligned:
        largest = max(aligned, key=lambda table: len(table.filled_cells))
        matches = _matches_in_place(page.cells, largest)
        score.placed = len(matches)
        sign = decide_decimal_sign(true.text for true in page.cells)
        right = [cell for cell, true in matches if is_number(cell, true.text, sign)]
        score.spelled = sum(cell.guess == true.text for cell, true in matches)
    score.right = len(right)
    score.unmarked = count_unmarked(tables, right)
    return score


def is_number(cell: TableCell, text: str, sign: DecimalSign | None) -> bool:
    """Whether a cell has the value of a text, or its signs if it has no value; `sign` is the texts' decimal sign."""
    value = interpret_number(text, sign).value
    return cell.guess == text or (value is not None and cell.guessed_value == value)


def count_unmarked(tables: Sequence[NumberTable], right: Sequence[TableCell]) -> int:
    """The number of cells that are not among the `right` ones and have no remark."""
    good = set(map(id, right))
    return sum(id(cell) not in good and not table.remarks_on(cell) for table in tables for cell in table.filled_cells)


def _matches_in_place(truth: Sequence[TrueCell], table: NumberTable) -> list[tuple[TableCell, TrueCell]]:
    """The cells that show a number of a sheet and are where most are, each with that number; each number once."""
    columns = {column: at for at, column in enumerate(sorted({cell.column for cell in truth}))}
    matches = [(cell, true) for cell in table.filled_cells if (true := _match(cell, truth))]
    steps = [(cell.row - true.row, cell.column - columns[true.column]) for cell, true in matches]
    usual = max(set(steps), key=steps.count, default=None)
    return list({id(each[1]): each for each, step in zip(matches, steps, strict=True) if step == usual}.values())


def _match(cell: TableCell, truth: Sequence[TrueCell]) -> TrueCell | None:
    """The number of a sheet that a cell shows: one of both has most of the other in it."""
    quad = np.array(cell.numbers[0].quad, np.float32)
    shares = [shared_area(quad, each.quad) / max(1e-9, min(quad_area(quad), quad_area(each.quad))) for each in truth]
    best = int(np.argmax(shares))
    return truth[best] if shares[best] >= MIN_SHARED_AREA else None


if __name__ == "__main__":
    main()
