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
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recording import ROOT, record
from benchmarks.sheet_pages import SheetPage, TrueCell, paint_sheet_page
from sutja.data.dataset import load_dataset
from sutja.errors import DataError
from sutja.reading.quad import overlap
from sutja.reading.reader import Reader
from sutja.reading.result import Reading
from sutja.reading.tables.page import find_tables
from sutja.reading.tables.ruling import with_ruling
from sutja.reading.tables.table import TableCell
from sutja.synth.documents.fonts import Fonts, load_fonts
from sutja.synth.documents.writers import DigitShapes, Sources

SEED = 20261203
SHEETS = 60
LABELLED_DOCUMENTS = ROOT.parent / "shared" / "devset" / "documents"
MIN_OVERLAP_OF_CELLS = 0.3  # intersection over union of a number as written and as found


@dataclass
class SheetScore:
    """Counts of cells: true ones, those found in the right place, those with the right signs too, and wrong ones.

    A wrong cell has another place or other signs than the number that stands there, and no remark.
    """

    cells: int = 0
    placed: int = 0
    right: int = 0
    unmarked: int = 0

    def add(self, other: SheetScore) -> None:
        """Add the counts of another sheet."""
        self.cells += other.cells
        self.placed += other.placed
        self.right += other.right
        self.unmarked += other.unmarked

    def shares(self) -> dict[str, float]:
        """The shares of the true cells."""
        counts = {"placed": self.placed, "right": self.right, "unmarked": self.unmarked}
        return {"cells": self.cells, **{name: count / max(1, self.cells) for name, count in counts.items()}}


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
        print(f"{name}: {shares['right']:.1%} of {shares['cells']} cells right, {shares['unmarked']:.1%} not marked")
    print(f"→ {record('sheets-devset', {'scores': scores})}")


def load_sheet_sources() -> Sources:
    """MNIST's test digits and the fonts for print and words; without fonts if they were not fetched."""
    try:
        fonts = load_fonts()
    except DataError:
        fonts = Fonts.none()
    return Sources(DigitShapes(load_dataset().test), fonts)


def score_page(page: SheetPage, reading: Reading) -> SheetScore:
    """Compare the largest table of a reading with a sheet; both count rows and columns from any start."""
    tables = [table for table in find_tables(reading) if table.aligned]
    if not page.cells or not tables:
        return SheetScore(len(page.cells))
    table = max(tables, key=lambda table: len(table.filled_cells))
    marked = {(remark.row, remark.column) for remark in table.remarks}
    found = table.filled_cells
    matches = [_match(cell, page.cells) for cell in found]
    columns = {column: at for at, column in enumerate(sorted({cell.column for cell in page.cells}))}
    steps = [
        (cell.row - true.row, cell.column - columns[true.column]) if true else None
        for cell, true in zip(found, matches, strict=True)
    ]
    usual = Counter(step for step in steps if step).most_common(1)
    score = SheetScore(len(page.cells))
    for cell, true, step in zip(found, matches, steps, strict=True):
        in_place = bool(usual) and step == usual[0][0]
        is_right = in_place and true is not None and cell.guess == true.text
        score.placed += in_place
        score.right += is_right
        score.unmarked += not is_right and (cell.row, cell.column) not in marked
    return score


def _match(cell: TableCell, truth: Sequence[TrueCell]) -> TrueCell | None:
    """The number of a sheet that a cell shows."""
    quad = np.array(cell.numbers[0].quad, np.float32)
    best = max(truth, key=lambda each: overlap(quad, each.quad))
    return best if overlap(quad, best.quad) >= MIN_OVERLAP_OF_CELLS else None


if __name__ == "__main__":
    main()
