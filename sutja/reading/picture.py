"""Picture files and arrays to grey pictures: any depth, alpha, rotation by EXIF, sizes within bounds."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.errors import DataError, LargePictureError
from sutja.reading.exif import PNG, png_chunks, upright
from sutja.reading.header import declared_size
from sutja.reading.normalise import Gray

Colour = NDArray[np.uint8]
Picture = Path | str | bytes | NDArray[Any]

MEGAPIXELS = 50  # the largest picture that is read
MEGABYTES = 200  # the largest file
SIDE = 20_000  # pixels of the longer side
BAND = 256  # rows that are worked on at once
WITH_ALPHA = (PNG, b"RIFF", b"II*\0", b"MM\0*", b"GIF8")  # how files begin that may be transparent
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".pnm", ".gif", ".jp2")


def as_gray(picture: Picture) -> Gray:
    """A picture as `uint8 (H, W)`: that of a file, of the bytes of one, or an array as `to_gray` takes it.

    Raises `DataError` when it is no picture.
    """
    if isinstance(picture, np.ndarray):
        return to_gray(picture)
    return decode_picture(picture, "picture") if isinstance(picture, bytes) else load_picture(Path(picture))


def load_picture(path: Path) -> Gray:
    """The picture in a file, `uint8 (H, W)`, turned as its EXIF says.

    Raises what `load_content` and `decode_picture` do.
    """
    return decode_picture(load_content(path), str(path))


def load_content(path: Path) -> bytes:
    """The bytes of a file; raises a `DataError` that names it when they cannot be read or are too many."""
    try:
        with path.open("rb") as file:
            return read_content(file, str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_content(file: IO[bytes], name: str) -> bytes:
    """The bytes of an open file; raises a `DataError` that names it by `name` when they are too many."""
    content = file.read(MEGABYTES * 2**20 + 1)
    if len(content) > MEGABYTES * 2**20:
        raise DataError(f"{name}: larger than {MEGABYTES} MB")
    return content


def decode_picture(content: bytes, name: str) -> Gray:
    """The picture in the bytes of a file, `uint8 (H, W)`.

    Raises a `DataError` that names the file by `name` when it is no picture, truncated, or too large to read.
    """
    return to_gray(_decoded(content, name, cv2.IMREAD_GRAYSCALE), name)


def decode_colour(content: bytes, name: str) -> Colour:
    """The picture in the bytes of a file as `decode_picture` sees it, but in colour: BGR `uint8 (H, W, 3)`.

    Raises what `decode_picture` does.
    """
    pixels = _decoded(content, name, cv2.IMREAD_COLOR)
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels == 3:
        _check_size((pixels.shape[0], pixels.shape[1]), name)
        return _eight_bits(pixels, name)
    gray = to_gray(pixels, name)
    if channels == 1:
        return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), np.uint8)
    pixels = _eight_bits(pixels, name)
    clear = pixels[:, :, 3:] < 128  # there the paper is that of the grey picture
    return np.where(clear, gray[:, :, None], pixels[:, :, :3])


def _decoded(content: bytes, name: str, flags: int) -> NDArray[Any]:
    """The pixels in the bytes of a file, read as `flags` says but for files that may be transparent: as they are."""
    if not content:
        raise DataError(f"{name}: the file is empty")
    declared = declared_size(content)
    _check_size(declared, name)
    _check_whole(content, name)
    if not all(declared):  # it is not known what memory the decoder would need: a small file may hold gigabytes
        raise DataError(f"{name}: not a picture, or damaged")
    flags |= cv2.IMREAD_ANYDEPTH
    if content.startswith(WITH_ALPHA):
        flags = cv2.IMREAD_UNCHANGED
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what goes wrong is told by the exception, once
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise DataError(f"{name}: not a picture that can be read: {error.err or error}") from error
    if pixels is None:
        raise DataError(f"{name}: not a picture, or damaged")
    return upright(pixels, content) if flags == cv2.IMREAD_UNCHANGED else np.asarray(pixels)


def _check_whole(content: bytes, name: str) -> None:
    """Raises `DataError` for a truncated JPEG or PNG and a damaged PNG: the decoders' libraries would print that."""
    if content.startswith(b"\xff\xd8") and b"\xff\xd9" not in content[-1024:]:
        raise DataError(f"{name}: truncated: the JPEG has no end")
    if not content.startswith(PNG):
        return
    for at, end in png_chunks(content):
        if zlib.crc32(memoryview(content)[at:end]) != int.from_bytes(content[end : end + 4], "big"):
            raise DataError(f"{name}: damaged: a checksum of the PNG is wrong")
        if content[at : at + 4] == b"IEND":
            return
    raise DataError(f"{name}: truncated: the PNG has no end")


def _check_size(shape: tuple[int, int], name: str) -> None:
    height, width = shape
    if height * width > MEGAPIXELS * 1_000_000 or max(shape) > SIDE:
        raise LargePictureError(
            f"{name}: {width:,} × {height:,} pixels are too many: at most {MEGAPIXELS} megapixels and {SIDE:,} a side"
        )


def to_gray(pixels: NDArray[Any], name: str = "the picture") -> Gray:
    """Grey `uint8 (H, W)` of an array `(H, W)`, `(H, W, 1)`, `(H, W, 3)` (BGR) or `(H, W, 4)` (BGR and alpha).

    `uint8` and `uint16` span their range, `bool` is black and white, floats lie in [0, 1] or, when any is larger, in
    [0, 255]. Transparent places are white paper. Raises `DataError` for anything else, for values that are not finite
    and for pictures without pixels or with too many.
    """
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise DataError(f"{name}: an array of the shape {pixels.shape} is no picture: (H, W), (H, W, 3) or (H, W, 4)")
    if pixels.size == 0:
        raise DataError(f"{name}: a picture of {pixels.shape[1]} × {pixels.shape[0]} pixels is empty")
    _check_size((pixels.shape[0], pixels.shape[1]), name)
    pixels = _eight_bits(pixels, name)
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[:, :, 0])
    if pixels.shape[2] == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    return _on_paper(pixels)


def _eight_bits(pixels: NDArray[Any], name: str) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint16:
        scale = 1 / 257 if pixels.max() > 255 else 1
        return np.asarray(cv2.convertScaleAbs(pixels, alpha=scale), np.uint8).reshape(pixels.shape)
    if pixels.dtype.kind not in "fiu":
        raise DataError(f"{name}: an array of {pixels.dtype} is no picture: uint8, uint16, bool or float")
    if not np.isfinite(pixels).all():
        raise DataError(f"{name}: has values that are not finite")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 255:
        raise DataError(f"{name}: values from {low:.3g} to {high:.3g}: expected 0 to 1, or 0 to 255")
    scale = 255 if pixels.dtype.kind == "f" and high <= 1 else 1
    return np.round(pixels * scale).astype(np.uint8)


def _on_paper(pixels: NDArray[np.uint8]) -> Gray:
    """A picture with alpha on white paper; on black where its own ink is light and would be lost on white."""
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY), np.uint8)
    alpha = pixels[:, :, 3]
    seen = (alpha > 127).astype(np.uint8)
    brightness = np.cumsum(cv2.calcHist([gray], [0], seen, [256], [0, 256]))
    count = float(brightness[-1])
    light = 0 < count < gray.size and int(np.searchsorted(brightness, count / 2)) > 160
    for start in range(0, len(gray), BAND):  # floats of all of a large picture would need a gigabyte
        rows = slice(start, start + BAND)
        share = alpha[rows].astype(np.float32) / 255
        gray[rows] = np.round(gray[rows] * share + (0 if light else 255) * (1 - share))
    return gray
