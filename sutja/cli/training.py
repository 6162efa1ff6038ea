"""Training from the command line: options to a recipe, the data and run folder, progress, interruption."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sutja.cli.common import load_data
from sutja.errors import UsageError

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


def open_context(data: str, runs: Path, device: str, threads: int) -> RunContext:
    """The run context: the data set of a name or path, and where and how it is trained on; raises `DataError`."""
    from sutja.experiments.experiment import RunContext

    return RunContext(load_data(data), runs, device, threads)


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
    callbacks: list[Callback] = [progress]
    if track:
        from sutja.experiments.tensorboard import TensorBoard

        callbacks.append(TensorBoard())
    try:
        return train(recipe, context, callbacks, resume=resume, force=force, task=task)
    except KeyboardInterrupt:
        if not is_run_folder(context.folder(recipe)):
            raise
        raise KeyboardInterrupt(f"{continue_with} continues after the last saved epoch") from None
    finally:
        progress.close()
