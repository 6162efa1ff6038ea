"""Batches: read many pictures, draw their readings, and report each outcome in order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from sutja.data.pictures.pages import PAGE_MARK, page_content
from sutja.environment import usable_cores
from sutja.errors import DataError, SutjaError
from sutja.files import whole_file
from sutja.reading.numbers import DecimalSign
from sutja.reading.picture import Colour, decode_colour, load_content
from sutja.reading.reader import DEFAULT_CLASSIFIER, Reader, ReadingSteps
from sutja.reading.result import Reading

if TYPE_CHECKING:
    from sutja.reading.tables.page import PageTables

SECONDS_PER_PICTURE, SECONDS_PER_MEGABYTE = 0.02, 0.08  # roughly, on a processor of 2020
MAX_PROCESSES = 8  # each may need a gigabyte for a picture of 50 megapixels
JPEG_QUALITY_PERCENT = 92  # of annotated pictures; a PNG of 12 megapixels takes seconds


@dataclass(frozen=True)
class ReadJob:
    """A picture to read, from a file, from its `content`, or from that of standard input; `name` stands for it.

    `page` is that of a file with several, counted from 1. `annotated` and `explained` are the files of the drawings, or
    `None`; their folders exist.
    """

    name: str
    path: Path | None = None
    content: bytes | None = None
    page: int | None = None
    annotated: Path | None = None
    explained: Path | None = None

    @property
    def title(self) -> str:
        """The picture's name in messages."""
        if self.path:
            return self.name
        return "standard input" if self.page is None else f"standard input{PAGE_MARK}{self.page}"


@dataclass(frozen=True)
class ReadOutcome:
    """The reading of a job, or its error, or both if only a drawing could not be written; and tables if asked for."""

    job: ReadJob
    reading: Reading | None = None
    error: SutjaError | None = None
    tables: PageTables | None = None


@dataclass(frozen=True)
class ReaderOptions:
    """The options from which each process makes its `Reader`, those of `Reader.read`, and whether to find tables."""

    model: str | Path
    min_confidence: float | None = None
    classifier: str | Path = DEFAULT_CLASSIFIER
    printed: bool = False
    single: bool = False
    decimal_sign: DecimalSign | None = None
    tables: bool = False

    def open(self, *, threads: int = 0) -> Reader:
        """A reader with these options; raises what `Reader` raises."""
        return Reader(self.model, classifier=self.classifier, min_confidence=self.min_confidence, threads=threads)


def read_pictures(
    jobs: Sequence[ReadJob], options: ReaderOptions, *, processes: int | None = None
) -> Generator[ReadOutcome, None, None]:
    """Read pictures and yield their outcomes in order.

    By default the number of `processes` is `suggested_processes`. Raises what `Reader` raises for its options; the
    error of a single picture is in its outcome.
    """
    if processes is None:
        processes = suggested_processes(jobs)
    if processes > 1:
        from sutja.reading.parallel import (
            read_in_processes,  # an import of 30 ms that a single picture need not wait for
        )

        yield from read_in_processes(jobs, options, processes)
        return
    reader = options.open()
    yield from (read_job(reader, job, options) for job in jobs)


def suggested_processes(jobs: Sequence[ReadJob]) -> int:
    """The number of processes that read these pictures fastest: one for each second of work, within limits."""
    sizes = [job.path.stat().st_size for job in jobs if job.path and job.path.is_file()]
    seconds = SECONDS_PER_PICTURE * len(jobs) + SECONDS_PER_MEGABYTE * sum(sizes) / 1e6
    return max(1, min(usable_cores(), len(jobs) // 2, MAX_PROCESSES, int(seconds)))


def read_job(reader: Reader, job: ReadJob, options: ReaderOptions) -> ReadOutcome:
    """Read a picture and write its drawings; its errors are in the outcome."""
    reading = tables = None
    try:
        content = load_content(job.path) if job.path and job.content is None else job.content or b""
        content = page_content(content, job.title, job.page)
        picture = decode_colour(content, job.title)
        reading, steps = _read(reader, picture, options)
        reading = reading.without_images()  # what a folder of scans leaves in memory would be four times as much
        if options.tables:
            reading, tables = _with_tables(job, reading, steps)
        if job.annotated:
            from sutja.reading.annotate import annotate  # most jobs need no drawing

            _write_picture(job.annotated, annotate(picture, reading))
        if job.explained and steps:
            from sutja.reading.explain import explain

            _write_picture(job.explained, explain(steps, reader.min_confidence))
    except SutjaError as error:
        return ReadOutcome(job, reading, error, tables)
    except OSError as error:
        return ReadOutcome(
            job, reading, SutjaError(f"{error.filename or job.title}: {error.strerror or error}"), tables
        )
    except (MemoryError, cv2.error) as error:
        return ReadOutcome(
            job, reading, DataError(f"{job.title}: could not be read: {error or 'out of memory'}"), tables
        )
    return ReadOutcome(job, reading, tables=tables)


def _read(reader: Reader, picture: Colour, options: ReaderOptions) -> tuple[Reading, ReadingSteps | None]:
    """The reading of a picture, and its steps; a single digit is read in one."""
    if options.single:
        return reader.read(picture, single=True, decimal_sign=options.decimal_sign), None
    steps = reader.explain(picture, printed=options.printed, decimal_sign=options.decimal_sign)
    return steps.reading, steps


def _with_tables(job: ReadJob, reading: Reading, steps: ReadingSteps | None) -> tuple[Reading, PageTables]:
    """The reading with the ruling of its page, and its tables."""
    from sutja.reading.tables.page import page_tables  # most jobs need none
    from sutja.reading.tables.ruling import with_ruling

    if steps is None:
        return reading, page_tables(job.title, reading)
    reading = with_ruling(reading, steps.picture)
    return reading, page_tables(job.title, reading, steps.picture)


def _write_picture(path: Path, picture: Colour) -> None:
    """Write a picture atomically, in the format of the path's suffix."""
    jpeg_options = [
        cv2.IMWRITE_JPEG_QUALITY,
        JPEG_QUALITY_PERCENT,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    encoded = cv2.imencode(path.suffix, picture, jpeg_options if path.suffix == ".jpg" else [])[1]
    with whole_file(path) as partial:
        partial.write_bytes(encoded.tobytes())
