"""`sutja train`: its output, its progress, resuming and interruption."""

from __future__ import annotations

import importlib
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sutja.runs.run import Run
from tests.cli.commands import ENVIRONMENT, ROOT, Outcome, Words, fails, python, sutja
from tests.conftest import Undrawn
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.usefixtures("one_thread")


def test_results_go_to_standard_output_and_progress_to_standard_error(trained: Outcome, run: Path) -> None:
    assert {"MLP", "(epochs", "2,", "batch_size", "16,", "seed", "1)"} <= {*trained.out.split()}
    assert f"Report: {run / 'report.html'}\n" in trained.out
    assert f"Pictures: {run / 'figures'}\n" in trained.out
    assert "images/s" not in trained.out
    lines = trained.err.splitlines()
    assert lines[0].endswith(f"2 epochs on cpu → {run}")
    shape = (
        r"  epoch \d/2  loss [\d.]+ training, .* validation  accuracy .*% validation  [\d,]+ images/s, \d+:\d\d left"
    )
    assert [bool(re.fullmatch(shape, line)) for line in lines[1:]] == [True, True]


def test_no_animation_where_nobody_watches(trained: Outcome) -> None:
    assert "\x1b" not in trained.out + trained.err
    assert "\r" not in trained.err


def test_a_bar_on_a_terminal(other_run: Path, runs: Path) -> None:
    assert other_run.is_dir()
    shown = (runs / "bar.txt").read_text()
    assert re.search("epoch 1/1 .*━", shown)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor comes back
    assert "epoch 2/1" not in shown


def test_settings_reach_the_run(run: Path) -> None:
    recipe = Run.open(run).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.seed, recipe.learning_rate) == (2, 16, 1, 0.008)


def test_track_writes_events(run: Path) -> None:
    reader = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    events = reader.EventAccumulator(str(run / "events"))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert {f"{measure}/{part}" for measure in ("loss", "accuracy") for part in ("train", "validation", "test")} <= {
        *tags
    }
    assert [point.step for point in events.Scalars("loss/test")] == [1, 2]
    assert events.Scalars("loss/test")[-1].value == pytest.approx(Run.open(run).metrics()[-1]["test_loss"], rel=1e-4)


def test_track_says_what_to_install(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sutja.experiments.tensorboard", "torch.utils.tensorboard"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    outcome = sutja("train", "mlp", "--data", data, "--runs", tmp_path, "--track")
    fails(outcome, 1, "tensorboard is not installed: the extra 'track' brings it")
    assert list(tmp_path.iterdir()) == []


def test_without_the_train_extra_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from sutja.cli.app import main; main(['train', 'mlp'])"
    fails(python("-c", code), 1, "torch is not installed: the extra 'train' brings it")


def test_a_finished_run_is_resumed_by_doing_nothing(trained: Outcome, run: Path, data: Path, runs: Path) -> None:
    before = (run / "model.onnx").stat().st_mtime_ns
    words: Words = ["--set", "batch_size=16", "-s", "1", "-d", data, "--runs", runs]
    outcome = sutja("train", "mlp", "-e", "2", *words, "--resume")
    assert outcome == Outcome(0, trained.out, "")
    assert (run / "model.onnx").stat().st_mtime_ns == before


def test_an_existing_run_is_refused(run: Path, data: Path, runs: Path) -> None:
    words: Words = ["--set", "batch_size=16", "-s", "1", "-d", data, "--runs", runs]
    fails(sutja("train", "mlp", "-e", "2", *words), 2, "exists already (finished); --force replaces it")


def test_a_place_that_cannot_be_written_is_one_line(data: Path) -> None:
    outcome = sutja("train", "mlp", "-e", "1", "--data", data, "--runs", data)
    fails(outcome, 1, str(data))


def test_ctrl_c_keeps_the_last_epoch_and_says_how_to_go_on(data: Path, undrawn: Undrawn, tmp_path: Path) -> None:
    words = ["main.py", "train", "mlp", "--epochs", "200", "--data", str(data), "--runs", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pipesize=4096,  # too small for the lines of 200 epochs: the command cannot finish before it is interrupted
    )
    assert process.stderr is not None
    with process:
        told: list[str] = []
        for line in process.stderr:
            if "epoch   3/200" in line and line not in told:  # a line interrupted while it is written comes twice
                process.send_signal(signal.SIGINT)
            told.append(line)
        assert process.wait(HANG_SECONDS) == 130
    message = "".join(line for line in told if "epoch " not in line or "/200" not in line)
    assert "Traceback" not in message
    assert "interrupted" in message
    assert "--resume" in message
    (folder,) = tmp_path.iterdir()
    run = Run.open(folder)
    kept = len(run.metrics())
    assert kept >= 3
    assert not run.finished
    with undrawn():
        resumed = sutja(*words[1:], "--resume", "--threads", "1")
    assert resumed.code == 0, resumed
    assert f"continues after epoch {kept}" in resumed.err or kept == 200
    assert Run.open(folder).finished
    assert [row["epoch"] for row in run.metrics()] == list(range(1, 201))
