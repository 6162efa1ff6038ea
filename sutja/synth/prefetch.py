"""Lines composed by a process of their own, ahead of the network that learns from them.

In a thread of the same process both would wait for each other: composing is many short steps of Python.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from sutja.data.digits import Digits
from sutja.errors import SutjaError
from sutja.processes import prepare_process, without_interrupts
from sutja.randomness import derived_seed
from sutja.synth.lines import Line, Writer


class Composer:
    """Chunks of lines, each the same for the same seed and number."""

    def __init__(self, digits: Digits, *, seed: int, size: int) -> None:
        """Each chunk has `size` lines, composed of `digits`."""
        self._seed, self._size = seed, size
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (digits,))
        self._waiting: dict[int, Future[list[Line]]] = {}

    def take(self, number: int, *, then: int | None = None) -> list[Line]:
        """Chunk `number`; chunk `then` is composed next, while this one is used.

        Raises `SutjaError` when the process is ended from outside.
        """
        try:
            chunk = self._begun(number)
            if then is not None:
                self._begun(then)
            self._waiting.pop(number)
            return chunk.result()
        except BrokenProcessPool as error:
            raise SutjaError("the process that composes lines was ended from outside: memory may be short") from error

    def _begun(self, number: int) -> Future[list[Line]]:
        if number not in self._waiting:
            with without_interrupts():
                seed = derived_seed(self._seed, "lines", number)
                self._waiting[number] = self._pool.submit(_compose, seed, self._size)
        return self._waiting[number]

    def close(self) -> None:
        """End the process when it has composed what it is at."""
        self._pool.shutdown(wait=False, cancel_futures=True)


_writers: list[Writer] = []  # of this process: one


def _begin(digits: Digits) -> None:
    prepare_process()
    _writers.append(Writer(digits))


def _compose(seed: int, count: int) -> list[Line]:
    return list(_writers[-1].lines(np.random.default_rng(seed), count))
