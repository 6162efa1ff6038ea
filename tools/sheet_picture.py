"""Draw README's picture of a sheet and the spreadsheet that came of it: `python -m tools.sheet_picture`.

The sheet is painted; the published reader finds its numbers, and nothing is drawn if it finds no table. Run it again
when that reader has changed, and then `python -m tools.readme`, which puts the picture into both READMEs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.recording import IMAGES
from benchmarks.sheet_pages import photograph_sheet
from benchmarks.sheets import load_sheet_sources
from sutja.files import whole_file
from sutja.reading.reader import Reader
from sutja.reading.tables.page import find_tables
from sutja.reading.tables.ruling import with_ruling
from sutja.reading.tables.table import NumberTable, TableCell
from sutja.reading.tables.workbook import ODD_COLOUR, UNSURE_COLOUR
from sutja.synth.documents.blanks import blank_document_sheet
from sutja.synth.documents.sheets import DocumentSheet

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, right, bottom

SEED = 4
SHEET_SIZE = (1200, 900)  # width and height in pixels
DIGIT_PIXELS = 34.0
NAMES = ("Mina", "Jun", "Sora", "Tae", "Ara", "Hana", "Min")
HEADS = ("Name", "Quiz", "Essay", "Test", "Total")
COLUMN_EDGES = (120, 380, 550, 720, 890, 1080)
ROW_TOP, ROW_PIXELS = 150, 76
PRINT_SHARE = 0.7  # of the height of a digit
GREY_LINE, HEAD_COLOUR, INK_COLOUR = "#C9CDD2", "#F1F3F4", "#202124"
CELL_SIZE, HEAD_WIDTH, FONT_PIXELS, NOTE_PIXELS = (150, 52), 56, 24, 19


def main() -> None:
    """Paint, read and draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--to", type=Path, default=IMAGES / "sheet.png", help="the file (default: docs/images/sheet.png)"
    )
    target = parser.parse_args().to
    photograph = paint_mark_sheet(np.random.default_rng(SEED))
    tables = [table for table in find_tables(with_ruling(Reader().read(photograph), photograph)) if table.aligned]
    if not tables:
        raise SystemExit("the published reader finds no table on the sheet, so there is nothing to show")
    drawn = side_by_side(photograph, draw_spreadsheet(max(tables, key=lambda table: len(table.filled_cells))))
    with whole_file(target) as partial:
        drawn.quantize(256).save(partial)
    print(f"→ {target}")


def paint_mark_sheet(rng: Generator) -> Picture:
    """A photograph of a sheet of marks: names and heads in print, marks and their sums written by hand, BGR."""
    sheet = blank_document_sheet(rng, load_sheet_sources(), SHEET_SIZE, digit_height=DIGIT_PIXELS, clean=False)
    left, top, _, _ = sheet.window
    edges = [left + each for each in COLUMN_EDGES]
    rows = [top + ROW_TOP + ROW_PIXELS * at for at in range(len(NAMES) + 2)]
    _rule_table(sheet, edges, rows)
    sheet.print_fonts = sheet.print_fonts[:1]
    for at, head in enumerate(HEADS):
        sheet.print_text(head, edges[at] + 18, rows[1] - 24, PRINT_SHARE * DIGIT_PIXELS)
    for row, name in enumerate(NAMES, start=1):
        sheet.print_text(name, edges[0] + 18, rows[row + 1] - 24, PRINT_SHARE * DIGIT_PIXELS)
        for column, text in enumerate(_random_marks(rng), start=1):
            box = (edges[column] + 20, rows[row] + 10, edges[column + 1] - 20, rows[row + 1] - 10)
            sheet.write_fitting(text, box)
    return photograph_sheet(rng, sheet, SHEET_SIZE)[0]


def _rule_table(sheet: DocumentSheet, edges: list[float], rows: list[float]) -> None:
    for row in rows:
        sheet.rule((edges[0], row), (edges[-1], row), 2.0)
    for edge in edges:
        sheet.rule((edge, rows[0]), (edge, rows[-1]), 2.0)


def _random_marks(rng: Generator) -> list[str]:
    """Three marks with half points, and their sum."""
    halves = [int(rng.integers(low, 2 * best + 1)) for low, best in ((10, 10), (16, 20), (40, 50))]
    return [f"{half / 2:g}" for half in [*halves, sum(halves)]]


def draw_spreadsheet(table: NumberTable) -> Image.Image:
    """A table as spreadsheets show it, cells to check in colour, and below it what the first remarks say."""
    rows, columns = table.shape
    wide, high = CELL_SIZE
    notes = table.remarks[:3]
    size = (HEAD_WIDTH + wide * columns + 1, high * (rows + 1) + 1 + (NOTE_PIXELS + 14) * len(notes))
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for column in range(columns):
        box = (HEAD_WIDTH + wide * column, 0, HEAD_WIDTH + wide * (column + 1), high)
        _draw_cell(draw, box, chr(ord("A") + column), HEAD_COLOUR, align="middle")
    for row, cells in enumerate(table.cells):
        top = high * (row + 1)
        _draw_cell(draw, (0, top, HEAD_WIDTH, top + high), str(row + 1), HEAD_COLOUR, align="middle")
        for column, cell in enumerate(cells):
            box = (HEAD_WIDTH + wide * column, top, HEAD_WIDTH + wide * (column + 1), top + high)
            _draw_cell(draw, box, cell.guess, _cell_colour(table, cell), align="right")
    for at, remark in enumerate(notes):
        place = (6, high * (rows + 1) + 12 + (NOTE_PIXELS + 12) * at)
        draw.text(place, f"{remark.place}: {remark.text}", INK_COLOUR, ImageFont.load_default(NOTE_PIXELS))
    return image


def _cell_colour(table: NumberTable, cell: TableCell) -> str:
    if not table.remarks_on(cell):
        return "white"
    return UNSURE_COLOUR if cell.is_unsure else ODD_COLOUR


def _draw_cell(draw: ImageDraw.ImageDraw, box: Box, text: str, colour: str, *, align: str) -> None:
    left, top, right, bottom = box
    draw.rectangle(box, fill=colour, outline=GREY_LINE)
    x, anchor = ((left + right) / 2, "mm") if align == "middle" else (right - 14, "rm")
    draw.text((x, (top + bottom) / 2), text, INK_COLOUR, ImageFont.load_default(FONT_PIXELS), anchor=anchor)


def side_by_side(photograph: Picture, sheet: Image.Image) -> Image.Image:
    """The photograph on the left, as high as the spreadsheet or higher, an arrow, and the spreadsheet."""
    height = max(sheet.height, 560)
    shown = Image.fromarray(cv2.cvtColor(photograph, cv2.COLOR_BGR2RGB))
    shown = shown.resize((round(shown.width * height / shown.height), height), Image.Resampling.LANCZOS)
    gap = 90
    image = Image.new("RGB", (shown.width + gap + sheet.width, height), "white")
    image.paste(shown, (0, 0))
    image.paste(sheet, (shown.width + gap, (height - sheet.height) // 2))
    draw = ImageDraw.Draw(image)
    middle, left = height // 2, shown.width
    draw.line((left + 20, middle, left + gap - 32, middle), INK_COLOUR, 5)
    draw.polygon(
        [(left + gap - 36, middle - 14), (left + gap - 14, middle), (left + gap - 36, middle + 14)], INK_COLOUR
    )
    return image


if __name__ == "__main__":
    main()
