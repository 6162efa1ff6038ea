"""Many pictures: what is to be read and drawn of each, and what came of it, in order."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from sutja.errors import DataError, SutjaError
from sutja.files import whole_file
from sutja.reading.picture import Colour, decode_colour, decode_picture, load_content
from sutja.reading.reader import CLASSIFIER, Reader
from sutja.reading.result import Reading

SECONDS_A_PICTURE, SECONDS_A_MEGABYTE = 0.02, 0.08  # about, on a processor of 2020
MOST_PROCESSES = 8  # each may need a gigabyte for a picture of 50 megapixels
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

    model: str | Path
    min_confidence: float | None = None
    classifier: str | Path = CLASSIFIER


def read_all(
    jobs: Sequence[Job], settings: Settings, *, processes: int | None = None
) -> Generator[Outcome, None, None]:
    """Read pictures and yield what came of each, in their order.

    `processes` defaults to what the number of pictures and of processors suggests. Raises what `Reader` does for the
    settings; what is wrong with a single picture is in its outcome.
    """
    if processes is None:
        processes = suggested_processes(jobs)
    if processes > 1:
        from sutja.reading.processes import read_in_processes  # a thirtieth of a second that one picture need not take

        yield from read_in_processes(jobs, settings, processes)
        return
    reader = Reader(settings.model, classifier=settings.classifier, min_confidence=settings.min_confidence)
    yield from (read_job(reader, job) for job in jobs)


def suggested_processes(jobs: Sequence[Job]) -> int:
    """How many processes read these pictures fastest: another one is worth its start for a second of work."""
    sizes = [job.path.stat().st_size for job in jobs if job.path and job.path.is_file()]
    seconds = SECONDS_A_PICTURE * len(jobs) + SECONDS_A_MEGABYTE * sum(sizes) / 1e6
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, len(jobs) // 2, MOST_PROCESSES, int(seconds)))


def read_job(reader: Reader, job: Job) -> Outcome:
    """Read a picture and draw what is wanted; what is wrong with it is in the outcome."""
    reading = None
    try:
        content = load_content(job.path) if job.path else job.content or b""
        steps = reader.explain(decode_picture(content, job.title))
        reading = steps.reading
        if job.annotated:
            from sutja.reading.annotate import annotate  # few want drawings

            _write(job.annotated, annotate(decode_colour(content, job.title), reading))
        if job.explained:
            from sutja.reading.explain import explain

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
        partial.write_bytes(coded.tobytes())
