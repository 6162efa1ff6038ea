"""Render lines in a separate process, ahead of the network that trains on them.

A thread of the same process would block training, because rendering takes many short steps of Python.
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
from sutja.synth.lines import LineRenderer, RenderedLine


class LinePrefetcher:
    """Renders numbered chunks of lines; the same seed and number give the same lines."""

    def __init__(self, digits: Digits, *, seed: int, size: int) -> None:
        """Each chunk has `size` lines, rendered from `digits`."""
        self._seed, self._size = seed, size
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start_process, (digits,))
        self._pending: dict[int, Future[list[RenderedLine]]] = {}

    def take(self, number: int, *, prefetch: int | None = None) -> list[RenderedLine]:
        """Return chunk `number`, and start to render chunk `prefetch` in the background.

        Raises `SutjaError` if the rendering process is killed.
        """
        try:
            chunk = self._submitted(number)
            if prefetch is not None:
                self._submitted(prefetch)
            self._pending.pop(number)
            return chunk.result()
        except BrokenProcessPool as error:
            raise SutjaError("the process that renders lines was killed; the system may be out of memory") from error

    def _submitted(self, number: int) -> Future[list[RenderedLine]]:
        if number not in self._pending:
            with without_interrupts():
                seed = derived_seed(self._seed, "lines", number)
                self._pending[number] = self._pool.submit(_render_chunk, seed, self._size)
        return self._pending[number]

    def close(self) -> None:
        """Stop the process after its current chunk."""
        self._pool.shutdown(wait=False, cancel_futures=True)


_renderers: list[LineRenderer] = []  # set once in the rendering process


def _start_process(digits: Digits) -> None:
    prepare_process()
    _renderers.append(LineRenderer(digits))


def _render_chunk(seed: int, count: int) -> list[RenderedLine]:
    return list(_renderers[-1].render_lines(np.random.default_rng(seed), count))
