"""The parts of a strip that belong to its signs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sutja.models.ctc import DecodedSign
from sutja.reading.cells import digit_image, find_cells, sign_outline, strip_ink
from sutja.reading.quad import upright_quad
from sutja.reading.strip import Strip, StripCutter

QUAD = upright_quad(40, 60, 160, 100)  # digits 40 pixels high


def strip_with_bars(*lefts: int, width: int = 8) -> Strip:
    """A strip of a picture with dark bars of `width` pixels in the quad, at these columns of the picture."""
    picture = np.full((160, 200, 3), 220, np.uint8)
    for left in lefts:
        cv2.rectangle(picture, (left, 60), (left + width - 1, 99), (40, 30, 30), -1)
    return StripCutter(picture).cut(QUAD)


def sign_at(strip: Strip, x: float, digit: int = 1) -> DecodedSign:
    """A sign at a column of the picture."""
    columns = np.arange(strip.pixels.shape[2])
    across = strip.to_picture(np.column_stack([columns, np.full_like(columns, 24)]).astype(np.float64))[:, 0]
    place = float(np.interp(x, across, columns))
    return DecodedSign(str(digit), place - 2, place + 2, 0.9, np.full(10, 0.09))


def test_neighbours_are_parted_between_their_ink() -> None:
    strip = strip_with_bars(60, 100)
    first, second = find_cells(strip_ink(strip), [sign_at(strip, 64), sign_at(strip, 104)])
    assert first.alone and second.alone
    assert first.right == second.left
    assert 70 < strip.to_picture(np.array([[first.right, 24]]))[0, 0] < 98


def test_digits_that_touch_do_not_stand_alone() -> None:
    picture = np.full((160, 200, 3), 220, np.uint8)
    cv2.rectangle(picture, (60, 60), (110, 99), (40, 30, 30), -1)
    strip = StripCutter(picture).cut(QUAD)
    cells = find_cells(strip_ink(strip), [sign_at(strip, 70), sign_at(strip, 100)])
    assert not any(cell.alone for cell in cells)


def test_without_signs_there_are_no_cells() -> None:
    assert find_cells(strip_ink(strip_with_bars(60)), []) == []


def test_the_outline_of_a_sign_is_that_of_its_ink() -> None:
    strip = strip_with_bars(60, 120)
    ink = strip_ink(strip)
    cells = find_cells(ink, [sign_at(strip, 64), sign_at(strip, 124)])
    for cell, left in zip(cells, (60, 120), strict=True):
        outline = strip.to_picture(sign_outline(ink, cell))
        assert outline.min(axis=0) == pytest.approx([left, 60], abs=1.5)
        assert outline.max(axis=0) == pytest.approx([left + 8, 100], abs=1.5)


def test_the_outline_of_a_slanted_sign_has_no_empty_corners() -> None:
    picture = np.full((160, 200, 3), 220, np.uint8)
    cv2.line(picture, (70, 98), (90, 61), (40, 30, 30), 5, cv2.LINE_AA)
    strip = StripCutter(picture).cut(QUAD)
    (cell,) = find_cells(strip_ink(strip), [sign_at(strip, 80)])
    outline = strip.to_picture(sign_outline(strip_ink(strip), cell))
    top, bottom = outline[outline[:, 1] < 66], outline[outline[:, 1] > 94]
    assert top[:, 0].min() > 80 > bottom[:, 0].max()


def test_where_there_is_no_ink_the_outline_is_the_cell() -> None:
    strip = strip_with_bars()
    ink = strip_ink(strip)
    (cell,) = find_cells(ink, [sign_at(strip, 100)])
    outline = sign_outline(ink, cell)
    assert outline[:, 0].min() == int(cell.left) - 0.5
    assert outline[:, 0].max() == int(np.ceil(cell.right)) - 0.5


def test_the_image_of_a_digit_has_no_rules_and_no_specks() -> None:
    picture = np.full((160, 200, 3), 220, np.uint8)
    cv2.rectangle(picture, (70, 60), (77, 97), (40, 30, 30), -1)
    plain = StripCutter(picture).cut(QUAD)
    cv2.line(picture, (0, 106), (199, 106), (40, 30, 30), 2)
    picture[70:72, 92:94] = 40
    ruled = StripCutter(picture).cut(QUAD)
    images = [
        digit_image(strip_ink(strip), find_cells(strip_ink(strip), [sign_at(strip, 74)])[0]) for strip in (plain, ruled)
    ]
    assert images[0].shape == (28, 28) and images[0].max() == 255
    assert np.abs(images[0].astype(int) - images[1]).mean() < 8
