"""Writers: each sign has its place, and its ink there."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.fonts import Fonts
from sutja.synth.documents.scrawls import scrawl
from sutja.synth.documents.stroke_writer import StrokeWriter
from sutja.synth.documents.writers import DigitShapes, Sources
from sutja.synth.documents.writing import Writing
from tests.synth.documents.sheets import PEN_WIDTH, writer_of

TEXTS = ("8", "250", "1,5", "-3.75", "12/07/2024", "2 1/2", "3/4", "1 500", "10:45", "+7")


def check_spans(written: Writing, text: str) -> None:
    assert written.text == text and len(written.spans) == len(text)
    for sign, (left, right) in zip(text, written.spans, strict=True):
        assert right > left
        assert sign == " " or written.ink[:, max(0, int(left) - 2) : int(right) + 3].max() > 100, (sign, text)


@pytest.mark.parametrize("text", TEXTS)
def test_each_sign_of_a_number_has_its_ink_in_its_columns(sources: Sources, text: str) -> None:
    for seed in range(4):
        written = writer_of(sources, np.random.default_rng(seed)).write(text, 30)
        check_spans(written, text)
        assert written.count == len(text)
        assert written.height == pytest.approx(30, rel=0.6)  # a writer's 7 may reach far below the line


def test_digits_stand_between_the_rows_that_are_told(sources: Sources) -> None:
    """The ink of a number of tall digits begins and ends close to its top and bottom; few writers have a tall one."""
    beyond = []
    for seed in range(60):
        written = writer_of(sources, np.random.default_rng(seed)).write("888", 40)
        rows = np.flatnonzero(written.ink.max(axis=1) > 128)
        middle = written.slope * sum(written.spans[1]) / 2
        beyond.append((rows[0] - written.top - middle, rows[-1] - written.bottom - middle))
    errors = np.abs(beyond)
    assert np.median(errors, axis=0) == pytest.approx(0, abs=3)
    assert np.quantile(errors.max(axis=1), 0.8) < 8


def test_words_are_written_with_and_without_a_font(sources: Sources) -> None:
    written = writer_of(sources, np.random.default_rng(1)).write_word("Milch", 30)
    assert written.count == 0 and len(written.spans) == 5
    assert written.ink.any()
    assert len(scrawl(np.random.default_rng(1), "abc", 20, pen=2).spans) == 3


@pytest.mark.parametrize("digit", range(10))
def test_each_source_has_each_digit(shapes: DigitShapes, digit: int) -> None:
    rng = np.random.default_rng(digit)
    assert shapes.traced(rng, digit)
    assert shapes.image(rng, digit).max() > 100
    assert shapes.writers == 44
    assert shapes.penned(rng, digit, 3)


def test_a_pen_of_many_styles_writes_every_number(shapes: DigitShapes) -> None:
    for seed in range(15):
        writer = StrokeWriter(np.random.default_rng(seed), Sources(shapes, Fonts.none()), pen_width=PEN_WIDTH)
        check_spans(writer.write("1029", 25, ending=".-~x"), "1029.-~x")
