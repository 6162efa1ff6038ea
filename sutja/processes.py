"""Child processes: they leave Ctrl-C to their parent, end with it, and compute with one thread; results in order.

And `late_interrupts`, for what Ctrl-C must not cut in two.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

import cv2

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Block SIGINT in the block: processes that start in it inherit that, and their parent ends them in order."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def late_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block, which is then never left half done.

    Does nothing outside the main thread, which is the only one that Ctrl-C interrupts. A mask of signals would not do:
    it is of one thread, and another that has none passes Ctrl-C on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting:
            signal.raise_signal(signal.SIGINT)


def prepare_process() -> None:
    """Prepare a child process: ignore Ctrl-C, exit when the parent ends, and compute with one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def in_order(
    submit: Callable[[ItemT], Future[ResultT]], items: Iterable[ItemT], max_pending: int
) -> Generator[ResultT, None, None]:
    """Yield the results of items in their order, with at most `max_pending` submitted or waiting for their turn."""
    pending: deque[Future[ResultT]] = deque()
    for item in items:
        if len(pending) == max_pending:
            yield pending.popleft().result()
        pending.append(submit(item))
    while pending:
        yield pending.popleft().result()
