"""Pictures: decode files and convert arrays of any depth, with alpha and EXIF, to grey within size limits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.pictures.decode import check_size, decode_pixels
from sutja.data.pictures.header import PNG_SIGNATURE
from sutja.data.pictures.limits import MAX_PICTURE_FILE_BYTES
from sutja.data.pictures.pages import page_content, split_page_name
from sutja.errors import DataError
from sutja.files import open_regular
from sutja.reading.exif import apply_orientation
from sutja.reading.normalise import Gray

Colour = NDArray[np.uint8]
PictureSource = Path | str | bytes | NDArray[Any]

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".pnm", ".gif", ".jp2"),
    *(".avif", ".heic", ".heif", ".pdf"),
)

_BAND_ROWS = 256  # processed at once
_ALPHA_SIGNATURES = (PNG_SIGNATURE, b"RIFF", b"II*\0", b"MM\0*", b"GIF8")  # of formats that support transparency


def as_gray(source: PictureSource) -> Gray:
    """A picture as `uint8 (H, W)`, from the path of a file, the bytes of a file, or an array that `to_gray` takes.

    Raises `DataError` if it is not a picture.
    """
    if isinstance(source, np.ndarray):
        return to_gray(source)
    return decode_picture(source, "picture") if isinstance(source, bytes) else load_picture(Path(source))


def as_colour(source: PictureSource) -> Colour:
    """A picture as BGR `uint8 (H, W, 3)`, from the path of a file, the bytes of a file, or an array.

    Arrays are those that `to_colour` takes. Raises `DataError` if it is not a picture.
    """
    if isinstance(source, np.ndarray):
        return to_colour(source)
    if isinstance(source, bytes):
        return decode_colour(source, "picture")
    return decode_colour(*_load_page(Path(source)))


def load_picture(path: Path) -> Gray:
    """The picture in a file, `uint8 (H, W)`, with its EXIF orientation applied; `scan.pdf#2` is the second page.

    Raises what `load_content` and `decode_picture` raise.
    """
    return decode_picture(*_load_page(path))


def _load_page(path: Path) -> tuple[bytes, str]:
    """The bytes of the picture in a file, or of one of its pages, and its name."""
    file, page = split_page_name(path)
    return page_content(load_content(file), str(path), page), str(path)


def load_content(path: Path) -> bytes:
    """The bytes of a file; raises a `DataError` that names it if it cannot be read or is too large."""
    try:
        with open_regular(path) as file:
            return read_content(file, str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_content(file: IO[bytes], name: str) -> bytes:
    """The bytes of an open file; raises a `DataError` that calls it `name` if it is too large."""
    content = file.read(MAX_PICTURE_FILE_BYTES + 1)
    if len(content) > MAX_PICTURE_FILE_BYTES:
        raise DataError(f"{name}: larger than {MAX_PICTURE_FILE_BYTES >> 20} MB")
    return content


def decode_picture(content: bytes, name: str) -> Gray:
    """Decode the bytes of a picture file to `uint8 (H, W)`.

    Raises a `DataError` that calls the file `name` if it is not a picture, is truncated, is too large, or has
    several pages (see `sutja.reading.pages`), and `MissingExtraError` for PDF and HEIC without the extra `scans`.
    """
    return to_gray(_decode(content, name, cv2.IMREAD_GRAYSCALE), name)


def decode_colour(content: bytes, name: str) -> Colour:
    """Decode the bytes of a picture file as `decode_picture` does, but to BGR `uint8 (H, W, 3)`.

    Raises what `decode_picture` raises.
    """
    return to_colour(_decode(content, name, cv2.IMREAD_COLOR), name)


def to_colour(pixels: NDArray[Any], name: str = "the picture") -> Colour:
    """Convert an array as `to_gray` does, but to BGR `uint8 (H, W, 3)`. Raises what `to_gray` raises."""
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels == 3 and pixels.size:
        check_size((pixels.shape[0], pixels.shape[1]), name)
        return _eight_bits(pixels, name)
    gray = to_gray(pixels, name)
    if channels == 1:
        return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), np.uint8)
    pixels = _eight_bits(pixels, name)
    transparent = pixels[:, :, 3:] < 128  # has the paper of the grey picture
    return np.where(transparent, gray[:, :, None], pixels[:, :, :3])


def _decode(content: bytes, name: str, flags: int) -> NDArray[Any]:
    """Decode the bytes of a file with OpenCV's `flags`, or unchanged if its format supports transparency."""
    content = page_content(content, name)
    if not content.startswith(_ALPHA_SIGNATURES):
        return decode_pixels(content, name, flags | cv2.IMREAD_ANYDEPTH)
    return apply_orientation(decode_pixels(content, name, cv2.IMREAD_UNCHANGED), content)


def to_gray(pixels: NDArray[Any], name: str = "the picture") -> Gray:
    """Convert an array `(H, W)`, `(H, W, 1)`, `(H, W, 3)` (BGR) or `(H, W, 4)` (BGR and alpha) to grey `uint8 (H, W)`.

    `uint8` and `uint16` span their range, `bool` is black and white, floats are in [0, 1] or, if any is larger, in
    [0, 255]. Transparent pixels become white paper. Raises `DataError` for anything else, for values that are not
    finite, and for pictures without pixels or with too many.
    """
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise DataError(
            f"{name}: an array of the shape {pixels.shape} is not a picture: (H, W), (H, W, 3) or (H, W, 4)"
        )
    if pixels.size == 0:
        raise DataError(f"{name}: a picture of {pixels.shape[1]} × {pixels.shape[0]} pixels is empty")
    check_size((pixels.shape[0], pixels.shape[1]), name)
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
        raise DataError(f"{name}: an array of {pixels.dtype} is not a picture: uint8, uint16, bool or float")
    low, high = float(pixels.min()), float(pixels.max())
    if not math.isfinite(low) or not math.isfinite(high):  # NumPy passes on NaN
        raise DataError(f"{name}: has values that are not finite")
    if low < 0 or high > 255:
        raise DataError(f"{name}: values from {low:.3g} to {high:.3g}: expected 0 to 1, or 0 to 255")
    scale = 255 if pixels.dtype.kind == "f" and high <= 1 else 1
    eight_bits = np.empty(pixels.shape, np.uint8)
    for start in range(0, len(pixels), _BAND_ROWS):  # copies of a large picture of floats would need gigabytes
        rows = slice(start, start + _BAND_ROWS)
        eight_bits[rows] = np.round(pixels[rows] * scale).astype(np.uint8)
    return eight_bits


def _on_paper(pixels: NDArray[np.uint8]) -> Gray:
    """Blend a picture with alpha onto white paper, or onto black if its ink is light and would vanish on white."""
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY), np.uint8)
    alpha = pixels[:, :, 3]
    opaque = (alpha > 127).astype(np.uint8)
    cumulative = np.cumsum(cv2.calcHist([gray], [0], opaque, [256], [0, 256]))
    count = float(cumulative[-1])
    is_light = 0 < count < gray.size and int(np.searchsorted(cumulative, count / 2)) > 160
    paper = 0 if is_light else 255
    for start in range(0, len(gray), _BAND_ROWS):  # a large picture as floats would need a gigabyte
        rows = slice(start, start + _BAND_ROWS)
        opacity = alpha[rows].astype(np.float32) / 255
        gray[rows] = np.round(gray[rows] * opacity + paper * (1 - opacity))
    return gray
