"""Which signs of a document count on a strip."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.models.ctc import OTHER
from sutja.reading.quad import Axes, Quad
from sutja.reading.strip import strip_matrix
from sutja.synth.documents.document import Document, WrittenRun, upright_quad
from sutja.synth.strip_truth import PlacedSigns

SIGN_PIXELS = 14  # width of a sign on these documents; its height is 20


def run_at(
    x: float, y: float, text: str, *, height: float = 20, degrees: float = 0, is_number: bool = True
) -> WrittenRun:
    """A run whose first sign begins at x, with its middle line at y, turned about that place."""
    angle = np.radians(degrees)
    direction = np.array([np.cos(angle), np.sin(angle)])
    width = SIGN_PIXELS * height / 20
    start, length = np.array([x, y]), width * len(text)
    quad = Axes(start + direction * length / 2, direction, length, height).quad
    centres = start + direction * (width * (np.arange(len(text)) + 0.5)[:, None])
    return WrittenRun(text, quad, centres.astype(np.float32), True, is_number)


def text_on(runs: list[WrittenRun], quad: Quad, own: int | None = 0) -> str:
    signs = PlacedSigns.of(Document(np.zeros((200, 400, 3), np.uint8), tuple(runs)))
    return signs.text_on(*strip_matrix(quad), own=own)


@pytest.mark.parametrize("text", ["7", "1,500.75", "2 1/2", "-4", "12:30"])
def test_a_number_is_read_with_all_its_signs(text: str) -> None:
    run = run_at(50, 100, text)
    assert text_on([run], run.quad) == text


def test_a_number_is_whole_where_its_quad_is_a_little_too_short() -> None:
    run = run_at(50, 100, "1234")
    short = run.quad + np.array([9, -9, -9, 9])[:, None] * np.array([1, 0])
    assert text_on([run], short) == "1234"
    assert text_on([run], short, own=None) == "23", "but not a part of it that another quad begins with"


def test_two_numbers_have_a_space_between_them() -> None:
    runs = [run_at(50, 100, "12"), run_at(150, 100, "345")]
    both = upright_quad(50, 90, 192, 110)
    assert text_on(runs, both) == text_on(runs[::-1], both) == "12 345"


def test_words_are_one_other_sign_and_need_no_space() -> None:
    runs = [
        run_at(50, 100, "12"),
        run_at(90, 100, OTHER * 2, is_number=False),
        run_at(130, 100, "99", is_number=False),
        run_at(170, 100, "3"),
    ]
    assert text_on(runs, upright_quad(50, 90, 184, 110)) == f"12{OTHER}3"
    assert text_on(runs, runs[1].quad, own=1) == OTHER


def test_signs_of_another_line_size_or_direction_are_not_read() -> None:
    run = run_at(50, 100, "12")
    quad = upright_quad(50, 90, 130, 110)
    assert text_on([run, run_at(90, 116, "34")], quad) == "12", "the next line"
    assert text_on([run, run_at(90, 100, "34", height=6)], quad) == f"12{OTHER}", "small print"
    assert text_on([run, run_at(95, 100, "34", degrees=90)], quad) == f"12{OTHER}", "writing across"


def test_a_turned_number_is_read_in_its_direction() -> None:
    run = run_at(300, 150, "123", degrees=180)
    assert text_on([run], run.quad) == "123"


def test_what_lies_beyond_the_picture_is_not_read() -> None:
    run = run_at(-20, 100, "123")
    assert text_on([run], run.quad) == "23"


def test_an_empty_document_has_no_text() -> None:
    assert text_on([], upright_quad(50, 90, 130, 110), own=None) == ""
