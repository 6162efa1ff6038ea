"""Decoding of picture files by OpenCV, after a check of what they declare and whether they are complete.

No file is decoded in any other place.
"""

from __future__ import annotations

import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS, Images
from sutja.data.pictures.foreign import ANIMATED_WEBP, foreign_form, is_animated_webp
from sutja.data.pictures.header import JPEG_SIGNATURE, PNG_SIGNATURE, png_chunks, read_header
from sutja.data.pictures.limits import (
    MAX_DECODED_BYTES,
    MAX_JPEG_SCANS,
    MAX_PICTURE_PIXELS,
    MAX_PICTURE_SIDE_PIXELS,
)
from sutja.data.pictures.messages import LIBRARY_MESSAGES
from sutja.errors import DataError, LargePictureError


def decode_pixels(content: bytes, name: str, flags: int) -> NDArray[Any]:
    """Decode the bytes of a picture file with OpenCV's `flags`.

    Raises a `DataError` that calls the file `name` if it is not a picture, is truncated or damaged, or needs more
    memory or time than `sutja.data.pictures.limits` allow.
    """
    _check_header(content, name)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # the exception reports what goes wrong, once
    try:
        with LIBRARY_MESSAGES.withheld():
            pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        if "CV_IO_MAX_IMAGE" in error.err:  # the limit that OpenCV holds by itself
            raise LargePictureError(f"{name}: more pixels than its header declares") from error
        raise DataError(f"{name}: not a picture that can be read: {error.err or error}") from error
    if pixels is None:
        raise _no_picture(content, name)
    return np.asarray(pixels)


def decode_digit(content: bytes, name: str) -> Images:
    """Decode the bytes of a PNG file of one digit to `uint8 (28, 28)`.

    Raises a `DataError` that calls the file `name` if it is not a PNG, has another size, is damaged, or goes on after
    its end.
    """
    if not content.startswith(PNG_SIGNATURE) or not content[24:]:
        raise DataError(f"{name}: not a PNG file")
    height, width, *_ = read_header(content)
    if (height, width) != (SIDE_PIXELS, SIDE_PIXELS):
        raise DataError(f"{name}: {width}×{height} pixels instead of {SIDE_PIXELS}×{SIDE_PIXELS}")
    ends = [end + 4 for at, end in png_chunks(content) if content[at : at + 4] == b"IEND"]
    try:
        pixels = decode_pixels(content, name, cv2.IMREAD_GRAYSCALE)
    except DataError as error:
        raise DataError(f"{name}: a damaged PNG file") from error
    if ends != [len(content)] or pixels.shape != (SIDE_PIXELS, SIDE_PIXELS):
        raise DataError(f"{name}: a damaged PNG file")
    return pixels.astype(np.uint8, copy=False)


def check_size(shape: tuple[int, int], name: str) -> None:
    """Raise a `LargePictureError` for a picture `name` whose height and width in pixels exceed the limits."""
    height, width = shape
    if height * width > MAX_PICTURE_PIXELS or max(shape) > MAX_PICTURE_SIDE_PIXELS:
        raise LargePictureError(
            f"{name}: {width:,} × {height:,} pixels are too many: "
            f"at most {MAX_PICTURE_PIXELS // 1_000_000} megapixels and {MAX_PICTURE_SIDE_PIXELS:,} pixels per side"
        )


def _check_header(content: bytes, name: str) -> None:
    """Raise `DataError` for all that need not be decoded to be refused."""
    if not content:
        raise DataError(f"{name}: the file is empty")
    if is_animated_webp(content):  # OpenCV would decode its first frame
        raise DataError(f"{name}: {ANIMATED_WEBP}")
    height, width, bits, scans = read_header(content)
    check_size((height, width), name)
    _check_complete(content, name)
    if not height or not width:  # of unknown size: a small file may need gigabytes to decode
        raise _no_picture(content, name)
    if height * width * bits > 8 * MAX_DECODED_BYTES:
        raise LargePictureError(
            f"{name}: {width:,} × {height:,} pixels of {bits} bits are too many: "
            f"at most {MAX_DECODED_BYTES // 1_000_000} MB"
        )
    if scans > MAX_JPEG_SCANS:
        raise DataError(f"{name}: {scans:,} scans are too many for a JPEG: at most {MAX_JPEG_SCANS}")


def _no_picture(content: bytes, name: str) -> DataError:
    return DataError(f"{name}: {foreign_form(content) or 'not a picture, or damaged'}")


def _check_complete(content: bytes, name: str) -> None:
    """Raise `DataError` for a truncated JPEG or PNG and a damaged PNG, about which decoders would print warnings.

    OpenCV would also allocate what a chunk of a PNG claims, up to 2 GB.
    """
    if content.startswith(JPEG_SIGNATURE) and b"\xff\xd9" not in content[-1024:]:
        raise DataError(f"{name}: truncated: the JPEG has no end")
    if not content.startswith(PNG_SIGNATURE):
        return
    for number, (at, end) in enumerate(png_chunks(content)):
        kind = content[at : at + 4]
        if zlib.crc32(memoryview(content)[at:end]) != int.from_bytes(content[end : end + 4], "big"):
            raise DataError(f"{name}: damaged: a checksum of the PNG is wrong")
        if (kind == b"IHDR") != (number == 0):
            raise DataError(f"{name}: damaged: a PNG begins with its only header")
        if kind == b"IEND":
            return
    raise DataError(f"{name}: truncated: the PNG has no end")
