"""Pages of PDF files: their number, their pixels, and what is refused before it is rendered."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.pictures.limits import MAX_FILE_PAGES
from sutja.data.pictures.pages import count_pages, page_content
from sutja.errors import DataError, LargePictureError
from sutja.reading.picture import decode_colour, decode_picture

from .scans import locked_pdf, pdf_of_picture, pdf_pages

pypdfium2 = pytest.importorskip("pypdfium2")


def test_a_page_has_300_pixels_per_inch_and_is_upright() -> None:
    page = decode_picture(pdf_pages(), "a.pdf")
    assert abs(page.shape[0] - 100 / 72 * 300) <= 1
    assert abs(page.shape[1] - 200 / 72 * 300) <= 1
    assert (page[:200] == 255).all()
    assert (page[-200:] == 0).all()


def test_a_page_that_is_large_has_as_many_pixels_as_are_allowed() -> None:
    height, width = decode_picture(pdf_pages(size=(2384, 3370)), "poster.pdf").shape  # A0
    assert 49_000_000 < height * width <= 50_000_000


def test_each_page_is_a_picture() -> None:
    content = pdf_pages(3)
    assert count_pages(content, "a.pdf") == 3
    assert decode_colour(page_content(content, "a.pdf#3", 3), "a.pdf#3").shape[2] == 3
    with pytest.raises(DataError, match=r"a\.pdf: has 3 pages: name one, as in scan\.pdf#2"):
        decode_picture(content, "a.pdf")
    for page in (0, 4):
        with pytest.raises(DataError, match=rf"a\.pdf#{page}: there is no such page: the file has 3"):
            page_content(content, f"a.pdf#{page}", page)


def test_a_page_of_a_kilometre_is_refused_before_it_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pypdfium2.PdfPage, "render", lambda *_, **__: pytest.fail("rendered"))
    with pytest.raises(LargePictureError, match=r"a\.pdf: a page of 71 × 1,000,000 mm is too large"):
        page_content(pdf_pages(size=(200, 2_834_646)), "a.pdf")


def test_a_picture_on_a_page_is_limited_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode_picture(pdf_of_picture(64), "a.pdf").mean() < 1
    monkeypatch.setattr(pypdfium2.PdfPage, "render", lambda *_, **__: pytest.fail("rendered"))
    monkeypatch.setattr("sutja.data.pictures.pdf._MAX_IMAGE_PIXELS", 64 * 64 - 1)
    hidden = pdf_of_picture(64).replace(b"/Width", b"/W#69dth")  # PDFium resolves such names
    for content in (pdf_of_picture(64), hidden):
        with pytest.raises(LargePictureError, match=r"a\.pdf: a picture in the PDF has 64 × 64 pixels, which are too"):
            page_content(content, "a.pdf")


def test_a_large_mask_of_a_small_picture_is_refused() -> None:
    content = pdf_of_picture(64, mask_side=20_000)
    with pytest.raises(LargePictureError, match="a picture in the PDF has 20,000 × 20,000 pixels"):
        page_content(content, "a.pdf")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (locked_pdf(), "the PDF has a password: save it without one"),
        (pdf_pages()[:60], "not a PDF, or damaged"),
        (b"%PDF-1.7\n" + bytes(99), "not a PDF, or damaged"),
        (pdf_pages(MAX_FILE_PAGES + 1), "more than 1,000 pages are too many: split the file"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    for read in (count_pages, page_content):
        with pytest.raises(DataError) as caught:
            read(content, "a.pdf")
        assert str(caught.value) == f"a.pdf: {why}"


def test_a_page_without_area_is_damaged_or_has_the_usual_size() -> None:
    try:
        assert decode_picture(pdf_pages(size=(0, 0)), "a.pdf").dtype == np.uint8
    except DataError as error:
        assert str(error).startswith("a.pdf: damaged: a page of 0")
