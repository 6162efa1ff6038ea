"""HEIC and HEIF pictures, as phones take them. Needs pillow-heif, which the extra `scans` brings."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.pictures.decode import check_size
from sutja.errors import DataError

_FAILURES = (ValueError, RuntimeError, OSError, EOFError, SyntaxError)  # of libheif, of which none has a class
_DAMAGED = "not a HEIC picture, or damaged"
_CONVERSIONS = {"RGB": cv2.COLOR_RGB2BGR, "RGBA": cv2.COLOR_RGBA2BGRA}


def count_heif_pictures(content: bytes, name: str) -> int:
    """The number of pictures in a HEIF file, without thumbnails.

    Raises a `DataError` that calls the file `name` if it is damaged, and `ModuleNotFoundError` without pillow-heif.
    """
    return len(_open_heif(content, name))


def decode_heif_picture(content: bytes, index: int, name: str) -> NDArray[np.uint8]:
    """The picture of an `index` from 0 as it is to be shown, `uint8 (H, W)`, BGR `(H, W, 3)` or BGR with alpha.

    Raises what `count_heif_pictures` raises, and a `LargePictureError` before anything is decoded.
    """
    picture = _open_heif(content, name)[index]
    check_size((picture.size[1], picture.size[0]), name)
    try:
        pixels = np.asarray(picture)
    except _FAILURES as error:
        raise DataError(f"{name}: {_DAMAGED}") from error
    if picture.mode == "LA":
        return np.dstack([pixels[:, :, 0]] * 3 + [pixels[:, :, 1]]).astype(np.uint8, copy=False)
    if picture.mode not in _CONVERSIONS:
        return pixels.astype(np.uint8, copy=False)
    return np.asarray(cv2.cvtColor(pixels, _CONVERSIONS[picture.mode]), np.uint8)


def _open_heif(content: bytes, name: str) -> Any:
    import pillow_heif

    try:
        return pillow_heif.open_heif(io.BytesIO(content), convert_hdr_to_8bit=True)
    except _FAILURES as error:
        raise DataError(f"{name}: {_DAMAGED}") from error
