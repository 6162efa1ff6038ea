"""`train.tar` and `test.tar` of PNG files named `<index>_<label>.png`, as courses distribute MNIST."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Self, cast

import cv2
import numpy as np

from sutja.data.digits import SIDE_PIXELS, Digits, Images, checked_digits
from sutja.data.formats import READ_ERRORS
from sutja.data.pictures.decode import decode_digit
from sutja.errors import DataError
from sutja.files import open_regular

ARCHIVE_PARTS = ("train", "test")
ARCHIVE_NAME_PATTERN = re.compile(r"(train|test)\.(tar|tar\.gz|tgz)")
MEMBER_NAME_PATTERN = re.compile(r"(\d{1,9})_(\d{1,3})\.png", re.IGNORECASE)
MAX_MEMBER_BYTES = 1 << 16  # a 28×28 PNG has hundreds of bytes
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
        if not member.isreg() and member.size > MAX_MEMBER_BYTES:  # tarfile reads it into memory at once
            raise tarfile.ReadError(f"an extended header of {member.size:,} bytes")
        return member


def holds_png_tars(folder: Path) -> bool:
    """Whether `folder` contains a training archive of this format."""
    return _find(folder, "train") is not None


def read_png_tars(path: Path) -> tuple[Digits, Digits]:
    """Read training and test digits from the two archives in a folder or inside a zip file.

    Raises `DataError` if one is missing, and whatever `read_png_tar` raises.
    """
    return _read_zip(path) if path.is_file() else _read_folder(path)


def _find(folder: Path, part: str) -> Path | None:
    found = [path for path in sorted(folder.glob(f"{part}.t*")) if ARCHIVE_NAME_PATTERN.fullmatch(path.name)]
    return found[0] if found else None


def _read_folder(folder: Path) -> tuple[Digits, Digits]:
    parts = []
    for part in ARCHIVE_PARTS:
        path = _find(folder, part)
        if path is None:
            raise DataError(f"{folder}: {part}.tar is missing")
        try:
            with open_regular(path) as file:
                parts.append(read_png_tar(file, str(path)))
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    return parts[0], parts[1]


def _read_zip(path: Path) -> tuple[Digits, Digits]:
    parts = []
    try:
        with zipfile.ZipFile(path) as archive:
            names = {PurePosixPath(name).name.split(".")[0]: name for name in archive.namelist() if _is_archive(name)}
            for part in ARCHIVE_PARTS:
                if part not in names:
                    raise DataError(f"{path}: {part}.tar is missing")
                with archive.open(names[part]) as file:
                    parts.append(read_png_tar(file, f"{path}: {names[part]}"))
                    while file.read(1 << 20):  # read to the end, where zipfile verifies the checksum
                        pass
    except READ_ERRORS as error:
        raise DataError(f"{path}: not a readable zip file: {error}") from error
    return parts[0], parts[1]


def _is_archive(name: str) -> bool:
    return ARCHIVE_NAME_PATTERN.fullmatch(PurePosixPath(name).name) is not None and not name.startswith("__MACOSX")


def read_png_tar(file: IO[bytes], name: str) -> Digits:
    """Read a tar, compressed or not, from an open `file` that need not be seekable, without unpacking it to disk.

    Members are named `<index>_<label>.png`; digits are returned in the order of their indices. Raises `DataError`, with
    `name` and the member, for links, absolute paths, paths with `..`, other file names, files that are not PNGs of
    28×28 pixels, a repeated index, and an archive that is damaged or empty.
    """
    images: dict[int, Images] = {}
    labels: dict[int, int] = {}
    try:
        with _unzipped(file) as plain, tarfile.open(fileobj=plain, mode="r|", tarinfo=StrictTarInfo) as archive:
            for member in archive:
                if member.isdir() and not _escapes(member.name):
                    continue
                index, label = _index_and_label(member, name)
                if index in images or len(images) == MAX_MEMBERS:
                    why = "its index is repeated" if index in images else f"more than {MAX_MEMBERS:,} files"
                    raise DataError(f"{name}: {member.name}: {why}")
                content = archive.extractfile(member)
                assert content is not None  # members are regular files here
                images[index], labels[index] = decode_digit(content.read(), f"{name}: {member.name}"), label
            _check_end(archive)
    except READ_ERRORS as error:
        raise DataError(f"{name}: not a readable tar archive: {error or 'it ends too early'}") from error
    order = sorted(images)
    pixels = (
        np.stack([images[index] for index in order]) if images else np.empty((0, SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    )
    return checked_digits(pixels, np.array([labels[index] for index in order], np.int64), name, name)


@contextmanager
def _unzipped(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The content of `file`, gzipped or not, unpacked as it is read."""
    buffered = io.BufferedReader(cast(io.RawIOBase, file))
    try:
        if buffered.peek(2)[:2] == b"\x1f\x8b":
            with gzip.open(buffered) as unzipped:
                yield cast(IO[bytes], unzipped)
        else:
            yield buffered
    finally:
        buffered.detach()


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
        why = f"{member.size:,} bytes are too many for a digit of {SIDE_PIXELS}×{SIDE_PIXELS} pixels"
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
