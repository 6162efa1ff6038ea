"""Synthetic sheets for benchmarks: mark sheets, bills and logs, with the row and column of each number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.reading.quad import Quad
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign
from sutja.synth.documents.blanks import blank_document_sheet
from sutja.synth.documents.cameras import take_picture
from sutja.synth.documents.document import WrittenRun
from sutja.synth.documents.lights import add_light
from sutja.synth.documents.number_texts import random_number_text
from sutja.synth.documents.photographer import random_view
from sutja.synth.documents.sheets import DocumentSheet
from sutja.synth.documents.writers import Sources

PAGE_SIZE = (1300, 1700)  # width and height in pixels
DIGIT_PIXELS = (22.0, 34.0)
EDGE_SHARE = 0.06  # of the picture around the table
RULE_SHARES = {"all": 0.5, "across": 0.25, "none": 0.25}  # of sheets with rules between all cells, rows, or none
COLUMN_MARGINS = {True: 0.12, False: 0.4}  # beside numbers, in digit heights, with and without rules between columns
MAX_FILLED_SIGNS = 0.62  # digit heights that a sign takes


@dataclass(frozen=True)
class TrueCell:
    """A number on a sheet, where it is, and its row and column."""

    text: str
    quad: Quad
    row: int
    column: int


@dataclass
class SheetPage:
    """The cells of one sheet, and its picture if it was painted."""

    kind: str
    cells: list[TrueCell]
    picture: NDArray[np.uint8] | None = None

    def reading(self) -> Reading:
        """A reading that is sure of every number, each in a line of its own."""
        numbers = (ReadNumber.at(cell.quad, _signs(cell.text), shape=PAGE_SIZE[::-1]) for cell in self.cells)
        return Reading(tuple(ReadLine((number,)) for number in numbers)).with_values()


@dataclass(frozen=True)
class SheetColumn:
    """A column: what it holds, and its width in digit heights."""

    kind: str  # "words", "print", or a kind of number
    width: float
    align: float = 0.5
    filled: float = 1.0


@dataclass
class _Draft:
    """A sheet while it is filled in, and the runs that are cells, by their index."""

    sheet: DocumentSheet
    places: dict[int, tuple[int, int]] = field(default_factory=dict)

    def write(self, text: str, box: tuple[float, float, float, float], place: tuple[int, int], align: float) -> None:
        before = len(self.sheet.runs)
        self.sheet.write_fitting(text, box, align=align)
        if len(self.sheet.runs) > before and self.sheet.runs[before].is_number:
            self.places[before] = place


def paint_sheet_page(rng: Generator, sources: Sources, *, picture: bool) -> SheetPage:
    """A random sheet, with its picture if it is wanted."""
    kind = str(rng.choice(list(SHEET_KINDS)))
    unit = float(rng.uniform(*DIGIT_PIXELS))
    draft = _Draft(blank_document_sheet(rng, sources, PAGE_SIZE, digit_height=unit, clean=False))
    _fill_in(draft, SHEET_KINDS[kind](rng), kind)
    matrix, _ = random_view(rng, draft.sheet.size, PAGE_SIZE)
    runs = {index: draft.sheet.runs[index].moved(matrix) for index in draft.places}
    cells = [TrueCell(run.text, run.quad, *draft.places[index]) for index, run in runs.items() if _is_within(run)]
    return SheetPage(kind, cells, _photograph(rng, draft.sheet, matrix) if picture else None)


def photograph_sheet(
    rng: Generator, sheet: DocumentSheet, size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A picture of a sheet seen at an angle, of a `size` (width, height), BGR; and the homography from the sheet."""
    matrix, _ = random_view(rng, sheet.size, size)
    return _photograph(rng, sheet, matrix, size), matrix


