"""The pages of TIFF and BigTIFF files: their directories form a chain, and each is a picture of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sutja.data.pictures.header import TIFF_BYTE_ORDERS

_SUBFILE_TAG = 254
_MAX_DIRECTORIES = 65_536
_NO_PAGE_BITS = 0b101  # of that tag: a smaller copy of another picture, or a mask


class TiffDirectory(NamedTuple):
    """The places in the file of a directory and of the offset of the next, and whether it is that of a page."""

    start: int
    link: int
    is_page: bool


def tiff_pages(content: bytes, *, most: int) -> list[TiffDirectory]:
    """The directories of the pages of a TIFF file, at most `most` and one; smaller copies and masks are no pages.

    A chain that is damaged, or leads back, ends in a directory beyond the end of the file, which cannot be decoded.
    """
    pages: list[TiffDirectory] = []
    for directory in _directories(content):
        if directory.is_page:
            pages.append(directory)
        if len(pages) > most:
            break
    return pages


def tiff_page(content: bytes, page: TiffDirectory) -> bytes:
    """A TIFF file whose only directory is that of the page; it is damaged if the page is beyond the end."""
    order, offset, first = _layout(content)
    if page.start >= len(content):
        return content[:first]
    alone = bytearray(content)
    struct.pack_into(order + offset, alone, page.link, 0)
    struct.pack_into(order + offset, alone, first, page.start)
    return bytes(alone)


def _directories(content: bytes) -> Iterator[TiffDirectory]:
    """The directories of a file in the order of their chain."""
    order, offset, link = _layout(content)
    count, entry, kinds = ("Q", "HHQ", "HHQI") if offset == "Q" else ("H", "HHI", "HHII")
    size = struct.calcsize(order + entry) + struct.calcsize(offset)
    seen: set[int] = set()
    while True:
        try:
            (start,) = struct.unpack_from(order + offset, content, link)
            if not start:
                return
            (tags,) = struct.unpack_from(order + count, content, start)
            first = start + struct.calcsize(order + count)
            link = first + size * tags
            if start in seen or len(seen) == _MAX_DIRECTORIES or link + struct.calcsize(offset) > len(content):
                raise ValueError("a chain that leads back, out of the file, or on and on")
        except (struct.error, ValueError, OverflowError):  # offsets of 64 bits may be beyond what Python can address
            yield TiffDirectory(len(content), 0, is_page=True)
            return
        seen.add(start)
        tag, _, _, value = struct.unpack_from(order + kinds, content, first) if tags else (0, 0, 0, 0)
        yield TiffDirectory(start, link, is_page=not (tag == _SUBFILE_TAG and value & _NO_PAGE_BITS))


def _layout(content: bytes) -> tuple[str, str, int]:
    """The byte order of a TIFF file, the type of its offsets, and the place of the first."""
    big = b"+" in content[:4]
    return TIFF_BYTE_ORDERS[content[:4]], "Q" if big else "I", 8 if big else 4
