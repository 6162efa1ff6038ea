"""Many pictures: read in this process or in several, with the results in order and bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path

import cv2

from sutja.errors import DataError, SutjaError
from sutja.files import whole_file
from sutja.reading.annotate import annotate
from sutja.reading.explain import explain
from sutja.reading.picture import Colour, decode_colour, decode_picture, load_content
from sutja.reading.reader import Reader, Reading

PARALLEL_FROM = 8  # pictures: fewer are read before other processes have started
MOST_PROCESSES = 8  # each may need a gigabyte for a picture of 50 megapixels
AHEAD = 3  # pictures for each process that wait or are done before their turn
QUALITY = 92  # of JPEG, in which annotated pictures are kept: a PNG of 12 megapixels takes seconds


@dataclass(frozen=True)
class Job:
    """A picture to be read: the `name` that it is told by, its file or the `content` of one, and what to draw.

    `annotated` and `explained` are the files of the drawings; their folders are there.
    """

    name: str
    path: Path | None = None
    content: bytes | None = None
    annotated: Path | None = None
    explained: Path | None = None

    @property
    def title(self) -> str:
        """What errors and remarks call it."""
        return self.name if self.path else "standard input"


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the reading, what went wrong, or both when only a drawing could not be written."""

    job: Job
    reading: Reading | None = None
    error: SutjaError | None = None


@dataclass(frozen=True)
class Settings:
    """How readers are made in every process: see `Reader`."""

    model: str
    min_confidence: float | None = None


def read_all(jobs: Sequence[Job], settings: Settings, *, processes: int | None = None) -> Iterator[Outcome]:
    """Read pictures and yield what came of each, in their order.

    `processes` defaults to what the number of pictures and of processors suggests. Raises what `Reader` does for the
    settings; what is wrong with a single picture is in its outcome.
    """
    if processes is None:
        processes = _suggested(len(jobs))
    if processes == 1:
        reader = Reader(settings.model, min_confidence=settings.min_confidence)
        yield from (_read(reader, job) for job in jobs)
        return
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _prepare_process)
    try:
        yield from _in_order(pool, jobs, settings, processes * AHEAD)
    except BrokenProcessPool as error:
        raise SutjaError("a process that read pictures was ended from outside: perhaps memory was short") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _suggested(count: int) -> int:
    """How many processes read so many pictures fastest: one for few, as the others have to start."""
    if count < PARALLEL_FROM:
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, count // 2, MOST_PROCESSES)


def _in_order(pool: ProcessPoolExecutor, jobs: Iterable[Job], settings: Settings, ahead: int) -> Iterator[Outcome]:
    """Keep a pool busy with no more than `ahead` jobs at once, and yield the outcomes in the order of the jobs."""
    waiting: deque[Future[Outcome]] = deque()
    for job in jobs:
        if len(waiting) == ahead:
            yield waiting.popleft().result()
        with _without_interrupts():
            waiting.append(pool.submit(_read_in_process, settings, job))
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C for later: a process that starts meanwhile never hears it and is ended in order by this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_process() -> None:
    """Make this process one of several: it leaves Ctrl-C to the first, ends with it, and computes with one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _read_in_process(settings: Settings, job: Job) -> Outcome:
    return _read(_reader(settings), job)


@cache
def _reader(settings: Settings) -> Reader:
    """The reader of this process, made for its first picture."""
    return Reader(settings.model, min_confidence=settings.min_confidence, threads=1)


def _read(reader: Reader, job: Job) -> Outcome:
    """Read a picture and draw what is wanted; what is wrong with it is in the outcome."""
    reading = None
    try:
        content = load_content(job.path) if job.path else job.content or b""
        steps = reader.explain(decode_picture(content, job.title))
        reading = steps.reading
        if job.annotated:
            _write(job.annotated, annotate(decode_colour(content, job.title), reading))
        if job.explained:
            _write(job.explained, explain(steps, reader.min_confidence))
    except SutjaError as error:
        return Outcome(job, reading, error)
    except OSError as error:
        return Outcome(job, reading, SutjaError(f"{error.filename or job.title}: {error.strerror or error}"))
    except (MemoryError, cv2.error) as error:
        return Outcome(job, reading, DataError(f"{job.title}: could not be read: {error or 'memory is short'}"))
    return Outcome(job, reading)


def _write(path: Path, picture: Colour) -> None:
    """Write a picture whole or not at all, in the form of the path's suffix."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    coded = cv2.imencode(path.suffix, picture, options if path.suffix == ".jpg" else [])[1]
    with whole_file(path) as partial:
        partial.write_bytes(coded)
