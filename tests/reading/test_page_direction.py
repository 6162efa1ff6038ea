"""The direction of a page, from the numbers on it."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.reading.page_direction import row_directions, upside_down, with_page_direction
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Axes


def number(
    degrees: float, *, length: float = 60, score: float = 0.9, at: tuple[float, float] = (100.0, 100.0)
) -> FoundNumber:
    angle = np.radians(degrees)
    axes = Axes(np.array(at), np.array([np.cos(angle), np.sin(angle)]), length, 20)
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


def angles_of(directions: np.ndarray) -> list[float]:
    assert np.allclose(np.hypot(*directions.T), 1)
    return [float(each) for each in np.degrees(np.arctan2(directions[:, 1], directions[:, 0]))]


@pytest.mark.parametrize("page", [0, 90, 180, -90])
def test_rows_that_are_nearly_level_are_level(page: float) -> None:
    numbers = [number(page + degrees, length=100) for degrees in (1.2, -0.4, 0.5)]
    turned = [(angle - page + 180) % 360 - 180 for angle in angles_of(row_directions(numbers))]
    assert turned == pytest.approx([0, 0, 0], abs=1e-6)


def test_numbers_on_a_sloping_page_share_its_slope() -> None:
    numbers = [number(7 + error, length=100) for error in (1, -1, 0.5, -0.5)]
    assert angles_of(row_directions(numbers)) == pytest.approx([7] * 4, abs=0.2)


def test_a_number_written_across_keeps_its_own_direction() -> None:
    numbers = [number(0, length=100), number(0.5, length=100), number(35, length=100), number(90, length=100)]
    assert angles_of(row_directions(numbers))[2:] == pytest.approx([35, 90], abs=1e-4)


def test_on_a_page_seen_at_an_angle_each_row_has_its_own_slope() -> None:
    numbers = [number(degrees, length=120, at=(300, 100 * degrees)) for degrees in (2, 4, 6, 8, 10, 12, 14)]
    assert angles_of(row_directions(numbers)) == pytest.approx([2, 4, 6, 8, 10, 12, 14], abs=1)


def test_no_number_has_no_direction() -> None:
    assert row_directions([]).shape == (0, 2)


def test_upside_down_a_number_begins_at_its_other_end() -> None:
    (turned,) = upside_down([number(10)])
    assert degrees_of(turned) == pytest.approx(-170, abs=1e-4)
    assert np.array_equal(np.roll(turned.quad, 2, axis=0), number(10).quad)
