"""A study on a real Ray cluster of three nodes: the same bits as one machine, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="needs the extra cluster")

from sutja.cluster.connection import check_nodes, connect, describe_installation
from sutja.data.dataset import load_dataset
from sutja.errors import UsageError
from sutja.experiments.callback import Callback, PlannedRun
from sutja.experiments.experiment import RunContext, train
from sutja.experiments.ray_engine import RayEngine
from sutja.experiments.study import Study, plan, run_study
from sutja.recipe import parse_recipe
from sutja.runs.epoch import Epoch
from sutja.runs.run import Run
from tests.cluster.nodes import add_node, started_cluster
from tests.waiting import wait_until

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]
Undrawn = Callable[[], AbstractContextManager[None]]
EPOCHS = 400  # long enough to be interrupted after another process has started, some seconds
RECIPE = f"mlp:epochs={EPOCHS},batch_size=16"
DIVERGING = "mlp:epochs=2,batch_size=16,optimiser=sgd,learning_rate=100"
SAME = ("model.safetensors", "model.onnx", "logits.npz")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of the nodes."""
    return tmp_path_factory.mktemp("nodes")


@pytest.fixture(scope="module")
def cluster(nodes: Path) -> Iterator[Any]:
    """Three nodes; this process leads them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(nodes))
        patch.setenv("RAY_TMPDIR", "/tmp")  # for its sockets, whose paths must be short
        with started_cluster() as started, connect(started.address):
            yield started


@pytest.fixture(scope="module")
def expected(data: Path, undrawn: Undrawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of the recipe, trained by this process."""
    context = RunContext(load_dataset(data), tmp_path_factory.mktemp("expected"), "cpu", 1)
    with undrawn():
        for seed in ("0", "1"):
            train(parse_recipe(RECIPE).with_settings({"seed": seed}), context)
    return context.runs


class Log(Callback):
    """Remembers what was lost and how trainings ended; does something once, when all runs have begun.

    It is told which run has just begun: the others may have ended.
    """

    def __init__(self, once: Callable[[PlannedRun], None] = lambda planned: None, runs: int = 2) -> None:
        self.lost: list[str] = []
        self.ended: dict[str, str | None] = {}
        self._once, self._runs, self._begun = once, runs, set[str]()

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        before = len(self._begun)
        self._begun.add(planned.name)
        if before < len(self._begun) == self._runs:
            self._once(planned)

    def on_train_lost(self, planned: PlannedRun, why: str) -> None:
        self.lost.append(planned.name)

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        assert planned.name not in self.ended, "counted twice"
        self.ended[planned.name] = failure


def study(data: Path, runs: Path, log: Callback, word: str = RECIPE, seeds: int = 2) -> Study:
    context = RunContext(load_dataset(data), runs, "cpu", 1)
    return run_study(plan([parse_recipe(word)], range(seeds), context), RayEngine(context), [log])


def assert_same_runs(runs: Path, expected: Path) -> None:
    names = sorted(path.name for path in expected.iterdir())
    assert sorted(path.name for path in runs.iterdir()) == names
    for name in names:
        for file in SAME:
            assert (runs / name / file).read_bytes() == (expected / name / file).read_bytes(), (name, file)
        ours, theirs = (Run.open(folder / name) for folder in (runs, expected))
        assert ours.report.figures == theirs.report.figures
        losses = [[row["train_loss"] for row in run.metrics()] for run in (ours, theirs)]
        assert losses[0] == losses[1]
        assert not list(ours.folder.rglob(".*"))


