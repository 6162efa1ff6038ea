"""Run work in threads, outside the event loop, with a bounded queue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sutja.web.problems import ProblemError
from sutja.web.uploads import server_busy

Result = TypeVar("Result")


class BoundedPool:
    """`workers` threads and a queue of `max_queued`; work that takes longer than `timeout_seconds` fails."""

    def __init__(self, name: str, *, workers: int, max_queued: int, timeout_seconds: float) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._slots = threading.Semaphore(workers + max_queued)
        self._timeout_seconds = timeout_seconds

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, or raise what it raises.

        Raises a `ProblemError`: 503 at once if the queue is full, 504 after the timeout. Work that has not started by
        then never does; work that has started occupies its slot until it ends, because a thread cannot be stopped.
        """
        if not self._slots.acquire(blocking=False):
            raise server_busy()

        def run_and_release() -> Result:
            try:
                return work()
            finally:
                self._slots.release()  # before the result is set: whoever has it finds the slot free

        future = self._threads.submit(run_and_release)
        future.add_done_callback(lambda done: self._slots.release() if done.cancelled() else None)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise ProblemError(504, timeout_detail(self._timeout_seconds)) from None

    def close(self) -> None:
        """Cancel queued work; the threads end after the work that they have started."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def timeout_detail(seconds: float) -> str:
    """The text of an answer with status 504."""
    return f"That took longer than {seconds:g} seconds; try a smaller picture."
