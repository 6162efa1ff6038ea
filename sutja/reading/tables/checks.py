"""Checks that a person would make: unsure cells, sums that do not add up, cells of another form than their column.

Nothing is changed: a check names the cell, and what would mend it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set

from sutja.reading.numbers import decimal_text
from sutja.reading.result import ReadNumber
from sutja.reading.tables.oddities import find_oddities
from sutja.reading.tables.sums import SumLine, find_sums
from sutja.reading.tables.table import CellRemark, NumberTable, TableCell

MIN_FORM_CELLS = 6  # of a column, of which most have one form
MAX_ODD_SHARE = 0.1  # of the cells of a column, with another form; one may have it in any case
MAX_NAMED_ALTERNATIVES = 3


def check_table(table: NumberTable) -> Iterator[CellRemark]:
    """What a person should look at: unsure cells first, then odd ones, then sums; of lines only unsure cells."""
    columns = table.filled_columns() if table.aligned else []
    by_column = find_sums(columns, lambda cell: cell.row, table.shape[0] - 1)
    by_row = find_sums(table.filled_rows() if table.aligned else [], lambda cell: cell.column, table.shape[1] - 1)
    right = {cell.place: word for word, sums in (("row", by_row), ("column", by_column)) for cell in _right(sums)}
    yield from (_unsure(cell, right.get(cell.place)) for cell in table.filled_cells if cell.is_unsure)
    odd = list(_odd_numbers(columns, {line.total.place for line in by_column}))
    yield from odd
    named = {remark.place for remark in odd}
    yield from (remark for remark in find_oddities(table) if table.aligned and remark.place not in named)
    for word, sums in (("column", by_column), ("row", by_row)):
        yield from (_wrong_sum(line, word) for line in sums if not line.adds_up)


def _odd_numbers(columns: Sequence[Sequence[TableCell]], totals: Set[str]) -> Iterator[CellRemark]:
    """Remarks on the cells of columns with several numbers, or one of another form; sums may have any."""
    for column in columns:
        yield from (_several_numbers(cell) for cell in column if len(cell.numbers) > 1)
        numbers = [cell for cell in column if len(cell.numbers) == 1 and not cell.is_dash]
        yield from _odd_forms([cell for cell in numbers if cell.place not in totals])


def _right(sums: Sequence[SumLine]) -> Iterator[TableCell]:
    return (cell for line in sums if line.adds_up for cell in line.cells)


def _unsure(cell: TableCell, adds_up: str | None) -> CellRemark:
    others = [f"{signs} ({chance:.0%})" for signs, chance in cell.alternatives()[:MAX_NAMED_ALTERNATIVES]]
    text = f"read as {cell.guess}"
    text += "".join(f"; {_mended(number)}" for number in cell.numbers if number.read_as)
    text += f"; may also be {', '.join(others)}" if others else ""
    text += f"; its {adds_up} adds up with {cell.guess}" if adds_up else ""
    return CellRemark("unsure", cell.row, cell.column, text)


def _mended(number: ReadNumber) -> str:
    """What a number was read as before it was cut from its neighbour, or joined of parts."""
    signs, parts = number.guess.replace(" ", ""), number.read_as.split()
    if signs == "".join(parts):
        return f"joined of {' and '.join(parts)}"
    return f"cut from {number.read_as}"


def _several_numbers(cell: TableCell) -> CellRemark:
    text = f"several numbers in one cell: {' and '.join(number.guess for number in cell.numbers)}"
    return CellRemark("form", cell.row, cell.column, text)


def _odd_forms(cells: Sequence[TableCell]) -> Iterator[CellRemark]:
    """Remarks on the few cells of a column whose signs have another form than nearly all others."""
    forms = Counter(_form(cell) for cell in cells)
    usual, count = max(forms.items(), key=lambda each: each[1], default=("", 0))
    odd = len(cells) - count
    if len(cells) < MIN_FORM_CELLS or odd > max(1, MAX_ODD_SHARE * len(cells)):
        return
    for cell in cells:
        if _form(cell) != usual:
            text = f"{cell.guess}: the other numbers of the column have the form {usual}"
            yield CellRemark("form", cell.row, cell.column, text)


def _form(cell: TableCell) -> str:
    """The signs of a cell with `d` for each digit."""
    return re.sub(r"\d", "d", cell.guess)


def _wrong_sum(line: SumLine, word: str) -> CellRemark:
    """The remark on a column or row that does not add up: on the cell that would mend it, else on the sum."""
    found = decimal_text(line.sum)
    if len(line.mends) == 1:
        (mend,) = line.mends
        text = f"the {word} adds up if this is {mend.signs} instead of {mend.cell.guess}"
        return CellRemark("sum", mend.cell.row, mend.cell.column, text, mend.signs)
    text = f"the {word} adds up to {found}, not to {line.total.guess}"
    if line.mends:
        text += f"; {' or '.join(f'{mend.signs} in {mend.cell.place}' for mend in line.mends)} would mend it"
    return CellRemark("sum", line.total.row, line.total.column, text)
