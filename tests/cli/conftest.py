"""Two runs, trained by `sutja train`, which tests of several commands use."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.commands import Outcome, Words, sutja
from tests.conftest import Undrawn


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def trained(data: Path, runs: Path) -> Outcome:
    words: Words = ["--set", "batch_size=16", "--seed", "1", "--data", data, "--runs", runs, "--device", "cpu"]
    return sutja("train", "mlp", "--epochs", "2", *words, "--threads", "1", "--track")


@pytest.fixture(scope="session")
def run(trained: Outcome, runs: Path) -> Path:
    assert trained.code == 0, trained
    return runs / "digits-mlp-epochs=2-batch_size=16-s1"


@pytest.fixture(scope="session")
def other_run(data: Path, runs: Path, undrawn: Undrawn) -> Path:
    """LeNet-5, trained as on a terminal, without pictures."""
    terminal = Console(stderr=True, force_terminal=True, highlight=False, soft_wrap=True, width=160)
    with undrawn(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sutja.cli.console.remarks", terminal)
        patch.setattr("sutja.cli.progress.remarks", terminal)
        outcome = sutja("train", "lenet5", "-e", "1", "-d", data, "--runs", runs, "--threads", "1")
    assert outcome.code == 0, outcome
    (runs / "bar.txt").write_text(outcome.err)
    return runs / "digits-lenet5-epochs=1-s0"
