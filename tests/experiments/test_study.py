"""Studies on a hundred real digits, with real processes: from end to end, killed, interrupted, and gone on with."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from sutja.cli.app import build_app
from sutja.cli.progress import StudyProgress
from sutja.data.dataset import Dataset, load_dataset
from sutja.errors import DataError, UsageError
from sutja.experiments.callback import Callback, PlannedRun
from sutja.experiments.experiment import RunContext, train
from sutja.experiments.process_engine import ProcessEngine
from sutja.experiments.study import Study, plan, run_study
from sutja.files import write_json
from sutja.recipe import Recipe, parse_recipe
from sutja.runs.epoch import Epoch
from sutja.runs.results import read_results
from sutja.runs.run import Manifest, Run
from tests.waiting import wait_until

Undrawn = Callable[[], AbstractContextManager[None]]
pytestmark = pytest.mark.usefixtures("one_thread")
ROOT = Path(__file__).parents[2]
ONE, TWO = "mlp:epochs=1,batch_size=16", "mlp:epochs=2,batch_size=16"
LONG = "mlp:epochs=2000,batch_size=16"
DIVERGING = "mlp:epochs=2,batch_size=16,optimiser=sgd,learning_rate=100"
COMMON = ("--threads", "1", "--device", "cpu")


@pytest.fixture(scope="module")
def finished(data: Path, undrawn: Undrawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of `ONE`, one of `TWO`, and one of `ONE` with its digits held out: their folder. Without pictures."""
    place = RunContext(load_dataset(data), tmp_path_factory.mktemp("finished"), "cpu", 1)
    with undrawn():
        for recipe in (*seeds_of(ONE, 2), *seeds_of(TWO, 1), *seeds_of(f"{ONE},protocol=validation", 1)):
            train(recipe, place)
    return place.runs


@pytest.fixture
def runs(finished: Path, tmp_path: Path) -> Path:
    """A copy of these runs, to go on with."""
    shutil.copytree(finished, tmp_path / "runs")
    return tmp_path / "runs"


def seeds_of(word: str, count: int) -> list[Recipe]:
    return [parse_recipe(word).with_settings({"seed": str(seed)}) for seed in range(count)]


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str


