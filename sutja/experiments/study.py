"""Studies: many seeds of several recipes, trained by an engine, each into its own run folder."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sutja.errors import DataError, UsageError
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.experiments.engine import Engine
from sutja.experiments.experiment import RunContext
from sutja.networks.device import choose_device
from sutja.networks.model import create
from sutja.recipe import Recipe
from sutja.runs.epoch import Epoch
from sutja.runs.results import RecipeResult, gather
from sutja.runs.run import Run
from sutja.training.augment import get_augmentation
from sutja.training.distillation import load_targets


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
    for teacher in teachers_of(planned_runs):
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


def run_study(planned_runs: Sequence[PlannedRun], engine: Engine, callbacks: Sequence[Callback] = ()) -> Study:
    """Train the unfinished runs with an engine; one that fails does not stop the others.

    After Ctrl-C the trainings store their last epochs and end, and the study is marked as interrupted.
    """
    study = Study(planned_runs)
    waiting = deque(planned for planned in planned_runs if not planned.run)
    working = 0
    for callback in callbacks:
        callback.on_study_begin(planned_runs)
    try:
        while waiting or working:
            while waiting and working < engine.capacity:
                engine.start(waiting.popleft())
                working += 1
            planned, words = engine.next_message()
            working -= "end" in words
            _dispatch(planned, words, study, callbacks)
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        engine.stop()
        for callback in callbacks:
            callback.on_study_end()
    return study


def teachers_of(planned_runs: Sequence[PlannedRun]) -> list[str]:
    """The teachers of the unfinished runs, each once."""
    recipes = [planned.recipe for planned in planned_runs if not planned.run]
    return sorted({recipe.distillation.teacher for recipe in recipes if recipe.distillation})


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
        elif "lost" in words:
            callback.on_train_lost(planned, words["lost"])
        elif "end" in words:
            callback.on_train_end(planned, study.failures.get(planned.name))
