"""The engine of a run: recorded, switched by an option, and the one that a resumed run goes on with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sutja.data.dataset import Dataset
from sutja.errors import UsageError
from sutja.experiments.callback import Callback, PlannedRun
from sutja.experiments.experiment import RunContext, train
from sutja.networks.fast import engine
from sutja.recipe import RECIPES
from sutja.runs.epoch import Epoch
from sutja.runs.run import Run
from tests.networks.fast.kernels import compiled_kernels

Undrawn = Callable[[], AbstractContextManager[None]]
RECIPE = dataclasses.replace(RECIPES["lenet5-regularised"], epochs=3, batch_size=16)


class InterruptionAfter(Callback):
    """Presses Ctrl-C after an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        if record.epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.fixture
def context(small: Dataset, tmp_path: Path) -> RunContext:
    return RunContext(small, tmp_path, "cpu", 2)


def elsewhere(context: RunContext, name: str) -> RunContext:
    return dataclasses.replace(context, runs=context.runs / name)


def weights(run: Run) -> bytes:
    return (run.folder / "model.safetensors").read_bytes()


def test_a_resumed_run_ends_with_the_same_bytes(context: RunContext, undrawn: Undrawn) -> None:
    compiled_kernels()
    with undrawn():
        whole = train(RECIPE, elsewhere(context, "whole"))
        with pytest.raises(KeyboardInterrupt):
            train(RECIPE, context, [InterruptionAfter(1)])
        resumed = train(RECIPE, context, resume=True)
    assert weights(resumed) == weights(whole)
    assert whole.environment.engine == "fast"


def test_torch_switches_the_kernels_off(context: RunContext, undrawn: Undrawn) -> None:
    compiled_kernels()
    with undrawn():
        fast = train(RECIPE, elsewhere(context, "fast"))
        torch = train(RECIPE, dataclasses.replace(context, engine="torch"))
        with pytest.raises(KeyboardInterrupt):
            train(RECIPE, dataclasses.replace(elsewhere(context, "again"), engine="torch"), [InterruptionAfter(1)])
        resumed = train(RECIPE, elsewhere(context, "again"), resume=True)
    assert (fast.environment.engine, torch.environment.engine) == ("fast", "torch")
    assert weights(torch) == weights(resumed)
    assert weights(torch) != weights(fast)
    assert fast.metrics()[-1]["train_loss"] == pytest.approx(torch.metrics()[-1]["train_loss"], rel=0.2)


@pytest.mark.parametrize("name", ["mlp-pooled", "convnet5-pair"])
def test_networks_that_the_kernels_do_not_know_are_pytorchs(name: str, context: RunContext, undrawn: Undrawn) -> None:
    recipe = dataclasses.replace(RECIPES["mlp"], network=name, epochs=1, batch_size=16)
    with undrawn():
        assert train(recipe, context).environment.engine == "torch"


def test_without_a_compiler_a_run_is_pytorchs(
    context: RunContext, undrawn: Undrawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_load", lambda: (None, "there is no C++ compiler"))
    with undrawn():
        run = train(dataclasses.replace(RECIPE, epochs=1), context)
    assert run.environment.engine == "torch"
    with pytest.raises(UsageError, match="there is no C\\+\\+ compiler"):
        train(RECIPE, dataclasses.replace(context, engine="fast"))
