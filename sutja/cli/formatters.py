"""Readings as text, JSON or CSV on standard output."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from sutja.errors import printable

if TYPE_CHECKING:
    from sutja.reading.result import Reading

CSV_COLUMNS = ("file", "line", "position", "digit", "guess", "confidence", "left", "top", "width", "height")


class ReadingFormatter(Protocol):
    """Writes readings to a stream."""

    def write(self, name: str, reading: Reading) -> None:
        """Write the reading of the picture of that name, at once or in `finish`."""

    def finish(self) -> None:
        """Write what follows the last reading."""


def formatter_for(as_json: bool, as_csv: bool, *, named: bool) -> ReadingFormatter:
    """The formatter that the options ask for; with `named`, each line of text begins with the picture's name."""
    stream = sys.stdout  # bound now: while Rich shows a bar on standard error, it redirects `sys.stdout` there
    if as_json:
        return JsonFormatter(stream)
    return CsvFormatter(stream) if as_csv else TextFormatter(stream, named=named)


class TextFormatter:
    """Writes one line of text for each line of digits."""

    def __init__(self, stream: TextIO, *, named: bool) -> None:
        self._stream, self._named = stream, named

    def write(self, name: str, reading: Reading) -> None:
        """Write the lines of a picture at once."""
        prefix = f"{printable(name)}: " if self._named else ""
        for line in reading.lines:
            print(f"{prefix}{line.text}", file=self._stream, flush=True)

    def finish(self) -> None:
        """Do nothing: all lines are written."""


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
    """Writes a header and one row for each digit."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._has_header = False

    def write(self, name: str, reading: Reading) -> None:
        """Write the rows of a picture at once."""
        self._write_header()
        for number, line in enumerate(reading.lines, start=1):
            for position, each in enumerate(line.digits, start=1):
                digit = "" if each.digit is None else each.digit
                confidence = f"{each.confidence:.4f}"
                self._writer.writerow((name, number, position, digit, each.guess, confidence, *each.box))
        self._stream.flush()

    def finish(self) -> None:
        """Write the header if there was no reading."""
        self._write_header()

    def _write_header(self) -> None:
        if not self._has_header:
            self._writer.writerow(CSV_COLUMNS)
            self._has_header = True
