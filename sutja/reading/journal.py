"""The journal: what is read of many pictures is kept at once, so that reading goes on where it was stopped or killed.

A file of one JSON object a line, each with its checksum. The first has the settings of the reader, each other one a
picture or page, how its file was when it was read, the reading, and its tables if these were wanted.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sutja import __version__
from sutja.errors import DataError
from sutja.files import exclusive, sealed_line, unsealed
from sutja.models.catalogue import list_published
from sutja.models.open import open_model
from sutja.reading.batch import ReaderOptions, ReadJob, ReadOutcome, read_pictures
from sutja.reading.records import RECORD_VERSION, reading_record, restore_reading, restore_tables, tables_record

JOURNAL_SUFFIX, LOCK_SUFFIX = ".jsonl", ".lock"
MAX_ABANDONED_SECONDS = 30 * 24 * 3600.0  # after which a journal is removed that nobody went on with
KEY_CHARACTERS = 16

ReadAll = Callable[[Sequence[ReadJob], ReaderOptions], Generator[ReadOutcome, None, None]]  # in the order of the jobs


class ReadingJournal:
    """An open journal of the readings of some jobs; only those of pictures in files are kept.

    `remarks` say what of an earlier journal could not be used, and whether pages are no longer kept.
    """

    def __init__(self, path: Path, jobs: Sequence[ReadJob], options: ReaderOptions) -> None:
        self._settings, self._needs_tables = _reader_settings(options), options.tables
        self._writer, self._reader = path.open("ab", buffering=0), path.open("rb")
        self._stamps = {_page_key(job): _stamp(job.path) for job in jobs if job.path}
        self._offsets: dict[str, int] = {}
        self._is_broken = False
        self.is_done = False
        self.remarks: list[str] = []

    def begin(self) -> None:
        """Begin with nothing kept."""
        self._writer.truncate(0)
        self._append({"settings": self._settings})

    def go_on(self) -> None:
        """Go on with the pages that were kept with the same settings, and whose files have not changed since."""
        line = self._reader.readline()
        head = _content(line)
        if head is None or head.get("settings") != self._settings:
            if line:
                why = "other options, models or another version than before" if head else "a damaged journal"
                self.remarks.append(f"{why}: all pages are read again")
            self.begin()
            return
        damaged, offset = 0, len(line)
        for line in self._reader:
            content = _content(line)
            if content is None:
                damaged += 1
            elif self._is_usable(content):
                self._offsets[content["page"]] = offset
            offset += len(line)
        if not line.endswith(b"\n"):  # the process was killed while it wrote the last one
            damaged -= 1
            self._writer.write(b"\n")
        if damaged:
            self.remarks.append(f"damaged lines in the journal: {damaged}; their pages are read again")

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
        self._reader.close()

    def __len__(self) -> int:
        """The number of pages that are kept."""
        return len(self._offsets)

    def has(self, job: ReadJob) -> bool:
        """Whether the reading of a job is kept, and its drawings are there."""
        drawings = (drawing for drawing in (job.annotated, job.explained) if drawing)
        return job.path is not None and _page_key(job) in self._offsets and all(each.is_file() for each in drawings)

    def keep(self, outcome: ReadOutcome) -> None:
        """Add an outcome, unless it is an error, which may be none the next time."""
        job, reading = outcome.job, outcome.reading
        if self._is_broken or job.path is None or outcome.error or reading is None:
            return
        key = _page_key(job)
        tables = tables_record(outcome.tables, reading) if outcome.tables else {}
        try:
            self._offsets[key] = self._append(
                {"page": key, "stamp": self._stamps[key], **reading_record(reading), **tables}
            )
        except OSError as error:  # what is left can be read all the same
            self._is_broken = True
            self.remarks.append(f"{self._reader.name}: {error.strerror}: no more pages are kept for --resume")

    def restore(self, job: ReadJob) -> ReadOutcome:
        """The outcome that is kept of a job; raises `DataError` if the journal has been damaged since it was opened."""
        self._reader.seek(self._offsets[_page_key(job)])
        content = _content(self._reader.readline())
        if content is None:
            raise DataError(f"{self._reader.name}: damaged while it was in use: read again without --resume")
        reading = restore_reading(content)
        tables = restore_tables(content, reading, job.title) if "tables" in content else None
        return ReadOutcome(job, reading, tables=tables)

    def _is_usable(self, content: dict[str, Any]) -> bool:
        """Whether a page is as it was, and has what is wanted of it."""
        stamp = self._stamps.get(content["page"])
        return stamp is not None and stamp == content["stamp"] and ("tables" in content or not self._needs_tables)

    def _append(self, content: dict[str, Any]) -> int:
        """Write a line at the end, and return where it begins."""
        offset = self._writer.seek(0, os.SEEK_END)
        line = sealed_line(content)
        if self._writer.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return offset


@contextmanager
def open_journal(jobs: Sequence[ReadJob], options: ReaderOptions, *, resume: bool) -> Iterator[ReadingJournal]:
    """The journal of these jobs, which goes on with what is kept if it is to `resume`; removed once it `is_done`.

    Raises `StorageError` or `OSError` if it cannot be written or another process is reading the same pictures.
    """
    folder = journal_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what was read is nobody else's business
    _remove_abandoned_journals(folder)
    path = folder / f"{_journal_key(jobs)}{JOURNAL_SUFFIX}"
    lock = path.with_suffix(LOCK_SUFFIX)
    with exclusive(lock, wait=False):
        with closing(ReadingJournal(path, jobs, options)) as journal:
            if resume:
                journal.go_on()
            else:
                journal.begin()
            yield journal
        if journal.is_done or not len(journal):
            path.unlink(missing_ok=True)
    if not path.exists():
        lock.unlink(missing_ok=True)


def journal_folder() -> Path:
    """Where journals are: `sutja/readings` in the folder for the state of programs, as the XDG specification has it."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "sutja" / "readings"