def sutja(*words: str | Path) -> Outcome:
    result = CliRunner().invoke(build_app(), [str(word) for word in words], env={"NO_COLOR": "1"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def fails(outcome: Outcome, code: int, why: str) -> None:
    """Hold a failure to its form: a code, one line on standard error, nothing on standard output."""
    assert (outcome.code, outcome.out) == (code, ""), outcome
    assert why in outcome.err
    assert re.fullmatch(r"sutja: [^\n]+\n", outcome.err), outcome.err


def study(*words: str | Path, data: Path, runs: Path) -> Outcome:
    return sutja("study", *words, "--data", data, "--runs", runs, *COMMON)


class Log(Callback):
    """Remembers what it was told, and may do something when a training has done an epoch."""

    def __init__(self, at_epoch: Callable[[PlannedRun], None] = lambda planned: None) -> None:
        self.told: list[str] = []
        self.at_epoch = at_epoch

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        self.at_epoch(planned)

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        self.told.append(f"{planned.name}: {failure or 'finished'}")

    def on_study_end(self) -> None:
        self.told.append("stop")


class Interruption(Callback):
    """Presses Ctrl-C after the first epoch."""

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def outcome(finished: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """A study of two recipes in two processes: two runs are there, one was interrupted, one was never begun."""
    runs = tmp_path_factory.mktemp("study") / "runs"
    shutil.copytree(finished, runs)
    shutil.rmtree(runs / "digits-mlp-epochs=1-batch_size=16-s1")
    with pytest.raises(KeyboardInterrupt):
        train(seeds_of(TWO, 2)[1], RunContext(load_dataset(data), runs, "cpu", 1), [Interruption()])
    return study(ONE, TWO, "--seeds", "2", "-p", "2", "--csv", runs / "r.csv", data=data, runs=runs), runs


def test_a_study_trains_what_is_missing_and_tells_all(outcome: tuple[Outcome, Path], finished: Path) -> None:
    done, runs = outcome
    assert done.code == 0, done
    first, *lines = done.err.splitlines()
    assert first == "4 runs, 2 of them finished already"
    shape = r"  digits-mlp-epochs=[12].*-s1: .* test accuracy, \d+ s \([34] of 4 runs\)"
    assert [bool(re.fullmatch(shape, line)) for line in lines] == [True, True]
    for text in (ONE, TWO, "61,676", "std. dev.", "95 % interval", "paired", "Holm", "over these seeds"):
        assert text in done.out
    name = "digits-mlp-epochs=1-batch_size=16-s1"  # in a process of its own the same bits as in this one
    assert (runs / name / "model.safetensors").read_bytes() == (finished / name / "model.safetensors").read_bytes()


def test_a_study_goes_on_with_a_run_that_was_interrupted(outcome: tuple[Outcome, Path]) -> None:
    """The first epoch is the one that was kept."""
    run = Run.open(outcome[1] / "digits-mlp-epochs=2-batch_size=16-s1")
    assert [row["epoch"] for row in run.metrics()] == [1, 2]
    created = (run.folder / "run.json").stat().st_mtime
    assert created < (outcome[1] / "digits-mlp-epochs=1-batch_size=16-s1" / "run.json").stat().st_mtime


def test_a_study_leaves_a_report_a_picture_and_results(outcome: tuple[Outcome, Path]) -> None:
    done, runs = outcome
    html = (runs / "study" / "report.html").read_text(encoding="utf-8")
    assert html.count("<h2") == 4
    assert f"Report: {runs / 'study' / 'report.html'}" in done.out
    assert (runs / "study" / "figures" / "study.png").read_bytes().startswith(b"\x89PNG")
    one, two = read_results(runs / "r.csv")
    judged = [Run.open(runs / f"digits-mlp-epochs=2-batch_size=16-s{seed}").report.figures["test"] for seed in (0, 1)]
    assert (one.recipe, two.recipe, two.seeds, two.count) == (ONE, TWO, (0, 1), 40)
    assert two.errors == tuple(each.errors for each in judged)
    assert two.loss == pytest.approx(np.mean([each.loss for each in judged]), abs=1e-6)
    assert (two.protocol, two.part, two.data, two.threads, two.parameters) == ("curves", "test", "digits", "1", 61_676)


def test_a_study_that_is_done_is_told_anew(outcome: tuple[Outcome, Path], data: Path, tmp_path: Path) -> None:
    done, runs = outcome
    again = study(ONE, TWO, "--seeds", "2", "--to", tmp_path, data=data, runs=runs)
    assert (again.code, again.err) == (0, "4 runs, 4 of them finished already\n")
    assert again.out.split("Report")[0] == done.out.split("Report")[0]
    told = json.loads(study(ONE, TWO, "--seeds", "2", "--to", tmp_path, "--json", data=data, runs=runs).out)
    with (runs / "r.csv").open(encoding="utf-8") as file:
        for row, values in zip(csv.DictReader(file), told["recipes"], strict=True):
            assert row["errors"] == " ".join(map(str, values["errors"]))
            assert float(row["mean_accuracy"]) == pytest.approx(values["mean_accuracy"], abs=1e-6)
    assert (told["failures"], told["interrupted"], len(told["differences"])) == ({}, False, 1)


def test_the_validation_protocol_evaluates_validation_digits_and_never_sees_test_digits(runs: Path, data: Path) -> None:
    done = study(ONE, "--seeds", "1", "--validation", "--csv", runs / "r.csv", data=data, runs=runs)
    assert (done.code, done.err) == (0, "1 run, 1 of them finished already\n")
    assert "validation" in done.out
    (row,) = read_results(runs / "r.csv")
    assert (row.recipe, row.protocol, row.part, row.count) == (ONE, "validation", "validation", 10)
    assert "test" not in Run.open(runs / "digits-mlp-epochs=1-batch_size=16-protocol=validation-s0").report.figures


def test_a_diverged_seed_is_told_and_the_others_are_kept(runs: Path, data: Path) -> None:
    done = study(DIVERGING, ONE, "--seeds", "1", "--csv", runs / "r.csv", data=data, runs=runs)
    assert done.code == 1
    *_, before_last, left_out, last = done.err.splitlines()
    assert re.fullmatch(r"  digits-mlp-epochs=2-.*: failed: mlp: the loss is nan in epoch 1 .*", before_last)
    assert left_out == f"{runs / 'r.csv'}: recipes that lack a seed are left out"
    assert re.match(r"sutja: 1 of 2 runs failed; the same command tries them again\. digits-mlp-epochs=2-.*nan", last)
    assert ONE in done.out
    assert DIVERGING not in done.out
    assert [row.recipe for row in read_results(runs / "r.csv")] == [ONE]


def test_a_recipe_that_lacks_a_seed_is_told_but_is_not_whole(runs: Path, data: Path) -> None:
    done = Study(plan([parse_recipe(ONE), parse_recipe(TWO)], range(2), RunContext(load_dataset(data), runs, "cpu", 1)))
    assert [(each.recipe, each.seeds) for each in done.results()] == [(ONE, (0, 1)), (TWO, (0,))]
    assert [each.recipe for each in done.results(whole=True)] == [ONE]


def test_a_killed_process_is_named_and_its_epochs_are_kept(data: Path, tmp_path: Path) -> None:
    def kill(job: PlannedRun) -> None:
        for number in workers_of(os.getpid()):  # none any more when epochs told before its death are still heard
            os.kill(number, signal.SIGKILL)

    place, log = RunContext(load_dataset(data), tmp_path, "cpu", 1), Log(kill)
    done = run_study(plan([parse_recipe(LONG)], range(1), place), ProcessEngine(str(data), place, 1), [log])
    name = "digits-mlp-epochs=2000-batch_size=16-s0"
    assert done.failures == {name: "killed by SIGKILL: the memory may not have been enough"}
    assert log.told == [f"{name}: {done.failures[name]}", "stop"]
    assert (done.results(), done.complete, done.interrupted) == ([], False, False)
    assert 1 <= len(Run.open(tmp_path / name).metrics()) < 2000


def test_a_process_trains_one_run_after_the_other_with_the_bits_of_each_alone(
    finished: Path, data: Path, tmp_path: Path
) -> None:
    place, processes = RunContext(load_dataset(data), tmp_path, "cpu", 1), set()
    log = Log(lambda planned: processes.update(workers_of(os.getpid())))
    done = run_study(plan([parse_recipe(ONE)], range(2), place), ProcessEngine(str(data), place, 1), [log])
    assert done.complete
    assert len(processes) == 1
    for planned in done.planned_runs:
        weights = "model.safetensors"
        assert (planned.folder / weights).read_bytes() == (finished / planned.name / weights).read_bytes()


def test_a_new_process_takes_the_place_of_a_killed_one(data: Path, tmp_path: Path) -> None:
    def kill(planned: PlannedRun) -> None:
        if "2000" in planned.name:
            for number in workers_of(os.getpid()):
                os.kill(number, signal.SIGKILL)

    place = RunContext(load_dataset(data), tmp_path, "cpu", 1)
    recipes = [parse_recipe(LONG), parse_recipe(DIVERGING), parse_recipe(ONE)]
    done = run_study(plan(recipes, range(1), place), ProcessEngine(str(data), place, 1), [Log(kill)])
    killed, diverged = done.failures.values()
    assert killed == "killed by SIGKILL: the memory may not have been enough"
    assert "the loss is nan" in diverged
    assert [planned.run is not None for planned in done.planned_runs] == [False, False, True]
    assert workers_of(os.getpid()) == []


def workers_of(parent: int) -> list[int]:
    """The numbers of the worker processes that a process has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=True
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "sutja.experiments.worker" in line]


def test_ctrl_c_ends_all_processes_keeps_their_epochs_and_tells_the_rest(
    runs: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StudyProgress, "on_epoch_end", press)
    done = study(ONE, LONG, "--seeds", "1", data=data, runs=runs)
    assert done.code == 130
    assert done.err == (
        "2 runs, 1 of them finished already\n"
        "sutja: interrupted: the same command continues after the last stored epochs\n"
    )
    assert ONE in done.out
    assert workers_of(os.getpid()) == []
    run = Run.open(runs / "digits-mlp-epochs=2000-batch_size=16-s0")
    assert 1 <= len(run.metrics()) < 2000
    assert not list(run.folder.glob(".*"))  # the process ended in order, with nothing half written


def test_a_study_that_is_killed_leaves_no_process(data: Path, tmp_path: Path) -> None:
    words = ["study", LONG, "-n", "1", "--data", str(data), "--runs", str(tmp_path), *COMMON]
    with subprocess.Popen([sys.executable, "main.py", *words], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        metrics = tmp_path / "digits-mlp-epochs=2000-batch_size=16-s0" / "metrics.csv"
        wait_until(metrics.exists)
        (worker,) = workers_of(process.pid)
        process.kill()
    wait_until(lambda: not Path(f"/proc/{worker}").exists())
    assert 1 <= len(Run.open(metrics.parent).metrics()) < 2000


def test_a_bar_on_a_terminal(runs: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(stderr=True, force_terminal=True, highlight=False, soft_wrap=True, width=160)
    monkeypatch.setattr("sutja.cli.console.remarks", terminal)
    monkeypatch.setattr("sutja.cli.progress.remarks", terminal)
    done = study(ONE, "--seeds", "2", "--to", runs / "report", data=data, runs=runs)
    assert done.code == 0, done
    assert re.search(r"2 of 2 runs .*━.* 2/2 epochs", done.err)
    assert done.err.count("\x1b[?25l") == done.err.count("\x1b[?25h") == 1  # the cursor comes back
    assert "test accuracy" not in done.err


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["ml"], 2, "unknown recipe 'ml': did you mean 'mlp'?"),
        (["mlp:network=lenet"], 2, "unknown network 'lenet': did you mean 'lenet5'?"),
        (["mlp:augmentation=affin"], 2, "did you mean 'affine'?"),
        (["mlp:epochs=0"], 2, "epochs = 0 is out of the range"),
        (["mlp:seed=3"], 2, "--seeds and --first-seed choose them"),
        (["mlp:distillation.teacher=nobody"], 2, "nobody.targets.npz: no such distillation targets"),
        (["mlp:fast"], 2, "expected NAME:FIELD=VALUE"),
        (["mlp", "lenet5:protocol=validation"], 2, "--validation for all"),
        (["mlp", "--device", "tpu"], 2, "unknown device 'tpu'"),
        (["mlp", "--data", "none"], 3, "none: no such file or folder"),
        (["lenet5-regularised:patience=3,protocol=final"], 2, "patience needs validation digits"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_trained(
    words: list[str], code: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fails(sutja("study", *words), code, why)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_holds_no_results_is_refused_before_anything_is_trained(data: Path, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("a,b\n")
    outcome = study(ONE, "--csv", tmp_path / "r.csv", data=data, runs=tmp_path / "runs")
    fails(outcome, 3, f"{tmp_path / 'r.csv'}: not a file of results")
    assert not (tmp_path / "runs").exists()


def test_runs_of_another_recipe_or_other_data_are_not_counted(runs: Path, data: Path, small: Dataset) -> None:
    folder = runs / "digits-mlp-epochs=1-batch_size=16-s1"
    other = Dataset("digits", small.train, small.test)
    with pytest.raises(DataError, match="was trained on other data than digits"):
        plan([parse_recipe(ONE)], range(2), RunContext(other, runs, "cpu", 1))
    changed = parse_recipe(ONE).with_settings({"seed": "1", "learning_rate": "0.5"})
    write_json(folder / "run.json", Manifest.of(changed))
    with pytest.raises(UsageError, match="s1: holds a run of another recipe with this name"):
        plan([parse_recipe(ONE)], range(2), RunContext(load_dataset(data), runs, "cpu", 1))


def test_a_recipe_that_is_named_twice_is_trained_once(tmp_path: Path, small: Dataset) -> None:
    jobs = plan(
        [parse_recipe("mlp"), parse_recipe("lenet5"), parse_recipe("mlp")], range(3, 5), RunContext(small, tmp_path)
    )
    assert [job.name for job in jobs] == ["small-mlp-s3", "small-lenet5-s3", "small-mlp-s4", "small-lenet5-s4"]
    assert [recipe.name for recipe in Study(jobs).recipes] == ["mlp", "lenet5"]


def test_what_no_process_foresees_is_told_by_the_last_line_of_its_traceback(data: Path, tmp_path: Path) -> None:
    place = RunContext(load_dataset(data), tmp_path / "file", "cpu", 1)
    place.runs.write_text("in the way of the run folders")
    done = run_study(plan([parse_recipe(ONE)], range(1), place), ProcessEngine(str(data), place, 1), [Log()])
    (failure,) = done.failures.values()
    assert re.fullmatch(r"\w+Error: .*/file'", failure)
