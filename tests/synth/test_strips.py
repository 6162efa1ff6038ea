"""Training strips cut out of painted documents."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.models.ctc import ALPHABET, OTHER
from sutja.reading.single_digit import prepare_single_digit
from sutja.synth.documents.document import Document, WrittenRun, illegible, other_run, upright_quad
from sutja.synth.strips import (
    MAX_CUTS,
    MIN_STRIP_DIGIT_PIXELS,
    STRIPS_PER_ALPHABET,
    STRIPS_PER_SCENE,
    StripRenderer,
    cut_single_signs,
    cut_training_strips,
    fixed_strips,
    strip_maker,
)
from tests.synth.painted import RowPainter, row_painter


def test_strips_have_the_signs_of_the_documents_numbers() -> None:
    strips = fixed_strips(RowPainter(), 150, 0)
    assert len(strips) == 150
    for strip in strips:
        assert strip.pixels.shape[:2] == (3, 48)
        assert strip.pixels.dtype == np.float16
        assert np.isfinite(strip.pixels).all()
        assert set(strip.text) <= set(ALPHABET)
        assert strip.drawn().shape == (48, strip.pixels.shape[2], 3)
    texts = [strip.text for strip in strips]
    assert sum(any(sign.isdigit() for sign in text) for text in texts) > 75
    assert OTHER in texts, "words"
    assert "" in texts, "and empty places"


def test_the_same_seed_gives_the_same_strips(few: Dataset) -> None:
    first, again, other = (fixed_strips(RowPainter(), 20, seed) for seed in (3, 3, 4))
    for strip, twin in zip(first, again, strict=True):
        assert strip.text == twin.text
        assert np.array_equal(strip.pixels, twin.pixels)
    assert [strip.text for strip in first] != [strip.text for strip in other]
    made, direct = strip_maker(row_painter, few.train, 9), StripRenderer(RowPainter())
    ours, theirs = made(np.random.default_rng(1)), direct.render_strips(np.random.default_rng(1), 9)
    assert [strip.text for strip in ours] == [strip.text for strip in theirs]


def test_each_number_is_cut_several_times_but_no_document_more_than_its_share() -> None:
    document = RowPainter().paint(np.random.default_rng(2), (448, 448))
    strips = list(cut_training_strips(document, np.random.default_rng(0)))
    number = max((run.text for run in document.numbers if run.handwritten), key=len)
    assert 1 <= sum(strip.text == number for strip in strips) <= MAX_CUTS
    assert len(strips) > len(document.runs)
    full = RowPainter().paint(np.random.default_rng(2), (448, 2000))
    assert len(list(cut_training_strips(full, np.random.default_rng(0)))) - STRIPS_PER_SCENE in (0, 1)


def test_single_signs_are_cut_as_the_reader_cuts_a_picture_of_one() -> None:
    picture = np.full((120, 300, 3), 230, np.uint8)
    cv2.putText(picture, "7", (20, 70), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (60, 40, 30), 4)
    cv2.putText(picture, "R", (180, 70), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (60, 40, 30), 4)
    seven = WrittenRun("7", upright_quad(20, 26, 58, 70), np.array([(39, 48)], np.float32), True, True)
    letter = other_run(upright_quad(182, 26, 220, 70), handwritten=True)
    word = other_run(upright_quad(182, 26, 220, 70), handwritten=True, text=3 * OTHER)
    strips = [
        strip
        for seed in range(8)
        for strip in cut_single_signs(Document(picture, (seven, letter, word)), np.random.default_rng(seed))
    ]
    singles = [strip for strip in strips if strip.pixels.max() <= 0 and strip.text]
    assert {strip.text for strip in singles} == {"7", OTHER}
    for strip in singles:
        expected = prepare_single_digit(picture[:, :120] if strip.text == "7" else picture[:, 160:260]).strip
        assert abs(strip.pixels.shape[2] - expected.shape[2]) <= 4
        assert strip.pixels.sum() == pytest.approx(expected.sum(), rel=0.2)


class SevensPainter(RowPainter):
    """Paints a hundred single sevens on each sheet, and counts the sheets."""

    sheets = 0

    def paint_views(self, rng: np.random.Generator, size: tuple[int, int], count: int, **how: Any) -> list[Document]:
        self.sheets += 1
        picture = np.full((440, 440, 3), 230, np.uint8)
        places = [(44 * row, 44 * column) for row in range(10) for column in range(10)]
        for x, y in places:
            cv2.putText(picture, "7", (x + 10, y + 32), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (60, 40, 30), 2)
        quads = [upright_quad(x + 10, y + 12, x + 28, y + 32) for x, y in places]
        runs = [WrittenRun("7", quad, quad.mean(axis=0, keepdims=True), True, True) for quad in quads]
        return [Document(picture, tuple(runs))] * count


def test_a_sheet_of_single_signs_gives_few_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.synth.strips.ALPHABET_SHEET_SHARE", 1.0)
    painter = SevensPainter()
    made = StripRenderer(painter).render_strips(np.random.default_rng(0), 2 * STRIPS_PER_ALPHABET)
    assert painter.sheets == 2
    assert "7" in {strip.text for strip in made}


def test_a_document_without_writing_gives_empty_strips() -> None:
    empty = Document(np.full((200, 200, 3), 230, np.uint8), ())
    strips = [strip for seed in range(10) for strip in cut_training_strips(empty, np.random.default_rng(seed))]
    assert strips
    assert {strip.text for strip in strips} == {""}


def test_what_cannot_be_seen_or_read_is_not_cut() -> None:
    document = RowPainter().paint(np.random.default_rng(2), (448, 448))
    beyond = [run.moved(np.array([[1, 0, 900], [0, 1, 0], [0, 0, 1]], float)) for run in document.runs]
    tiny = [run.moved(np.diag([0.2, 0.2, 1.0])) for run in document.runs]
    assert all(run.height < MIN_STRIP_DIGIT_PIXELS for run in tiny)
    for runs in (beyond, tiny, map(illegible, document.runs)):
        strips = list(cut_training_strips(Document(document.picture, tuple(runs)), np.random.default_rng(0)))
        assert {strip.text for strip in strips} <= {""}
