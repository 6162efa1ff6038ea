"""How much faster a study, reading and Ray's own scheduling are with more nodes.

Command: `python -m benchmarks.cluster [--only study read tasks losses]`. It needs the extra `cluster` and two idle
cores. Clusters of nodes with one core each are started on this machine, beside a head without cores. Figures go to
`results/cluster.json`; a part that is not measured keeps its figures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recording import RESULTS, record
from sutja.cluster.connection import connect
from sutja.cluster.executor import ClusterExecutor
from sutja.data.dataset import Dataset, load_dataset
from sutja.experiments.callback import Callback, PlannedRun
from sutja.experiments.experiment import RunContext
from sutja.experiments.ray_engine import RayEngine
from sutja.experiments.study import plan, run_study
from sutja.processes import in_order
from sutja.recipe import parse_recipe
from sutja.runs.epoch import Epoch

RECIPE, RUNS = "lenet5:epochs=5", 8  # ten seconds for each run
PICTURES, DIFFERENT_PICTURES, PIXELS = 2000, 20, (800, 600)
TASKS, SECONDS_OF_A_RUN, LARGE_CLUSTER_NODES = 1_000, 60.0, 1_000
LOSSES = 10  # nodes that are killed, each at a random moment of a study of two runs
SAME = ("model.safetensors", "model.onnx", "logits.npz")
OBJECT_STORE_BYTES = 200 * 1024 * 1024


def main() -> None:
    """Measure the parts that are asked for, and record all."""
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "study": measure_study,
        "read": measure_reading,
        "tasks": measure_tasks,
        "losses": measure_losses,
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(parts), default=list(parts), metavar="PART")
    path = RESULTS / "cluster.json"
    values = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    values.pop("environment", None)
    for name in parser.parse_args().only:
        values[name] = parts[name]()
        print(name, json.dumps(values[name]), flush=True)
        record("cluster", values)


@contextmanager
def led_cluster(nodes: int) -> Iterator[Any]:
    """A cluster of nodes with one core each, which this process leads."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    settings = {"object_store_memory": OBJECT_STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **settings})
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=1, **settings)
        with connect(cluster.address):
            yield cluster
    finally:
        cluster.shutdown()


def measure_study() -> dict[str, Any]:
    """Seconds of a study of eight short runs on one node and on two."""
    mnist = load_dataset()
    seconds = {nodes: _seconds_of_study(mnist, nodes) for nodes in (1, 2)}
    return {"runs": RUNS, "recipe": RECIPE, **_speedup(seconds)}


def _seconds_of_study(dataset: Dataset, nodes: int) -> float:
    with led_cluster(nodes), tempfile.TemporaryDirectory() as folder:
        context = RunContext(dataset, Path(folder), "cpu", 1)
        _warm_up(nodes)
        start = time.perf_counter()
        study = run_study(plan([parse_recipe(RECIPE)], range(RUNS), context), RayEngine(context))
        assert study.complete, study.failures
        return time.perf_counter() - start


