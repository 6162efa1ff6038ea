"""Work outside the event loop: a few threads, and a waiting line that has an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sutja.web.problems import ProblemError
from sutja.web.uploads import BUSY

Result = TypeVar("Result")


class Pool:
    """`workers` threads, and places for `waiting` more pieces of work; one that takes longer than `seconds` fails."""

    def __init__(self, name: str, *, workers: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._places = threading.Semaphore(workers + waiting)
        self._seconds = seconds

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, or raises.

        Raises a `ProblemError`, 503, at once where all places are taken, and 504 when the time is over: work that has
        not begun by then never does; work that has keeps its place until it is done, for a thread cannot be stopped.
        """
        if not self._places.acquire(blocking=False):
            raise BUSY

        def begun() -> Result:
            try:
                return work()
            finally:
                self._places.release()  # before the result is there: who has it finds the place free

        future = self._threads.submit(begun)
        future.add_done_callback(lambda done: self._places.release() if done.cancelled() else None)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise ProblemError(
                504, f"That took longer than {self._seconds:g} seconds; a smaller picture may do."
            ) from None

    def close(self) -> None:
        """Let the threads end after what they have begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)
