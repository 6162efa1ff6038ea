"""The tables and lines of a page, found among the numbers of a reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sutja.reading.numbers import DecimalSign
from sutja.reading.result import Reading, ReadNumber
from sutja.reading.rows import group_rows
from sutja.reading.tables.blocks import (
    Block,
    blocks_from_top,
    find_blocks,
    find_parts,
    is_table,
    place_rows,
    regrouped_rows,
)
from sutja.reading.tables.cell_pictures import cell_picture
from sutja.reading.tables.columns import find_columns
from sutja.reading.tables.flattening import (
    FlatNumbers,
    FlatPoints,
    flatten_numbers,
    level_columns,
    level_rows,
    other_numbers,
    warped_points,
)
from sutja.reading.tables.gutters import are_parts, find_cuts, find_gutters
from sutja.reading.tables.mending import cut_number, decimal_sign_of, join_numbers, sign_places
from sutja.reading.tables.ruled_grid import ruled_block, with_ruled_columns, with_ruled_rows
from sutja.reading.tables.ruled_slopes import with_ruled_slopes
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


@dataclass(frozen=True)
class ArrangedPage:
    """The tables and lines of a page, and the `reading` with the numbers as they are in them: some cut, some joined."""

    reading: Reading
    tables: tuple[NumberTable, ...]


def find_tables(reading: Reading, *, mend: bool = True) -> tuple[NumberTable, ...]:
    """The tables of a page, and its other lines as tables that are not `aligned`, from top to bottom.

    Every number of the reading is in one of them. Rows and columns follow from how the numbers are aligned, on pages
    that slope, lie turned or are seen at an angle, and from the ruling where the reading has some. Unless `mend` is
    false, numbers are cut and joined as in `arrange_page`.
    """
    return arrange_page(reading, mend=mend).tables


def arrange_page(reading: Reading, *, mend: bool = True) -> ArrangedPage:
    """The tables of a page, as `find_tables` finds them.

    A number that was read across the gutter between two columns is cut, and parts of one number in a cell are joined;
    the remarks of the table name both.
    """
    if not reading.numbers:
        return ArrangedPage(reading, ())
    page = _Arrangement.of(reading, mend=mend)
    if not mend:
        return ArrangedPage(reading, tuple(page.tables()))
    if cuts := page.cuts():
        reading, page = reading.with_numbers(cuts), page.with_numbers(cuts)
    tables, sign = page.tables(), decimal_sign_of(reading.numbers)
    instead = {part: new for table in tables if table.aligned for part, new in page.joined(table, sign).items()}
    return ArrangedPage(reading.with_numbers(instead), tuple(table.with_numbers(instead) for table in tables))


@dataclass(frozen=True)
class _Arrangement:
    """Numbers on a level page, and those that are turned against the others."""

    numbers: Sequence[ReadNumber]
    flat: FlatNumbers

    @staticmethod
    def of(reading: Reading, *, mend: bool) -> _Arrangement:
        quads = with_ruled_slopes(_quads(reading.numbers), reading.ruling)
        flat = flatten_numbers(quads)
        flat = level_columns(flat, quads, [column.numbers for column in find_columns(flat, flat.rows)])
        flat = level_rows(flat, quads, [column.numbers for column in find_columns(flat, flat.rows)])
        rows = regrouped_rows(flat, np.concatenate(flat.rows))
        ruling = warped_points(np.array(reading.ruling, np.float64).reshape(-1, 2, 2), flat.matrix)
        return _Arrangement(reading.numbers, replace(flat, rows=tuple(rows), has_parts=mend, ruling=ruling))

    def cuts(self) -> dict[int, list[ReadNumber]]:
        """The parts of each number that lies across the gutter between two columns, by the `id` of the number."""
        sign, instead = decimal_sign_of(self.numbers), {}
        for part in find_parts(self.flat):
            gutters = find_gutters(self.flat, part, find_columns(self.flat, part))
            for row in part:
                for at, cuts in find_cuts(self.flat, row, gutters, lambda at: sign_places(self.numbers[at])):
                    instead[id(self.numbers[at])] = cut_number(self.numbers[at], cuts, sign)
        return instead

    def with_numbers(self, instead: dict[int, list[ReadNumber]]) -> _Arrangement:
        """The same page with the parts of some numbers `instead` of these."""
        parts = [instead.get(id(number), [number]) for number in self.numbers]
        origin = [at for at, found in enumerate(parts) for _ in found]
        numbers = [number for found in parts for number in found]
        is_placed = np.isin(origin, np.concatenate(self.flat.rows))
        placed = np.flatnonzero(is_placed)
        flat = replace(other_numbers(self.flat, _quads(numbers), [placed.tolist()]), ruling=self.flat.ruling)
        return replace(self, numbers=numbers, flat=replace(flat, rows=tuple(regrouped_rows(flat, placed))))

    def joined(self, table: NumberTable, sign: DecimalSign | None) -> dict[int, list[ReadNumber]]:
        """The number instead of the first of its parts in a cell, and none instead of the others, by their `id`."""
        place_of = {id(number): at for at, number in enumerate(self.numbers)}
        instead: dict[int, list[ReadNumber]] = {}
        for cell in (cell for cell in table.filled_cells if len(cell.numbers) > 1):
            places = [place_of[id(number)] for number in cell.numbers]
            if are_parts(self.flat, places):
                number = join_numbers(cell.numbers, sign)
                if number.kind != "other":
                    instead |= {id(part): [] for part in cell.numbers} | {id(cell.numbers[0]): [number]}
        return instead

    def _blocks(self) -> list[Block]:
        """The table whose rows lines make, if they do, and what alignment finds among the other numbers."""
        ruled = ruled_block(self.flat)
        if ruled is None or not is_table(self.flat, ruled.columns, ruled.rows):
            return self._aligned_blocks(self.flat.rows)
        inside = {number for row in ruled.rows for number in row}
        others = ([number for number in row if number not in inside] for row in self.flat.rows)
        return blocks_from_top(self.flat, [ruled, *self._aligned_blocks([row for row in others if row])])

    def _aligned_blocks(self, rows: Sequence[list[int]]) -> list[Block]:
        """The tables and lines of some rows as alignment finds them, and lines correct it."""
        if not rows:
            return []
        return [with_ruled_rows(self.flat, block) for block in find_blocks(replace(self.flat, rows=tuple(rows)))]

    def tables(self) -> list[NumberTable]:
        """The tables and the other lines, from top to bottom."""
        blocks = [with_ruled_columns(self.flat, block) for block in self._blocks()]
        placed = {number for row in self.flat.rows for number in row}
        turned = [at for at in range(len(self.numbers)) if at not in placed]
        others = [[turned[at] for at in row] for row in group_rows(_quads(self.numbers)[turned])]
        blocks = _with_joined_lines([*blocks, *([Block(others)] if others else [])])
        return [
            _table(self.flat, block, self.numbers) if block.columns else _lines(block.rows, self.numbers)
            for block in blocks
        ]


def _quads(numbers: Sequence[ReadNumber]) -> FlatPoints:
    return np.array([number.quad for number in numbers], np.float64).reshape(-1, 4, 2)


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