def measure_reading() -> dict[str, Any]:
    """Seconds of `sutja read` for a folder of photographs on one node and on two, and the memory of the process."""
    from sutja.synth.folder import PhotographRequest, write_photographs
    from sutja.synth.lines import LineRenderer

    with tempfile.TemporaryDirectory() as folder:
        request = PhotographRequest(["easy"], DIFFERENT_PICTURES, 0, PIXELS)
        photographs = Path(folder) / "photographs"
        write_photographs(LineRenderer(load_dataset().train), request, photographs, suffix=".jpg", force=False)
        for path in sorted(photographs.glob("*.jpg")):
            for number in range(1, PICTURES // DIFFERENT_PICTURES):
                shutil.copy(path, path.with_stem(f"{path.stem}-{number}"))
        measured = {nodes: _seconds_and_megabytes_of_reading(photographs, nodes) for nodes in (1, 2)}
    seconds = {nodes: took for nodes, (took, _) in measured.items()}
    return {
        "pictures": PICTURES,
        "pixels": PIXELS,
        **_speedup(seconds),
        "peak_megabytes_of_the_head": max(megabytes for _, megabytes in measured.values()),
    }


def _seconds_and_megabytes_of_reading(pictures: Path, nodes: int) -> tuple[float, float]:
    """From the start of the command to its exit, with the peak memory of its process."""
    with led_cluster(nodes) as cluster, tempfile.TemporaryFile() as output:
        command = [sys.executable, "-m", "sutja", "read", str(pictures), "--cluster", cluster.address]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        output.seek(0)
        assert os.waitstatus_to_exitcode(status) == 0, status
        assert len(output.read().splitlines()) >= PICTURES
        return seconds, usage.ru_maxrss / 1024


def measure_tasks() -> dict[str, Any]:
    """Ray's own time for a task, and what of the time of 1,000 nodes is left for runs of a minute if one head leads."""
    with led_cluster(2):
        executor = ClusterExecutor()
        list(in_order(lambda number: executor.submit(abs, number), range(50), executor.max_pending))
        start = time.perf_counter()
        list(in_order(lambda number: executor.submit(abs, number), range(TASKS), 500))
        per_task = (time.perf_counter() - start) / TASKS
    all_at_once = LARGE_CLUSTER_NODES * per_task  # the head serves the nodes one after the other
    efficiency = SECONDS_OF_A_RUN / (SECONDS_OF_A_RUN + all_at_once)
    return {"tasks": TASKS, "milliseconds_per_task": 1000 * per_task, "efficiency_of_1000_nodes": efficiency}


class _Killer(Callback):
    """Kills a node at some epoch."""

    def __init__(self, cluster: Any, epoch: int) -> None:
        self._cluster, self._epochs = cluster, epoch
        self.lost = 0

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """Count the epochs of all runs."""
        self._epochs -= 1
        if self._epochs == 0:
            self._cluster.remove_node(next(iter(self._cluster.worker_nodes)), allow_graceful=False)
            self._cluster.add_node(num_cpus=1, object_store_memory=OBJECT_STORE_BYTES)

    def on_train_lost(self, planned: PlannedRun, why: str) -> None:
        """Count what was lost."""
        self.lost += 1


def measure_losses() -> dict[str, Any]:
    """Studies in which a node is killed at a random epoch: runs that are lost for good, and files that differ."""
    mnist = load_dataset()
    some = Dataset("some", mnist.train.take(np.arange(1200)), mnist.test.take(np.arange(200)))
    rng = random.Random(0)
    again = unfinished = differing = 0
    with tempfile.TemporaryDirectory() as folder, led_cluster(2) as cluster:
        expected: dict[str, bytes] = {}
        for number in range(LOSSES + 1):
            context = RunContext(some, Path(folder) / str(number), "cpu", 1)
            killer = _Killer(cluster, rng.randrange(2, 20) if number else 0)
            study = run_study(plan([parse_recipe("mlp:epochs=10")], range(2), context), RayEngine(context), [killer])
            unfinished += not study.complete
            again += killer.lost
            files = {
                f"{run.name}/{name}": (run.folder / name).read_bytes() for run in study.planned_runs for name in SAME
            }
            expected = expected or files
            differing += sum(files[name] != expected[name] for name in files)
    return {
        "nodes_killed": LOSSES,
        "trained_again": again,
        "studies_unfinished": unfinished,
        "files_differing": differing,
    }


def _warm_up(nodes: int) -> None:
    """Start the workers of the nodes."""
    executor = ClusterExecutor()
    list(in_order(lambda number: executor.submit(abs, number), range(4 * nodes), executor.max_pending))


def _speedup(seconds: dict[int, float]) -> dict[str, Any]:
    return {"seconds": {str(nodes): each for nodes, each in seconds.items()}, "times_as_fast": seconds[1] / seconds[2]}


if __name__ == "__main__":
    main()
