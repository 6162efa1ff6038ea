"""Picture files of single digits: what the forms share in which each digit is a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.data.formats.container import Container
from sutja.data.formats.parts import Parts, read_by_parts
from sutja.data.pictures.fit import MAX_DIGIT_FILE_BYTES, PictureCounts, decode_picture_of_digit
from sutja.data.samples import Samples
from sutja.errors import DataError

PICTURE_SUFFIX = r"\.(png|jpe?g|bmp|gif|webp|tiff?|pgm)"
PICTURE_PATTERN = re.compile(rf".*{PICTURE_SUFFIX}", re.IGNORECASE | re.DOTALL)


def read_labelled_pictures(container: Container, labels: dict[str, int]) -> Parts:
    """Read the picture files that have `labels`, in the order of their names without folders. Raises `DataError`."""
    names = sorted(labels, key=lambda name: (PurePosixPath(name).name, name))
    train, test = read_by_parts(container, names, lambda _, part: _read_part(container, part, labels))
    others = len([name for name in container.names if PICTURE_PATTERN.fullmatch(name) and name not in labels])
    remark = f"{container.path}: not used, for they have no label: {others:,} pictures"
    return (train.remarked(remark) if others else train), test


def _read_part(container: Container, names: Sequence[str], labels: dict[str, int]) -> Samples:
    pixels = np.empty((len(names), SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    counts = PictureCounts()
    for number, name in enumerate(names):
        with container.open(name) as file:
            content = file.read(MAX_DIGIT_FILE_BYTES + 1)
        if len(content) > MAX_DIGIT_FILE_BYTES:
            raise DataError(f"{container.place(name)}: more than {MAX_DIGIT_FILE_BYTES:,} bytes for a digit")
        pixels[number] = decode_picture_of_digit(content, container.place(name), counts)
    place = str(container.path)
    return Samples(pixels, np.array([labels[name] for name in names]), place, place, counts.remarks(place))


def numbered_pictures(train: Digits, test: Digits) -> Iterator[tuple[PurePosixPath, int, bytes]]:
    """The name, label and PNG of each digit: `train/000012.png`, numbered in their order."""
    for part, digits in (("train", train), ("test", test)):
        for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            yield PurePosixPath(part, f"{index:06}.png"), int(label), cv2.imencode(".png", image)[1].tobytes()


def write_picture(path: Path, content: bytes) -> None:
    """Write a picture into a folder, which need not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
