"""What is said of a training while it goes on: of its speed, its threads, and the search before fine-tuning."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sutja.cli.progress import TrainingProgress
from sutja.experiments.callback import PlannedRun, TrainingStart
from sutja.recipe import get_recipe
from sutja.runs.epoch import Epoch

PLANNED = PlannedRun(get_recipe("mlp"), Path("runs/mlp-s0"))
ADVICE = "busy machine? try --threads 1"


def shown(rates: list[float], capsys: pytest.CaptureFixture[str], *, threads: int = 2, images: int = 50_000) -> str:
    """What is printed of a training whose epochs have these images per second."""
    progress = TrainingProgress()
    progress.on_train_begin(PLANNED, TrainingStart("cpu", images, 0, 0.0, threads))
    for number, rate in enumerate(rates, start=1):
        progress.on_epoch_end(PLANNED, Epoch(number, 1.0, rate, 0.01, 0.5, 0.9))
    return capsys.readouterr().err


def test_an_epoch_much_slower_than_one_before_advises_one_thread_once(capsys: pytest.CaptureFixture[str]) -> None:
    err = shown([15_000, 20_000, 11_000, 9_000, 8_000], capsys)
    assert err.count(ADVICE) == 1
    assert f"{ADVICE}: it did 20,000 images/s before" in err.splitlines()[5]


def test_what_one_thread_cannot_help_is_not_advised(capsys: pytest.CaptureFixture[str]) -> None:
    assert ADVICE not in shown([20_000, 1_000], capsys, threads=1)
    assert ADVICE not in shown([20_000, 11_000], capsys)
    assert ADVICE not in shown([20_000, 1_000], capsys, images=900)  # such a short epoch says nothing


def test_fewer_threads_on_a_busy_machine_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    TrainingProgress().on_train_begin(PLANNED, TrainingStart("cpu", 100, 0, 0.0, 1, busy=True))
    assert "other programs are busy: 1 thread; --threads chooses another number" in capsys.readouterr().err


def test_the_search_for_a_style_has_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr("sutja.cli.progress.remarks", terminal)
    progress = TrainingProgress()
    for done in (1, 2, 3):
        progress.on_search_step(done, 3)
    assert isinstance(terminal.file, io.StringIO)
    text = terminal.file.getvalue()
    assert "style of writing" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor comes back


def test_an_interrupted_search_gives_the_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr("sutja.cli.progress.remarks", terminal)
    progress = TrainingProgress()
    progress.on_search_step(1, 3)
    progress.close()
    assert isinstance(terminal.file, io.StringIO)
    assert terminal.file.getvalue().count("\x1b[?25h") == 1


def test_where_nobody_watches_the_search_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    TrainingProgress().on_search_step(1, 3)
    assert capsys.readouterr().err == ""