def _photograph(
    rng: Generator, sheet: DocumentSheet, matrix: NDArray[np.float64], size: tuple[int, int] = PAGE_SIZE
) -> NDArray[np.uint8]:
    flat = np.clip(sheet.compose(), 0, 1)
    seen = cv2.warpPerspective(flat, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    scene = np.asarray(seen, np.float32)
    add_light(rng, scene)
    return take_picture(rng, scene, digit_height=sheet.digit_height, clean=False)


def _is_within(run: WrittenRun) -> bool:
    return bool(run.quad.min() >= 0 and (run.quad.max(axis=0) <= PAGE_SIZE).all())


def _signs(text: str) -> list[ReadDigit | ReadSign]:
    box = (0, 0, 1, 1)
    return [
        ReadDigit(int(sign), int(sign), 1.0, box) if sign.isdigit() else ReadSign(sign, sign, 1.0, box) for sign in text
    ]


def _mark_sheet(rng: Generator) -> list[SheetColumn]:
    """Names, and for each a number of marks."""
    kind, filled = str(rng.choice(["digit", "small", "mark"])), float(rng.choice([1.0, 0.95, 0.7]))
    marks = [SheetColumn(kind, rng.uniform(2.2, 4.2), 0.5, filled) for _ in range(int(rng.integers(3, 9)))]
    return [SheetColumn("print", 2.0), SheetColumn("words", rng.uniform(5, 9)), *marks]


def _bill(rng: Generator) -> list[SheetColumn]:
    """What was bought, how many, and amounts at the right edge of their columns."""
    amounts = [SheetColumn(str(rng.choice(["whole", "decimal"])), rng.uniform(5, 7), 0.9) for _ in range(2)]
    return [SheetColumn("words", rng.uniform(7, 12)), SheetColumn("small", rng.uniform(2, 3.5)), *amounts]


def _log(rng: Generator) -> list[SheetColumn]:
    """Times, and readings beside them."""
    filled = float(rng.choice([1.0, 0.9]))
    values = [SheetColumn("decimal", rng.uniform(4.5, 7), 0.3, filled) for _ in range(int(rng.integers(1, 5)))]
    return [SheetColumn("time", rng.uniform(4, 6), 0.2), *values]


SHEET_KINDS: dict[str, Callable[[Generator], list[SheetColumn]]] = {"marks": _mark_sheet, "bill": _bill, "log": _log}


def _fill_in(draft: _Draft, columns: list[SheetColumn], kind: str) -> None:
    sheet, rng = draft.sheet, draft.sheet.rng
    left, top, right, bottom = sheet.window
    edge = EDGE_SHARE * (right - left)
    unit = min(sheet.digit_height, (right - left - 2 * edge) / sum(column.width for column in columns))
    row_height = unit * float(rng.uniform(1.4, 2.4))
    sheet.digit_height = unit
    rows = min(int(rng.integers(4, 26)), int((bottom - top - 2 * edge) / row_height))
    x = left + edge + float(rng.uniform(0, 1)) * (right - left - 2 * edge - unit * sum(each.width for each in columns))
    y = top + edge + float(rng.uniform(0, 1)) * (bottom - top - 2 * edge - row_height * rows)
    places = np.asarray(x + unit * np.cumsum([0, *(column.width for column in columns)]), np.float64)
    is_ruled = _rule(sheet, places, np.asarray(y + row_height * np.arange(rows + 1), np.float64))
    margin = COLUMN_MARGINS[is_ruled] * unit
    for row in range(rows):
        for at, column in enumerate(columns):
            if kind == "bill" and row == rows - 1 and at < len(columns) - 1:
                continue  # the sum stands in the last column
            box = (
                places[at] + margin,
                y + row * row_height,
                places[at + 1] - margin,
                y + (row + 1) * row_height,
            )
            _fill_cell(draft, column, (row, at), box)


def _rule(sheet: DocumentSheet, places: NDArray[np.float64], edges: NDArray[np.float64]) -> bool:
    """Draw the rules of a table; returns whether there are some between the columns."""
    rules = str(sheet.rng.choice(list(RULE_SHARES), p=list(RULE_SHARES.values())))
    thick = sheet.heights(0.02, 0.08)
    if rules != "none":
        for edge in edges.tolist():
            sheet.rule((places[0], edge), (places[-1], edge), thick)
    is_ruled = rules == "all"
    if is_ruled:
        for place in places.tolist():
            sheet.rule((place, edges[0]), (place, edges[-1]), thick)
    return is_ruled


def _fill_cell(
    draft: _Draft, column: SheetColumn, place: tuple[int, int], box: tuple[float, float, float, float]
) -> None:
    sheet = draft.sheet
    if column.kind == "print":
        sheet.print_text(str(place[0] + 1), box[0], box[3] - 0.5 * sheet.digit_height, 0.6 * sheet.digit_height)
    elif column.kind == "words":
        sheet.write_word(sheet.word()[:9], box[0], box[3] - 0.45 * sheet.digit_height, height=0.75 * sheet.digit_height)
    elif sheet.chance(column.filled):
        signs = int((box[2] - box[0]) / (MAX_FILLED_SIGNS * sheet.digit_height))
        text = random_number_text(sheet.rng, column.kind)[:signs].rstrip(".,:-/ ") or "7"
        draft.write(text, box, place, column.align)
