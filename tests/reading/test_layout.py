"""Finding lines of writing in drawn boxes and in digits on paper."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.reading.ink import Mask
from sutja.reading.layout import find_lines
from sutja.reading.page import prepare_page

from .written import write


def boxes(*places: tuple[int, int, int, int], shape: tuple[int, int] = (400, 600)) -> Mask:
    """The ink of boxes (left, top, width, height), drawn as outlines like the strokes of a pen."""
    ink = np.zeros(shape, np.bool_)
    for x, y, wide, high in places:
        ink[y : y + high, x : x + wide] = True
        ink[y + 4 : y + high - 4, x + 4 : x + wide - 4] = False
    return ink


def row(y: int, count: int, *, left: int = 50, step: int = 50, slope: float = 0) -> list[tuple[int, int, int, int]]:
    return [(left + step * number, y + round(slope * step * number), 28, 40) for number in range(count)]


def test_rows_of_boxes_are_lines_from_top_to_bottom() -> None:
    layout = find_lines(boxes(*row(40, 6), *row(150, 3), *row(260, 8)))
    assert [len(line.pieces) for line in layout.lines] == [6, 3, 8]
    for line, top in zip(layout.lines, (40, 150, 260), strict=True):
        assert line.height == 40
        assert line.middle == pytest.approx(top + 20, abs=1)
        assert line.slope == 0
        assert line.left == pytest.approx(50, abs=1)
        assert (line.above, line.below) == pytest.approx((20, 20), abs=1)
        assert (layout.labels[np.isin(layout.labels, line.pieces)] > 0).all()


@pytest.mark.parametrize("slope", [-0.3, -0.1, 0.05, 0.2, 0.35])
def test_a_sloping_line_stays_together(slope: float) -> None:
    start = 220 if slope < 0 else 60
    (line,) = find_lines(boxes(*row(start, 9, slope=slope))).lines
    assert line.slope == pytest.approx(slope, abs=0.03)
    assert len(line.pieces) == 9
    assert (line.above, line.below) == pytest.approx((20, 20), abs=5)


def test_low_joined_zeros_do_not_lower_the_line() -> None:
    digits = [(20, 60, 10, 44), (60, 60, 28, 40), (110, 82, 66, 20)]  # 1, 3 and two zeros in one stroke
    (line,) = find_lines(boxes(*digits)).lines
    assert line.height == 40


def test_a_digit_is_linked_with_the_piece_that_begins_next() -> None:
    digits = [(20, 60, 28, 40), (52, 76, 130, 30), (100, 52, 8, 16)]  # 9, joined zeros, and a hair above them
    reach = [(line.left, line.right) for line in find_lines(boxes(*digits)).lines]
    assert (20, 182) in [(round(left, -1), right) for left, right in reach]


def test_distant_lines_at_the_same_height_are_read_from_left_to_right() -> None:
    layout = find_lines(boxes(*row(40, 2, left=20), *row(44, 2, left=400), *row(200, 3)))
    assert [(round(line.left, -1), len(line.pieces)) for line in layout.lines] == [(20, 2), (400, 2), (50, 3)]


def test_specks_are_ignored_and_loose_pieces_attached() -> None:
    ink = boxes(*row(100, 4))
    ink[20:22, 500:502] = True  # a speck on the paper
    ink[118:124, 86:92] = True  # a bar between the first two boxes
    (line,) = find_lines(ink).lines
    assert len(line.pieces) == 5


@pytest.mark.parametrize("stretch", [(300, 0, 70, 20), (300, 380, 70, 20), (0, 200, 18, 60), (582, 200, 18, 60)])
def test_a_piece_along_the_edge_of_a_photograph_is_not_writing(stretch: tuple[int, int, int, int]) -> None:
    (line,) = find_lines(boxes(*row(100, 4), stretch)).lines
    assert len(line.pieces) == 4


def test_writing_cut_by_the_edge_of_a_photograph_is_kept() -> None:
    assert len(find_lines(boxes(*row(0, 4, left=0))).lines[0].pieces) == 4


def test_a_cut_out_line_may_reach_its_edges() -> None:
    (line,) = find_lines(boxes((20, 0, 30, 60), (60, 16, 130, 44), shape=(60, 200))).lines
    assert len(line.pieces) == 2


def test_the_halves_of_a_broken_digit_are_in_one_line() -> None:
    ink = boxes(*row(100, 5))
    ink[118:122, 150:178] = False  # the third is cut through its middle
    layout = find_lines(ink)
    assert len(layout.lines) == 1
    assert (layout.lines[0].above, layout.lines[0].below) == pytest.approx((20, 20), abs=2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (200, 300)])
def test_paper_without_ink_has_no_lines(shape: tuple[int, int]) -> None:
    layout = find_lines(np.zeros(shape, np.bool_))
    assert layout.lines == ()
    assert layout.labels.shape == shape


@pytest.mark.parametrize("slope", [-0.15, 0, 0.1])
@pytest.mark.parametrize("size", [28, 56, 100])
def test_digits_on_paper(mnist: Dataset, slope: float, size: int) -> None:
    written = write(mnist, "40417", "92605", "318", size=size, slope=slope)
    lines = find_lines(prepare_page(written.gray).ink).lines
    assert len(lines) == 3
    for line in lines:
        assert line.height == pytest.approx(0.7 * size, rel=0.2)
        assert line.slope == pytest.approx(slope, abs=0.05)
