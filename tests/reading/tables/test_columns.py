from __future__ import annotations

import numpy as np
import pytest

from sutja.reading.tables.columns import NumberColumn
from sutja.reading.tables.flattening import FlatNumbers


def edges(column: NumberColumn) -> tuple[float, float, float]:
    return column.left, column.middle, column.right


@pytest.mark.parametrize("seed", range(5))
def test_a_column_that_grows_and_shrinks_has_the_edges_of_one_that_is_measured_anew(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 6, 30).astype(np.float64)  # some edges are the same
    top = np.arange(30.0)
    flat = FlatNumbers(left, top, left + rng.integers(1, 9, 30), top + 0.8, ([],), np.eye(3), 1.0)
    column = NumberColumn([0])
    column.measure(flat)
    for number in range(1, 30):
        column.add(flat, number)
    assert column.take_out(flat, [3, 17, 99])
    assert not {3, 17} & set(column.numbers)
    anew = NumberColumn(list(column.numbers))
    anew.measure(flat)
    assert edges(column) == edges(anew)


def test_a_column_without_any_other_number_is_told() -> None:
    edge = np.zeros(2)
    flat = FlatNumbers(edge, edge, edge, edge, ([],), np.eye(3), 1.0)
    column = NumberColumn([1])
    column.measure(flat)
    assert not column.take_out(flat, [0, 1])
