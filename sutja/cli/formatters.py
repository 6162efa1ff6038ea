"""Readings as text, JSON or CSV on standard output."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from sutja.errors import printable

if TYPE_CHECKING:
    from sutja.reading.result import Reading, ReadNumber

CSV_COLUMNS = (
    *("file", "line", "position", "text", "guess", "kind", "value", "confidence", "handwritten", "at_edge"),
    *("left", "top", "width", "height"),
)


class ReadingFormatter(Protocol):
    """Writes readings to a stream."""

    def write(self, name: str, reading: Reading) -> None:
        """Write the reading of the picture of that name, at once or in `finish`."""

    def finish(self) -> None:
        """Write what follows the last reading."""


def formatter_for(form: str, *, named: bool) -> ReadingFormatter:
    """The formatter of "json", "csv", "table" or "text"; with `named`, text begins with the picture's name."""
    stream = sys.stdout  # bound now: while Rich shows a bar on standard error, it redirects `sys.stdout` there
    if form == "json":
        return JsonFormatter(stream)
    if form == "csv":
        return CsvFormatter(stream)
    return TableFormatter(stream, named=named) if form == "table" else TextFormatter(stream, named=named)


class TextFormatter:
    """Writes one line of text for each line of numbers."""

    def __init__(self, stream: TextIO, *, named: bool) -> None:
        self._stream, self._named = stream, named

    def write(self, name: str, reading: Reading) -> None:
        """Write the lines of a picture at once."""
        prefix = f"{printable(name)}: " if self._named else ""
        for line in reading.lines:
            print(f"{prefix}{line.text}", file=self._stream, flush=True)

    def finish(self) -> None:
        """Do nothing: all lines are written."""


class TableFormatter:
    """Writes tables and lines in aligned columns, with what is to be checked below them."""

    def __init__(self, stream: TextIO, *, named: bool) -> None:
        self._stream, self._named, self._is_first = stream, named, True

    def write(self, name: str, reading: Reading) -> None:
        """Write the tables of a picture at once, an empty line between."""
        from sutja.reading.tables.formats import table_text
        from sutja.reading.tables.page import find_tables

        texts = [table_text(table) for table in find_tables(reading)]
        if texts and self._named:
            texts[0] = f"{printable(name)}:\n{texts[0]}"
        for text in texts:
            print(text if self._is_first else f"\n{text}", end="", file=self._stream, flush=True)
            self._is_first = False

    def finish(self) -> None:
        """Do nothing: all tables are written."""


class JsonFormatter:
    """Writes one list of objects, in `finish`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._readings: list[dict[str, Any]] = []

    def write(self, name: str, reading: Reading) -> None:
        """Keep the reading for `finish`."""
        self._readings.append(reading.as_json(name))

    def finish(self) -> None:
        """Write the list."""
        print(json.dumps(self._readings, indent=2, ensure_ascii=False), file=self._stream, flush=True)


class CsvFormatter:
    """Writes a header and one row for each number."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._has_header = False

    def write(self, name: str, reading: Reading) -> None:
        """Write the rows of a picture at once."""
        self._write_header()
        for line, numbers in enumerate((line.numbers for line in reading.lines), start=1):
            for position, number in enumerate(numbers, start=1):
                self._writer.writerow((name, line, position, *_csv_fields(number)))
        self._stream.flush()

    def finish(self) -> None:
        """Write the header if there was no reading."""
        self._write_header()

    def _write_header(self) -> None:
        if not self._has_header:
            self._writer.writerow(CSV_COLUMNS)
            self._has_header = True


def _csv_fields(number: ReadNumber) -> tuple[str | int, ...]:
    """The fields of a number, in the order of the columns from `text` on; a value that is not known is empty."""
    from sutja.reading.numbers import decimal_text  # loaded by now, with what has read the number

    value = "" if number.value is None else decimal_text(number.value)
    told = (f"{number.confidence:.4f}", *(str(each).lower() for each in (number.handwritten, number.at_edge)))
    return (number.text, number.guess, number.kind, value, *told, *number.box)