def read_with_journal(
    jobs: Sequence[ReadJob],
    options: ReaderOptions,
    journal: ReadingJournal,
    *,
    processes: int | None = None,
    read: ReadAll | None = None,
) -> Generator[ReadOutcome, None, None]:
    """The outcomes of jobs in order: those in the journal, and the others, which are read and kept in it.

    By default `read` is `read_pictures` with so many `processes`. Raises what it raises.
    """
    read = read or partial(read_pictures, processes=processes)
    kept = [journal.has(job) for job in jobs]
    missing = [job for job, is_kept in zip(jobs, kept, strict=True) if not is_kept]
    with closing(read(missing, options)) as outcomes:
        for job, is_kept in zip(jobs, kept, strict=True):
            if is_kept:
                yield journal.restore(job)
            else:
                outcome = next(outcomes)
                journal.keep(outcome)
                yield outcome


def _content(line: bytes) -> dict[str, Any] | None:
    """The object on a line, `None` if the line is damaged or was not written to its end."""
    try:
        return unsealed(line)
    except ValueError:
        return None


def _page_key(job: ReadJob) -> str:
    return f"{(job.path or Path(job.name)).absolute()}#{job.page or 0}"


def _stamp(path: Path) -> list[int] | None:
    """The size of a file and when it was changed, in nanoseconds; `None` if it cannot be told."""
    try:
        state = path.stat()
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


def _reader_settings(options: ReaderOptions) -> dict[str, Any]:
    """What decides how a page is read and kept: versions, options, and the checksums of all models that may be used."""
    models = {str(word): open_model(word).sha256 for word in (options.model, options.classifier)}
    readers = [card for card in list_published()[0] if card.reads != "digits" or not card.class_names.are_digits]
    models |= {card.name: card.files[f"{card.name}.onnx"] for card in readers}
    plain = {name: str(value) for name, value in vars(options).items() if name != "tables"}
    return {"version": f"{__version__} {RECORD_VERSION}", "options": plain, "models": models}


def _journal_key(jobs: Sequence[ReadJob]) -> str:
    """A name for the journal of the folders that these jobs read."""
    folders = sorted({str(job.path.absolute().parent) for job in jobs if job.path})
    return hashlib.sha256("\n".join(folders).encode(errors="surrogateescape")).hexdigest()[:KEY_CHARACTERS]


def _remove_abandoned_journals(folder: Path) -> None:
    for path in folder.glob(f"*{JOURNAL_SUFFIX}"):
        try:
            if time.time() - path.stat().st_mtime > MAX_ABANDONED_SECONDS:
                path.unlink()
        except OSError:  # another process has removed it, or is using it
            continue
