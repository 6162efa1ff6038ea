"""How many threads compute: as many as other programs leave cores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from sutja.networks import device
from sutja.networks.device import choose_threads, share_cores


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


@pytest.mark.parametrize(
    ("trainings", "requested", "cores", "shared"),
    [
        (5, 0, 2, (2, 1)),
        (1, 0, 2, (1, 2)),
        (5, 0, 1, (1, 1)),
        (2, 0, 8, (2, 4)),
        (5, 2, 2, (1, 2)),
        (5, 4, 2, (1, 4)),
        (0, 0, 2, (1, 2)),
    ],
)
def test_trainings_share_the_free_cores(
    trainings: int, requested: int, cores: int, shared: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "choose_threads", lambda requested: cores)
    assert share_cores(trainings, requested) == shared
