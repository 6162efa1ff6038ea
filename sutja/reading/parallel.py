"""Read pictures in several processes, with outcomes in order and bounded memory."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache

from sutja.errors import SutjaError
from sutja.processes import in_order, prepare_process, without_interrupts
from sutja.reading.batch import ReaderOptions, ReadJob, ReadOutcome, read_job
from sutja.reading.reader import Reader

MAX_PENDING_PER_PROCESS = 3  # pictures that wait to be read, or whose outcomes wait for their turn


def read_in_processes(
    jobs: Iterable[ReadJob], options: ReaderOptions, processes: int
) -> Generator[ReadOutcome, None, None]:
    """Read pictures in `processes`, one thread in each, and yield their outcomes in order.

    Raises what `Reader` raises for its options, and `SutjaError` if a process is killed.
    """
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), prepare_process)

    def submit(job: ReadJob) -> Future[ReadOutcome]:
        with without_interrupts():
            return pool.submit(_read_in_process, options, job)

    try:
        yield from in_order(submit, jobs, processes * MAX_PENDING_PER_PROCESS)
    except BrokenProcessPool as error:
        raise SutjaError("a process that read pictures was killed, perhaps because memory ran out") from error
    finally:
        with without_interrupts():  # a second Ctrl-C would leave starting processes waiting for ever
            pool.shutdown(cancel_futures=True)


def _read_in_process(options: ReaderOptions, job: ReadJob) -> ReadOutcome:
    return read_job(process_reader(options), job, options)


@cache
def process_reader(options: ReaderOptions) -> Reader:
    """The reader of this process with some options, made for its first picture; it computes with one thread."""
    return options.open(threads=1)
