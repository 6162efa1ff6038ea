"""Samples: pictures and labels as the files of a data set have them, and how they become digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import DIGIT_NAMES, MAX_CLASSES, ClassNames
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits, Images, checked_digits
from sutja.data.pictures.fit import fit_picture, to_ink
from sutja.errors import DataError, UsageError

_BATCH = 1000  # pictures converted at once: floats of all would take gigabytes


class UnlabelledError(DataError):
    """A file has pictures but no labels."""


@dataclass(frozen=True)
class Samples:
    """Pictures and labels of one part of a data set, as its files have them.

    `images` are `(N, H, W)`, or `(N, H, W, C)` with one channel, RGB, or RGB and alpha, of any type and range.
    `labels` are `(N,)`. The names are those of the files, for messages. `class_names` are `None` where the files tell
    none.
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    images_name: str | Path
    labels_name: str | Path
    remarks: tuple[str, ...] = ()
    class_names: ClassNames | None = None

    def remarked(self, *remarks: str) -> Samples:
        """The same samples with more remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))


@dataclass(frozen=True)
class Mending:
    """What is changed in the samples of a data set before they become digits; nothing unless it is asked for."""

    pixel_range: tuple[float, float] | None = None  # of paper and ink, brought to 0…255
    invert: bool = False
    transpose: bool = False
    labels_from: int = 0  # the label that stands for the digit 0, or for the first class
    ten_is_zero: bool = False
    drop_blank: bool = False
    class_names: ClassNames | None = None


def find_class_names(samples: Samples, mending: Mending | None = None) -> tuple[ClassNames, tuple[str, ...]]:
    """The classes of a data set by its training samples, and a remark where only their labels tell them.

    They are those that `mending` or the files name. Otherwise labels above 9 stand for more classes than ten only if
    each label from 0 to the largest occurs twice: a single one may be damage.
    """
    mending = mending or Mending()
    if names := mending.class_names or samples.class_names:
        return names, ()
    labels = _shifted_labels(samples.labels, mending)
    if labels.ndim == 1 and labels.dtype.kind in "iu" and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if low == 0 and CLASS_COUNT <= high < MAX_CLASSES and np.bincount(labels.astype(np.int64)).min() > 1:
            remark = f"the labels are 0 to {high}, so there are {high + 1} classes, called by these numbers"
            return ClassNames.numbered(high + 1), (f"{samples.labels_name}: {remark}",)
    return DIGIT_NAMES, ()


def to_digits(
    samples: Samples, mending: Mending | None = None, class_names: ClassNames = DIGIT_NAMES
) -> tuple[Digits, tuple[str, ...]]:
    """The digits of samples, `mending` applied, and the remarks on what had to be done.

    Colour becomes grey, and pictures of another size are brought to 28×28. Raises a `DataError` that names the option
    of `sutja data convert` which helps.
    """
    mending = mending or Mending()
    labels = _mended_labels(samples, mending, class_names)
    pixels = _eight_bits(samples, mending)
    if mending.transpose and pixels.ndim > 2:
        pixels = pixels.swapaxes(1, 2)
    images, remarks = _fitted(pixels, str(samples.images_name))
    digits = checked_digits(images, labels, samples.images_name, samples.labels_name, class_names)
    if mending.invert:
        digits = digits.with_images(255 - digits.images)
    if mending.drop_blank:
        digits, dropped = _without_blank(digits, str(samples.images_name))
        remarks += dropped
    return digits, (*samples.remarks, *remarks)


def hint(*options: str) -> str:
    """What a message on samples ends with: the options that mend them."""
    return f"`sutja data convert` mends it with {' '.join(options)}"


def _mended_labels(samples: Samples, mending: Mending, class_names: ClassNames) -> NDArray[Any]:
    """The labels as `mending` asks for. Raises a `DataError` for those above 9 for which an option is needed."""
    labels = _shifted_labels(samples.labels, mending)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size or not class_names.are_digits:
        return labels
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or not CLASS_COUNT <= high < MAX_CLASSES:
        return labels
    out_of_range = f"{samples.labels_name}: the label {high} is out of the range 0…9"
    if (low, high) == (1, CLASS_COUNT):
        first = hint("--labels-from 1 (where 1 stands for 0)")
        raise DataError(f"{out_of_range}: {first} or --ten-is-zero (where 10 does)")
    option = f"--labels-from 1 --classes {high}" if low == 1 else f"--classes {high + 1}"
    raise DataError(f"{out_of_range}: {hint(option)} (for that many classes)")


def _shifted_labels(labels: NDArray[Any], mending: Mending) -> NDArray[Any]:
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        return labels
    if mending.ten_is_zero:
        labels = np.where(labels == CLASS_COUNT, 0, labels)
    return labels.astype(np.int64) - mending.labels_from if mending.labels_from else labels


def _eight_bits(samples: Samples, mending: Mending) -> NDArray[Any]:
    """The pixels as `uint8`; raises `DataError` for others without the range that they are in."""
    pixels = samples.images
    if pixels.dtype.kind not in "buif" or not pixels.size or pixels.ndim not in (3, 4):
        return pixels  # which `checked_digits` refuses
    if mending.pixel_range is None:
        if pixels.dtype != np.uint8:
            raise DataError(f"{samples.images_name}: {_other_pixels(pixels)}")
        return pixels
    low, high = mending.pixel_range
    converted = np.empty(pixels.shape, np.uint8)
    for start in range(0, len(pixels), _BATCH):
        part = pixels[start : start + _BATCH].astype(np.float64)
        if not (part.min() >= min(low, high) and part.max() <= max(low, high)):  # not so for NaN either
            raise DataError(
                f"{samples.images_name}: pixels from {pixels.min():g} to {pixels.max():g} "
                f"are out of the range {low:g}:{high:g}"
            )
        converted[start : start + _BATCH] = np.round((part - low) * (255 / (high - low)))
    return converted


def _other_pixels(pixels: NDArray[Any]) -> str:
    low, high = float(pixels.min()), float(pixels.max())
    what = f"{pixels.dtype} {pixels.shape}, pixels from {low:g} to {high:g}, instead of uint8 from 0 to 255"
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{what}: values that are not finite"
    return f"{what}: {hint(f'--pixel-range {pixel_range_of(low, high)}')}"


def pixel_range_of(low: float, high: float) -> str:
    """The usual range of pixels, as `LOW:HIGH`, in which values from `low` to `high` lie."""
    for start, end in ((0, 1), (-1, 1), (0, 16), (0, 255), (-128, 127), (0, 65535)):
        if start <= low and high <= end:
            return f"{start}:{end}"
    return f"{low:g}:{high:g}"


def parse_pixel_range(text: str) -> tuple[float, float]:
    """The two numbers of a text like `0:1`, of paper and of ink. Raises `UsageError` for anything else."""
    try:
        low, high = (float(word) for word in text.split(":"))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low != high):
        raise UsageError(f"{text}: a range of pixels is two numbers, of paper and of ink, like 0:1 or -1:1")
    return low, high


def _fitted(pixels: NDArray[Any], name: str) -> tuple[Images, tuple[str, ...]]:
    """Pictures `(N, 28, 28)`; all that can be made such by fading colours and changing the size."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or 0 in pixels.shape:
        return pixels, ()
    if pixels.ndim == 4 and pixels.shape[3] not in (1, 3, 4):
        return pixels, ()
    remarks = []
    if pixels.ndim == 4 and pixels.shape[3] > 1:
        remarks.append(f"{name}: {len(pixels):,} pictures in colour made grey")
    height, width = pixels.shape[1:3]
    if (height, width) != (SIDE_PIXELS, SIDE_PIXELS):
        remarks.append(f"{name}: {len(pixels):,} pictures of {width}×{height} pixels brought to 28×28")
    elif pixels.ndim == 3:
        return pixels, ()
    return np.stack([fit_picture(_grey(picture)) for picture in pixels]), tuple(remarks)


