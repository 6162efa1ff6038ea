"""Painted documents: of every layout, with and without fonts, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import DataError
from sutja.synth.documents import fonts, painter
from sutja.synth.documents.document import Document, WrittenRun, upright_quad
from sutja.synth.documents.layouts import LAYOUTS
from sutja.synth.documents.painter import DocumentPainter, cropped, document_painter
from sutja.synth.documents.writers import Sources
from sutja.synth.documents.writing import is_visible
from tests.synth.documents.sheets import check_runs

SIZE = (160, 128)
DIGIT_PIXELS = 14.0


def painted(sources: Sources, layout: str | None, *seed: int) -> Document:
    rng = np.random.default_rng(list(seed))
    return DocumentPainter(sources).paint(rng, SIZE, layout=layout, digit_height=DIGIT_PIXELS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_document_of_each_layout_has_a_picture_and_true_runs(sources: Sources, layout: str) -> None:
    for seed in range(3):
        document = painted(sources, layout, seed)
        assert document.picture.dtype == np.uint8
        assert document.picture.shape in ((128, 160, 3), (160, 128, 3))  # turned or not
        check_runs(document.runs)
        height, width = document.picture.shape[:2]
        assert all(is_visible(run, (width, height)) for run in document.runs)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_seed_paints_the_same_document(sources: Sources, layout: str) -> None:
    first, second = painted(sources, layout, 5), painted(sources, layout, 5)
    assert np.array_equal(first.picture, second.picture)
    assert [run.text for run in first.runs] == [run.text for run in second.runs]
    assert all(np.array_equal(a.quad, b.quad) for a, b in zip(first.runs, second.runs, strict=True))
    assert not np.array_equal(first.picture, painted(sources, layout, 6).picture)


def test_digits_may_be_of_any_size(sources: Sources) -> None:
    rng = np.random.default_rng(8)
    for height in (5.0, 60.0, 300.0):
        check_runs(DocumentPainter(sources).paint(rng, SIZE, digit_height=height).runs)


def test_views_of_a_sheet_show_the_same_numbers_from_elsewhere(sources: Sources) -> None:
    shared = 0
    for seed in range(8):  # two views of a part of a sheet may show other numbers, or none that is legible
        rng = np.random.default_rng(seed)
        first, second = DocumentPainter(sources).paint_views(rng, SIZE, 2, layout="grid", digit_height=DIGIT_PIXELS)
        shared += bool({run.text for run in first.numbers} & {run.text for run in second.numbers})
        assert not np.array_equal(first.picture, second.picture)
    assert shared > 4


def test_without_fonts_fetched_there_is_no_painter_that_counts_on_them(
    mnist: Dataset, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter, "load_fonts", lambda: fonts.load_fonts(tmp_path / "none"))  # type: ignore[operator]
    with pytest.raises(DataError, match=r"python -m tools\.fonts"):
        document_painter(mnist.train)


def test_a_crop_moves_its_numbers_with_the_picture() -> None:
    picture = np.full((120, 200, 3), 255, np.uint8)
    picture[40:60, 80:120] = 0
    run = WrittenRun("12", upright_quad(80, 40, 120, 60), np.array([(90, 50), (110, 50)], np.float32), True, True)
    for seed in range(6):
        part = cropped(Document(picture, (run,)), np.random.default_rng(seed))
        (moved,) = part.runs
        left, top = np.ceil(moved.quad[0]).astype(int) + 3
        right, bottom = np.floor(moved.quad[2]).astype(int) - 3
        assert part.picture.shape == picture.shape
        assert part.picture[max(0, top) : bottom, max(0, left) : right].max() < 60
        assert moved.height >= 20


def test_a_document_without_numbers_is_not_cropped() -> None:
    document = Document(np.zeros((40, 40, 3), np.uint8), ())
    assert cropped(document, np.random.default_rng(0)) is document
