"""`train.tar` and `test.tar` of PNG files named `<index>_<label>.png`, as courses distribute MNIST."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Self

import cv2
import numpy as np

from sutja.data.digits import SIDE_PIXELS, Digits, Images
from sutja.data.formats import READ_ERRORS
from sutja.data.formats.container import Container, is_junk, junk_remark, unzipped
from sutja.data.formats.parts import Parts
from sutja.data.pictures.fit import PictureCounts, decode_picture_of_digit
from sutja.data.pictures.header import PNG_SIGNATURE
from sutja.data.samples import Samples
from sutja.errors import DataError

ARCHIVE_PARTS = ("train", "test")
TAR_FILE_PATTERN = re.compile(r"(?:.*/)?(train|test)\.(tar|tar\.gz|tgz)", re.DOTALL)
MEMBER_NAME_PATTERN = re.compile(r"(\d{1,9})_(\d{1,3})\.png", re.IGNORECASE)
MAX_MEMBER_BYTES = 4 << 20  # a 28×28 PNG has hundreds of bytes, a photograph of a digit more
MAX_EXTENDED_HEADER_BYTES = 1 << 16
MAX_MEMBERS = 1_000_000


class StrictTarInfo(tarfile.TarInfo):
    """A member that fails on a damaged header, which the standard library treats as the end of the archive."""

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> Self:
        """Read the next header. Raises `tarfile.ReadError` unless it is valid or the end of the archive."""
        try:
            return super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the block of zeros that ends every tar
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"damaged or cut off ({error})") from error

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header. Raises `tarfile.ReadError` for a large member that is not a regular file."""
        member = super().frombuf(buf, encoding, errors)
        if not member.isreg() and member.size > MAX_EXTENDED_HEADER_BYTES:  # tarfile reads it into memory at once
            raise tarfile.ReadError(f"an extended header of {member.size:,} bytes")
        return member


def read_tars(container: Container, names: Sequence[str]) -> Parts:
    """Read training and test digits from the two archives among `names`, those in the fewest folders first.

    Raises `DataError` if one is missing, and whatever `read_png_tar` raises.
    """
    train, test = (_read_part(container, names, part) for part in ARCHIVE_PARTS)
    return train, test


def _read_part(container: Container, names: Sequence[str], part: str) -> Samples:
    found = [name for name in names if PurePosixPath(name).name.startswith(f"{part}.")]
    if not found:
        path = container.path / f"{part}.tar"
        raise DataError(f"{path}: not a file" if path.exists() else f"{container.path}: {part}.tar is missing")
    name = min(found, key=lambda name: (name.count("/"), name))
    with container.open(name) as file:
        return read_png_tar(file, container.place(name))


def read_png_tar(file: IO[bytes], name: str) -> Samples:
    """Read a tar, compressed or not, from an open `file` that need not be seekable, without unpacking it to disk.

    Members are named `<index>_<label>.png`; digits are returned in the order of their indices. Files of operating
    systems are skipped, with a remark. Raises `DataError`, with `name` and the member, for links, absolute paths, paths
    with `..`, other file names, files that are not PNGs of a digit, a repeated index, and a damaged archive.
    """
    images: dict[int, Images] = {}
    labels: dict[int, int] = {}
    counts, skipped = PictureCounts(), 0
    try:
        with unzipped(file) as plain, tarfile.open(fileobj=plain, mode="r|", tarinfo=StrictTarInfo) as archive:
            for member in archive:
                if (member.isdir() or (member.isfile() and is_junk(member.name))) and not _escapes(member.name):
                    skipped += member.isfile()
                    continue
                index, label = _index_and_label(member, name)
                if index in images or len(images) + skipped >= MAX_MEMBERS:
                    why = "its index is repeated" if index in images else f"more than {MAX_MEMBERS:,} files"
                    raise DataError(f"{name}: {member.name}: {why}")
                content = archive.extractfile(member)
                assert content is not None  # members are regular files here
                images[index], labels[index] = _decode(content.read(), f"{name}: {member.name}", counts), label
            _check_end(archive)
    except READ_ERRORS as error:
        raise DataError(f"{name}: not a readable tar archive: {error or 'it ends too early'}") from error
    order = sorted(images)
    pixels = (
        np.stack([images[index] for index in order]) if images else np.empty((0, SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    )
    remarks = (*junk_remark(skipped, name), *counts.remarks(name))
    return Samples(pixels, np.array([labels[index] for index in order], np.int64), name, name, remarks)


def _decode(content: bytes, name: str, counts: PictureCounts) -> Images:
    if not content.startswith(PNG_SIGNATURE) or not content[24:]:
        raise DataError(f"{name}: not a PNG file")
    return decode_picture_of_digit(content, name, counts)


def _check_end(archive: tarfile.TarFile) -> None:
    """Check that only zeros follow the last member: `tarfile` takes a damaged block of zeros for the end."""
    stream = archive.fileobj
    assert stream is not None
    while rest := stream.read(1 << 16):
        if rest.strip(b"\0"):
            raise tarfile.ReadError("damaged: data after its end")


def _index_and_label(member: tarfile.TarInfo, name: str) -> tuple[int, int]:
    match = MEMBER_NAME_PATTERN.fullmatch(PurePosixPath(member.name).name)
    if not member.isfile():
        why = "links and special files are not accepted"
    elif _escapes(member.name):
        why = "its path leads outside the archive"
    elif match is None:
        why = "not named <index>_<label>.png"
    elif member.size > MAX_MEMBER_BYTES:
        why = f"{member.size:,} bytes are too many for a digit"
    else:
        return int(match[1]), int(match[2])
    raise DataError(f"{name}: {member.name}: {why}")


def _escapes(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name) is not None


def write_png_tars(folder: Path, train: Digits, test: Digits) -> None:
    """Write `train.tar` and `test.tar` into `folder`, reproducible to the byte."""
    for part, digits in zip(ARCHIVE_PARTS, (train, test), strict=True):
        width = len(str(len(digits) - 1))
        with tarfile.open(folder / f"{part}.tar", "w") as archive:
            for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
                content = cv2.imencode(".png", image)[1].tobytes()
                member = tarfile.TarInfo(f"{part}/{index:0{width}d}_{label}.png")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
