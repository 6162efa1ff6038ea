"""HEIC pictures: their pixels, several in a file, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sutja.data.pictures.pages import count_pages, page_content
from sutja.errors import DataError, LargePictureError
from sutja.reading.picture import decode_colour, decode_picture

pillow_heif = pytest.importorskip("pillow_heif")

RED, BLUE = (200, 30, 30), (30, 30, 200)


def heic(*colours: tuple[int, ...], mode: str = "RGB", turns: int = 0) -> bytes:
    """A HEIC file with a picture of 96 × 64 pixels for each colour; `turns` is its EXIF orientation."""
    pictures = pillow_heif.HeifFile()
    for colour in colours:
        pictures.add_from_pillow(Image.new(mode, (96, 64), colour))
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = turns
    pictures.save(content, quality=90, **({"exif": exif.tobytes()} if turns else {}))
    return content.getvalue()


def test_a_picture_has_its_size_and_colours() -> None:
    pixels = decode_colour(heic(RED), "a.heic")
    assert pixels.shape == (64, 96, 3)
    assert np.abs(pixels.mean(axis=(0, 1)) - RED[::-1]).max() < 8, "BGR"


def test_a_transparent_picture_is_paper() -> None:
    assert (decode_picture(heic((0, 0, 0, 0), mode="RGBA"), "a.heic") == 255).all()


def test_each_picture_of_a_file_is_a_page() -> None:
    content = heic(RED, BLUE)
    assert count_pages(content, "a.heic") == 2
    second = decode_colour(page_content(content, "a.heic#2", 2), "a.heic#2")
    assert second[..., 0].mean() > 150 > 50 > second[..., 2].mean()


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sutja.data.pictures.decode.MAX_PICTURE_PIXELS", 96 * 64 - 1)
    monkeypatch.setattr("sutja.data.pictures.heif.np.asarray", lambda *_: pytest.fail("decoded"))
    with pytest.raises(LargePictureError, match=r"a\.heic: 96 × 64 pixels are too many"):
        page_content(heic(RED), "a.heic")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_named(share: float) -> None:
    content = heic(RED)
    with pytest.raises(DataError) as caught:
        decode_picture(content[: int(len(content) * share)], "a.heic")
    assert str(caught.value) == "a.heic: not a HEIC picture, or damaged"
