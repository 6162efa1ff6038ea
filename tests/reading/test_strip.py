"""Cutting lines into strips, and mapping cells of strips back to the page."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.models.ctc import DecodedDigit
from sutja.reading.cells import digit_box, digit_image, find_cells
from sutja.reading.layout import find_lines
from sutja.reading.page import prepare_page
from sutja.reading.strip import STRIP_DIGIT_ROWS, Strip, cut_strip

from .written import Written, overlap, write


def strips(written: Written) -> list[Strip]:
    page = prepare_page(written.gray)
    layout = find_lines(page.ink)
    return [cut_strip(page, layout, line) for line in layout.lines]


@pytest.mark.parametrize("size", [28, 56, 120])
@pytest.mark.parametrize("slope", [-0.15, 0, 0.1])
def test_a_strip_is_level_and_has_the_height_of_the_networks_input(mnist: Dataset, size: int, slope: float) -> None:
    for strip in strips(write(mnist, "40417", "92605", size=size, slope=slope)):
        assert strip.ink.shape[0] == 32
        assert strip.ink.dtype == np.float32
        assert 0 <= strip.ink.min() <= strip.ink.max() == 1
        thirds = np.array_split(strip.ink > 0.5, 3, axis=1)
        extents = [np.flatnonzero(third.any(axis=1)) for third in thirds]
        for rows in extents:
            assert np.ptp(rows) + 1 == pytest.approx(STRIP_DIGIT_ROWS, abs=6)
            assert rows.mean() == pytest.approx(15.5, abs=3.5)


@pytest.mark.parametrize("slope", [-0.15, 0, 0.1])
def test_the_boxes_of_digits_on_the_page(mnist: Dataset, slope: float) -> None:
    written = write(mnist, "40417", "92605", slope=slope)
    boxes = iter(written.boxes)
    for strip in strips(written):
        places = [next(boxes) for _ in range(5)]
        middles = [(x + wide / 2 - strip.left) * strip.zoom for x, _, wide, _ in places]
        found = [digit_box(strip, cell) for cell in find_cells(strip, [decoded(middle) for middle in middles])]
        for (left, top, right, bottom), place in zip(found, places, strict=True):
            assert overlap((round(left), round(top), round(right - left), round(bottom - top)), place) > 0.65


def decoded(middle: float) -> DecodedDigit:
    return DecodedDigit(middle - 4, middle + 4, np.full(10, 0.1))


def test_digits_that_touch_are_not_alone() -> None:
    ink = np.zeros((32, 120), np.float32)
    ink[5:27, 10:20] = ink[5:27, 40:50] = ink[5:27, 54:64] = 1
    ink[15, 50:54] = 1  # joins the second and the third
    strip = Strip(ink, depth=100, zoom=1, left=0, top=0, slope=0)
    digits = [decoded(middle) for middle in (15, 45, 59)]
    assert [cell.alone for cell in find_cells(strip, digits)] == [True, False, False]
    assert find_cells(strip, []) == []
    for cell in find_cells(strip, digits):
        image = digit_image(strip, cell)
        assert image.shape == (28, 28)
        assert image.max() == 255


def test_a_point_of_a_strip_maps_to_the_page() -> None:
    strip = Strip(np.zeros((32, 100), np.float32), depth=100, zoom=0.5, left=10, top=20, slope=0.1)
    assert strip.to_page(0, 0) == (10, 20)
    assert strip.to_page(50, 16) == (110, 20 + (16 + 5) / 0.5)


def test_a_cell_without_ink_has_a_box() -> None:
    strip = Strip(np.zeros((32, 100), np.float32), depth=100, zoom=1, left=0, top=0, slope=0)
    (cell,) = find_cells(strip, [decoded(44)])
    left, top, right, bottom = digit_box(strip, cell)
    assert 0 <= left < 44 < right <= 100
    assert 0 <= top < 16 < bottom <= 32


def test_a_strip_lacks_the_ink_of_other_lines(mnist: Dataset) -> None:
    """The strip of a line that nearly touches another one holds that line alone."""
    written = write(mnist, "11111", "00000", size=40)
    tight = np.delete(written.gray, np.s_[52:68], axis=0)
    page = prepare_page(tight)
    layout = find_lines(page.ink)
    assert len(layout.lines) == 2
    first = cut_strip(page, layout, layout.lines[0]).ink > 0.5
    rows = np.flatnonzero(first.any(axis=1))
    assert np.ptp(rows) + 1 <= STRIP_DIGIT_ROWS + 6
