"""Make training samples in separate processes, ahead of the network that trains on them.

A thread of the same process would block training, because making samples takes many short steps of Python.
"""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from sutja.environment import usable_cores
from sutja.errors import SutjaError
from sutja.processes import prepare_process, without_interrupts
from sutja.randomness import derived_seed

if TYPE_CHECKING:
    from sutja.cluster.executor import ClusterExecutor

CHUNKS_PER_PROCESS = 2  # that are made ahead: one is worked on while another waits to be fetched

ChunkT = TypeVar("ChunkT")
MakeChunk = Callable[[np.random.Generator], ChunkT]


class Prefetcher(Generic[ChunkT]):
    """Makes numbered chunks of samples; the same seed and number give the same samples, on any number of processes."""

    def __init__(
        self, build: Callable[[], MakeChunk[ChunkT]], *, seed: int, purpose: str, processes: int | None = None
    ) -> None:
        """`build` is called once in each process, and returns the function that makes a chunk; both are pickled.

        `purpose` is part of the seed of each chunk. `processes` is by default one for each core but one. Within
        `remote_producers` the cluster makes the chunks.
        """
        self._seed, self._purpose = seed, purpose
        cluster = _producers.get()
        self._pool: Executor
        self._make: Callable[[int], Future[ChunkT]]
        if cluster is None:
            count = processes or spare_cores()
            pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _start_process, (build,))
            self._pool, self._ahead = pool, CHUNKS_PER_PROCESS * count
            self._make = lambda seed: pool.submit(_make_chunk, seed)
        else:
            training, shared = uuid.uuid4().hex, cluster.share(build)
            self._pool, self._ahead = cluster, cluster.max_pending
            self._make = lambda seed: cluster.submit(_make_remote_chunk, training, shared, seed)
        self._pending: dict[int, Future[ChunkT]] = {}

    def take(self, number: int, *, stop: int = 0) -> ChunkT:
        """Return chunk `number`, and start to make the following ones, those before chunk `stop`.

        Raises `SutjaError` if a process is killed.
        """
        try:
            chunk = self._submitted(number)
            for following in range(number + 1, min(stop, number + 1 + self._ahead)):
                self._submitted(following)
            self._pending.pop(number)
            return chunk.result()
        except BrokenProcessPool as error:
            raise SutjaError("a process that makes samples was killed; the system may be out of memory") from error

    def _submitted(self, number: int) -> Future[ChunkT]:
        if number not in self._pending:
            with without_interrupts():
                seed = derived_seed(self._seed, self._purpose, number)
                self._pending[number] = self._make(seed)
        return self._pending[number]

    def close(self) -> None:
        """Stop the processes after their current chunks."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def spare_cores() -> int:
    """The number of cores that this process may use, less the one that trains; at least 1."""
    return max(1, usable_cores() - 1)


@contextmanager
def remote_producers() -> Iterator[None]:
    """Let the cluster that this process is connected to make the samples of each `Prefetcher` that is made within."""
    from sutja.cluster.executor import ClusterExecutor  # needs an extra

    executor = ClusterExecutor()
    token = _producers.set(executor)
    try:
        yield
    finally:
        _producers.reset(token)
        executor.shutdown(cancel_futures=True)


_producers: ContextVar[ClusterExecutor | None] = ContextVar("_producers", default=None)
_makers: list[MakeChunk[Any]] = []  # set once in each process


def _start_process(build: Callable[[], MakeChunk[Any]]) -> None:
    prepare_process()
    _makers.append(build())


def _make_chunk(seed: int) -> Any:
    return _makers[-1](np.random.default_rng(seed))


_remote_makers: dict[str, MakeChunk[Any]] = {}  # of a process on a node: that of the last training which it worked for


def _make_remote_chunk(training: str, build: Callable[[], MakeChunk[Any]], seed: int) -> Any:
    if training not in _remote_makers:
        _remote_makers.clear()
        _remote_makers[training] = build()
    return _remote_makers[training](np.random.default_rng(seed))
