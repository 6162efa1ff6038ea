"""The checkpoint of a run: kept after every epoch, read back, and never executed."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from sutja.environment import DataSource, Environment
from sutja.errors import ModelFileError
from sutja.recipe import RECIPES
from sutja.runs.epoch import Epoch
from sutja.runs.run import Run
from sutja.training.checkpoint import load_checkpoint, save_epoch

STATE: dict[str, Any] = {"network": {"weight": torch.arange(3.0)}, "records": [], "best": None}


def epochs(count: int) -> list[Epoch]:
    return [Epoch(n, 1.5 * n, 1e4, 1e-3 / n, 0.5 / n, 0.9, 0.6 / n, 0.88, 0.7 / n, 0.87) for n in range(1, count + 1)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "lenet5-s0", RECIPES["lenet5"], Environment.now(DataSource("mnist", "abc")))


def test_a_new_run_has_no_checkpoint(run: Run) -> None:
    assert load_checkpoint(run) is None


def test_save_epoch_keeps_curves_and_state(run: Run) -> None:
    records = epochs(2)
    save_epoch(run, records, STATE)
    assert (run.folder / "metrics.csv").read_text().splitlines()[0].split(",") == list(vars(records[0]))
    assert run.metrics() == [pytest.approx(vars(record), rel=1e-5) for record in records]
    state = load_checkpoint(run)
    assert state is not None
    assert torch.equal(state["network"]["weight"], torch.arange(3.0))
    assert not [path for path in run.folder.iterdir() if path.name.startswith(".")]


def test_save_epoch_replaces_what_was_kept(run: Run) -> None:
    save_epoch(run, epochs(1), STATE)
    save_epoch(run, epochs(2), {**STATE, "best": {"weight": torch.ones(1)}})
    state = load_checkpoint(run)
    assert state is not None
    assert torch.equal(state["best"]["weight"], torch.ones(1))
    assert len(run.metrics()) == 2


def test_ctrl_c_waits_until_curves_and_state_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save_epoch(run, epochs(1), STATE)
    monkeypatch.setattr(Run, "save_metrics", interrupted_before(Run.save_metrics))
    with pytest.raises(KeyboardInterrupt):
        save_epoch(run, epochs(2), {**STATE, "best": {"weight": torch.ones(1)}})
    assert len(run.metrics()) == 2
    state = load_checkpoint(run)
    assert state is not None
    assert torch.equal(state["best"]["weight"], torch.ones(1))


def interrupted_before(save: Callable[[Run, Sequence[Epoch]], None]) -> Callable[[Run, Sequence[Epoch]], None]:
    def interrupted(run: Run, records: Sequence[Epoch]) -> None:
        signal.raise_signal(signal.SIGINT)
        save(run, records)

    return interrupted


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    return b""


def replaced(content: bytes) -> bytes:
    return b"these are no \xff\xfe numbers" * 50


every_damage = pytest.mark.parametrize("damage", [truncated, emptied, replaced])


@every_damage
def test_a_damaged_checkpoint_is_named(run: Run, damage: Callable[[bytes], bytes]) -> None:
    save_epoch(run, epochs(1), STATE)
    path = run.folder / "checkpoint.pt"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelFileError, match=r"checkpoint\.pt: damaged: train again with --force") as caught:
        load_checkpoint(run)
    assert caught.value.exit_code == 4


class Payload:
    """Pickled, it is the wish to run a command."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("by_torch", [True, False], ids=["torch.save", "pickle"])
def test_nothing_in_a_checkpoint_is_executed(run: Run, tmp_path: Path, by_torch: bool) -> None:
    trace, path = tmp_path / "executed", run.folder / "checkpoint.pt"
    if by_torch:
        torch.save({**STATE, "best": Payload(trace)}, path)
    else:
        path.write_bytes(pickle.dumps(Payload(trace)))
    with pytest.raises(ModelFileError, match=r"checkpoint\.pt"):
        load_checkpoint(run)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Payload(trace)))
    assert trace.exists(), "the payload itself is harmless: this test shows nothing"


def test_every_flipped_bit_of_a_checkpoint_is_noticed(run: Run) -> None:
    save_epoch(run, [], {"weights": torch.arange(4.0), "epoch": 3})
    path = run.folder / "checkpoint.pt"
    content = path.read_bytes()
    for place in range(0, len(content), 37):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            load_checkpoint(run)
