"""Drawings: the picture without texts and the texts on it are together what matplotlib draws, in either language."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from numpy.typing import NDArray
from PIL import Image

from sutja.reports import fonts
from sutja.reports.figures import DOTS_PER_INCH, Drawing
from sutja.reports.fonts import find_korean_font
from sutja.reports.languages import lines_in_korean
from tests.reports.figures import FIGURES, NAMES

needs_korean_font = pytest.mark.skipif(find_korean_font() is None, reason="no Korean font")


def grey(png: bytes | Path) -> NDArray[np.int16]:
    picture = Image.open(io.BytesIO(png) if isinstance(png, bytes) else png)
    return np.asarray(picture.convert("L"), np.int16)


@pytest.mark.parametrize("name", FIGURES)
def test_picture_and_texts_are_what_matplotlib_draws(name: str, tmp_path: Path) -> None:
    drawn = io.BytesIO()
    FIGURES[name]().savefig(drawn, dpi=DOTS_PER_INCH)
    Drawing(FIGURES[name]()).save(tmp_path / "figure.png")
    expected, found = grey(drawn.getvalue()), grey(tmp_path / "figure.png")
    assert expected.shape == found.shape
    assert (np.abs(expected - found) > 100).mean() < 0.0005  # a text that is moved by two pixels is more


@pytest.mark.parametrize("name", FIGURES)
def test_the_picture_for_a_page_has_no_texts(name: str, tmp_path: Path) -> None:
    drawing = Drawing(FIGURES[name]())
    drawing.save(tmp_path / "figure.png")
    whole, bare = grey(tmp_path / "figure.png"), grey(drawing.without_texts())
    assert len(drawing.without_texts()) < (tmp_path / "figure.png").stat().st_size
    lettered = np.abs(whole - bare) > 50
    near = np.zeros_like(lettered)
    for text in drawing.texts:
        for line, (x, y) in zip(text.lines, text.points, strict=True):
            reach = int(text.pixels * (len(line) + 1))
            near[max(0, int(y) - reach) : int(y) + reach, max(0, int(x) - reach) : int(x) + reach] = True
    assert lettered.any()
    assert not (lettered & ~near).any()


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_on_plots_have_a_korean_form(name: str) -> None:
    texts = [text.lines for text in Drawing(FIGURES[name]()).texts]
    assert texts
    pairs = [pair for lines in texts for pair in zip(lines, lines_in_korean(lines), strict=True)]
    kept = [line for line, korean in pairs if line == korean]
    assert [line for line in kept if re.search("[A-Za-z]{2}", line) and line not in NAMES] == []


def test_texts_stand_where_they_are_aligned_to() -> None:
    figure = Figure(figsize=(4, 2))
    figure.text(0.5, 0.5, "in the middle", ha="center")
    figure.text(1, 0, "two\nright lines", ha="right")
    figure.text(0.25, 0.5, "upwards", rotation=90, va="top")
    width, height = 4 * DOTS_PER_INCH, 2 * DOTS_PER_INCH
    middle, right, upwards = Drawing(figure).texts
    assert (middle.before, right.before, upwards.before) == (0.5, 1.0, 1.0)
    assert middle.points[0] == pytest.approx((width / 2, height / 2), abs=5)
    assert [x for x, _ in right.points] == pytest.approx([width, width], abs=1)
    assert right.points[0][1] < right.points[1][1]
    assert upwards.points[0][1] == pytest.approx(height / 2, abs=1)
    assert (upwards.degrees, middle.degrees) == (90, 0)


def test_a_formula_stays_in_the_picture() -> None:
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, "$x^2$")
    drawing = Drawing(figure)
    assert drawing.texts == ()
    assert grey(drawing.without_texts()).min() < 100


@needs_korean_font
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FIGURES)
def test_a_file_in_korean_has_each_sign(name: str, tmp_path: Path) -> None:
    drawing = Drawing(FIGURES[name]())
    drawing.save(tmp_path / "en.png")
    drawing.save(tmp_path / "ko.png", "ko")
    drawing.save(tmp_path / "again.png")
    english, korean, again = ((tmp_path / f"{each}.png").read_bytes() for each in ("en", "ko", "again"))
    assert english == again
    assert english != korean


def test_a_file_stays_english_where_no_korean_font_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sutja.reports.figures.find_korean_font", lambda: None)
    drawing = Drawing(FIGURES["curves"]())
    drawing.save(tmp_path / "en.png")
    drawing.save(tmp_path / "ko.png", "ko")
    assert (tmp_path / "en.png").read_bytes() == (tmp_path / "ko.png").read_bytes()


def test_the_first_installed_font_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    search = find_korean_font.__wrapped__
    monkeypatch.setattr(fonts, "KOREAN_FONTS", {"No such font": "NoSuchFont", "DejaVu Sans": "DejaVuSans"})
    assert search() == "DejaVu Sans"
    monkeypatch.setattr(fonts, "KOREAN_FONTS", {"No such font": "NoSuchFont"})
    assert search() is None


def test_a_font_that_matplotlib_has_not_listed_yet_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "KOREAN_FONTS", {"DejaVu Sans": "DejaVuSans"})
    listed = fontManager.ttflist
    others = [each for each in listed if each.name != "DejaVu Sans"]
    path = next(each.fname for each in listed if each.fname.endswith("DejaVuSans.ttf"))
    monkeypatch.setattr(fontManager, "ttflist", others)
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [path])
    assert find_korean_font.__wrapped__() == "DejaVu Sans"
