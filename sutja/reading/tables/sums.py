"""Sums: columns and rows of a table that end in their sum, whether they add up, and which digit would mend them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sutja.reading.tables.table import TableCell, changed_digits, value_of_guess

MIN_SUMMANDS = 2
MIN_LONE_SUMMANDS = 3  # of the only column or row that has a sum, where only the likeness of both tells that it is one
MIN_EXPLAINED_SHARE = 0.5  # of columns or rows that add up, at once or when mended, if all are to end in sums
MIN_EXPLAINED = 2  # of several columns or rows


@dataclass(frozen=True)
class Mend:
    """A cell whose signs would make a sum right."""

    cell: TableCell
    signs: str


@dataclass(frozen=True)
class SumLine:
    """A column or row: the cells with numbers that are added up, and the last one, which should be their sum."""

    summands: tuple[TableCell, ...]
    total: TableCell

    @property
    def cells(self) -> tuple[TableCell, ...]:
        """All cells, the sum last."""
        return (*self.summands, self.total)

    @cached_property
    def sum(self) -> Decimal:
        """What the summands add up to, by their most probable signs."""
        return sum((_value(cell) for cell in self.summands), Decimal(0))

    @property
    def adds_up(self) -> bool:
        """Whether the summands add up to the sum."""
        return self.sum == _value(self.total)

    @cached_property
    def mends(self) -> list[Mend]:
        """Each exchange of one unsure digit that makes the sum right."""
        lack = _value(self.total) - self.sum
        return [
            Mend(cell, signs)
            for cell in self.cells
            for signs, _ in changed_digits(cell.numbers[0])
            if (changed := value_of_guess(cell.numbers[0], signs)) is not None
            and (changed - _value(cell)) == (-lack if cell is self.total else lack)
        ]

    @property
    def is_explained(self) -> bool:
        """Whether it adds up, at once or if one unsure digit is another."""
        return self.adds_up or bool(self.mends)

    @property
    def is_likely(self) -> bool:
        """Whether the last number differs from the sum of several in one digit only."""
        ours, theirs = str(self.sum), str(_value(self.total))
        differences = sum(one != other for one, other in zip(ours, theirs, strict=False))
        return len(self.summands) >= MIN_LONE_SUMMANDS and len(ours) == len(theirs) and differences == 1


def find_sums(lines: Sequence[Sequence[TableCell]], place: Callable[[TableCell], int], last: int) -> list[SumLine]:
    """The columns, or the rows, of a table as sums, if they end in them; empty if not.

    `lines` are the cells with numbers of each; `place` is that of a cell in its line, and `last` that of the sums. The
    first cells, which may be the numbers of rows, are left out if more add up without them.
    """
    ending = [cells for cells in lines if cells and place(cells[-1]) == last]
    headless = [[cell for cell in cells[:-1] if place(cell) > 0] + [cells[-1]] for cells in ending]
    candidates = [[line for line in map(_sum_line, some) if line] for some in (ending, headless)]
    found = max(candidates, key=lambda sums: sum(line.is_explained for line in sums))
    explained = sum(line.is_explained for line in found)
    if len(found) == 1:
        return found if explained or found[0].is_likely else []
    return found if explained >= max(MIN_EXPLAINED, MIN_EXPLAINED_SHARE * len(found)) else []


def _sum_line(cells: Sequence[TableCell]) -> SumLine | None:
    """A column or row that ends in its sum, if it has enough summands, and each of its numbers a value.

    A dash adds nothing.
    """
    *summands, total = cells
    filled = tuple(cell for cell in summands if not cell.is_dash)
    known = all(cell.guessed_value is not None for cell in (*filled, total))
    return SumLine(filled, total) if known and len(filled) >= MIN_SUMMANDS else None


def _value(cell: TableCell) -> Decimal:
    value = cell.guessed_value
    assert value is not None, cell
    return value
