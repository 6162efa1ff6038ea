"""Samples made in other processes: reproducible, with a clear error if a process is killed."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest

from sutja.errors import SutjaError
from sutja.synth.prefetch import MakeChunk, Prefetcher, spare_cores


def numbers_maker() -> MakeChunk[list[float]]:
    return lambda rng: rng.random(4).tolist()


def test_chunks_are_the_same_in_any_order_until_the_process_is_killed() -> None:
    prefetcher: Prefetcher[list[float]] = Prefetcher(numbers_maker, seed=3, purpose="numbers", processes=1)
    first, second = prefetcher.take(0, stop=2), prefetcher.take(1)
    assert prefetcher.take(0) == first != second
    assert isinstance(prefetcher._pool, ProcessPoolExecutor)
    for process in prefetcher._pool._processes:
        os.kill(process, signal.SIGTERM)
    with pytest.raises(SutjaError, match="was killed"):
        for number in range(2, 5):
            prefetcher.take(number)
    prefetcher.close()


def test_any_number_of_processes_makes_the_same_chunks_and_none_beyond_the_last() -> None:
    made = []
    for processes in (1, 2):
        prefetcher = Prefetcher(numbers_maker, seed=0, purpose="numbers", processes=processes)
        made.append([prefetcher.take(number, stop=3) for number in range(3)])
        assert prefetcher._pending == {}
        prefetcher.close()
    assert made[0] == made[1]
    assert len({tuple(chunk) for chunk in made[0]}) == 3


def test_one_core_is_left_to_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, processes in ((1, 1), (2, 1), (16, 15)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        assert spare_cores() == processes
