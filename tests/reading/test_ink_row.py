"""The whole row of ink on a picture of one number, as a further find."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sutja.reading.ink_row import MAX_ROW_FINDS, with_row_of_ink
from sutja.reading.page_maps import FoundNumber
from sutja.reading.picture import Colour
from sutja.reading.quad import upright_quad

DIGITS = ((20, 30), (70, 34), (120, 28), (170, 30))  # left and top of four digits, 30 × 50 pixels


def picture_of(*places: tuple[int, int]) -> Colour:
    picture = np.full((130, 230, 3), 225, np.uint8)
    for left, top in places:
        cv2.ellipse(picture, (left + 15, top + 25), (13, 23), 0, 0, 360, (60, 50, 50), 4, cv2.LINE_AA)
    return picture


def part(left: float = 65, *, score: float = 0.9, turned: bool = False, upwards: bool = False) -> FoundNumber:
    """The last three digits as found, perhaps upside down, or read from below."""
    quad = upright_quad(left, 30, 205, 82)
    return FoundNumber(np.roll(quad, 2 if turned else 1 if upwards else 0, axis=0), score, 0.5)


def test_a_row_of_ink_is_one_more_find() -> None:
    found = [part(score=0.4), part(110)]
    kept = with_row_of_ink(found, picture_of(*DIGITS))
    assert kept[:2] == found
    (row,) = kept[2:]
    assert (row.score, row.hand) == (0.9, 0.5)
    assert np.abs(row.quad - upright_quad(20, 30, 200, 80)).max() < 6


def test_it_is_read_as_the_surest_find_is() -> None:
    (upright, turned) = (with_row_of_ink([part(turned=each)], picture_of(*DIGITS))[-1] for each in (False, True))
    assert np.array_equal(turned.quad, np.roll(upright.quad, 2, axis=0))


@pytest.mark.parametrize(
    ("found", "places"),
    [
        ([], DIGITS),
        ([part(upwards=True)], DIGITS),
        ([part()] * (MAX_ROW_FINDS + 1), DIGITS),
        ([part()], ((20, 5), (70, 75), (120, 5))),
        ([part()], ()),
    ],
    ids=["nothing found", "read from below", "a page", "two rows", "no ink"],
)
def test_other_pictures_have_no_further_find(found: list[FoundNumber], places: tuple[tuple[int, int], ...]) -> None:
    assert with_row_of_ink(found, picture_of(*places)) == found
