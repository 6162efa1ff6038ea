"""Workbooks of tables, in the XLSX format: numbers as numbers, cells to check in colour, with notes and pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from sutja.errors import printable
from sutja.reading.tables.languages import WORKBOOK_WORDS, TableLanguage, remark_in
from sutja.reading.tables.page import PageTables
from sutja.reading.tables.table import MAX_EXACT_DIGITS, CellRemark, NumberTable, TableCell, plain_number

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MAX_SHEET_NAME = 31  # characters
RESERVED_SHEET_NAMES = ("history",)
CHECK_WIDTHS = (16, 7, 12, 12, 70, 44)  # characters
UNSURE_COLOUR, ODD_COLOUR = "#FFF2A8", "#FFD9B3"  # of cells with unsure digits, and of those that a check names
CHECK_ROW_PIXELS, PICTURE_OFFSET_PIXELS = 50, 3
MIN_COLUMN_CHARACTERS = 4


@dataclass(frozen=True)
class _NamedSheet:
    """A table with the name of its sheet, its place in its page, and the language of its remarks."""

    name: str
    page: PageTables
    at: int
    language: TableLanguage

    @property
    def table(self) -> NumberTable:
        return self.page.tables[self.at]

    @cached_property
    def remarks(self) -> list[CellRemark]:
        """The remarks on the table in the language of the workbook."""
        return [replace(each, text=remark_in(each.text, self.language)) for each in self.table.remarks]


def workbook_bytes(pages: Sequence[PageTables], language: TableLanguage = "en") -> bytes:
    """The XLSX file with a sheet for each table or picture, and a last one of what is to be checked, if anything is.

    Where the value of a cell is unsure, the cell has the most probable one; it is coloured, and its note says what else
    it may be. `language` is that of notes, heads and names of sheets.
    """
    from xlsxwriter import Workbook

    stream, words = io.BytesIO(), WORKBOOK_WORDS[language]
    with Workbook(stream, {"in_memory": True}) as workbook:
        formats = _Formats(workbook)
        sheets = list(_named_sheets(pages, language))
        for sheet in sheets:
            _write_table(workbook.add_worksheet(sheet.name), sheet, formats)
        for page, name in _empty_pages(pages, {words.check_sheet, *(sheet.name.casefold() for sheet in sheets)}):
            workbook.add_worksheet(name).write_string(0, 0, f"{printable(page.name)}: {words.no_numbers}")
        if any(sheet.remarks for sheet in sheets):
            _write_checks(workbook.add_worksheet(words.check_sheet), sheets, words.check_heads, formats)
    return stream.getvalue()


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def of(self, **properties: object) -> Format:
        """The format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]


def _named_sheets(pages: Sequence[PageTables], language: TableLanguage) -> Iterator[_NamedSheet]:
    words = WORKBOOK_WORDS[language]
    taken = {words.check_sheet, *RESERVED_SHEET_NAMES}
    for page in pages:
        for at, table in enumerate(page.tables):
            stem = PurePath(page.name).stem
            ending = "" if table.aligned else words.lines_ending
            wanted = f"{stem[: MAX_SHEET_NAME - len(ending)]}{ending}"
            yield _NamedSheet(_sheet_name(wanted, taken), page, at, language)


def _empty_pages(pages: Sequence[PageTables], sheet_names: Set[str]) -> Iterator[tuple[PageTables, str]]:
    """The pictures without numbers, and a sheet name for each that differs from `sheet_names` (in lower case)."""
    taken = {*sheet_names, *RESERVED_SHEET_NAMES}
    return ((page, _sheet_name(PurePath(page.name).stem, taken)) for page in pages if not page.tables)


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that is not taken and that spreadsheets allow; it is added to those taken, which are in lower case."""
    plain = re.sub(r"[\[\]:*?/\\]", "-", printable(wanted)).strip("' ") or "sheet"
    name, number = plain[:MAX_SHEET_NAME].rstrip("' "), 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain[: MAX_SHEET_NAME - len(str(number)) - 1].rstrip()} {number}"
    taken.add(name.casefold())
    return name


def _write_table(sheet: Worksheet, named: _NamedSheet, formats: _Formats) -> None:
    remarks_on: dict[str, list[CellRemark]] = {}
    for remark in named.remarks:
        remarks_on.setdefault(remark.place, []).append(remark)
    for column, cells in enumerate(named.table.filled_columns()):
        width = max((len(cell.guess) for cell in cells), default=0)
        sheet.set_column(column, column, max(MIN_COLUMN_CHARACTERS, width + 2))
    for cell in named.table.filled_cells:
        remarks = remarks_on.get(cell.place, [])
        _write_cell(sheet, cell, formats.of(**_look(cell, remarks)))
        if remarks:
            sheet.write_comment(cell.row, cell.column, "\n".join(remark.text for remark in remarks))


def _look(cell: TableCell, remarks: Sequence[CellRemark]) -> dict[str, object]:
    """The colour of a cell, and the format of its number with as many decimals as are written."""
    look: dict[str, object] = {}
    if remarks:
        look["bg_color"] = UNSURE_COLOUR if cell.is_unsure else ODD_COLOUR
    value = cell.guessed_value
    decimals = -int(value.as_tuple().exponent) if value is not None else 0
    if value is not None and decimals > 0 and cell.numbers[0].kind != "fraction":
        look["num_format"] = f"0.{'0' * decimals}"
    return look if value is not None else look | {"align": "right"}


def _write_cell(sheet: Worksheet, cell: TableCell, look: Format) -> None:
    value = cell.guessed_value
    if value is None or not _is_exact(value):
        sheet.write_string(cell.row, cell.column, cell.guess, look)
    else:
        sheet.write_number(cell.row, cell.column, plain_number(value), look)


def _is_exact(value: Decimal) -> bool:
    """Whether spreadsheets keep all digits of a value; a long one, as of an account, is written as text."""
    return len(value.as_tuple().digits) <= MAX_EXACT_DIGITS


def _write_checks(sheet: Worksheet, sheets: Sequence[_NamedSheet], heads: Sequence[str], formats: _Formats) -> None:
    """A row for each remark, with a link to its cell and the picture of it."""
    for column, (head, width) in enumerate(zip(heads, CHECK_WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, formats.of(bold=True))
    sheet.freeze_panes(1, 0)
    remarks = [(named, remark) for named in sheets for remark in named.remarks]
    for row, (named, remark) in enumerate(remarks, start=1):
        _write_check(sheet, row, named, remark, formats)


def _write_check(sheet: Worksheet, row: int, named: _NamedSheet, remark: CellRemark, formats: _Formats) -> None:
    cell = named.table.cell(remark.row, remark.column)
    middle = formats.of(valign="vcenter", text_wrap=True)
    target = f"internal:'{named.name.replace(chr(39), 2 * chr(39))}'!{remark.place}"
    sheet.set_row_pixels(row, CHECK_ROW_PIXELS)
    sheet.write_string(row, 0, named.name, middle)
    sheet.write_url(row, 1, target, formats.of(valign="vcenter", underline=1, font_color="#0B57D0"), remark.place)
    for column, text in ((2, cell.text), (3, cell.guess), (4, remark.text)):
        sheet.write_string(row, column, text, middle)
    if picture := named.page.pictures.get((named.at, remark.row, remark.column)):
        offset = {"x_offset": PICTURE_OFFSET_PIXELS, "y_offset": PICTURE_OFFSET_PIXELS}
        options = {"image_data": io.BytesIO(picture), "description": f"{cell.guess}?", **offset}
        sheet.insert_image(row, len(CHECK_WIDTHS) - 1, f"{remark.place}.jpg", options)
