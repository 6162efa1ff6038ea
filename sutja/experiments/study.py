"""Studies: many seeds of several recipes, trained in several processes, each into its own run folder."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

import sutja
from sutja.errors import DataError, UsageError
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.experiments.experiment import RunContext
from sutja.networks.device import choose_device
from sutja.networks.model import create
from sutja.recipe import Recipe
from sutja.runs.epoch import Epoch
from sutja.runs.results import RecipeResult, gather
from sutja.runs.run import Run
from sutja.training.augment import get_augmentation
from sutja.training.distillation import load_targets

SHUTDOWN_SECONDS = 60  # that a worker gets to store its last epoch and end, before it is killed
INTERRUPTED_EXIT_CODE = 130  # of a process that Ctrl-C stopped


@dataclass
class Study:
    """The outcome of a study: its planned runs, and why some of them failed."""

    planned_runs: Sequence[PlannedRun]
    failures: dict[str, str] = field(default_factory=dict)  # name of the run → why
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every run is finished."""
        return all(planned.run for planned in self.planned_runs)

    @property
    def recipes(self) -> list[Recipe]:
        """Each recipe with the first of its seeds."""
        first = {dataclasses.replace(planned.recipe, seed=0): planned.recipe for planned in reversed(self.planned_runs)}
        return list(first.values())[::-1]

    def results(self, *, whole: bool = False) -> list[RecipeResult]:
        """The results of each recipe over its finished seeds; with `whole`, only of recipes that lack none."""
        recipes: dict[Recipe, list[Run | None]] = {}
        for planned in self.planned_runs:
            recipes.setdefault(dataclasses.replace(planned.recipe, seed=0), []).append(planned.run)
        found = []
        for runs in recipes.values():
            finished = [run for run in runs if run]
            if finished and not (whole and len(finished) < len(runs)):
                found.append(gather(finished))
        return found


def plan(recipes: Sequence[Recipe], seeds: range, context: RunContext) -> list[PlannedRun]:
    """Plan the runs of a study, seed by seed, so that an interrupted one has equally many seeds of each recipe.

    Raises `UsageError` and `DataError` for what would fail in every process: unknown names, recipes that are evaluated
    on different digits, folders of other recipes or other data, missing distillation targets.
    """
    if len({recipe.protocol == "validation" for recipe in recipes}) > 1:
        raise UsageError("some recipes are judged by test digits, others by validation digits: --validation for all")
    choose_device(context.device)
    for recipe in recipes:
        recipe.require_single_digits(recipe.name)
        get_augmentation(recipe.augmentation)
        create(recipe.network, seed=0, dropout=recipe.dropout)
    seeded = [dataclasses.replace(recipe, seed=seed) for seed in seeds for recipe in dict.fromkeys(recipes)]
    planned_runs = [PlannedRun(recipe, context.folder(recipe)) for recipe in seeded]
    for planned in planned_runs:
        if planned.folder.exists():
            check_planned(planned, context)
    unfinished = [planned.recipe for planned in planned_runs if not planned.run]
    for teacher in {recipe.distillation.teacher for recipe in unfinished if recipe.distillation}:
        load_targets(context.targets(teacher), context.dataset.train.images)
    return planned_runs


def check_planned(planned: PlannedRun, context: RunContext) -> None:
    """Raises `UsageError` and `DataError` when its folder holds a run of another recipe or other data."""
    run = Run.open(planned.folder)
    if run.recipe != planned.recipe:
        again = "sutja train --force replaces it, or --runs names another folder"
        raise UsageError(f"{run.folder}: holds a run of another recipe with this name: {again}")
    if run.data_sha256 != context.dataset.sha256:
        raise DataError(f"{run.folder}: was trained on other data than {context.dataset.name}")
    if run.finished:
        _ = run.report  # raises when it is damaged


def run_study(
    planned_runs: Sequence[PlannedRun],
    source: str,
    context: RunContext,
    *,
    processes: int,
    callbacks: Sequence[Callback] = (),
) -> Study:
    """Train the unfinished runs in up to `processes` processes at once; one that fails does not stop the others.

    `source` is the word that the data were loaded by: each process loads them itself. After Ctrl-C the processes store
    their last epochs and end, and the study is marked as interrupted.
    """
    study = Study(planned_runs)
    waiting = deque(planned for planned in planned_runs if not planned.run)
    messages: Queue[_Message] = Queue()
    working: dict[PlannedRun, _Worker] = {}
    for callback in callbacks:
        callback.on_study_begin(planned_runs)
    try:
        while waiting or working:
            while waiting and len(working) < processes:
                planned = waiting.popleft()
                working[planned] = _Worker(planned, source, context, messages)
            planned, words = messages.get()
            if "end" in words:
                del working[planned]
            _dispatch(planned, words, study, callbacks)
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        _stop(list(working.values()))
        for callback in callbacks:
            callback.on_study_end()
    return study


def _dispatch(planned: PlannedRun, words: dict[str, Any], study: Study, callbacks: Sequence[Callback]) -> None:
    """Pass a message of a worker on to the callbacks."""
    if "end" in words:
        failure = words["end"] or (None if planned.run else "ended without a report")
        if failure:
            study.failures[planned.name] = failure
    for callback in callbacks:
        if "start" in words:
            callback.on_train_begin(planned, TrainingStart(**words["start"]))
        elif "epoch" in words:
            callback.on_epoch_end(planned, Epoch(**words["epoch"]))
        elif "end" in words:
            callback.on_train_end(planned, study.failures.get(planned.name))


_Message = tuple[PlannedRun, dict[str, Any]]


class _Worker:
    """A process that trains one run. Its messages go into a queue, at last `{"end": why it failed or ""}`."""

    def __init__(self, planned: PlannedRun, source: str, context: RunContext, messages: Queue[_Message]) -> None:
        values = {
            "recipe": dataclasses.asdict(planned.recipe),
            "data": source,
            "runs": str(context.runs),
            "device": context.device,
            "threads": context.threads,
        }
        package = str(Path(sutja.__file__).parent.parent)  # this sutja, wherever the study was started
        paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sutja.experiments.worker", json.dumps(values)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=os.environ | {"PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C goes to the study alone, which closes the lifelines
        )
        self._planned, self._messages = planned, messages
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        failure, last = "", ""
        with self.process.stdout:
            for line in self.process.stdout:
                words = _parse(line)
                if words is None:
                    last = line.strip() or last
                    continue
                failure = words.get("failure", failure)
                self._messages.put((self._planned, words))
        code = self.process.wait()
        self.close_lifeline()
        if code < 0:
            hint = ": the memory may not have been enough" if -code == signal.SIGKILL else ""
            failure = f"killed by {signal.Signals(-code).name}{hint}"
        elif code == INTERRUPTED_EXIT_CODE:
            failure = "interrupted"
        elif code:
            failure = failure or last or f"ended with the code {code}"
        self._messages.put((self._planned, {"end": failure}))

    def close_lifeline(self) -> None:
        """Ask the process to store its last epoch and end."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> None:
        """Wait until the process has ended; kill it when it takes too long, or at a second Ctrl-C."""
        try:
            self.process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.process.kill()
            self._listener.join()


def _stop(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.close_lifeline()
    for worker in workers:
        worker.wait()


def _parse(line: str) -> dict[str, Any] | None:
    """The message in a line of a worker; `None` when something else wrote the line, such as a traceback."""
    try:
        words = json.loads(line)
    except ValueError:
        return None
    return words if isinstance(words, dict) else None
