"""Tables: the numbers of a page in rows and columns, as values for spreadsheets and data frames."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from sutja.reading.numbers import DECIMAL_SIGNS, DecimalSign, NumberMeaning, decimal_text, interpret_number
from sutja.reading.result import UNSURE, ReadDigit, ReadNumber, exchanged_numbers

CellValue = int | float | str | None
Entry = TypeVar("Entry")
DASHES = ("-", "--")  # in a cell: nothing
MAX_EXACT_DIGITS = 15  # of numbers that spreadsheets and floats keep
MIN_ALTERNATIVE = 0.01  # the probability of another digit that is named
MIN_SURE_CONFIDENCE = 0.9  # of a cell: of those just below, a third are wrong
MIN_SURE_DIGIT = 0.8  # the confidence from which on no other digit is thought of


@dataclass(frozen=True)
class TableCell:
    """A cell, by its row and column from 0: the numbers that stand in it from left to right; most often one or none."""

    row: int
    column: int
    numbers: tuple[ReadNumber, ...] = ()

    @property
    def text(self) -> str:
        """The signs as written, with `?` for those below the minimum confidence; empty without numbers."""
        return " ".join(number.text for number in self.numbers)

    @property
    def guess(self) -> str:
        """The most probable signs, also where they are below the minimum confidence."""
        return " ".join(number.guess for number in self.numbers)

    @property
    def is_unsure(self) -> bool:
        """Whether a sign is below the minimum confidence, or all together are not sure enough for a table."""
        return UNSURE in self.text or self.confidence < MIN_SURE_CONFIDENCE

    @property
    def is_dash(self) -> bool:
        """Whether the cell holds a dash alone, which says that there is nothing."""
        return self.guess in DASHES

    @property
    def value(self) -> Decimal | None:
        """The value of the only number, if it is sure and has one."""
        return self.numbers[0].value if len(self.numbers) == 1 else None

    @property
    def guessed_value(self) -> Decimal | None:
        """The value of the most probable signs of the only number."""
        return value_of_guess(self.numbers[0], self.guess) if len(self.numbers) == 1 else None

    @property
    def confidence(self) -> float:
        """The probability that all signs are right; 1 without numbers."""
        product = 1.0
        for number in self.numbers:
            product *= number.confidence
        return product

    @property
    def place(self) -> str:
        """The name that spreadsheets give to the cell, such as `B3`."""
        return f"{column_name(self.column)}{self.row + 1}"

    def alternatives(self) -> list[tuple[str, float]]:
        """What else an unsure cell may be: its signs with one unsure digit exchanged, and the digit's probability.

        The most probable ones first, down to a probability of `MIN_ALTERNATIVE`.
        """
        found = [
            (" ".join([*before, changed, *after]), chance)
            for at, number in enumerate(self.numbers)
            for changed, chance in changed_digits(number)
            for before, after in [self._guesses_beside(at)]
        ]
        return sorted((each for each in found if each[1] >= MIN_ALTERNATIVE), key=lambda each: -each[1])

    def _guesses_beside(self, at: int) -> tuple[list[str], list[str]]:
        guesses = [number.guess for number in self.numbers]
        return guesses[:at], guesses[at + 1 :]


@dataclass(frozen=True)
class CellRemark:
    """What a check says of a cell: `kind` is "unsure", "form" or "sum"; `suggestion` the signs that would mend it."""

    kind: str
    row: int
    column: int
    text: str
    suggestion: str | None = None

    @property
    def place(self) -> str:
        """The name that spreadsheets give to the cell."""
        return f"{column_name(self.column)}{self.row + 1}"


@dataclass(frozen=True)
class NumberTable:
    """Rows and columns of cells, by their numbers (`shape`) and the cells with numbers, row by row.

    Lines of numbers that are no table are not `aligned`: each number of a line is a cell, one beside the other. Empty
    cells take no memory unless they are asked for, so a large table with few numbers is a small value.
    """

    shape: tuple[int, int]
    filled_cells: tuple[TableCell, ...]
    aligned: bool = True

    @staticmethod
    def of(cells: Iterable[TableCell], shape: tuple[int, int], *, aligned: bool = True) -> NumberTable:
        """The table with these cells, in any order; those without numbers may be among them or not."""
        filled = sorted((cell for cell in cells if cell.numbers), key=lambda cell: (cell.row, cell.column))
        return NumberTable(shape, tuple(filled), aligned)

    @cached_property
    def cells(self) -> tuple[tuple[TableCell, ...], ...]:
        """All cells, also empty ones, row by row; all rows have the same length."""
        held = {(cell.row, cell.column): cell for cell in self.filled_cells}
        rows, columns = self.shape
        places = ([(row, column) for column in range(columns)] for row in range(rows))
        return tuple(tuple(held.get(place) or TableCell(*place) for place in row) for row in places)

    def cell(self, row: int, column: int) -> TableCell:
        """The cell of a row and column."""
        at = bisect_left(self.filled_cells, (row, column), key=lambda cell: (cell.row, cell.column))
        found = self.filled_cells[at : at + 1]
        return found[0] if found and (found[0].row, found[0].column) == (row, column) else TableCell(row, column)

    @property
    def rows(self) -> list[list[CellValue]]:
        """The values row by row: a number where it is known, the text as written where not, and `None` for no number.

        Whole numbers are `int`, others `float`. `pandas.DataFrame(table.rows)` is the table as a data frame.
        """
        return list(self.entries(cell_value, None))

    def with_numbers(self, instead: Mapping[int, Sequence[ReadNumber]]) -> NumberTable:
        """The table with others `instead` of some numbers, by the `id` of these."""
        if not instead:
            return self
        cells = (replace(cell, numbers=exchanged_numbers(cell.numbers, instead)) for cell in self.filled_cells)
        return NumberTable.of(cells, self.shape, aligned=self.aligned)

    @cached_property
    def remarks(self) -> tuple[CellRemark, ...]:
        """What a person should look at: cells that are unsure or of another form than their column, and wrong sums."""
        from sutja.reading.tables.checks import check_table

        return tuple(check_table(self))

    def filled_rows(self) -> list[list[TableCell]]:
        """The cells with numbers of each row, from left to right."""
        return _grouped(self.filled_cells, self.shape[0], lambda cell: cell.row)

    def filled_columns(self) -> list[list[TableCell]]:
        """The cells with numbers of each column, from top to bottom."""
        return _grouped(self.filled_cells, self.shape[1], lambda cell: cell.column)

    def entries(self, entry: Callable[[TableCell], Entry], empty: Entry) -> Iterator[list[Entry]]:
        """What `entry` makes of the cells, row by row, with `empty` for a cell without numbers."""
        for cells in self.filled_rows():
            row = [empty] * self.shape[1]
            for cell in cells:
                row[cell.column] = entry(cell)
            yield row

    def remarks_on(self, cell: TableCell) -> list[CellRemark]:
        """The remarks on one cell."""
        return [remark for remark in self.remarks if (remark.row, remark.column) == (cell.row, cell.column)]

    def to_csv(self, separator: str = ",") -> str:
        """The table as CSV: values with a decimal point, and the text as written where the value is not known."""
        from sutja.reading.tables.formats import table_csv

        return table_csv(self, separator)

    def as_json(self) -> dict[str, Any]:
        """The table as a JSON object: the texts and values of its rows, its remarks, and all that is known of cells."""
        return {
            "aligned": self.aligned,
            "rows": list(self.entries(lambda cell: cell.text or None, None)),
            "values": list(self.entries(exact_text, None)),
            "remarks": [
                {"kind": each.kind, "cell": each.place, "text": each.text, "suggestion": each.suggestion}
                for each in self.remarks
            ],
            "cells": [
                {"row": cell.row, "column": cell.column, "numbers": [number.as_json() for number in cell.numbers]}
                for cell in self.filled_cells
            ],
        }


def _grouped(cells: Iterable[TableCell], count: int, group: Callable[[TableCell], int]) -> list[list[TableCell]]:
    groups: list[list[TableCell]] = [[] for _ in range(count)]
    for cell in cells:
        groups[group(cell)].append(cell)
    return groups


def column_name(column: int) -> str:
    """The letters of a column, from 0: A … Z, AA …."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def cell_value(cell: TableCell) -> CellValue:
    """The value of a cell as Python and spreadsheets take it, its text where there is none, `None` if it is empty."""
    value = cell.value
    if value is None:
        return cell.text or None
    return plain_number(value)


