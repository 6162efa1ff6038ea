"""Training from the command line: options to a recipe, the data and run folder, progress, interruption."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sutja.cli.common import load_data
from sutja.cli.seeds import require_complete
from sutja.errors import UsageError
from sutja.files import remove_folder

if TYPE_CHECKING:
    from sutja.experiments.callback import Callback
    from sutja.experiments.experiment import RunContext
    from sutja.recipe import Recipe
    from sutja.runs.run import Run
    from sutja.training.finetuning.task import Task


def settings_from_options(epochs: int | None, seed: int | None, assignments: list[str]) -> dict[str, str]:
    """The recipe fields that `--epochs`, `--seed` and `--set FIELD=VALUE` change, as text.

    Raises `UsageError` for an assignment without `=`, and for a field that is set twice.
    """
    settings: dict[str, str] = {}
    for assignment in assignments:
        field, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment}: expected FIELD=VALUE, as in --set learning_rate=0.02")
        _set_once(settings, field.strip(), value.strip())
    for field, number in (("epochs", epochs), ("seed", seed)):
        if number is not None:
            _set_once(settings, field, str(number))
    return settings


def _set_once(settings: dict[str, str], field: str, value: str) -> None:
    if field in settings:
        raise UsageError(f"{field} is set twice")
    settings[field] = value


def open_context(
    data: str, runs: Path, device: str, threads: int, language: str = "", engine: str = "auto"
) -> RunContext:
    """The run context: the data set of a name or path, and where and how it is trained on; raises `DataError`."""
    from sutja.experiments.experiment import RunContext

    return RunContext(load_data(data), runs, device, threads, language, engine)


def train_missing(
    recipes: Sequence[Recipe], source: str, context: RunContext, *, force: bool = False, track: bool = False
) -> list[Run]:
    """Train the recipes that have no finished run, with `force` all of them, and return the run of each.

    Several train at once, each in a process of its own, where there are cores for them; each process loads the data of
    the word `source` itself. Raises what `train_with_progress` does, and `SutjaError` when one of them fails.
    """
    from sutja.experiments.callback import PlannedRun
    from sutja.networks.device import choose_device, share_cores
    from sutja.runs.run import is_run_folder

    again = "the same command without --force" if force else "the same command"
    missing = [recipe for recipe in recipes if force or not PlannedRun(recipe, context.folder(recipe)).run]
    at_once, threads = share_cores(len(missing), context.threads)
    if at_once > 1 and choose_device(context.device).type == "cpu":
        if force:
            _remove_runs(missing, context)
        _train_at_once(
            missing, source, dataclasses.replace(context, threads=threads), at_once, track=track, again=again
        )
        force = False
    return [
        train_with_progress(
            recipe,
            context,
            resume=not force and is_run_folder(context.folder(recipe)),
            force=force,
            track=track,
            continue_with=again,
        )
        for recipe in recipes
    ]


def _remove_runs(recipes: Sequence[Recipe], context: RunContext) -> None:
    """Remove the runs of these recipes; raises `UsageError` for a folder that is no run's."""
    from sutja.runs.run import check_replaceable

    folders = [folder for recipe in recipes if (folder := context.folder(recipe)).exists()]
    for folder in folders:
        check_replaceable(folder, force=True)
    for folder in folders:
        remove_folder(folder)


def _train_at_once(
    recipes: Sequence[Recipe], source: str, context: RunContext, processes: int, *, track: bool, again: str
) -> None:
    from sutja.cli.progress import CompareProgress
    from sutja.experiments.callback import PlannedRun
    from sutja.experiments.process_engine import ProcessEngine
    from sutja.experiments.study import check_planned, run_study

    callbacks: list[Callback] = [CompareProgress(), *_trackers(track=track)]
    planned = [PlannedRun(recipe, context.folder(recipe)) for recipe in recipes]
    for each in planned:
        if each.folder.exists():
            check_planned(each, context)
    require_complete(run_study(planned, ProcessEngine(source, context, processes), callbacks), again)


def _trackers(*, track: bool) -> list[Callback]:
    """The callback that writes events for TensorBoard, where it is asked for."""
    if not track:
        return []
    from sutja.experiments.tensorboard import TensorBoard

    return [TensorBoard()]


def train_with_progress(
    recipe: Recipe,
    context: RunContext,
    *,
    resume: bool,
    force: bool,
    track: bool,
    continue_with: str,
    task: Task | None = None,
) -> Run:
    """Train a recipe and show the progress on standard error.

    Raises `KeyboardInterrupt` after Ctrl-C; once there is a run to continue, its message says that `continue_with`
    does that.
    """
    from sutja.cli.progress import TrainingProgress
    from sutja.experiments.experiment import train
    from sutja.runs.run import is_run_folder

    progress = TrainingProgress()
    try:
        return train(recipe, context, [progress, *_trackers(track=track)], resume=resume, force=force, task=task)
    except KeyboardInterrupt:
        if not is_run_folder(context.folder(recipe)):
            raise
        raise KeyboardInterrupt(f"{continue_with} continues after the last saved epoch") from None
    finally:
        progress.close()
