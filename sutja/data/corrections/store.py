"""Corrections: digits that a person told the right label of, kept in a folder until that person deletes them.

    corrections/
      corrections.jsonl    one line a correction, the oldest first
      digits/<id>.png      28×28 pixels as the network for single digits saw them, light ink on black
      pictures/<name>      the pictures that they were read from, as they were sent

A line is added last, when the files that it speaks of are on the disk: whoever is killed or finds the disk full before
leaves at most files of which no line speaks, or the torn beginning of a line, and neither is a correction. What `add`
has returned is on the disk. Names of files are made here, of random bytes and checksums, never of what was sent.
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
    ID,
    PICTURE,
    Correction,
    Line,
    is_line,
    line_text,
    parsed,
    picture_kind,
    read_lines,
)
from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.errors import DataError, StorageError, UsageError
from sutja.files import exclusive, write_through

__all__ = ["Correction", "Corrections", "StoredCorrection", "holds_corrections", "read_corrections"]

LINES = "corrections.jsonl"  # what tells the folder of corrections from others
MOST = 20_000  # corrections in a folder
MOST_PICTURE_BYTES = 2 << 30  # of all pictures together
LONGEST = 4096  # bytes: more than any line has
DIGIT_BYTES = 1 << 16  # no picture of 28×28 pixels needs more


@dataclass(frozen=True, eq=False)
class StoredCorrection:
    """A correction in its folder: `id` names it, `time` says when it was made (UTC, ISO 8601).

    `picture` is the file that it was read from, `None` where none was kept.
    """

    id: str
    time: str
    correction: Correction
    picture: Path | None


class Corrections:
    """The corrections in a folder, which comes into being with the first. Threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Raises `UsageError` when `folder` is there but no folder."""
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: not a folder: corrections need one")
        self.folder = folder
        self._threads = threading.Lock()
        self._known: tuple[tuple[int, ...], list[Line]] = ((), [])

    def __len__(self) -> int:
        """The number of corrections."""
        return len(self._lines())

    @property
    def writable(self) -> bool:
        """Whether the folder can be written, or made where it is not there, as far as can be told beforehand."""
        folder = self.folder.absolute()
        there = next(path for path in (folder, *folder.parents) if path.exists())
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)

    def add(self, corrections: Sequence[Correction], picture: bytes | None = None) -> list[str]:
        """Keep some corrections, and the content of the picture file that they are from; all of them or none.

        Returns their ids when all is on the disk. Raises `StorageError` when it cannot be written or the folder is
        full, `DataError` for a picture that is none or too large.
        """
        kind = picture_kind(picture) if picture is not None else ""
        if not corrections:
            return []
        made: list[Path] = []
        try:
            with self._alone():
                lines = self._lines()
                self._check_room(lines, len(corrections), picture)
                taken = {line.id for line in lines}
                name = self._keep_picture(picture, kind, lines, made) if picture is not None else None
                texts = [line_text(each, _new_id(taken), name) for each in corrections]
                added = [parsed(text) for text in texts]
                for line, each in zip(added, corrections, strict=True):
                    made.append(self._digit(line.id))
                    write_through(made[-1], _png(each.image))
                self._append(texts)
                self._known = (_stamp((self.folder / LINES).stat()), [*lines, *added])
        except OSError as error:
            for path in made:
                with contextlib.suppress(OSError):
                    path.unlink()
            raise StorageError(f"{self.folder}: cannot be written: {error.strerror or error}") from error
        return [line.id for line in added]

    def all(self) -> list[StoredCorrection]:
        """All corrections, the oldest first. Raises `DataError` when a file is damaged or its digit is missing."""
        return [
            StoredCorrection(
                line.id,
                line.time,
                Correction(self._read_digit(line.id), line.label, line.guess, line.confidence, line.box),
                self.folder / "pictures" / line.picture if line.picture else None,
            )
            for line in self._lines()
        ]

    def digits(self) -> Digits:
        """The corrected digits with their right labels, the oldest first. Raises what `all` does.

        The same pixels cannot be two digits: where one was corrected again, what was said of it last holds.
        """
        said = [each.correction for each in self.all()]
        last = {each.image.tobytes(): each.label for each in said}
        corrections = [each for each in said if each.label == last[each.image.tobytes()]]
        images = np.array([each.image for each in corrections], np.uint8).reshape(-1, SIDE_PIXELS, SIDE_PIXELS)
        return Digits(images, np.array([each.label for each in corrections], np.int64))

    def ids(self) -> list[str]:
        """The ids of all corrections, the oldest first."""
        return [line.id for line in self._lines()]

    def delete(self, ids: Collection[str]) -> int:
        """Delete the corrections of these ids with their digits, and the pictures that only they are from.

        The lines go in one step, then the files; what a killed deletion or addition left over goes with them. Returns
        the number of deleted corrections. Raises `UsageError` for an id that is not there: then nothing is deleted.
        """
        if not self.folder.is_dir():
            if ids:
                raise UsageError(f"{self.folder}: there are no corrections")
            return 0
        try:
            with self._alone():
                lines = self._lines()
                missing = sorted(set(ids) - {line.id for line in lines})
                if missing:
                    raise UsageError(f"{self.folder}: no correction has the id {missing[0]}")
                left = [line for line in lines if line.id not in ids]
                write_through(self.folder / LINES, "".join(line.text for line in left).encode())
                self._sweep(left)
        except OSError as error:
            raise StorageError(f"{self.folder}: cannot be written: {error.strerror or error}") from error
        return len(lines) - len(left)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep all others, threads and processes, from changing the folder; it is made where it is not there."""
        with self._threads:
            for name in ("digits", "pictures"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            with exclusive(self.folder / ".lock"):
                yield

    def _lines(self) -> list[Line]:
        """The lines of the file, read anew when it has changed. Raises `DataError` when one of them is damaged."""
        path = self.folder / LINES
        try:
            with path.open("rb") as file:
                stamp = _stamp(os.fstat(file.fileno()))
                known, lines = self._known
                if known != stamp:
                    lines = read_lines(file.read(), path)
                    self._known = (stamp, lines)
                return lines
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error

    def _append(self, texts: Sequence[str]) -> None:
        """Add lines in one piece, or none of them: a torn line of before is cut off, and so is what does not fit."""
        path = self.folder / LINES
        new = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            rest = _tail(file, size, LONGEST)
            whole = is_line(rest)  # an editor may have left the last newline out
            start = size if whole else size - len(rest)
            file.truncate(start)
            file.seek(start)
            more = memoryview((b"\n" if whole else b"") + "".join(texts).encode())
            try:
                while more:
                    more = more[file.write(more) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(start)
                raise
        if new:
            write_through(self.folder, None)

    def _check_room(self, lines: Sequence[Line], more: int, picture: bytes | None) -> None:
        if len(lines) + more > MOST:
            raise StorageError(f"{self.folder}: holds {len(lines):,} corrections, and at most {MOST:,} fit in")
        if picture is not None:
            with os.scandir(self.folder / "pictures") as entries:
                size = sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
            if size + len(picture) > MOST_PICTURE_BYTES:
                raise StorageError(f"{self.folder}: its pictures fill the {MOST_PICTURE_BYTES >> 30} GiB that they may")

    def _keep_picture(self, picture: bytes, kind: str, lines: Sequence[Line], made: list[Path]) -> str:
        """Write a picture, the same one only once; returns the name of its file."""
        name = f"{hashlib.sha256(picture).hexdigest()[:32]}.{kind}"
        if not any(line.picture == name for line in lines):
            made.append(self.folder / "pictures" / name)
            write_through(made[-1], picture)
        return name

    def _sweep(self, lines: Sequence[Line]) -> None:
        """Remove the files of which no line speaks; those that have other names than ours stay."""
        wanted = {f"{line.id}.png" for line in lines} | {line.picture for line in lines}
        for folder, names in (("digits", rf"\.?{ID.pattern}\.png"), ("pictures", rf"\.?{PICTURE.pattern}")):
            for path in (self.folder / folder).iterdir():
                if path.name not in wanted and re.fullmatch(rf"{names}(\.partial)?", path.name):
                    path.unlink()

    def _digit(self, number: str) -> Path:
        return self.folder / "digits" / f"{number}.png"

    def _read_digit(self, number: str) -> NDArray[np.uint8]:
        """The pixels of a digit `uint8 (28, 28)`; raises `DataError` when there are none."""
        path = self._digit(number)
        try:
            with path.open("rb") as file:
                content = file.read(DIGIT_BYTES)
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}: `--delete {number}` takes it out") from error
        # The head tells the size, so that no small file becomes a large picture.
        sides = [int.from_bytes(content[at : at + 4], "big") for at in (16, 20)]
        pixels = None
        if content.startswith(b"\x89PNG") and sides == [SIDE_PIXELS, SIDE_PIXELS]:
            pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise DataError(
                f"{path}: not a picture of {SIDE_PIXELS}×{SIDE_PIXELS} pixels: `--delete {number}` takes it out"
            )
        return np.asarray(pixels, np.uint8)


def holds_corrections(folder: Path) -> bool:
    """Whether corrections are kept in a folder."""
    return (folder / LINES).is_file()


def read_corrections(folder: Path) -> Digits:
    """The corrected digits of a folder. Raises `DataError` when there are none, or they are damaged."""
    digits = Corrections(folder).digits()
    if not len(digits):
        raise DataError(f"{folder}: there are no corrections in it: `sutja serve` opens the page to make some")
    return digits


def _tail(file: IO[bytes], size: int, most: int) -> bytes:
    """What follows the last newline of a file of so many bytes, looked for in its last `most` first."""
    file.seek(max(0, size - most))
    _, newline, rest = file.read().rpartition(b"\n")
    return rest if newline or size <= most else _tail(file, size, size)


def _stamp(state: os.stat_result) -> tuple[int, ...]:
    """What differs when a file has changed."""
    return state.st_ino, state.st_size, state.st_mtime_ns


def _png(image: NDArray[np.uint8]) -> bytes:
    done, content = cv2.imencode(".png", image)
    assert done, "28×28 pixels are always a PNG"
    return content.tobytes()


def _new_id(taken: set[str]) -> str:
    """An id that is not yet `taken`; it is then."""
    while (number := secrets.token_hex(4)) in taken:
        pass
    taken.add(number)
    return number
