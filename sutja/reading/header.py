"""How large a picture its file says it is, told before anything is decoded."""

from __future__ import annotations

import io
import struct

from sutja.reading.exif import PNG

JPEG = b"\xff\xd8"  # how the file begins
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of JPEG's segments that tell the size
BARE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers that no segment belongs to
LAST = frozenset((0xD9, 0xDA))  # what follows is the picture itself, or nothing


def declared_size(content: bytes) -> tuple[int, int]:
    """Height and width that the head of a file declares; 0 where it does not tell, or of a kind that is not read."""
    try:
        if content.startswith(PNG):
            width, height = struct.unpack_from(">II", content, 16)
        elif content.startswith(JPEG):
            height, width = _jpeg_size(content)
        else:
            import imagesize  # brings a client for the web: a thirtieth of a second that PNG and JPEG need not take

            width, height = imagesize.get(io.BytesIO(content))
    except Exception:  # a damaged head
        return 0, 0
    return max(0, int(height)), max(0, int(width))


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Height and width in the frame header before the first scan; raises `ValueError` or `IndexError` without one."""
    at = 2
    while True:
        at = content.index(b"\xff", at)  # what lies between segments is passed over, as decoders do
        while content[at] == 0xFF:
            at += 1
        marker, at = content[at], at + 1
        if marker in LAST:
            raise ValueError("no frame before the first scan")
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 3)
            return height, width
        if marker not in BARE:
            at += int.from_bytes(content[at : at + 2], "big")
