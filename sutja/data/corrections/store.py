"""Corrections: digits labelled by a person, kept in a folder until that person deletes them.

    corrections/
      corrections.jsonl    one record per line, the oldest first, with the checksums of its values and of its digit;
                           the last line has the number of records and their checksum
      digits/<id>.png      28×28 pixels as the digit network saw them, light ink on black
      pictures/<name>      the pictures that they come from, as uploaded

The records are written last, whole or not at all, after the files of the new ones are on disk. If the process is killed
or the disk fills up before, only files without a record remain. Everything that `add` has returned is on disk. File
names are made of random bytes and checksums, never of input.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.corrections.record import (
    ID_PATTERN,
    PICTURE_NAME_PATTERN,
    Correction,
    CorrectionRecord,
    format_record,
    format_records,
    parse_record,
    parse_records,
    picture_suffix,
    pixels_sha256,
    salvage_records,
)
from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.data.pictures.decode import decode_digit
from sutja.errors import DataError, StorageError, UsageError
from sutja.files import exclusive, open_regular, remove_abandoned, write_through

__all__ = ["Correction", "Corrections", "StoredCorrection", "holds_corrections", "read_corrections"]

RECORDS_FILE = "corrections.jsonl"  # its presence identifies a folder of corrections
DAMAGED_FILE = "corrections.damaged.jsonl"  # what a repair has replaced
MAX_CORRECTIONS = 20_000  # in a folder
MAX_FOLDER_PICTURE_BYTES = 2 << 30  # of all pictures together
MAX_RECORDS_BYTES = MAX_CORRECTIONS << 12  # of all records together, each of which has about 300
MAX_DIGIT_BYTES = 1 << 16  # no PNG of 28×28 pixels is larger


@dataclass(frozen=True, eq=False)
class StoredCorrection:
    """A correction in its folder, with its `id` and the `time` when it was made (UTC, ISO 8601).

    `picture` is the file of the picture that it comes from, or `None` if none was kept.
    """

    id: str
    time: str
    correction: Correction
    picture: Path | None


class Corrections:
    """The corrections in a folder, created with the first one. Safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Raises `UsageError` if `folder` exists and is not a folder."""
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: not a folder; corrections are kept in a folder")
        self.folder = folder
        self._thread_lock = threading.Lock()
        self._cached: tuple[tuple[int, ...], list[CorrectionRecord]] = ((), [])  # file stamp, records

    def __len__(self) -> int:
        """The number of corrections."""
        return len(self._records())

    @property
    def writable(self) -> bool:
        """Whether the folder looks writable, or creatable if it does not exist."""
        folder = self.folder.absolute()
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)

    def add(self, corrections: Sequence[Correction], picture: bytes | None = None) -> list[str]:
        """Store corrections and the content of the picture file that they come from; all or nothing.

        Returns their ids once everything is on disk. Raises `StorageError` if the folder is full or cannot be written,
        and `DataError` if the picture is too large or not a picture.
        """
        suffix = picture_suffix(picture) if picture is not None else ""
        if not corrections:
            return []
        made: list[Path] = []
        try:
            with self._exclusive():
                records = self._records()
                self._check_room(records, len(corrections), picture)
                taken = {record.id for record in records}
                name = self._keep_picture(picture, suffix, records, made) if picture is not None else None
                lines = [format_record(each, _new_id(taken), name) for each in corrections]
                added = [parse_record(line) for line in lines]
                for record, each in zip(added, corrections, strict=True):
                    made.append(self._digit_path(record.id))
                    write_through(made[-1], _png(each.image))
                self._write([*records, *added])
        except OSError as error:
            for path in made:
                with contextlib.suppress(OSError):
                    path.unlink()
            raise StorageError(f"{self.folder}: cannot be written: {error.strerror or error}") from error
        return [record.id for record in added]

    def all(self) -> list[StoredCorrection]:
        """All corrections, the oldest first. Raises `DataError` if a file is damaged or missing."""
        return [
            StoredCorrection(
                record.id,
                record.time,
                Correction(self._read_digit(record), record.label, record.guess, record.confidence, record.box),
                self.folder / "pictures" / record.picture if record.picture else None,
            )
            for record in self._records()
        ]

    def digits(self) -> Digits:
        """The corrected digits with their labels, the oldest first. Raises what `all` raises.

        If the same pixels were corrected again, only the last label counts.
        """
        stored = [each.correction for each in self.all()]
        last_label = {each.image.tobytes(): each.label for each in stored}
        corrections = [each for each in stored if each.label == last_label[each.image.tobytes()]]
        images = np.array([each.image for each in corrections], np.uint8).reshape(-1, SIDE_PIXELS, SIDE_PIXELS)
        return Digits(images, np.array([each.label for each in corrections], np.int64))

    def ids(self) -> list[str]:
        """The ids of all corrections, the oldest first."""
        return [record.id for record in self._records()]

    def delete(self, ids: Collection[str]) -> int:
        """Delete the corrections with these ids, their digits, and the pictures that no other correction uses.

        Records are removed in one step, then files, together with those that an interrupted deletion or addition left
        behind. Returns the number of deleted corrections. Raises `UsageError` for an unknown id and deletes nothing.
        """
        if not self.folder.is_dir():
            if ids:
                raise UsageError(f"{self.folder}: there are no corrections")
            return 0
        try:
            with self._exclusive():
                records = self._records()
                missing = sorted(set(ids) - {record.id for record in records})
                if missing:
                    raise UsageError(f"{self.folder}: no correction has the id {missing[0]}")
                remaining = [record for record in records if record.id not in ids]
                self._write(remaining)
                self._sweep(remaining)
        except OSError as error:
            raise StorageError(f"{self.folder}: cannot be written: {error.strerror or error}") from error
        return len(records) - len(remaining)

    def repair(self) -> tuple[int, int]:
        """Keep the sound lines of a damaged file of records; the damaged file stays beside it until the next deletion.

        So do the digits and pictures that have no record then. Returns the number of records and that of the lines that
        are no longer there. Raises `UsageError` if there is no such file, and `DataError` if it is too large to be one.
        """
        path = self.folder / RECORDS_FILE
        if not path.is_file():
            raise UsageError(f"{self.folder}: there are no corrections")
        try:
            with self._exclusive():
                with open_regular(path) as file:
                    content = _read_limited(file, path)
                records, removed = salvage_records(content)
                if content != format_records(records):
                    write_through(self.folder / DAMAGED_FILE, content)
                    self._write(records)
        except OSError as error:
            raise StorageError(f"{self.folder}: cannot be written: {error.strerror or error}") from error
        return len(records), removed

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Lock the folder against other threads and processes, creating it if needed; remove what killed ones left."""
        folders = [self.folder, self.folder / "digits", self.folder / "pictures"]
        with self._thread_lock:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            with exclusive(self.folder / ".lock"):
                for folder in folders:
                    remove_abandoned(folder)
                yield

    def _records(self) -> list[CorrectionRecord]:
        """The records, read again if the file has changed. Raises `DataError` if one is damaged."""
        path = self.folder / RECORDS_FILE
        try:
            with open_regular(path) as file:
                stamp = _stamp(os.fstat(file.fileno()))
                cached_stamp, records = self._cached
                if cached_stamp != stamp:
                    records = parse_records(_read_limited(file, path), path)
                    self._cached = (stamp, records)
                return records
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error

    def _write(self, records: Sequence[CorrectionRecord]) -> None:
        """Replace the file of records, whole or not at all."""
        path = self.folder / RECORDS_FILE
        write_through(path, format_records(records))
        self._cached = (_stamp(path.stat()), list(records))

    def _check_room(self, records: Sequence[CorrectionRecord], added: int, picture: bytes | None) -> None:
        if len(records) + added > MAX_CORRECTIONS:
            raise StorageError(f"{self.folder}: holds {len(records):,} corrections; the maximum is {MAX_CORRECTIONS:,}")
        if picture is not None:
            with os.scandir(self.folder / "pictures") as entries:
                size = sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
            if size + len(picture) > MAX_FOLDER_PICTURE_BYTES:
                raise StorageError(f"{self.folder}: its pictures would exceed {MAX_FOLDER_PICTURE_BYTES >> 30} GiB")

    def _keep_picture(self, picture: bytes, suffix: str, records: Sequence[CorrectionRecord], made: list[Path]) -> str:
        """Write a picture unless it is already stored; returns its file name."""
        name = f"{hashlib.sha256(picture).hexdigest()[:32]}.{suffix}"
        if not any(record.picture == name for record in records):
            made.append(self.folder / "pictures" / name)
            write_through(made[-1], picture)
        return name

    def _sweep(self, records: Sequence[CorrectionRecord]) -> None:
        """Remove the files that no record refers to, except those whose names this module does not make."""
        (self.folder / DAMAGED_FILE).unlink(missing_ok=True)
        referenced = {f"{record.id}.png" for record in records} | {record.picture for record in records}
        for folder, names in (
            ("digits", rf"{ID_PATTERN.pattern}\.png"),
            ("pictures", PICTURE_NAME_PATTERN.pattern),
        ):
            for path in (self.folder / folder).iterdir():
                if path.name not in referenced and re.fullmatch(names, path.name):
                    path.unlink()

    def _digit_path(self, identifier: str) -> Path:
        return self.folder / "digits" / f"{identifier}.png"

    def _read_digit(self, record: CorrectionRecord) -> NDArray[np.uint8]:
        """Read the pixels of a digit, `uint8 (28, 28)`. Raises `DataError`."""
        path, advice = self._digit_path(record.id), f"remove it with `--delete {record.id}`"
        try:
            with open_regular(path) as file:
                image = decode_digit(file.read(MAX_DIGIT_BYTES), str(path))
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}; {advice}") from error
        except DataError as error:
            raise DataError(f"{error}; {advice}") from error
        if pixels_sha256(image) != record.digit_sha256:
            raise DataError(f"{path}: not the digit that was corrected: its checksum is wrong; {advice}")
        return image


