"""The tables and lines of a page, found among the numbers of a reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sutja.reading.result import Reading, ReadNumber
from sutja.reading.rows import group_rows
from sutja.reading.tables.blocks import Block, find_blocks, place_rows, regrouped_rows
from sutja.reading.tables.cell_pictures import cell_picture
from sutja.reading.tables.columns import find_columns
from sutja.reading.tables.flattening import FlatNumbers, FlatPoints, flatten_numbers, level_columns, level_rows
from sutja.reading.tables.ruled_grid import with_ruled_cells
from sutja.reading.tables.table import NumberTable, TableCell


@dataclass(frozen=True)
class PageTables:
    """The tables and lines of a picture of that name, and pictures of the cells to check, JPEG files.

    `pictures` has the table's index, row and column as keys.
    """

    name: str
    tables: tuple[NumberTable, ...]
    pictures: dict[tuple[int, int, int], bytes] = field(default_factory=dict)

    @property
    def cell_count(self) -> int:
        """The number of cells with numbers."""
        return sum(len(table.filled_cells) for table in self.tables)

    @property
    def check_count(self) -> int:
        """The number of cells with remarks."""
        return sum(len({remark.place for remark in table.remarks}) for table in self.tables)


def page_tables(name: str, reading: Reading, picture: NDArray[np.uint8] | None = None) -> PageTables:
    """The tables of a reading, with pictures of the cells to check if the `picture` of the page is given."""
    tables = find_tables(reading)
    if picture is None:
        return PageTables(name, tables)
    places = {(at, remark.row, remark.column) for at, table in enumerate(tables) for remark in table.remarks}
    cells = {place: tables[place[0]].cell(*place[1:]) for place in sorted(places)}
    return PageTables(name, tables, {place: cell_picture(picture, cell) for place, cell in cells.items()})


def find_tables(reading: Reading) -> tuple[NumberTable, ...]:
    """The tables of a page, and its other lines as tables that are not `aligned`, from top to bottom.

    Every number of the reading is in one of them. Rows and columns follow from how the numbers are aligned, on pages
    that slope, lie turned or are seen at an angle, and from the ruling where the reading has some.
    """
    numbers = reading.numbers
    if not numbers:
        return ()
    quads = np.array([number.quad for number in numbers], np.float64)
    flat, blocks = _arrange(quads)
    blocks = [with_ruled_cells(flat, block, reading.ruling) for block in blocks]
    placed = {number for row in flat.rows for number in row}
    turned = [at for at in range(len(numbers)) if at not in placed]
    others = [[turned[at] for at in row] for row in group_rows(quads[turned])]
    blocks = _with_joined_lines([*blocks, *([Block(others)] if others else [])])
    return tuple(_table(flat, block, numbers) if block.columns else _lines(block.rows, numbers) for block in blocks)


def _arrange(quads: FlatPoints) -> tuple[FlatNumbers, list[Block]]:
    """The page levelled by its columns, and the tables and lines on it."""
    flat = flatten_numbers(quads)
    columns = find_columns(flat, flat.rows)
    flat = level_columns(flat, quads, [column.numbers for column in columns])
    flat = level_rows(flat, quads, [column.numbers for column in find_columns(flat, flat.rows)])
    flat = replace(flat, rows=tuple(regrouped_rows(flat, np.concatenate(flat.rows))))
    return flat, find_blocks(flat)


def _with_joined_lines(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with lines that follow each other as one."""
    joined: list[Block] = []
    for block in blocks:
        if joined and not (joined[-1].columns or block.columns):
            joined[-1] = Block(joined[-1].rows + block.rows)
        else:
            joined.append(block)
    return joined


def _table(flat: FlatNumbers, block: Block, numbers: Sequence[ReadNumber]) -> NumberTable:
    column_of = {number: at for at, column in enumerate(block.columns) for number in column.numbers}
    places = block.places or place_rows(flat, block.rows)
    held: dict[tuple[int, int], list[ReadNumber]] = {}
    for row, members in zip(places, block.rows, strict=True):
        for at in members:
            held.setdefault((row, column_of[at]), []).append(numbers[at])
    cells = (TableCell(*place, tuple(found)) for place, found in held.items())
    return NumberTable.of(cells, (places[-1] + 1, len(block.columns)))


def _lines(rows: Sequence[Sequence[int]], numbers: Sequence[ReadNumber]) -> NumberTable:
    """Lines with each number in a cell; the shorter ones end in empty cells."""
    cells = (TableCell(at, column, (numbers[each],)) for at, row in enumerate(rows) for column, each in enumerate(row))
    return NumberTable.of(cells, (len(rows), max(map(len, rows))), aligned=False)
