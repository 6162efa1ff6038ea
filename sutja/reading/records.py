"""Records: readings and their tables as values for JSON that lose nothing, from which both are made again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from sutja.data.digits import CLASS_COUNT
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign

if TYPE_CHECKING:
    from sutja.reading.tables.page import PageTables
    from sutja.reading.tables.table import NumberTable, TableCell

Record = dict[str, Any]
RECORD_VERSION = 2  # another one where records have other fields
SIGN_FIELDS = ("signs", "sure", "confidences", "boxes")  # of a number, an entry for each sign


def reading_record(reading: Reading) -> Record:
    """A reading as a JSON object, exact to the last bit, without the images of its digits."""
    lines = [[_number_record(number) for number in line.numbers] for line in reading.lines]
    return {"lines": lines, "ruling": reading.ruling}


def restore_reading(record: Mapping[str, Any]) -> Reading:
    """The reading that `reading_record` was given, without the images of its digits."""
    lines = (ReadLine(tuple(map(_restore_number, line))) for line in record["lines"])
    ruling = (((x0, y0), (x1, y1)) for (x0, y0), (x1, y1) in record["ruling"])
    return Reading(tuple(lines), tuple(ruling))


def tables_record(tables: PageTables, reading: Reading) -> Record:
    """Tables of a reading as a JSON object: which of its numbers are in which cell, and the pictures of cells."""
    places = {id(number): at for at, number in enumerate(reading.numbers)}
    empty: list[int] = []

    def numbers_in(cell: TableCell) -> list[int]:
        return [places[id(number)] for number in cell.numbers]

    return {
        "tables": [{"aligned": each.aligned, "rows": list(each.entries(numbers_in, empty))} for each in tables.tables],
        "pictures": [[*place, base64.b64encode(picture).decode()] for place, picture in tables.pictures.items()],
    }


def restore_tables(record: Mapping[str, Any], reading: Reading, name: str) -> PageTables:
    """The tables that `tables_record` was given, of that reading and of the picture of that name."""
    from sutja.reading.tables.page import PageTables

    pictures = {(table, row, column): base64.b64decode(data) for table, row, column, data in record["pictures"]}
    return PageTables(name, tuple(_restore_table(each, reading) for each in record["tables"]), pictures)


def _restore_table(record: Mapping[str, Any], reading: Reading) -> NumberTable:
    from sutja.reading.tables.table import NumberTable, TableCell

    numbers, rows = reading.numbers, record["rows"]
    cells = (
        TableCell(row, column, tuple(numbers[at] for at in held))
        for row, places in enumerate(rows)
        for column, held in enumerate(places)
    )
    return NumberTable.of(cells, (len(rows), len(rows[0])), aligned=record["aligned"])


def _number_record(number: ReadNumber) -> Record:
    digits = np.array([digit.probabilities for digit in number.digits], "<f8")
    return {
        "signs": [str(sign.guess) for sign in number.signs],
        "sure": [_is_sure(sign) for sign in number.signs],
        "confidences": [float(sign.confidence) for sign in number.signs],
        "boxes": [list(map(int, sign.box)) for sign in number.signs],
        "probabilities": base64.b64encode(digits.tobytes()).decode(),
        "box": list(map(int, number.box)),
        "quad": [[float(x), float(y)] for x, y in number.quad],
        "handwritten": bool(number.handwritten),
        "at_edge": bool(number.at_edge),
        "kind": number.kind,
        "value": None if number.value is None else str(number.value),
    }


def _is_sure(sign: ReadDigit | ReadSign) -> bool:
    return (sign.digit if isinstance(sign, ReadDigit) else sign.sign) is not None


def _restore_number(record: Mapping[str, Any]) -> ReadNumber:
    probabilities = iter(np.frombuffer(base64.b64decode(record["probabilities"]), "<f8").reshape(-1, CLASS_COUNT))
    signs: list[ReadDigit | ReadSign] = []
    for sign, sure, confidence, box in zip(*(record[name] for name in SIGN_FIELDS), strict=True):
        left, top, width, height = box
        place = (left, top, width, height)
        if sign.isdigit():
            digit = int(sign)
            chances = np.array(next(probabilities), np.float64)
            signs.append(ReadDigit(digit if sure else None, digit, confidence, place, probabilities=chances))
        else:
            signs.append(ReadSign(sign if sure else None, sign, confidence, place))
    (left, top, width, height), corners = record["box"], [(x, y) for x, y in record["quad"]]
    quad = (corners[0], corners[1], corners[2], corners[3])
    value = None if record["value"] is None else Decimal(record["value"])
    told = {name: record[name] for name in ("handwritten", "kind", "at_edge")}
    return ReadNumber(tuple(signs), (left, top, width, height), quad, value=value, **told)
