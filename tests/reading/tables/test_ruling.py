"""Ruled lines: found on pictures that slope or are faint, and used where they tell more than alignment does."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.reading.result import Reading, ReadLine, ReadNumber
from sutja.reading.tables.page import find_tables
from sutja.reading.tables.ruled_slopes import with_ruled_slopes
from sutja.reading.tables.ruling import find_ruling, with_ruling
from sutja.reading.tables.table import NumberTable
from tests.reading.tables.sheets import CELL_HEIGHT, CELL_WIDTH, read_table

SIZE = (1100, 700)  # rows and columns
ROWS = [("12", "34", "5"), ("6", "78", "9"), ("10", "11", "12"), ("13", "14", "15"), ("16", "17", "18")]
ORIGIN = 100  # of the table, in both directions
LEFT, TOP = ORIGIN - 20, ORIGIN - 10  # of its lines


def ruled(rows: int, columns: int, *, ink: int = 120) -> NDArray[np.uint8]:
    """A picture of an empty table with lines between all cells."""
    picture = np.full(SIZE, 200, np.uint8)
    right, bottom = LEFT + columns * CELL_WIDTH, TOP + rows * CELL_HEIGHT
    for row in range(rows + 1):
        cv2.line(picture, (LEFT, TOP + row * CELL_HEIGHT), (right, TOP + row * CELL_HEIGHT), ink, 2)
    for column in range(columns + 1):
        cv2.line(picture, (LEFT + column * CELL_WIDTH, TOP), (LEFT + column * CELL_WIDTH, bottom), ink, 2)
    return np.asarray(picture + np.random.default_rng(0).integers(0, 6, SIZE), np.uint8)


def table_of(reading: Reading) -> NumberTable:
    (table,) = (table for table in find_tables(reading) if table.aligned)
    return table


def quads_of(reading: Reading) -> NDArray[np.float64]:
    return np.array([number.quad for number in reading.numbers], np.float64)


def moved(reading: Reading, text: str, step: tuple[float, float]) -> Reading:
    """The reading with a number in another place."""
    lines = []
    for line in reading.lines:
        numbers = []
        for number in line.numbers:
            quad = [(x + step[0], y + step[1]) for x, y in number.quad] if number.text == text else number.quad
            numbers.append(replace(number, quad=(quad[0], quad[1], quad[2], quad[3])))
        lines.append(replace(line, numbers=tuple(numbers)))
    return replace(reading, lines=tuple(lines))


@pytest.mark.parametrize("ink", [40, 120, 180])
@pytest.mark.parametrize("degrees", [0.0, 4.0, -25.0])
def test_lines_are_found_where_they_are(ink: int, degrees: float) -> None:
    reading = read_table(*ROWS, top=ORIGIN, left=ORIGIN)
    matrix = cv2.getRotationMatrix2D((SIZE[1] / 2, SIZE[0] / 2), degrees, 1.0)
    picture = cv2.warpAffine(ruled(5, 3, ink=ink), matrix, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)
    quads = quads_of(reading) @ matrix[:, :2].T + matrix[:, 2]
    lines = np.array(find_ruling(np.asarray(picture, np.uint8), quads))
    flat = (lines - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2].T)
    across = flat[np.abs(flat[:, 1, 0] - flat[:, 0, 0]) > np.abs(flat[:, 1, 1] - flat[:, 0, 1])]
    assert sorted({round((y - TOP) / CELL_HEIGHT) for y in across[:, :, 1].mean(axis=1)}) == [0, 1, 2, 3, 4, 5]
    assert len(lines) - len(across) >= 3


def test_a_picture_without_lines_has_no_ruling() -> None:
    picture = np.random.default_rng(0).integers(180, 220, SIZE, np.uint8)
    assert find_ruling(picture, quads_of(read_table(*ROWS))) == ()
    assert with_ruling(Reading(()), picture) == Reading(())


def test_lines_change_nothing_where_alignment_tells_all() -> None:
    reading = read_table(*ROWS, top=ORIGIN, left=ORIGIN)
    seen = with_ruling(reading, ruled(5, 3))
    assert seen.ruling
    assert table_of(seen).cells == table_of(reading).cells


def test_an_empty_row_between_lines_is_kept_where_numbers_are_few() -> None:
    rows = [("12", "34"), ("5", ""), ("", ""), ("", "6"), ("", ""), ("", ""), ("7", "8")]
    reading = read_table(*rows, top=ORIGIN, left=ORIGIN)
    table = table_of(with_ruling(reading, ruled(7, 2)))
    assert [[cell.text for cell in row] for row in table.cells] == [list(row) for row in rows]


def test_two_numbers_of_a_cell_stay_in_it() -> None:
    reading = read_table(*ROWS, top=ORIGIN, left=ORIGIN)
    (other,) = read_table(("99",), top=ORIGIN + CELL_HEIGHT, left=ORIGIN + CELL_WIDTH + 45).lines
    reading = replace(reading, lines=(*reading.lines, other))
    assert table_of(reading).shape == (5, 4)
    table = table_of(with_ruling(reading, ruled(5, 3)))
    assert [cell.text for cell in table.cells[1]] == ["6", "78 99", "9"]
    assert table.rows[1] == [6, "78 99", 9]
    assert table.shape == (5, 3)


def test_a_number_in_the_lower_half_of_its_cell_stays_in_its_row() -> None:
    reading = moved(read_table(*ROWS, top=ORIGIN - 8, left=ORIGIN), "11", (0, 17))
    table = table_of(with_ruling(reading, ruled(5, 3)))
    assert [[cell.text for cell in row] for row in table.cells] == [list(row) for row in ROWS]


def test_lines_that_lead_through_numbers_are_passed_over() -> None:
    reading = read_table(*ROWS, top=ORIGIN - 20, left=ORIGIN)
    assert table_of(with_ruling(reading, ruled(5, 3))).cells == table_of(reading).cells


DIGITS = [
    ("1", "2", "", "4", "5", ""),
    ("", "6", "7", "", "9", "1"),
    ("2", "", "3", "4", "", "5"),
    ("6", "7", "", "8", "", "9"),
]


def sloped(reading: Reading, matrix: NDArray[np.float64]) -> Reading:
    """The numbers of a level page where a page that slopes has them, each as level as a network sees a single digit."""
    lines = []
    for line in reading.lines:
        numbers = []
        for number in line.numbers:
            quad = np.array(number.quad)
            moves = quad.mean(axis=0) @ matrix[:, :2].T + matrix[:, 2] - quad.mean(axis=0)
            numbers.append(ReadNumber.at((quad + moves).astype(np.float32), number.signs, shape=SIZE))
        lines.append(ReadLine(tuple(numbers)))
    return Reading(tuple(lines)).with_values()


def test_single_digits_of_a_sloping_sheet_are_in_the_rows_of_its_lines() -> None:
    matrix = cv2.getRotationMatrix2D((SIZE[1] / 2, SIZE[0] / 2), -13, 1.0)
    picture = np.asarray(cv2.warpAffine(ruled(4, 6), matrix, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)
    reading = sloped(read_table(*DIGITS, top=ORIGIN, left=ORIGIN), np.asarray(matrix, np.float64))
    table = table_of(with_ruling(reading, picture))
    assert [[cell.text for cell in row] for row in table.cells] == [list(row) for row in DIGITS]


@pytest.mark.parametrize("seed", range(6))
def test_a_ruled_table_of_few_uneven_numbers_is_one_table_with_their_rows_and_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = iter(map(str, range(10, 99)))
    rows = [
        [next(names) if column in (0, 1, 4) and rng.random() < 0.7 else "" for column in range(5)] for _ in "abcdef"
    ]
    reading = read_table(*rows, top=ORIGIN, left=ORIGIN)
    for number in reading.numbers:
        reading = moved(reading, number.text, (0, float(rng.uniform(-9, 9))))
    table = table_of(with_ruling(reading, ruled(6, 5)))
    assert [[cell.text for cell in row] for row in table.cells] == [[row[0], row[1], row[4]] for row in rows]


@pytest.mark.parametrize("seed", range(4))
def test_a_fold_of_the_paper_makes_no_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [(str(10 + row), str(30 + row), str(50 + row)) for row in range(9)]
    reading = read_table(*rows, top=ORIGIN, left=ORIGIN)
    for number in reading.numbers:
        reading = moved(reading, number.text, (0, float(rng.uniform(-6, 6))))
    picture = ruled(9, 3)
    fold = TOP + round(4.5 * CELL_HEIGHT)
    cv2.line(picture, (0, fold), (SIZE[1], fold + 6), 150, 2)
    table = table_of(with_ruling(reading, picture))
    assert [[cell.text for cell in row] for row in table.cells] == [list(row) for row in rows]


def test_a_date_above_a_ruled_table_stays_a_line() -> None:
    reading = read_table(*ROWS, top=ORIGIN, left=ORIGIN)
    (date,) = read_table(("2025",), top=10, left=ORIGIN + 300).lines
    reading = with_ruling(replace(reading, lines=(date, *reading.lines)), ruled(5, 3))
    line, table = find_tables(reading)
    assert not line.aligned and line.rows == [[2025]]
    assert [[cell.text for cell in row] for row in table.cells] == [list(row) for row in ROWS]


def test_lines_that_run_in_all_directions_turn_no_number() -> None:
    quads = quads_of(read_table(*DIGITS, top=ORIGIN, left=ORIGIN))
    rng = np.random.default_rng(0)
    ends = [((100.0, float(y)), (600.0, float(y + rise))) for y, rise in rng.uniform((0, -200), (900, 200), (9, 2))]
    assert np.array_equal(with_ruled_slopes(quads, ends), quads)
    falling = [((100.0, y), (600.0, y + 100)) for y in (100.0, 200.0, 300.0, 400.0)]
    turned = with_ruled_slopes(quads, falling)
    assert np.allclose(turned.mean(axis=1), quads.mean(axis=1))
    edges = turned[:, 1] - turned[:, 0]
    assert np.allclose(edges[:, 1] / edges[:, 0], 0.2, atol=0.01)
