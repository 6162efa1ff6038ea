"""Tables found among numbers: in the right rows and columns, on pages that slope or recede; lines stay lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.reading.result import Reading, ReadLine, ReadNumber
from sutja.reading.tables.page import find_tables
from sutja.reading.tables.table import NumberTable
from tests.reading.readings import read_number
from tests.reading.tables.sheets import read_table

HEIGHT = 40.0  # of a number, in pixels
Corners = NDArray[np.float64]


def corners(x: float, y: float, signs: int) -> Corners:
    """The corners of a number of some signs around (x, y)."""
    half = np.array([0.65 * HEIGHT * signs, HEIGHT]) / 2
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half + (x, y)


def grid(rows: int, columns: int, *, top: float = 0.0, left: float = 0.0, pitch: float = 1.8) -> dict[str, Corners]:
    """A table of numbers of three digits that name their place: `203` is in row 2, column 3."""
    return {
        f"{row}{column:02d}": corners(left + 130 * column, top + pitch * HEIGHT * row, 3)
        for row in range(1, rows + 1)
        for column in range(1, columns + 1)
    }


def seen(numbers: dict[str, Corners], *, degrees: float = 0.0, across: float = 0.0, down: float = 0.0) -> Reading:
    """A reading of numbers on a page that is turned, and nearer or farther by these shares at its edges."""
    places = np.array(list(numbers.values()))
    places -= places.reshape(-1, 2).mean(axis=0)
    places = places / (1 + places @ (across, down) / np.abs(places).max())[..., None]
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    places = places @ np.array([[cos, sin], [-sin, cos]]) + 2000
    read = (
        ReadNumber.at(quad, read_number(signs).signs, shape=(4000, 4000))
        for signs, quad in zip(numbers, places, strict=True)
    )
    return Reading(tuple(ReadLine((number,)) for number in read)).with_values()


def texts(table: NumberTable) -> list[list[str]]:
    """The texts of the cells."""
    return [[cell.text for cell in row] for row in table.cells]


def expected(rows: int, columns: int, *, without: frozenset[str] = frozenset()) -> list[list[str]]:
    """The texts of `grid`, with the cells that are empty."""
    names = [[f"{row}{column:02d}" for column in range(1, columns + 1)] for row in range(1, rows + 1)]
    return [["" if name in without else name for name in row] for row in names]


def test_a_reading_without_numbers_has_no_tables() -> None:
    assert find_tables(Reading(())) == ()
    assert Reading(()).tables == ()


@pytest.mark.parametrize("degrees", [0, 4, -9, 25, 90, 180, -90])
@pytest.mark.parametrize(("across", "down"), [(0, 0), (0.12, 0), (-0.1, 0.15), (0, -0.2)])
def test_rows_and_columns_are_found_however_the_page_lies(degrees: float, across: float, down: float) -> None:
    (table,) = seen(grid(7, 5), degrees=degrees, across=across, down=down).tables
    assert texts(table) == expected(7, 5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), degrees=st.floats(-12, 12), share=st.floats(0.75, 1))
def test_empty_cells_stay_empty_where_handwriting_is_uneven(seed: int, degrees: float, share: float) -> None:
    rng = np.random.default_rng(seed)
    numbers = grid(8, 6)
    empty = {name for name in numbers if rng.random() > share and name[0] != "1" and name[-1] != "1"}
    uneven = {name: place + rng.uniform(-7, 7, 2) for name, place in numbers.items() if name not in empty}
    (table,) = seen(uneven, degrees=degrees, across=rng.uniform(-0.1, 0.1)).tables
    assert texts(table) == expected(8, 6, without=frozenset(empty))


def test_numbers_of_any_length_share_a_column_by_their_right_edges() -> None:
    numbers = {}
    for row, name in enumerate(("5", "1250", "37", "123456", "8")):
        numbers[name] = corners(300 - 0.325 * HEIGHT * len(name), 80 * row, len(name))
        numbers[f"9{row}"] = corners(380, 80 * row, 2)
    (table,) = seen(numbers).tables
    assert texts(table) == [["5", "90"], ["1250", "91"], ["37", "92"], ["123456", "93"], ["8", "94"]]


def test_a_column_of_words_between_leaves_the_table_one() -> None:
    near, far = grid(6, 2), grid(6, 2, left=900)
    table = seen({**near, **{f"7{name}": place for name, place in far.items()}}).tables[0]
    assert table.shape == (6, 4)


def test_tables_below_each_other_are_apart() -> None:
    wide = grid(6, 5)
    narrow = {f"9{name}": place for name, place in grid(5, 2, top=1000, left=60, pitch=2.4).items()}
    first, second = seen({**wide, **narrow}, degrees=3).tables
    assert texts(first) == expected(6, 5)
    assert second.shape == (5, 2)


def test_tables_side_by_side_with_other_rows_are_apart() -> None:
    left = grid(9, 3)
    right = {f"9{name}": place for name, place in grid(6, 2, top=13, left=800, pitch=2.6).items()}
    tables = seen({**left, **right}).tables
    assert sorted(table.shape for table in tables) == [(6, 2), (9, 3)]


def test_an_empty_row_of_evenly_spaced_ones_is_kept() -> None:
    numbers = {name: place for name, place in grid(8, 3).items() if name[0] != "4"}
    (table,) = seen(numbers).tables
    assert texts(table)[3] == ["", "", ""]
    assert texts(table)[4] == ["501", "502", "503"]


def test_a_date_above_a_table_is_a_line() -> None:
    heading = {"12112026": corners(900, -40, 8)}
    tables = find_tables(seen({**heading, **grid(6, 4)}))
    assert [(table.aligned, table.shape) for table in tables] == [(False, (1, 1)), (True, (6, 4))]


def test_lines_that_are_not_aligned_are_no_table() -> None:
    rng = np.random.default_rng(3)
    numbers = {}
    for row in range(6):
        x = rng.uniform(0, 300)
        for at in range(int(rng.integers(1, 4))):
            signs = int(rng.integers(1, 7))
            numbers[f"{row + 1}{at + 1}{'0' * (signs - 1)}"] = corners(x + 13 * signs, 90 * row, signs)
            x += 26 * signs + rng.uniform(60, 260)
    reading = seen(numbers)
    assert reading.tables == ()
    (lines,) = find_tables(reading)
    assert not lines.aligned and len(lines.filled_cells) == len(numbers)


def test_a_list_of_numbers_is_a_table_of_one_column() -> None:
    (table,) = read_table(("12",), ("7",), ("105",), ("33",)).tables
    assert table.rows == [[12], [7], [105], [33]]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 40))
def test_every_number_is_in_one_table_or_line_wherever_it_stands(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    read = []
    for _ in range(count):
        turn = rng.choice([0.0, rng.uniform(-np.pi, np.pi)])
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        quad = corners(0, 0, int(rng.integers(1, 6))) @ rotation + rng.uniform(0, 2000, 2)
        read.append(ReadNumber.at(quad, read_number(str(rng.integers(10, 99))).signs, shape=(4000, 4000)))
    tables = find_tables(Reading(tuple(ReadLine((number,)) for number in read)))
    cells = [cell for table in tables for cell in table.filled_cells]
    assert sorted(id(number) for cell in cells for number in cell.numbers) == sorted(map(id, read))
    assert all(len({len(row) for row in table.cells}) == 1 for table in tables)
