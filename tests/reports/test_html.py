"""Pages: escaped, well-formed, self-contained, and the same bytes for the same content."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from sutja.reports.confusion import plot_confusion_matrix
from sutja.reports.figures import Drawing
from sutja.reports.html import DigitSheet, Picture, Section, render_page
from sutja.reports.tables import Table

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Walks a page, holds every tag to its end, and remembers what it says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append((self.open[-1] if self.open else "", data.strip()))

    def within(self, tag: str) -> list[str]:
        return [words for where, words in self.words if where == tag]


@pytest.fixture(scope="module")
def figure() -> Figure:
    return plot_confusion_matrix(np.eye(10, dtype=int).tolist())


def test_a_page_shows_all_its_parts_in_order() -> None:
    table = Table(["network", "accuracy"], [["lenet5", "99.0 %"], ["mlp", "98.0 %"]])
    page = Page(
        render_page(
            "LeNet-5",
            "Two networks.",
            [
                Section("Figures", ["One.", "Two."], table),
                Section("Pictures", pictures=[Picture(b"\x89PNG", "A picture."), Picture(b"other", "Another.")]),
            ],
        )
    )
    assert page.within("h1") == ["LeNet-5"]
    assert page.within("title") == ["LeNet-5 · sutja"]
    assert page.within("p") == ["Two networks.", "One.", "Two."]
    assert page.within("h2") == page.within("a") == ["Figures", "Pictures"]
    assert page.within("th") == ["network", "accuracy"]
    assert page.within("td") == ["lenet5", "99.0 %", "mlp", "98.0 %"]
    assert page.within("figcaption") == ["A picture.", "Another."]
    assert (page.tags.count("table"), page.tags.count("img")) == (1, 2)


def test_a_sheet_of_digits_has_each_digit_with_its_texts() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
    sheet = DigitSheet(images, [("2 read as 7", "99% sure · #4"), ("6 read as 5", "98% sure · #9")], "Mistakes.")
    page = Page(render_page("T", "L", [Section("A", pictures=[sheet])], "ko"))
    assert page.within("span") == ["2를 7로 읽음", "확신 99% · #4", "6을 5로 읽음", "확신 98% · #9"]
    files = [address.removeprefix("data:image/png;base64,") for address in page.addresses if "base64" in address]
    pictures = [Image.open(io.BytesIO(base64.b64decode(file))) for file in files]
    assert [np.asarray(picture).tolist() for picture in pictures] == (255 - images).tolist()


def test_every_address_lies_in_the_page_itself() -> None:
    page = Page(render_page("T", "L", [Section("A"), Section("B", pictures=[Picture(b"png", "C")])]))
    anchors = [address[1:] for address in page.addresses if address.startswith("#")]
    assert anchors == ["s1", "s2"]
    assert page.ids == ["language", *anchors]
    (picture,) = [address for address in page.addresses if not address.startswith("#")]
    assert base64.b64decode(picture.removeprefix("data:image/png;base64,")) == b"png"


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)


@given(words)
@settings(derandomize=True, max_examples=40)
@pytest.mark.parametrize("place", ["title", "lead", "heading", "paragraph", "head", "cell", "caption"])
def test_whatever_is_written_is_text(place: str, text: str) -> None:
    nasty = f"<script>alert('{text}')</script>\"&amp;"
    said = {name: nasty if name == place else "x" for name in ("title", "lead", "heading", "paragraph", "caption")}
    table = Table([nasty if place == "head" else "x"], [[nasty if place == "cell" else "x"]])
    section = Section(said["heading"], [said["paragraph"]], table, [Picture(b"png", said["caption"])])
    page = Page(render_page(said["title"], said["lead"], [section]))
    assert page.tags.count("script") == 1  # the page's own
    assert nasty in [words for _, words in page.words] or place == "title"


def test_a_page_without_sections_is_well_formed() -> None:
    assert Page(render_page("T", "L", [])).within("h2") == []


def test_the_same_figure_gives_the_same_bytes(figure: Figure, tmp_path: Path) -> None:
    paths = [tmp_path / "figures" / name for name in ("a.png", "b.png")]
    drawings = Drawing(figure), Drawing(plot_confusion_matrix(np.eye(10, dtype=int).tolist()))
    for drawing, path in zip(drawings, paths, strict=True):
        drawing.save(path)
    assert drawings[0].without_texts() == drawings[1].without_texts()
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"matplotlib" not in paths[0].read_bytes().lower()
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["a.png", "b.png"]
    picture = cv2.imread(str(tmp_path / "figures" / "a.png"))
    assert picture is not None
    assert picture.shape[:2] == (672, 768)
