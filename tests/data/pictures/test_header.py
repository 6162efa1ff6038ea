"""The size that a picture file declares in its header."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sutja.data.pictures.header import PictureHeader, read_header

from .bombs import tiff_of_scans


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
        ("TIFF", {"big_tiff": True}),
        ("GIF", {}),
    ],
)
def test_the_read_header(form: str, how: dict[str, Any]) -> None:
    assert read_header(file_of(form, **how))[:2] == (17, 31)


def test_fill_bytes_of_a_jpeg_are_skipped() -> None:
    content = file_of("JPEG")
    assert read_header(content[:2] + b"\0\0\xff\xff" + content[3:])[:2] == (17, 31)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_a_truncated_header_gives_the_size_or_nothing(form: str) -> None:
    """At every length at which a file may be cut."""
    content = file_of(form)
    sizes = [read_header(content[:length])[:2] for length in range(len(content))]
    assert set(sizes) == {(0, 0), (17, 31)}
    assert sizes == sorted(sizes)  # from some length on the size is known


def test_a_scan_without_a_frame_gives_nothing() -> None:
    assert read_header(b"\xff\xd8\xff\xda\0\x08" + bytes(20) + b"\xff\xc0\0\x0b\x08\0\x01\0\x01") == PictureHeader(0, 0)


def test_the_bits_of_a_tiff() -> None:
    assert read_header(file_of("TIFF")).bits == 24


def test_the_scans_of_a_jpeg() -> None:
    assert read_header(file_of("JPEG")).scans == 1
    assert read_header(file_of("JPEG", progressive=True)).scans == 10
    assert read_header(file_of("JPEG", exif=exif())).scans == 1  # the thumbnail's is another file's


@pytest.mark.parametrize(
    ("scans", "lengths", "most"), [((10,), True, 10), ((10, 60, 20), True, 60), ((10, 12), False, 22)]
)
def test_the_most_scans_of_a_strip_of_a_tiff(scans: tuple[int, ...], lengths: bool, most: int) -> None:
    """If it does not say where its strips end, those of the whole file."""
    assert read_header(tiff_of_scans(16, *scans, lengths=lengths)).scans == most


def test_a_tiff_without_jpegs_has_no_scans() -> None:
    file = io.BytesIO()
    Image.frombytes("L", (34, 31), b"\xff\xda" * 17 * 31).save(file, "TIFF")
    assert read_header(file.getvalue()).scans == 0


def frame(height: int, width: int) -> bytes:
    """The frame header of a JPEG file."""
    return b"\xff\xc0\0\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\0"


def tiff(*tags: tuple[int, int], order: str = "<") -> bytes:
    """A TIFF file of numbers as tags, without pixels."""
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    signature = b"II*\0" if order == "<" else b"MM\0*"
    return signature + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_of_either_byte_order(order: str) -> None:
    assert read_header(tiff((256, 31), (257, 17), order=order)) == PictureHeader(17, 31, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + frame(17, 31) + frame(20_000, 20_000),
        b"\xff\xd8" + frame(17, 31) + b"\xff\xda\0\x08" + bytes(20) + frame(20_000, 20_000),
        tiff((256, 20_000), (256, 31), (257, 17)),
        tiff((256, 31), (256, 20_000), (257, 17)),
        tiff((256, 31), (257, 17), (258, 8), (258, 8)),
        tiff((256, 31)),
    ],
)
def test_a_header_that_contradicts_itself_gives_nothing(content: bytes) -> None:
    """Which of two values a decoder takes is not known."""
    assert read_header(content) == PictureHeader(0, 0)


def test_segments_without_end_give_nothing() -> None:
    assert read_header(b"\xff\xd8" + b"\xff\xfe\0\2" * 100_000 + frame(17, 31)) == PictureHeader(0, 0)
