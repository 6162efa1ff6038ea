"""The verb `sutja train`, and what else trains: from words on the command line to a run folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sutja.cli.common import Data, Device, Force, Runs, WordError
from sutja.errors import UsageError

if TYPE_CHECKING:
    from sutja.experiments.callback import Callback
    from sutja.experiments.experiment import RunContext
    from sutja.recipe import Recipe
    from sutja.runs.run import Run
    from sutja.training.finetuning.finetune import Task

Seed = Annotated[Optional[int], typer.Option("--seed", "-s", help="The seed of all that is random. [default: 0]")]
Threads = Annotated[
    int, typer.Option("--threads", min=0, max=1024, help="CPU threads; 0 = as many as PyTorch thinks best.")
]
Track = Annotated[bool, typer.Option("--track", help="Write events for TensorBoard into the run folder.")]


def train(
    recipe: Annotated[
        Optional[str], typer.Argument(help="The name of a recipe; `sutja recipes` lists them. Not with --from.")
    ] = None,
    start: Annotated[
        Optional[str],
        typer.Option(
            "--from",
            help="Teach a trained network, published or of a run's folder, the corrections of --data. MNIST's digits "
            "are mixed in, so that it does not forget them.",
        ),
    ] = None,
    epochs: Annotated[Optional[int], typer.Option("--epochs", "-e", help="How often each digit is seen.")] = None,
    seed: Seed = None,
    setting: Annotated[
        Optional[list[str]], typer.Option("--set", metavar="FIELD=VALUE", help="Change any field of the recipe.")
    ] = None,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    device: Device = "auto",
    threads: Threads = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last epoch that was kept.")] = False,
    force: Force = False,
    track: Track = False,
) -> None:
    """Train a network by a recipe into a run folder, or teach a trained one corrections."""
    if resume and force:
        raise UsageError("--resume and --force contradict each other: go on, or begin anew?")
    if (recipe is None) == (start is None):
        raise WordError("either a RECIPE to train or --from a trained network: `sutja train lenet5`")
    how: dict[str, Any] = {"resume": resume, "force": force, "track": track, "hint": "--resume"}
    words = settings_of(epochs, seed, setting or [])
    if start is not None:
        _teach_corrections(start, words, data, (runs, device, threads), how)
        return
    changed = changed_recipe(recipe or "", words)
    _refuse_corrections(data)
    show_run(train_watched(changed, open_context(data, runs, device, threads), **how))


def _refuse_corrections(data: str) -> None:
    """Raises `UsageError` when `data` are corrections: too few to train on, and the test digits are the same."""
    from sutja.data.corrections.store import holds_corrections

    if data != "mnist" and holds_corrections(Path(data)):
        raise UsageError(
            f"{data}: corrections are taught to a trained network: sutja train --from convnet-small --data {data}"
        )


def _teach_corrections(
    name: str, words: dict[str, str], data: str, place: tuple[Path, str, int], how: dict[str, Any]
) -> None:
    """Teach the network `name` the corrections in the folder `data`, and show what came of it."""
    from sutja.cli.console import out, print_table, remark
    from sutja.data.corrections.store import holds_corrections
    from sutja.data.dataset import load_dataset
    from sutja.experiments.start import open_start
    from sutja.reports.tables import finetuning_table
    from sutja.training.finetuning.finetune import Task

    if not holds_corrections(Path(data)):
        raise UsageError(
            f"--data {data}: --from needs a folder of corrections, as the page of `sutja serve` makes them"
        )
    corrections = load_dataset(data)
    task = Task(open_start(name), corrections.name, corrections.train)
    recipe = task.recipe(words)
    remark(f"{len(task.corrected)} corrected digits: how their hand differs from MNIST's is sought first")
    run = train_watched(recipe, open_context("mnist", *place), task=task, **how)
    show_run(run)
    print_table(finetuning_table(run.report["finetuned"]), title=" read wrongly")
    out.print(f"`sutja serve --model {shlex.quote(str(run.folder))}` reads with it.", markup=False)


def settings_of(epochs: int | None, seed: int | None, settings: list[str]) -> dict[str, str]:
    """What the options set of a recipe, field by field; raises `UsageError` for what is set twice."""
    words: list[tuple[str, str]] = []
    for setting in settings:
        field, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: expected FIELD=VALUE, as in --set learning_rate=0.02")
        words.append((field.strip(), value.strip()))
    words += [(field, str(value)) for field, value in (("epochs", epochs), ("seed", seed)) if value is not None]
    for field, _ in words:
        if [name for name, _ in words].count(field) > 1:
            raise UsageError(f"{field} is set twice")
    return dict(words)


def changed_recipe(name: str, settings: dict[str, str]) -> Recipe:
    """The published recipe of that name with some fields set from words; raises `UsageError`."""
    from sutja.recipe import get_recipe

    return get_recipe(name).with_settings(settings)


def open_context(data: str, runs: Path, device: str, threads: int) -> RunContext:
    """The data, by name or path, and where runs are made of them; raises `DataError`."""
    from sutja.data.dataset import load_dataset
    from sutja.experiments.experiment import RunContext

    return RunContext(load_dataset(data), runs, device, threads)


def train_watched(
    recipe: Recipe,
    context: RunContext,
    *,
    resume: bool,
    force: bool,
    track: bool,
    hint: str,
    task: Task | None = None,
) -> Run:
    """Train a recipe and show how it goes; `hint` says how to go on after an interruption."""
    from sutja.cli.progress import TrainingProgress
    from sutja.experiments.experiment import train

    callbacks: list[Callback] = [TrainingProgress()]
    if track:
        from sutja.experiments.tensorboard import TensorBoard

        callbacks.append(TensorBoard())
    try:
        return train(recipe, context, callbacks, resume=resume, force=force, task=task)
    except KeyboardInterrupt:
        if not (context.folder(recipe) / "recipe.json").exists():
            raise
        raise KeyboardInterrupt(f"{hint} goes on after the last epoch that was kept") from None


def show_run(run: Run) -> None:
    """Print the figures of a finished run, and where its pages are."""
    from sutja.cli.console import print_path, print_table
    from sutja.reports.tables import run_table

    print_table(run_table([run]))
    print_path("Report", run.folder / "report.html")
    print_path("Pictures", run.folder / "figures")
