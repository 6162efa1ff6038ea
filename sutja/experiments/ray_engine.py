"""Trainings on the nodes of a Ray cluster.

A run is a task. On its node, a process trains it as on one machine (`worker`), so it ends with the same bits. Data and
distillation targets travel to each node once, through Ray's object store; after each epoch the changed files of the run
folder come back the same way. So a run whose process or node is lost goes on elsewhere after its last epoch, and no
disk is shared.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import ray
from ray.exceptions import TaskCancelledError

from sutja.cluster.bundles import Bundle, ChangedFiles, write_files
from sutja.cluster.connection import (
    cause_of,
    core_count,
    describe_installation,
    first_line,
    is_loss,
    require_same_installation,
)
from sutja.data.dataset import save_dataset
from sutja.errors import UsageError
from sutja.experiments.callback import PlannedRun
from sutja.experiments.engine import Engine, Message
from sutja.experiments.experiment import RunContext
from sutja.experiments.process_engine import SHUTDOWN_SECONDS, Worker, worker_job
from sutja.files import remove_folder, whole_folder

MAX_LOSSES = 3  # of a run in a row, without a further epoch: then its node is not to blame
RUNS_PER_CORE = 2  # that are handed to Ray: a core that is free has its next run at once
POLL_SECONDS = 0.2  # at most, until a task notices that it is cancelled


@dataclass(frozen=True)
class RemoteRun:
    """What a node needs to train a run: its job, the files that its folder has so far, and what must be installed."""

    planned: PlannedRun
    job: dict[str, Any]
    files: dict[str, bytes]
    data_name: str
    installation: dict[str, str]


class RayEngine(Engine):
    """Trains runs as tasks of the cluster that this process is connected to, `context.threads` cores each."""

    def __init__(self, context: RunContext, teachers: Sequence[str] = ()) -> None:
        """Put the data, and the distillation targets of `teachers`, into the object store.

        Raises `UsageError` unless the number of threads is given: other numbers have other last bits.
        """
        if not context.threads:
            raise UsageError("--threads 0: on a cluster the number is fixed, so that every node computes the same bits")
        if context.device == "mps":
            raise UsageError("--device mps: Ray does not know such devices; cpu or cuda")
        self._context = context
        self._installation = describe_installation()
        self._data_name = f"{context.dataset.name}.npz"
        self._data = ray.put(_pack(context, teachers, self._data_name))
        self._train = ray.remote(_train_remotely)
        self._options = {
            "num_cpus": context.threads,
            "num_gpus": 1 if context.device == "cuda" else 0,
            "num_returns": "streaming",
            "max_retries": 0,  # `_lose` tries again, from the last epoch
        }
        self._working: dict[Any, PlannedRun] = {}
        self._losses: Counter[PlannedRun] = Counter()

    @property
    def capacity(self) -> int:
        """Twice as many runs as the cores of the nodes that are there now can train."""
        return RUNS_PER_CORE * max(1, core_count() // self._context.threads)

    def start(self, planned: PlannedRun) -> None:
        """Hand a run to Ray, with what its folder has so far."""
        job = worker_job(planned, self._data_name, self._context)
        files = ChangedFiles(planned.folder).take() if planned.folder.exists() else {}
        task = RemoteRun(planned, job, files, self._data_name, self._installation)
        train = self._train.options(name=planned.name, **self._options)  # the name is the title of Ray's process
        self._working[train.remote(task, self._data)] = planned

    def next_message(self) -> Message:
        """Wait for the next message; what came with it is in the run's folder already."""
        while True:
            ready, _ = ray.wait(list(self._working), num_returns=1, timeout=1)
            if ready and (message := self._take(ready[0])):
                return message

    def _take(self, task: Any) -> Message | None:
        """The next message of a task; `None` if it has just ended after its last one."""
        planned = self._working[task]
        try:
            words, files = ray.get(next(task))
        except StopIteration:
            del self._working[task]
            return self._lose(planned, "its task ended without a word")
        except Exception as error:  # whatever a task raises, the other runs go on
            del self._working[task]
            if is_loss(error):
                return self._lose(planned, first_line(error))
            return planned, {"end": first_line(cause_of(error))}
        _store(planned.folder, files)
        if "epoch" in words:
            self._losses.pop(planned, None)
        if "end" in words:
            del self._working[task]
            if words.get("killed"):
                return self._lose(planned, words["end"])
        return planned, words

    def _lose(self, planned: PlannedRun, why: str) -> Message:
        """Start a lost run again, unless it was lost too often."""
        self._losses[planned] += 1
        if self._losses[planned] >= MAX_LOSSES:
            return planned, {"end": f"lost {MAX_LOSSES} times in a row: {why}"}
        self.start(planned)
        return planned, {"lost": why}

    def stop(self) -> None:
        """Cancel the tasks, whose epochs are here already, and wait until their processes have ended."""
        for task in self._working:
            ray.cancel(task)
        end = time.monotonic() + SHUTDOWN_SECONDS
        for task in self._working:
            if not _drained(task, end):
                ray.cancel(task, force=True)
        self._working.clear()


def _drained(task: Any, end: float) -> bool:
    """Whether a cancelled task ended in time."""
    while (left := end - time.monotonic()) > 0:
        if ray.wait([task], timeout=left)[0]:
            try:
                ray.get(next(task))
            except (StopIteration, TaskCancelledError):
                return True
            except Exception:  # noqa: S110  # how a task that nobody needs any more ends does not matter
                pass
    return False


def _pack(context: RunContext, teachers: Sequence[str], data_name: str) -> Bundle:
    """The data set, under a name that gives it its own, and distillation targets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / data_name
        save_dataset(context.dataset, path, file_format="npz")
        return Bundle.of(path, *(context.targets(teacher) for teacher in teachers))


def _store(folder: Path, files: dict[str, bytes]) -> None:
    """Write what came back into a run folder, which is new or as the node got it."""
    if not files:
        return
    if folder.exists():
        write_files(folder, files)
        return
    with whole_folder(folder) as partial:
        write_files(partial, files)


def _train_remotely(task: RemoteRun, data: Bundle) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """On a node: train a run in a process, and yield its messages, each with the files that have changed."""
    require_same_installation(task.installation)
    shared = data.unpack()
    runs = Path(tempfile.mkdtemp(prefix="sutja-run-"))
    try:
        for path in shared.glob("*.targets.npz"):
            shutil.copy(path, runs / path.name)
        planned = replace(task.planned, folder=runs / task.planned.folder.name)
        write_files(planned.folder, task.files)
        changed = ChangedFiles(planned.folder)
        changed.take()  # the head has these
        job = {**task.job, "data": str(shared / task.data_name), "runs": str(runs)}
        for words in _messages(planned, job):
            yield words, changed.take() if "epoch" in words or "end" in words else {}
    finally:
        remove_folder(runs)


def _messages(planned: PlannedRun, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The messages of a process that trains a run; it ends when this task is cancelled."""
    messages: Queue[Message] = Queue()
    worker = Worker(messages)
    worker.start(planned, job)
    try:
        words: dict[str, Any] = {}
        while "end" not in words:
            try:
                _, words = messages.get(timeout=POLL_SECONDS)
            except Empty:
                continue
            yield words
    finally:
        worker.close_lifeline()
        worker.wait()
