"""The files of a data set: in a folder, in a zip archive, or a few that lie side by side."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from sutja.data.formats import MAX_FILE_BYTES, READ_ERRORS
from sutja.errors import DataError
from sutja.files import open_regular

MAX_FILES = 1_000_000
MAX_DEPTH_FOLDERS = 5
MAX_LINE_BYTES = 1 << 20  # of a text; a picture of 256×256 pixels takes a third of it

# Files that Windows and macOS leave beside those of people.
_JUNK = re.compile(r"(^|/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX(/.*)?)$", re.IGNORECASE)
_IDX_NAME = re.compile(r"(images|labels)[-.]idx\d-\w+(\.gz)?$")
Opener = Callable[[Any], Any]
GZIP: dict[bytes, Opener] = {b"\x1f\x8b": gzip.open}  # by the first two bytes


def is_junk(name: str) -> bool:
    """Whether a file or folder is one that an operating system leaves: `._*`, `.DS_Store`, `Thumbs.db` and the like."""
    return _JUNK.search(name) is not None or "__MACOSX" in PurePosixPath(name).parts


def junk_remark(count: int, place: str | Path) -> tuple[str, ...]:
    """The remark on skipped files of operating systems; empty without any."""
    return (f"{place}: skipped {count:,} files of an operating system (._*, .DS_Store and the like)",) if count else ()


class Container:
    """The files of a data set by name, with `/` between folders; files of operating systems are left out."""

    def __init__(self, path: Path, names: Sequence[str], archive: zipfile.ZipFile | None = None) -> None:
        """`path` is a folder with `names`, or a zip file, of which `archive` is open."""
        if len(names) > MAX_FILES:
            raise DataError(f"{path}: more than {MAX_FILES:,} files")
        self.path = path
        self.names = sorted(name for name in names if not is_junk(name))
        self.remarks = junk_remark(len(names) - len(self.names), path)
        self._archive = archive

    def place(self, name: str) -> str:
        """The file `name` as messages call it."""
        return f"{self.path}: {name}" if self._archive else str(self.path / name)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file for reading. What fails to be read or understood meanwhile is a `DataError` that names it."""
        with self.failures(name), self._open(name) as file:
            yield file
            while file.read(1 << 20):  # to the end, where zipfile verifies the checksum
                pass

    @contextmanager
    def failures(self, name: str) -> Iterator[None]:
        """Turn what fails while the file `name` is read and understood into a `DataError` that names it."""
        try:
            yield
        except READ_ERRORS as error:
            why = getattr(error, "strerror", None) or " ".join(str(error).split()) or "it ends too early"
            raise DataError(f"{self.place(name)}: cannot be read: {why}") from error

    def size_bytes(self, name: str) -> int:
        """The size of a file; raises any of `READ_ERRORS` if there is none."""
        return self._archive.getinfo(name).file_size if self._archive else (self.path / name).stat().st_size

    @property
    def is_zip(self) -> bool:
        """Whether the files are in a zip archive."""
        return self._archive is not None

    @contextmanager
    def open_text(self, name: str) -> Iterator[Iterator[str]]:
        """The lines of a text file that are not empty; the file may be packed by gzip, bzip2 or xz."""
        with self.open(name) as file, unzipped(file, GZIP | {b"BZ": bz2.open, b"\xfd7": lzma.open}) as plain:
            yield _lines(plain)

    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        if self._archive is None:
            return open_regular(self.path / name)
        member = self._archive.getinfo(name)
        if member.file_size > MAX_FILE_BYTES:
            raise ValueError(f"{member.file_size:,} bytes; the maximum is {MAX_FILE_BYTES:,}")
        return self._archive.open(member)


@contextmanager
def unzipped(file: IO[bytes], openers: Mapping[bytes, Opener] = GZIP) -> Iterator[IO[bytes]]:
    """The content of `file`, which need not be seekable, unpacked as it is read if its first two bytes say so."""
    buffered = io.BufferedReader(cast(io.RawIOBase, file))
    try:
        opener = openers.get(buffered.peek(2)[:2])
        if opener:
            with opener(buffered) as plain:
                yield plain
        else:
            yield buffered
    finally:
        buffered.detach()


def _lines(file: IO[bytes]) -> Iterator[str]:
    total, is_first = 0, True
    while line := file.readline(MAX_LINE_BYTES + 1):
        total += len(line)
        if len(line) > MAX_LINE_BYTES or total > MAX_FILE_BYTES:
            what, limit = ("line", MAX_LINE_BYTES) if len(line) > MAX_LINE_BYTES else ("text", MAX_FILE_BYTES)
            raise ValueError(f"a {what} of more than {limit:,} bytes")
        text = line.decode("utf-8-sig" if is_first else "utf-8").strip()
        is_first = False
        if text:
            yield text


@contextmanager
def open_container(path: Path) -> Iterator[Container]:
    """Open a folder, the zip file of one, or a single file with those beside it that complete it.

    Raises `DataError` for a damaged zip file and for more than `MAX_FILES`.
    """
    if path.is_dir():
        yield Container(path, list(_walk(path)))
    elif path.suffix.lower() == ".zip":
        with _open_zip(path) as archive:
            yield Container(path, [each.filename for each in archive.infolist() if not each.is_dir()], archive)
    else:
        yield Container(path.parent, [path.name, *_companions(path)])


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if len(set(archive.namelist())) < len(archive.namelist()):
                raise ValueError("two members have the same name")
            yield archive
    except READ_ERRORS as error:
        raise DataError(f"{path}: not a readable zip file: {' '.join(str(error).split())}") from error


def _walk(folder: Path) -> Iterator[str]:
    count = 0
    for place, folders, files in os.walk(folder, followlinks=True):
        inside = PurePosixPath(Path(place).relative_to(folder).as_posix())
        if len(inside.parts) >= MAX_DEPTH_FOLDERS:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            count += 1
            if count > MAX_FILES:
                raise DataError(f"{folder}: more than {MAX_FILES:,} files")
            yield str(inside / name)


def _companions(path: Path) -> list[str]:
    """The names of the files that complete a set of which `path` is one file.

    These are NumPy's arrays, the IDX files of the same set, or the test digits; and a list of the classes.
    """
    beside = {each.name for each in path.parent.iterdir()} - {path.name}
    lists = sorted({"classes.txt", f"{_prefix(path)}mapping.txt"} & beside)
    if path.suffix.lower() == ".npy":
        return [*sorted(name for name in beside if name.lower().endswith(".npy")), *lists]
    if _IDX_NAME.search(path.name):
        return [*sorted(name for name in beside if name.startswith(_prefix(path)) and _IDX_NAME.search(name)), *lists]
    stem, packed = re.fullmatch(r"(.*?)(\.(?:gz|bz2|xz))?", path.name, re.DOTALL).groups()  # type: ignore[union-attr]
    guesses = {f"{stem}.t{packed or ''}", f"{stem}.t", re.sub("train(ing)?", r"test\1", path.name)} - {path.name}
    return [*[name for name in sorted(guesses) if (path.parent / name).is_file()][:1], *lists]


def _prefix(path: Path) -> str:
    """What the files of a set begin with, as in `emnist-balanced-train.csv`; empty where one has no word for a part."""
    match = re.match(r"(.*[-_])(train|t10k|test)", path.name)
    return match[1] if match else ""
