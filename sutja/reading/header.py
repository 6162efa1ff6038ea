"""The size of a picture as its file's header declares it, read before anything is decoded."""

from __future__ import annotations

import io
import struct

from sutja.reading.exif import PNG_SIGNATURE

JPEG_SIGNATURE = b"\xff\xd8"

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # of JPEG segments that hold the size
_STANDALONE_MARKERS = frozenset((0x01, *range(0xD0, 0xD8)))  # that no segment follows
_FINAL_MARKERS = frozenset((0xD9, 0xDA))  # after which come the pixels, or nothing


def declared_size(content: bytes) -> tuple[int, int]:
    """Height and width in the header of a picture file; 0 if it lacks them or the format is unknown."""
    try:
        if content.startswith(PNG_SIGNATURE):
            width, height = struct.unpack_from(">II", content, 16)
        elif content.startswith(JPEG_SIGNATURE):
            height, width = _jpeg_size(content)
        else:
            import imagesize  # imports an HTTP client: 30 ms that PNG and JPEG need not spend

            width, height = imagesize.get(io.BytesIO(content))
    except Exception:  # a damaged header
        return 0, 0
    return max(0, int(height)), max(0, int(width))


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Height and width in the frame header before the first scan; raises `ValueError` or `IndexError` without one."""
    at = 2
    while True:
        at = content.index(b"\xff", at)  # skip bytes between segments, as decoders do
        while content[at] == 0xFF:
            at += 1
        marker, at = content[at], at + 1
        if marker in _FINAL_MARKERS:
            raise ValueError("no frame before the first scan")
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", content, at + 3)
            return height, width
        if marker not in _STANDALONE_MARKERS:
            at += int.from_bytes(content[at : at + 2], "big")