def _grey(picture: NDArray[np.uint8]) -> Images:
    if picture.ndim == 3 and picture.shape[2] >= 3:  # RGB here, BGR in OpenCV
        picture = np.concatenate([picture[:, :, 2::-1], picture[:, :, 3:]], axis=2)
    return to_ink(picture)


def _without_blank(digits: Digits, name: str) -> tuple[Digits, tuple[str, ...]]:
    kept = ~blank(digits.images)
    dropped = len(digits) - int(kept.sum())
    if dropped == len(digits):
        raise DataError(f"{name}: all {dropped:,} pictures are blank")
    remarks = (f"{name}: {dropped:,} blank pictures left out",) if dropped else ()
    return digits.take(np.flatnonzero(kept)), remarks


def blank(images: Images) -> NDArray[np.bool_]:
    """Which of the pictures `(N, 28, 28)` have the same value everywhere."""
    flat = images.reshape(len(images), -1)
    return np.asarray(flat.max(axis=1) == flat.min(axis=1))


def square_pictures(pixels: NDArray[Any]) -> NDArray[Any]:
    """Rows of pixels `(N, P)` as square pictures `(N, H, H)`. Raises `ValueError` if `P` is no square number."""
    side = math.isqrt(pixels.shape[1])
    if not side or side * side != pixels.shape[1]:
        raise ValueError(f"{pixels.shape[1]:,} pixels are not a square picture")
    return pixels.reshape(len(pixels), side, side)


def joined(parts: Sequence[Samples]) -> Samples:
    """The samples of several files, one after the other. Raises `ValueError` if their pictures differ in size."""
    if len(parts) == 1:
        return parts[0]
    images, labels = (np.concatenate([getattr(each, name) for each in parts]) for name in ("images", "labels"))
    remarks = tuple(remark for each in parts for remark in each.remarks)
    return Samples(images, labels, parts[0].images_name, parts[0].labels_name, remarks)


def whole_labels(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Labels that a file stores as floats, as integers. Raises `ValueError` unless they are whole numbers."""
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.round(labels)).all()):
        raise ValueError("labels that are not whole numbers")
    if labels.dtype.kind not in "uif" or (labels.size and np.abs(labels.astype(np.float64)).max() > 1 << 31):
        raise ValueError("labels that are not whole numbers")
    return labels.astype(np.int64)
