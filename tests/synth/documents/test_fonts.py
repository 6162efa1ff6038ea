from pathlib import Path

import matplotlib
import numpy as np
import pytest

from sutja.errors import DataError
from sutja.synth.documents import fonts
from sutja.synth.documents.fonts import FontFile, Fonts, load_fonts, read_font_table, render_text

DEJAVU = FontFile("dejavu-sans", Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", frozenset({"latin"}))


def test_the_table_names_each_font_once_and_its_scripts() -> None:
    table = read_font_table()
    assert len({row.name for row in table}) == len(table)
    assert all(row.package.startswith("@fontsource/") and row.scripts for row in table)
    assert sum(row.use == "number" for row in table) >= 100
    assert {"latin", "korean", "cyrillic", "devanagari", "malayalam", "vietnamese"} <= set().union(
        *(row.scripts for row in table)
    )


def test_an_unknown_use_in_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fonts.csv"
    path.write_text("name,package,weight,use,scripts\nx,@fontsource/x,400,nothing,latin\n", encoding="utf-8")
    with pytest.raises(DataError, match="x: unknown use 'nothing'"):
        read_font_table(path)


def test_fonts_are_sorted_by_use(tmp_path: Path) -> None:
    for name in ("caveat", "borel", "roboto", "pacifico", "stranger"):
        (tmp_path / f"{name}.ttf").touch()
    loaded = load_fonts(tmp_path)
    assert [font.name for font in loaded.numbers] == ["caveat"]
    assert [font.name for font in loaded.words] == ["caveat", "borel"]
    assert [font.name for font in loaded.print] == ["roboto", "pacifico"]


def test_a_folder_without_fonts_says_how_to_fetch_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"python -m tools\.fonts"):
        load_fonts(tmp_path / "none")
    assert Fonts.none() == Fonts((), (), ())


def test_a_file_that_is_no_font_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.ttf"
    path.write_bytes(b"no font")
    with pytest.raises(DataError, match=r"broken\.ttf: is no font"):
        render_text(FontFile("broken", path, frozenset()), "1", 20)


@pytest.mark.parametrize("height", [8.0, 21.5, 60.0, 240.0])
@pytest.mark.parametrize("text", ["250", "Total 250"])
def test_digits_have_the_height_that_is_asked_for(text: str, height: float) -> None:
    rendered = render_text(DEJAVU, text, height)
    assert rendered.baseline - rendered.digit_top == pytest.approx(height, rel=0.06)
    ink = rendered.boxes[-1]
    assert ink[3] - ink[1] == pytest.approx(height, rel=0.15)


def test_each_box_holds_the_ink_of_its_sign_alone() -> None:
    rendered = render_text(DEJAVU, "1,7 -.4", 40)
    outside = rendered.mask.copy()
    for sign, (x0, y0, x1, y1) in zip(rendered.text, rendered.boxes, strict=True):
        part = np.s_[max(0, int(y0)) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
        assert (rendered.mask[part].max() > 128) == (sign != " ")
        outside[part] = 0
    assert not outside.any()
    assert (np.diff(rendered.boxes[:, 0]) > 0).all()


def test_a_comma_goes_below_the_line_and_a_minus_stands_between_top_and_line() -> None:
    rendered = render_text(DEJAVU, "5,-", 40)
    comma, minus = rendered.boxes[1], rendered.boxes[2]
    assert comma[3] > rendered.baseline + 2
    assert rendered.digit_top + 10 < minus[1] < minus[3] < rendered.baseline - 5


def test_spacing_moves_signs_apart() -> None:
    close, wide = render_text(DEJAVU, "1250", 40), render_text(DEJAVU, "1250", 40, spacing=0.5)
    assert wide.mask.shape[1] - close.mask.shape[1] == pytest.approx(3 * 0.5 * 40, abs=2)


def test_letters_have_boxes_from_left_to_right() -> None:
    rendered = render_text(DEJAVU, "Total Amount", 30)
    assert len(rendered.boxes) == len("Total Amount")
    assert (np.diff(rendered.boxes[:, 0]) >= 0).all()
    assert rendered.boxes[-1, 2] == pytest.approx(rendered.mask.shape[1], abs=2)


def test_signs_that_a_font_lacks_are_left_out() -> None:
    assert render_text(DEJAVU, "1합5", 20).text == "15"
    assert not DEJAVU.has("합")
    nothing = render_text(DEJAVU, "합계", 20)
    assert nothing.text == "" and not nothing.mask.any() and nothing.boxes.shape == (0, 4)


def test_a_text_of_spaces_is_empty() -> None:
    assert render_text(DEJAVU, "  ", 20).mask.max() == 0


def test_without_its_shaper_a_font_still_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda feature: False)
    fonts._font_of_size.cache_clear()
    assert render_text(DEJAVU, "Summe", 33).mask.any()
    fonts._font_of_size.cache_clear()
