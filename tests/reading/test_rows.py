"""Rows of numbers on pages that slope, lie turned, are seen at an angle, or have gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.reading.rows import group_rows

Quads = NDArray[np.float64]


def quad(x: float, y: float, *, width: float = 80, height: float = 40, degrees: float = 0) -> Quads:
    """The corners of a number around (x, y)."""
    corners = np.array([(-width, -height), (width, -height), (width, height), (-width, height)]) / 2
    return corners @ rotation(degrees) + (x, y)


def rotation(degrees: float) -> Quads:
    """A matrix behind points that turns them clockwise, as seen on a picture."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, sin], [-sin, cos]])


def recede(points: Quads, across: float, down: float) -> Quads:
    """Points of a plane that is seen at an angle: nearer and farther by these shares at its edges."""
    centred = points - points.reshape(-1, 2).mean(axis=0)
    nearness = 1 + centred @ (across, down) / np.abs(centred).max()
    return np.asarray(centred / nearness[..., None])


def table(rng: np.random.Generator, rows: int, columns: int) -> tuple[Quads, list[list[int]]]:
    """Numbers in a table with empty cells, of one to five digits, neither level nor equally high; and their rows."""
    quads: list[Quads] = []
    expected: list[list[int]] = []
    height = 40.0
    for row in range(rows):
        filled = [column for column in range(columns) if rng.random() < 0.7]
        expected.append(list(range(len(quads), len(quads) + len(filled))))
        for column in filled:
            digits, high = rng.integers(1, 6), height * rng.uniform(0.85, 1.2)
            wide = 0.65 * high * digits
            x, y = 300 * column + wide / 2 + rng.uniform(0, 60), (1.6 * row + rng.uniform(-0.15, 0.15)) * height
            degrees = rng.uniform(-5, 5) / np.sqrt(digits)
            quads.append(quad(x, y, width=wide, height=high, degrees=degrees))
    return np.array(quads).reshape(-1, 4, 2), [row for row in expected if row]


def test_no_numbers_are_no_rows() -> None:
    assert group_rows([]) == []
    assert group_rows([quad(5, 5)]) == [[0]]


def test_rows_are_read_from_the_top_and_numbers_from_the_left_whatever_their_order() -> None:
    quads = [quad(300, 205), quad(100, 200), quad(100, 100), quad(310, 95), quad(200, 300)]
    assert group_rows(quads) == [[2, 3], [1, 0], [4]]


@pytest.mark.parametrize("degrees", [-150, -90, -20, 0, 20, 90, 180])
def test_a_page_may_be_turned(degrees: float) -> None:
    quads = np.array([quad(300, 205), quad(100, 200), quad(100, 100), quad(310, 95)])
    assert group_rows(quads @ rotation(degrees)) == [[2, 3], [1, 0]]


def test_the_columns_of_a_table_share_their_rows_however_far_apart_they_are() -> None:
    quads = [quad(x, y) for y in (100, 160, 220) for x in (100, 2100)]
    assert group_rows(quads) == [[0, 1], [2, 3], [4, 5]]


def test_numbers_of_other_heights_share_the_row_whose_middle_they_have() -> None:
    quads = [quad(100, 100, height=90), quad(300, 110, height=30), quad(500, 190, height=30)]
    assert group_rows(quads) == [[0, 1], [2]]


def test_numbers_below_each_other_never_share_a_row() -> None:
    quads = [quad(100, 100), quad(105, 112), quad(300, 106)]
    assert [len(row) for row in group_rows(quads)] in ([1, 2], [2, 1])


def test_the_majority_tells_how_the_page_lies() -> None:
    upright = [quad(x, y, width=120) for y in (100, 170, 240) for x in (200, 400)]
    sideways = [quad(20, 150, degrees=-90), quad(20, 260, degrees=-90)]  # read upwards
    assert group_rows([*upright, *sideways]) == [[0, 1], [2, 3], [7, 6], [4, 5]]


@settings(derandomize=True, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 20),
    st.integers(1, 6),
    st.floats(-180, 180),
    st.floats(-0.15, 0.15),
    st.floats(-0.15, 0.15),
)
def test_rows_of_tables_that_are_turned_and_seen_at_an_angle(
    seed: int, rows: int, columns: int, degrees: float, across: float, down: float
) -> None:
    rng = np.random.default_rng(seed)
    quads, expected = table(rng, rows, columns)
    if not len(quads):
        return
    quads = recede(quads, across, down) @ rotation(degrees)
    order = rng.permutation(len(quads))
    found = [[int(order[at]) for at in row] for row in group_rows(quads[order])]
    assert found == expected


@settings(derandomize=True, deadline=None)
@given(st.lists(st.lists(st.floats(-1e4, 1e4), min_size=8, max_size=8), max_size=12))
def test_any_quadrilaterals_are_each_in_one_row(corners: list[list[float]]) -> None:
    found = group_rows(np.array(corners).reshape(-1, 4, 2))
    assert sorted(at for row in found for at in row) == list(range(len(corners)))
    assert all(found)


def test_hundreds_of_numbers_are_grouped() -> None:
    quads, expected = table(np.random.default_rng(0), 60, 8)
    assert len(quads) > 300
    assert group_rows(quads @ rotation(7)) == expected
