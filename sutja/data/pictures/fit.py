"""A picture of one digit, of any size, depth and channels, as grey of 28×28 pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS, Images
from sutja.data.pictures.decode import decode_pixels
from sutja.data.pictures.header import PNG_SIGNATURE, png_chunks, read_header
from sutja.errors import DataError, LargePictureError

MAX_DIGIT_SIDE_PIXELS = 4096  # of the picture of one digit
MAX_DIGIT_FILE_BYTES = 16 << 20
_SAME_COLOUR_LEVELS = 8  # that the colours of a picture whose ink is in its alpha channel may differ by


class PictureCounts:
    """How many of the pictures of a set were made grey, brought to 28×28, or had their ink in the alpha channel."""

    def __init__(self) -> None:
        self.pictures = self.colour = self.resized = self.alpha = 0
        self._sizes: set[tuple[int, int]] = set()

    def add(self, pixels: NDArray[Any], *, alpha: bool) -> None:
        """Count a picture as it was decoded."""
        height, width = pixels.shape[:2]
        self.pictures += 1
        self.alpha += alpha
        self.colour += not alpha and pixels.ndim == 3 and _is_coloured(pixels)
        if (height, width) != (SIDE_PIXELS, SIDE_PIXELS):
            self.resized += 1
            self._sizes |= {(height, width)} if len(self._sizes) < 2 else set()

    def remarks(self, name: str) -> tuple[str, ...]:
        """A line for each thing that was done to pictures of the set `name`."""
        (height, width) = next(iter(self._sizes), (0, 0))
        size = "other sizes" if len(self._sizes) > 1 else f"{width}×{height} pixels"
        lines = (
            (self.alpha, "have their ink in the alpha channel, which was taken"),
            (self.colour, "in colour made grey"),
            (self.resized, f"of {size} brought to 28×28"),
        )
        return tuple(f"{name}: {count:,} of {self.pictures:,} pictures {what}" for count, what in lines if count)


def decode_picture_of_digit(content: bytes, name: str, counts: PictureCounts) -> Images:
    """Decode a picture file of one digit to `uint8 (28, 28)`, and count what had to be done to it.

    Raises a `DataError` that calls the file `name` if it is not a picture, is damaged or too large.
    """
    height, width, *_ = read_header(content)
    if max(height, width) > MAX_DIGIT_SIDE_PIXELS:
        raise LargePictureError(
            f"{name}: {width}×{height} pixels are too many for a digit: at most {MAX_DIGIT_SIDE_PIXELS:,} per side"
        )
    is_png = content.startswith(PNG_SIGNATURE)
    if is_png and [end + 4 for at, end in png_chunks(content) if content[at : at + 4] == b"IEND"] != [len(content)]:
        raise DataError(f"{name}: a damaged PNG file")
    try:
        pixels = decode_pixels(content, name, cv2.IMREAD_UNCHANGED)
    except LargePictureError:
        raise
    except DataError as error:
        if not is_png:
            raise
        raise DataError(f"{name}: a damaged PNG file") from error
    if pixels.shape[:2] != (height, width):
        raise DataError(f"{name}: a damaged picture: its size is not the one that it declares")
    pixels = _eight_bits(pixels, name)
    counts.add(pixels, alpha=_has_ink_in_alpha(pixels))
    return fit_picture(to_ink(pixels))


def to_ink(pixels: NDArray[np.uint8]) -> Images:
    """Grey `(H, W)` of a picture `(H, W)`, `(H, W, 1)`, BGR `(H, W, 3)` or BGR with alpha `(H, W, 4)`.

    Where all visible pixels have one colour, the alpha channel is the ink. Other transparent pixels become white paper,
    or black where the visible ones are light.
    """
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return pixels.reshape(pixels.shape[:2])
    if pixels.shape[2] == 3:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_BGR2GRAY), np.uint8)
    alpha = pixels[:, :, 3]
    if _has_ink_in_alpha(pixels):
        return np.ascontiguousarray(alpha)
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels[:, :, :3]), cv2.COLOR_BGR2GRAY), np.uint8)
    visible = grey[alpha > 0]
    paper = 0 if visible.size and visible.mean() > 127 else 255
    opacity = alpha.astype(np.float32) / 255
    return np.round(grey * opacity + paper * (1 - opacity)).astype(np.uint8)


def _has_ink_in_alpha(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture shows its digit by transparency alone."""
    if pixels.ndim != 3 or pixels.shape[2] != 4 or np.ptp(pixels[:, :, 3]) == 0:
        return False
    visible = pixels[pixels[:, :, 3] > 0][:, :3]
    return bool((np.ptp(visible, axis=0) <= _SAME_COLOUR_LEVELS).all())


def _is_coloured(pixels: NDArray[np.uint8]) -> bool:
    colours = pixels[:, :, :3]
    return bool((np.ptp(colours, axis=2) > 0).any())


def _eight_bits(pixels: NDArray[Any], name: str) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return np.round(pixels / 257).astype(np.uint8)
    raise DataError(f"{name}: a picture of {pixels.dtype} is none of a digit: 8 or 16 bits")


def fit_picture(grey: Images) -> Images:
    """A grey picture `(H, W)` as `uint8 (28, 28)`: as large as fits, and the rest as its edge is."""
    height, width = grey.shape
    if (height, width) == (SIDE_PIXELS, SIDE_PIXELS):
        return grey
    scale = SIDE_PIXELS / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resized = cv2.resize(
        np.ascontiguousarray(grey), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    resized = np.clip(resized, grey.min(), grey.max())  # the cubic spline exceeds them, and with them their range
    edge = sorted([*grey[0].tolist(), *grey[-1].tolist(), *grey[:, 0].tolist(), *grey[:, -1].tolist()])
    fitted = np.full((SIDE_PIXELS, SIDE_PIXELS), edge[len(edge) // 2], np.uint8)
    top, left = (SIDE_PIXELS - size[1]) // 2, (SIDE_PIXELS - size[0]) // 2
    fitted[top : top + size[1], left : left + size[0]] = resized
    return fitted
