"""The size and depth of a picture as its file's header declares them, read before anything is decoded."""

from __future__ import annotations

import io
import re
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sutja.data.pictures.limits import MAX_JPEG_SEGMENTS

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8"
TIFF_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}  # by signature

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # of JPEG segments that hold the size
_SCAN_MARKER, _END_MARKER = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])")  # others are pixels, or stand between them

_WIDTH_TAG, _HEIGHT_TAG, _BITS_TAG, _SAMPLES_TAG = 256, 257, 258, 277
_COMPRESSION_TAG, _JPEG_COMPRESSIONS = 259, (6, 7)
_STRIPS_TAGS = ((273, 279), (324, 325))  # offsets and lengths, of strips or tiles
_MAX_TIFF_STRIPS = 1_000_000
_TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}  # those of integers
_MAX_TIFF_TAGS = 65_535
_MAX_TIFF_SAMPLES = 64


class PictureHeader(NamedTuple):
    """What a header declares; a size of 0 if it is damaged, contradicts itself or is of an unknown format.

    `bits` are those of a pixel of a TIFF file, 0 in other formats, where a pixel has at most 64. `scans` are those of a
    JPEG file, or the most of a strip or tile of a TIFF file.
    """

    height: int
    width: int
    bits: int = 0
    scans: int = 0


def read_header(content: bytes) -> PictureHeader:
    """The header of a picture file, of which no pixel is decoded."""
    try:
        if content.startswith(PNG_SIGNATURE):
            width, height = struct.unpack_from(">II", content, 16)
            header = PictureHeader(height, width)
        elif content.startswith(JPEG_SIGNATURE):
            header = _jpeg_header(content)
        elif content[:4] in TIFF_BYTE_ORDERS:
            header = _tiff_header(content)
        else:
            import imagesize  # imports an HTTP client: 30 ms that PNG, JPEG and TIFF need not spend

            width, height = imagesize.get(io.BytesIO(content))
            header = PictureHeader(int(height), int(width))
    except Exception:  # a damaged header
        return PictureHeader(0, 0)
    return header if min(header) >= 0 else PictureHeader(0, 0)


def png_chunks(content: bytes) -> Iterator[tuple[int, int]]:
    """The start of the type and the end of the data of each complete chunk of a PNG file, as offsets."""
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            return
        yield at + 4, end
        at = end + 4


def _jpeg_header(content: bytes) -> PictureHeader:
    """The size in the only frame header, which comes before the first scan, and the number of scans."""
    frame: tuple[int, int] | None = None
    scans = 0
    for marker, at in _jpeg_segments(content):
        if marker in _FRAME_MARKERS:
            if frame or scans:
                raise ValueError("two frames, or one after a scan")
            frame = struct.unpack_from(">HH", content, at + 3)
        scans += marker == _SCAN_MARKER
        if scans and not frame:
            raise ValueError("a scan without a frame")
    if not frame:
        raise ValueError("no frame")
    return PictureHeader(*frame, scans=scans)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """The marker of each segment before the end of a JPEG file, and the offset of its length.

    Pixels, and what else lies between segments, are skipped, as decoders do.
    """
    at = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        found = _MARKER.search(content, at)
        if not found or content[found.start(1)] == _END_MARKER:
            return
        at = found.end()
        yield content[found.start(1)], at
        at += int.from_bytes(content[at : at + 2], "big")
    raise ValueError("too many segments")


def _tiff_header(content: bytes) -> PictureHeader:
    """The size and depth in the first directory of a TIFF or BigTIFF file, in which no tag may occur twice."""
    order = TIFF_BYTE_ORDERS[content[:4]]
    big = b"+" in content[:4]
    offset, count, entry = ("Q", "Q", "HHQ8s") if big else ("I", "H", "HHI4s")
    (start,) = struct.unpack_from(order + offset, content, 8 if big else 4)
    (tags,) = struct.unpack_from(order + count, content, start)
    if tags > _MAX_TIFF_TAGS:
        raise ValueError("too many tags")
    start += struct.calcsize(order + count)
    size = struct.calcsize(order + entry)
    entries = [struct.unpack_from(order + entry, content, start + size * number) for number in range(tags)]
    values = {tag: (kind, length, value) for tag, kind, length, value in entries}
    if len(values) < tags:
        raise ValueError("a tag occurs twice")

    def integers(tag: int, limit: int = _MAX_TIFF_SAMPLES) -> tuple[int, ...]:
        kind, length, value = values.get(tag, (3, 1, struct.pack(f"{order}H6x", 1)))  # 1 is the default of all
        if length > limit:
            raise ValueError("too many values")
        form = f"{order}{length}{_TIFF_TYPES[kind]}"
        if struct.calcsize(form) <= len(value):
            return struct.unpack_from(form, value)
        return struct.unpack_from(form, content, *struct.unpack(order + offset, value))

    bits = max(integers(_BITS_TAG)) * integers(_SAMPLES_TAG)[0]
    if not {_WIDTH_TAG, _HEIGHT_TAG} <= values.keys():
        raise ValueError("no size")
    scans = 0
    if integers(_COMPRESSION_TAG)[0] in _JPEG_COMPRESSIONS:
        tags = [each for each in _STRIPS_TAGS if values.keys() >= set(each)]
        scans = _most_scans(content, *(integers(tag, _MAX_TIFF_STRIPS) for tag in (tags[0] if len(tags) == 1 else ())))
    return PictureHeader(integers(_HEIGHT_TAG)[0], integers(_WIDTH_TAG)[0], bits, scans)


def _most_scans(content: bytes, offsets: Sequence[int] = (0,), lengths: Sequence[int] = (0,)) -> int:
    """The most JPEG scans of a strip; `lengths` of 0 reach to the end of the file, as strips of unknown places do."""
    scans = [found.start() for found in re.finditer(b"\xff\xda", content)]
    return max(
        bisect_left(scans, start + length if length else len(content)) - bisect_left(scans, start)
        for start, length in zip(offsets, lengths, strict=True)
    )
