"""Files of several pages: PDF, TIFF and HEIF; each page is a picture, and named as in `scan.pdf#2`.

A page becomes the bytes of a picture file, so that the limits and the decoding of pictures hold for it as well.
"""

from __future__ import annotations

import os
from pathlib import Path

import cv2

from sutja.data.pictures.header import TIFF_BYTE_ORDERS
from sutja.data.pictures.limits import MAX_FILE_PAGES
from sutja.errors import DataError, MissingExtraError

PAGE_MARK = "#"
HEAD_BYTES = 1024  # of a file that `file_form` looks at

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def file_form(head: bytes) -> str:
    """Which form of several pages a file that begins with `head` has: "pdf", "tiff" or "heif"; "" for all others."""
    if head[:4] in TIFF_BYTE_ORDERS:
        return "tiff"
    if head[4:8] == b"ftyp":
        return "heif" if head[8:12] in _HEIF_BRANDS and b"avif" not in head[16:64] else ""
    return "pdf" if b"%PDF-" in head[:HEAD_BYTES] else ""


def split_page_name(path: Path) -> tuple[Path, int | None]:
    """The file and the page of a name such as `scan.pdf#2`; the path as it is if there is such a file."""
    stem, mark, number = str(path).rpartition(PAGE_MARK)
    if not (mark and stem and number.isdecimal()) or os.path.lexists(path):
        return path, None
    return Path(stem), int(number)


def count_pages(content: bytes, name: str) -> int:
    """The number of pages of a picture file, 1 for all forms but PDF, TIFF and HEIF.

    Raises a `DataError` that calls the file `name` if it is damaged, has a password, no pages or too many, and
    `MissingExtraError` without the extra `scans`.
    """
    form = file_form(content)
    if not form:
        return 1
    try:
        pages = _count(content, form, name)
    except ModuleNotFoundError as error:
        raise _missing_extra(name, error) from error
    if pages > MAX_FILE_PAGES:
        raise DataError(f"{name}: more than {MAX_FILE_PAGES:,} pages are too many: split the file")
    if not pages:
        raise DataError(f"{name}: the file has no pages")
    return pages


def page_content(content: bytes, name: str, page: int | None = None) -> bytes:
    """The bytes of a picture file with one page of a file, counted from 1; without `page`, its only one.

    Files of other forms than PDF, TIFF and HEIF are their only page. `name` is that of the page. Raises a `DataError`
    if there is no such page, or several and no `page` is given; a `LargePictureError` for a page beyond the limits,
    before it is rendered; and what `count_pages` raises.
    """
    form = file_form(content)
    if not form and page in (None, 1):
        return content
    pages = count_pages(content, name)
    if page is None and pages > 1:
        raise DataError(
            f"{name}: has {pages:,} pages: name one, as in scan.pdf{PAGE_MARK}2, or take all from load_pages"
        )
    page = 1 if page is None else page
    if not 1 <= page <= pages:
        raise DataError(f"{name}: there is no such page: the file has {pages:,}")
    try:
        return _page(content, form, page - 1, name)
    except ModuleNotFoundError as error:
        raise _missing_extra(name, error) from error


def _count(content: bytes, form: str, name: str) -> int:
    if form == "tiff":
        from sutja.data.pictures.tiff_pages import tiff_pages

        return len(tiff_pages(content, most=MAX_FILE_PAGES))
    if form == "pdf":
        from sutja.data.pictures.pdf import count_pdf_pages

        return count_pdf_pages(content, name)
    from sutja.data.pictures.heif import count_heif_pictures

    return count_heif_pictures(content, name)


def _page(content: bytes, form: str, index: int, name: str) -> bytes:
    """The page of an `index` from 0: a TIFF file as it is, other forms decoded, and uncompressed."""
    if form == "tiff":
        from sutja.data.pictures.tiff_pages import tiff_page, tiff_pages

        return tiff_page(content, tiff_pages(content, most=index + 1)[index])
    if form == "pdf":
        from sutja.data.pictures.pdf import render_pdf_page

        pixels = render_pdf_page(content, index, name)
    else:
        from sutja.data.pictures.heif import decode_heif_picture

        pixels = decode_heif_picture(content, index, name)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, 1]  # none
    return bytes(cv2.imencode(".tiff", pixels, options)[1].data)


def _missing_extra(name: str, error: ModuleNotFoundError) -> MissingExtraError:
    from sutja.environment import missing_module_hint

    return MissingExtraError(f"{name}: {missing_module_hint(error.name) or error}")
