"""How a camera was held, as the EXIF of PNG and WebP files tells it; OpenCV minds it in JPEG and TIFF files only."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PNG = b"\x89PNG\r\n\x1a\n"  # how the file begins
ORIENTATION = 0x0112  # the tag


def is_webp(content: bytes) -> bool:
    """Whether the bytes of a file begin as WebP does."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def png_chunks(content: bytes) -> Iterator[tuple[int, int]]:
    """Where each chunk of a PNG begins, with its kind, and where its content ends, up to what is no whole chunk."""
    at = len(PNG)
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            return
        yield at + 4, end
        at = end + 4


def upright(pixels: NDArray[Any], content: bytes) -> NDArray[Any]:
    """The pixels `(H, W, …)` of a PNG or WebP file as its EXIF wants them turned; of other files as they are."""
    how = _orientation(_exif(content))
    if how >= 5:
        pixels = pixels.swapaxes(0, 1)
    if how in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if how in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _exif(content: bytes) -> bytes:
    """The EXIF in the bytes of a PNG or WebP file; nothing where there is none."""
    if content.startswith(PNG):
        found = (content[at + 4 : end] for at, end in png_chunks(content) if content[at : at + 4] == b"eXIf")
        return next(found, b"")
    at = 12
    while is_webp(content) and at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"EXIF":
            return content[at + 8 : at + 8 + size].removeprefix(b"Exif\0\0")
        at += 8 + size + size % 2
    return b""


def _orientation(exif: bytes) -> int:
    """The orientation, 1 to 8, that EXIF tells in its first directory; 1, upright, where it tells none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:  # damaged: the picture counts, not what is told of it
        pass
    return 1
