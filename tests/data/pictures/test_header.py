"""The size that a picture file declares in its header."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sutja.reading.header import declared_size


def file_of(form: str, **how: Any) -> bytes:
    """A picture of 31 × 17 pixels, written by Pillow."""
    content = io.BytesIO()
    Image.fromarray(np.zeros((17, 31, 3), np.uint8)).save(content, form, **how)
    return content.getvalue()


def exif() -> bytes:
    """EXIF data that holds a JPEG of another size, like the thumbnails of cameras."""
    thumbnail = io.BytesIO()
    Image.new("L", (8, 8)).save(thumbnail, "JPEG")
    return b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail.getvalue()


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": exif()}),
        ("JPEG", {"comment": b"\xff\xc0\0\x0b\x08\0\x01\0\x01"}),
        ("WEBP", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("GIF", {}),
    ],
)
def test_the_declared_size(form: str, how: dict[str, Any]) -> None:
    assert declared_size(file_of(form, **how)) == (17, 31)


def test_fill_bytes_of_a_jpeg_are_skipped() -> None:
    content = file_of("JPEG")
    assert declared_size(content[:2] + b"\0\0\xff\xff" + content[3:]) == (17, 31)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_truncated_header_gives_the_size_or_nothing(form: str) -> None:
    """At every length at which a file may be cut."""
    content = file_of(form)
    sizes = [declared_size(content[:length]) for length in range(len(content))]
    assert set(sizes) == {(0, 0), (17, 31)}
    assert sizes == sorted(sizes)  # from some length on the size is known


def test_a_scan_without_a_frame_gives_nothing() -> None:
    assert declared_size(b"\xff\xd8\xff\xda\0\x08" + bytes(20) + b"\xff\xc0\0\x0b\x08\0\x01\0\x01") == (0, 0)