def plain_number(value: Decimal) -> int | float:
    """A value as an `int` if it is whole, else as a `float`."""
    return int(value) if value == value.to_integral_value() else float(value)


def exact_text(cell: TableCell) -> str | None:
    """The value of a cell in digits, if it is known."""
    return None if cell.value is None else decimal_text(cell.value)


def value_of_guess(number: ReadNumber, signs: str) -> Decimal | None:
    """The value of signs in the place of a number's, by the decimal sign that has told what kind the number is."""
    signs_of_kind = (sign for sign in (None, *DECIMAL_SIGNS) if _meaning(number.guess, sign).kind == number.kind)
    return _meaning(signs, next(signs_of_kind, None)).value


def _meaning(signs: str, decimal_sign: DecimalSign | None) -> NumberMeaning:
    return interpret_number(signs, decimal_sign)


def changed_digits(number: ReadNumber) -> Iterator[tuple[str, float]]:
    """The signs of a number with one unsure digit exchanged for another, and the probability of that one."""
    signs = [str(sign.guess) for sign in number.signs]
    for at, sign in enumerate(number.signs):
        if isinstance(sign, ReadDigit) and (sign.digit is None or sign.confidence < MIN_SURE_DIGIT):
            for digit, chance in enumerate(sign.probabilities.tolist()):
                if digit != sign.guess:
                    yield "".join([*signs[:at], str(digit), *signs[at + 1 :]]), chance
