"""Files that people take for pictures: each is named, with what to do."""

from __future__ import annotations

import io
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image

from sutja.data.pictures.decode import decode_pixels
from sutja.errors import DataError


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return content.getvalue()


def webp(frames: int) -> bytes:
    images = [Image.fromarray(np.full((9, 9, 3), 25 * number, np.uint8)) for number in range(frames)]
    content = io.BytesIO()
    images[0].save(content, "WEBP", save_all=frames > 1, append_images=images[1:], lossless=True)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<?xml version='1.0'?>\n<!-- a -->\n<svg width='9' height='9'/>", "an SVG drawing is not supported: save it"),
        (
            b"\xef\xbb\xbf<!DOCTYPE html>\n<HTML lang='ko'>",
            "a web page (HTML) is not supported: save or print it as PDF",
        ),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word document (DOCX) is not supported: save or print"),
        (zipped("xl/workbook.xml"), "a workbook (XLSX) is not supported"),
        (zipped("ppt/presentation.xml"), "a presentation (PPTX) is not supported"),
        (zipped("a.png"), "a zip file is not supported: unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "an Office document from before 2007 is not supported"),
        (b"%!PS-Adobe-3.0", "PostScript is not supported: save it as PDF"),
        (b"8BPS\0\1" + bytes(99), "a Photoshop file is not supported: save it as PNG"),
        (b"\0\0\0\x14ftypqt  " + bytes(99), "a video is not supported: save one of its frames as JPEG"),
        (webp(3), "a WebP animation is not supported: save one of its frames as PNG"),
    ],
)
def test_a_form_that_is_not_supported_is_named(content: bytes, what: str) -> None:
    with pytest.raises(DataError) as caught:
        decode_pixels(content, "a.png", cv2.IMREAD_GRAYSCALE)
    assert str(caught.value).startswith(f"a.png: {what}")


def test_a_webp_of_one_frame_is_a_picture() -> None:
    assert decode_pixels(webp(1), "a.webp", cv2.IMREAD_GRAYSCALE).shape == (9, 9)