def holds_corrections(folder: Path) -> bool:
    """Whether `folder` is a folder of corrections."""
    return (folder / RECORDS_FILE).is_file()


def read_corrections(folder: Path) -> Digits:
    """The corrected digits in a folder. Raises `DataError` if there are none or they are damaged."""
    digits = Corrections(folder).digits()
    if not len(digits):
        raise DataError(f"{folder}: there are no corrections in it; make some on the page of `sutja serve`")
    return digits


def _read_limited(file: IO[bytes], path: Path) -> bytes:
    content = file.read(MAX_RECORDS_BYTES + 1)
    if len(content) > MAX_RECORDS_BYTES:
        raise DataError(f"{path}: larger than {MAX_RECORDS_BYTES >> 20} MB")
    return content


def _stamp(state: os.stat_result) -> tuple[int, ...]:
    """Values of which at least one differs after a file has changed."""
    return state.st_ino, state.st_size, state.st_mtime_ns


def _png(image: NDArray[np.uint8]) -> bytes:
    encoded, content = cv2.imencode(".png", image)
    assert encoded, "28×28 pixels always encode as PNG"
    return content.tobytes()


def _new_id(taken: set[str]) -> str:
    """Make an id that is not in `taken`, and add it there."""
    while (identifier := secrets.token_hex(4)) in taken:
        pass
    taken.add(identifier)
    return identifier
