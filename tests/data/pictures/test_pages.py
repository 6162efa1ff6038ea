"""Pages of TIFF files, names of pages, and forms that need an extra which is missing."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sutja.data.pictures.limits import MAX_FILE_PAGES
from sutja.data.pictures.pages import count_pages, file_form, page_content, split_page_name
from sutja.errors import DataError, MissingExtraError
from sutja.reading.picture import decode_picture

from .scans import pdf_pages

GREYS = (10, 120, 230)
HEIC_HEAD = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic"


def tiff_of(*greys: int, big: bool = False, thumbnail: bool = False) -> bytes:
    """A TIFF file with a page of 8 × 6 pixels of each grey; with `thumbnail`, the second is a copy of the first."""
    pages = [Image.fromarray(np.full((6, 8), grey, np.uint8)) for grey in greys]
    if thumbnail:
        pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:], big_tiff=big)
    return content.getvalue()


@pytest.mark.parametrize("big", [False, True])
def test_each_page_of_a_tiff_is_a_picture_of_its_own(big: bool) -> None:
    content = tiff_of(*GREYS, big=big)
    assert count_pages(content, "a.tif") == 3
    for page, grey in enumerate(GREYS, 1):
        alone = page_content(content, f"a.tif#{page}", page)
        assert count_pages(alone, "alone") == 1
        assert (decode_picture(alone, "alone") == grey).all()
    with pytest.raises(DataError, match=r"a\.tif: has 3 pages: name one, as in"):
        decode_picture(content, "a.tif")


def test_a_smaller_copy_is_no_page() -> None:
    content = tiff_of(*GREYS[:2], thumbnail=True)
    assert count_pages(content, "a.tif") == 1
    assert (decode_picture(content, "a.tif") == GREYS[0]).all()


@pytest.mark.parametrize("where", [8, 2**31])
def test_a_chain_that_leads_back_or_out_of_the_file_ends_in_a_damaged_page(where: int) -> None:
    content = bytearray(tiff_of(GREYS[0]))
    (start,) = struct.unpack_from("<I", content, 4)
    (tags,) = struct.unpack_from("<H", content, start)
    struct.pack_into("<I", content, start + 2 + 12 * tags, start if where == 8 else where)
    assert count_pages(bytes(content), "a.tif") == 2
    assert (decode_picture(page_content(bytes(content), "a.tif#1", 1), "a.tif#1") == GREYS[0]).all()
    with pytest.raises(DataError, match=r"a\.tif#2: not a picture, or damaged"):
        decode_picture(page_content(bytes(content), "a.tif#2", 2), "a.tif#2")


@pytest.mark.parametrize("where", [2**63 - 1, 2**64 - 1])
def test_an_offset_of_64_bits_that_leads_anywhere_is_a_damaged_page(where: int) -> None:
    content = bytearray(tiff_of(GREYS[0], big=True))
    struct.pack_into("<Q", content, 8, where)
    with pytest.raises(DataError, match=r"a\.tif: not a picture, or damaged"):
        decode_picture(bytes(content), "a.tif")


def test_a_chain_of_too_many_pages_is_not_followed_to_its_end() -> None:
    count = MAX_FILE_PAGES + 50
    chain = b"".join(struct.pack("<HHHIII", 1, 256, 3, 1, 1, 8 + 18 * (number + 1)) for number in range(count))
    with pytest.raises(DataError, match=r"a\.tif: more than 1,000 pages are too many"):
        count_pages(b"II*\0" + struct.pack("<I", 8) + chain, "a.tif")


def test_other_forms_are_their_only_page() -> None:
    assert count_pages(b"\x89PNG", "a.png") == 1
    assert page_content(b"\x89PNG", "a.png#1", 1) == b"\x89PNG"
    with pytest.raises(DataError, match=r"a\.png#2: there is no such page: the file has 1"):
        page_content(b"\x89PNG", "a.png#2", 2)


def test_a_form_is_known_by_its_content() -> None:
    heads = {b"%PDF-1.7": "pdf", b"\n\n%PDF-1.4": "pdf", HEIC_HEAD: "heif", b"II*\0": "tiff", b"\xff\xd8": ""}
    heads[b"\0\0\0\x1cftypavif\0\0\0\0mif1avif"] = ""
    assert {head: file_form(head) for head in heads} == heads


def test_a_name_with_a_number_is_that_of_a_page_unless_there_is_such_a_file(tmp_path: Path) -> None:
    assert split_page_name(tmp_path / "a.pdf#12") == (tmp_path / "a.pdf", 12)
    for name in ("a.pdf", "a.pdf#", "a.pdf#b", "a#2.pdf"):
        assert split_page_name(tmp_path / name) == (tmp_path / name, None)
    (tmp_path / "a#2").touch()
    assert split_page_name(tmp_path / "a#2") == (tmp_path / "a#2", None)


@pytest.mark.parametrize(
    ("module", "content"), [("pypdfium2", pdf_pages()), ("pillow_heif", HEIC_HEAD)], ids=["PDF", "HEIC"]
)
def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, module: str, content: bytes) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"a: {module} is not installed: the extra 'scans' brings it: pip "):
        decode_picture(content, "a")
