"""The direction of a page, from the numbers on it."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.reading.page_direction import with_page_direction
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Axes


def number(degrees: float, *, length: float = 60, score: float = 0.9) -> FoundNumber:
    angle = np.radians(degrees)
    axes = Axes(np.array([100.0, 100.0]), np.array([np.cos(angle), np.sin(angle)]), length, 20)
    return FoundNumber(axes.quad, score, hand=1.0)


def degrees_of(found: FoundNumber) -> float:
    x, y = Axes.of(found.quad).direction
    return float(np.degrees(np.arctan2(y, x)))


@pytest.mark.parametrize("page", [0, 12, 90, 180, -90])
def test_a_number_that_seems_upside_down_follows_the_others(page: float) -> None:
    found = with_page_direction([number(page), number(page + 4), number(page + 180, length=20)])
    assert [(degrees_of(each) - page + 180) % 360 - 180 for each in found] == pytest.approx([0, 4, 0], abs=1)
    assert np.allclose(np.sort(found[2].quad, axis=0), np.sort(number(page + 180, length=20).quad, axis=0), atol=1e-3)


def test_numbers_that_slope_with_the_page_stay_as_they_are() -> None:
    numbers = [number(degrees) for degrees in (-20, 0, 20)]
    for each, same in zip(with_page_direction(numbers), numbers, strict=True):
        assert np.array_equal(each.quad, same.quad)


def test_the_numbers_of_an_upright_picture_are_read_from_left_to_right() -> None:
    (found,) = with_page_direction([number(180)], upright=True)
    assert degrees_of(found) == pytest.approx(0, abs=1)


def test_a_page_without_numbers_has_no_direction() -> None:
    assert with_page_direction([]) == []
