"""The orientation in the EXIF data of PNG and WebP files; OpenCV applies it for JPEG and TIFF files only."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.pictures.header import PNG_SIGNATURE, png_chunks

ORIENTATION_TAG = 0x0112


def apply_orientation(pixels: NDArray[Any], content: bytes) -> NDArray[Any]:
    """Turn and flip the pixels `(H, W, …)` of a PNG or WebP file as its EXIF data says; other files are unchanged."""
    orientation = _orientation(_exif(content))
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _exif(content: bytes) -> bytes:
    """The EXIF data in a PNG or WebP file; empty if there is none."""
    if content.startswith(PNG_SIGNATURE):
        found = (content[at + 4 : end] for at, end in png_chunks(content) if content[at : at + 4] == b"eXIf")
        return next(found, b"")
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    at = 12
    while is_webp and at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"EXIF":
            return content[at + 8 : at + 8 + size].removeprefix(b"Exif\0\0")
        at += 8 + size + size % 2
    return b""


def _orientation(exif: bytes) -> int:
    """The orientation, 1 to 8, in the first directory of EXIF data; 1, upright, if it is missing."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == ORIENTATION_TAG:
                return value if 1 <= value <= 8 else 1
    except struct.error:  # damaged EXIF data does not make the picture unreadable
        pass
    return 1
