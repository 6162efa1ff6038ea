"""How many threads compute: as many as other programs leave cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sutja.networks import device
from sutja.networks.device import choose_threads, free_cores


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("free", "threads"), [(None, 2), (2.0, 2), (1.6, 2), (1.4, 1), (0.2, 1), (0.0, 1), (64.0, 2)])
def test_there_are_as_many_threads_as_free_cores(
    free: float | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "free_cores", lambda: free)
    assert choose_threads(0) == threads
    assert choose_threads(3) == 3


class Clock:
    """The time, and the time that this process computed: it passes only where somebody waits."""

    def __init__(self, stat: Path, ticks: str, own_seconds: float) -> None:
        self.stat, self.ticks, self.own_seconds, self.computed = stat, ticks, own_seconds, 0.0

    def process_time(self) -> float:
        return self.computed

    def sleep(self, seconds: float) -> None:
        self.stat.write_text(self.ticks)
        self.computed += self.own_seconds


@pytest.mark.parametrize(
    ("ticks", "own_seconds", "free"),
    [
        ("cpu 100 0 0 300 0 0 0 0 0 0", 0, 1.5),  # of two processors: of programs, of nice ones, of the system, idle
        ("cpu 300 0 100 0 0 0 0 0 0 0", 0, 0.0),
        ("cpu 200 200 0 0 0 0 0 0 0 0", 0, 1.0),  # nice programs make way
        ("cpu 0 0 0 200 200 0 0 0 0 0", 0, 2.0),  # who waits for disks does not compute
        ("cpu 200 0 0 200 0 0 0 0 0 0", 0.1, 1.5),  # half a core was this process
        ("cpu 0 0 0 0 0 0 0 0 0 0", 0, None),
        ("intr 1 2 3", 0, None),
        ("cpu one two", 0, None),
    ],
)
def test_free_cores_are_those_on_which_no_other_program_computes(
    ticks: str, own_seconds: float, free: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu 0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0")
    monkeypatch.setattr(device, "PROC_STAT", stat)
    monkeypatch.setattr(device, "time", Clock(stat, ticks, own_seconds))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert free_cores() == (None if free is None else pytest.approx(free))


def test_where_the_system_does_not_tell_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "PROC_STAT", tmp_path / "none")
    assert free_cores() is None
