"""Pictures read in several processes, with the results in order and bounded memory."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache

from sutja.errors import SutjaError
from sutja.processes import prepare_process, without_interrupts
from sutja.reading.batch import Job, Outcome, Settings, read_job
from sutja.reading.reader import Reader

AHEAD = 3  # pictures for each process that wait or are done before their turn


def read_in_processes(jobs: Iterable[Job], settings: Settings, processes: int) -> Generator[Outcome, None, None]:
    """Read pictures in so many processes and yield what came of each, in their order; one thread computes in each.

    Raises what `Reader` does for the settings, and `SutjaError` when a process is ended from outside.
    """
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), prepare_process)
    try:
        yield from _in_order(pool, jobs, settings, processes * AHEAD)
    except BrokenProcessPool as error:
        raise SutjaError("a process that read pictures was ended from outside: perhaps memory was short") from error
    finally:
        with without_interrupts():  # a second Ctrl-C would leave processes that have only begun waiting for ever
            pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, jobs: Iterable[Job], settings: Settings, ahead: int) -> Iterator[Outcome]:
    """Keep a pool busy with no more than `ahead` jobs at once, and yield the outcomes in the order of the jobs."""
    waiting: deque[Future[Outcome]] = deque()
    for job in jobs:
        if len(waiting) == ahead:
            yield waiting.popleft().result()
        with without_interrupts():
            waiting.append(pool.submit(_read_in_process, settings, job))
    while waiting:
        yield waiting.popleft().result()


def _read_in_process(settings: Settings, job: Job) -> Outcome:
    return read_job(_reader(settings), job)


@cache
def _reader(settings: Settings) -> Reader:
    """The reader of this process, made for its first picture."""
    return Reader(settings.model, classifier=settings.classifier, min_confidence=settings.min_confidence, threads=1)