def workers(nodes: Path, run: str = "") -> list[int]:
    """The processes that train on these nodes, told by their temporary folder, for the Ray task of a `run`."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    titles = {int(process): title for process, _, title in rows}
    return [
        int(process)
        for process, parent, title in rows
        if "sutja.experiments.worker" in title and run in titles.get(int(parent), "") and is_on(nodes, int(process))
    ]


def is_on(nodes: Path, process: int) -> bool:
    try:
        return f"TMPDIR={nodes}\0" in Path(f"/proc/{process}/environ").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has just ended
        return False


def worker_of(planned: PlannedRun, nodes: Path) -> int:
    (process,) = workers(nodes, planned.name)
    return process


def node_of(process: int, cluster: Any) -> Any:
    """The node on which a process runs: its raylet is among the parents."""
    parents = [process]
    while parents[-1] > 1:
        listed = subprocess.run(
            ["ps", "-o", "ppid=", "-p", str(parents[-1])], capture_output=True, text=True, check=True
        )
        parents.append(int(listed.stdout))
    return next(node for node in cluster.worker_nodes if node.all_processes["raylet"][0].process.pid in parents)


def test_runs_come_back_whole_and_with_the_bits_of_one_machine(
    cluster: Any, data: Path, expected: Path, tmp_path: Path
) -> None:
    log = Log()
    done = study(data, tmp_path, log)
    assert (done.failures, done.interrupted, done.complete) == ({}, False, True)
    assert log.lost == []
    assert_same_runs(tmp_path, expected)
    for name in ("report.html", "MODEL_CARD.md", "figures"):
        assert all((planned.folder / name).exists() for planned in done.planned_runs)


def test_a_killed_process_is_replaced_and_goes_on_after_its_last_epoch(
    cluster: Any, nodes: Path, data: Path, expected: Path, tmp_path: Path
) -> None:
    log = Log(lambda planned: os.kill(worker_of(planned, nodes), signal.SIGKILL))
    assert study(data, tmp_path, log).failures == {}
    assert len(log.lost) == 1
    assert_same_runs(tmp_path, expected)


def test_a_lost_node_costs_no_run_and_no_bit(
    cluster: Any, nodes: Path, data: Path, expected: Path, tmp_path: Path
) -> None:
    def lose_node(planned: PlannedRun) -> None:
        cluster.remove_node(node_of(worker_of(planned, nodes), cluster), allow_graceful=False)

    log = Log(lose_node)
    try:
        done = study(data, tmp_path, log)
    finally:
        add_node(cluster)
    assert (done.failures, len(log.ended)) == ({}, 2)
    assert len(log.lost) >= 1
    assert_same_runs(tmp_path, expected)


def test_ctrl_c_ends_all_processes_and_the_same_command_goes_on(
    cluster: Any, nodes: Path, data: Path, expected: Path, tmp_path: Path
) -> None:
    def press(planned: PlannedRun) -> None:
        raise KeyboardInterrupt

    done = study(data, tmp_path, Log(press))
    assert (done.interrupted, done.complete) == (True, False)
    wait_until(lambda: not workers(nodes))
    assert all(1 <= len(Run.open(planned.folder).metrics()) < EPOCHS for planned in done.planned_runs)
    assert study(data, tmp_path, Log()).failures == {}
    assert_same_runs(tmp_path, expected)


def test_what_fails_everywhere_is_not_tried_again(cluster: Any, data: Path, tmp_path: Path) -> None:
    log = Log()
    done = study(data, tmp_path, log, DIVERGING, seeds=1)
    assert log.lost == []
    (failure,) = done.failures.values()
    assert "the loss is nan in epoch 1" in failure


def test_a_node_with_another_version_is_named(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**describe_installation(), "torch": "2.0.0"}
    monkeypatch.setattr("sutja.cluster.connection.describe_installation", lambda: other)
    with pytest.raises(UsageError, match=r"node [\d.]+ has torch 2\.\S+ instead of 2\.0\.0: install the same on every"):
        check_nodes()


def test_all_nodes_are_checked(cluster: Any) -> None:
    assert len(check_nodes()) == 3


def test_a_number_of_threads_that_depends_on_the_machine_is_refused(cluster: Any, data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--threads 0"):
        RayEngine(RunContext(load_dataset(data), tmp_path, "cpu", 0))
