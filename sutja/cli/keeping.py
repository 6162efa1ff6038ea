"""What `sutja read` keeps of many pictures, so that it can go on where it was stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from sutja.errors import StorageError, SutjaError

if TYPE_CHECKING:
    from sutja.reading.batch import ReaderOptions, ReadJob
    from sutja.reading.journal import ReadingJournal

MIN_KEPT_PICTURES = 16  # fewer are read again as fast as a person notices
RESUME_HINT = "the same command with --resume goes on"


@contextmanager
def keep_readings(jobs: Sequence[ReadJob], options: ReaderOptions, *, resume: bool) -> Iterator[ReadingJournal | None]:
    """The journal of many pictures, or of any if reading is to `resume`; says what it keeps when reading ends early.

    Raises `SutjaError` or `OSError` if reading is to resume and there can be no journal.
    """
    if len(jobs) < (1 if resume else MIN_KEPT_PICTURES):
        yield None
        return
    with ExitStack() as stack:
        journal = _open(stack, jobs, options, resume=resume)
        if journal is None:
            yield None
            return
        try:
            yield journal
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(*([_kept(journal, jobs)] if len(journal) else [])) from error
        except SutjaError:
            _remark([_kept(journal, jobs)])
            raise
        if not journal.is_done:
            _remark([_kept(journal, jobs)])
        _remark(journal.remarks)


def _open(stack: ExitStack, jobs: Sequence[ReadJob], options: ReaderOptions, *, resume: bool) -> ReadingJournal | None:
    """The open journal, with a remark on what it holds; `None`, with one that says why, if it is not indispensable."""
    from sutja.reading.journal import open_journal

    try:
        journal = stack.enter_context(open_journal(jobs, options, resume=resume))
    except (StorageError, OSError) as error:
        if resume:
            raise
        _remark([f"what is read is not kept for --resume: {error}"])
        return None
    if resume:
        _remark([*journal.remarks, f"{sum(map(journal.has, jobs))} of {len(jobs)} pictures were read before"])
        journal.remarks.clear()
    return journal


def _kept(journal: ReadingJournal, jobs: Sequence[ReadJob]) -> str:
    return f"{len(journal)} of {len(jobs)} pictures are kept: {RESUME_HINT}"


def _remark(lines: Sequence[str]) -> None:
    from sutja.cli.console import remark  # Rich takes 30 ms to import

    for line in lines:
        remark(line)
