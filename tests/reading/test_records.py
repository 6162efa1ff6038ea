"""Records of readings: what is made again from them is what it was, to the last bit."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from sutja.reading.reader import Reader
from sutja.reading.records import reading_record, restore_reading, restore_tables, tables_record
from sutja.reading.result import ReadDigit, Reading, ReadNumber
from sutja.reading.tables.formats import pages_json
from sutja.reading.tables.page import page_tables
from tests.reading.readings import read_lines
from tests.reading.tables.sheets import read_table


def through_json(record: dict[str, object]) -> dict[str, object]:
    restored: dict[str, object] = json.loads(json.dumps(record))
    return restored


def with_odd_confidences(reading: Reading) -> Reading:
    """The reading with confidences and probabilities that no few decimals can express."""
    lines = []
    for line in reading.lines:
        numbers: list[ReadNumber] = []
        for number in line.numbers:
            signs = tuple(
                replace(sign, confidence=1 / 3 + at / 7, probabilities=np.arange(10) / 45.0)
                if isinstance(sign, ReadDigit)
                else replace(sign, confidence=2 / 3)
                for at, sign in enumerate(number.signs)
            )
            numbers.append(replace(number, signs=signs, at_edge=not numbers))
        lines.append(replace(line, numbers=tuple(numbers)))
    return Reading(tuple(lines))


def test_a_reading_is_made_again() -> None:
    reading = with_odd_confidences(read_lines(("-1,5[0]0.75", "2 1/2", "[9]/11/24"), ("12:30",)).with_values())
    restored = restore_reading(through_json(reading_record(reading)))
    assert restored == reading
    for number, other in zip(restored.numbers, reading.numbers, strict=True):
        for digit, expected in zip(number.digits, other.digits, strict=True):
            assert (digit.probabilities == expected.probabilities).all()
    assert restore_reading(through_json(reading_record(Reading(())))) == Reading(())


def test_what_a_reader_reads_is_made_again() -> None:
    rng = np.random.default_rng(1)
    picture = np.full((90, 300), 230, np.uint8)
    picture[20:70, 40:46] = 30
    picture[20:70, 140:146] = 30
    picture += rng.integers(0, 4, picture.shape, np.uint8)
    reading = Reader().read(picture)
    assert reading.numbers
    assert restore_reading(through_json(reading_record(reading))) == reading


def test_tables_are_made_again_with_their_pictures() -> None:
    reading = read_table(("1", "2[5]", "3"), ("4", "", "6"), ("7", "8", "9"))
    tables = page_tables("marks.jpg", reading, np.full((400, 400), 200, np.uint8))
    record = through_json(reading_record(reading) | tables_record(tables, reading))
    restored = restore_tables(record, restore_reading(record), "marks.jpg")
    assert tables.pictures
    assert restored == tables
    assert pages_json([restored]) == pages_json([tables])
