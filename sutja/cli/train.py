"""`sutja train`: train a network by a recipe, or fine-tune a trained one on corrections."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sutja.cli.common import (
    CommandLineError,
    Data,
    Device,
    EngineName,
    Force,
    Language,
    Runs,
    Seed,
    Threads,
    Track,
    connected_to,
    load_data,
)
from sutja.cli.completion import complete_model, complete_recipe
from sutja.cli.training import open_context, settings_from_options, train_with_progress
from sutja.errors import UsageError

if TYPE_CHECKING:
    from sutja.recipe import Recipe
    from sutja.runs.run import Run


ENOUGH_CORRECTIONS = 20  # with so many, the figures of README were measured


def train(
    recipe: Annotated[
        Optional[str],
        typer.Argument(
            autocompletion=complete_recipe,
            help="A recipe, changed or not: `lenet5`, `mlp:epochs=3,dropout=0.1`. `sutja recipes` lists them. Not with "
            "--from.",
        ),
    ] = None,
    start: Annotated[
        Optional[str],
        typer.Option(
            "--from",
            autocompletion=complete_model,
            help="Fine-tune a trained network, a published model or a run folder, on the corrections in --data. "
            "MNIST's digits are mixed in, so that it does not forget them.",
        ),
    ] = None,
    epochs: Annotated[Optional[int], typer.Option("--epochs", "-e", help="The number of epochs.")] = None,
    seed: Seed = None,
    setting: Annotated[
        Optional[list[str]], typer.Option("--set", metavar="FIELD=VALUE", help="Change any field of the recipe.")
    ] = None,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    device: Device = "auto",
    threads: Threads = 0,
    engine: EngineName = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Continue after the last saved epoch.")] = False,
    force: Force = False,
    track: Track = False,
    cluster: Annotated[
        Optional[str],
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="Make the samples of `page-reader` or `line-reader` on a Ray cluster: its address, or `local`. "
            "Needs the extra `cluster`.",
        ),
    ] = None,
    language: Language = "",
) -> None:
    """Train a network by a recipe into a run folder, or fine-tune a trained network on corrections."""
    from sutja.recipe import parse_recipe

    if resume and force:
        raise UsageError("--resume and --force contradict each other: continue the run or replace it?")
    if (recipe is None) == (start is None):
        raise CommandLineError("either a RECIPE to train or --from a trained network: `sutja train lenet5`")
    options: dict[str, Any] = {"resume": resume, "force": force, "track": track, "continue_with": "--resume"}
    settings = settings_from_options(epochs, seed, setting or [])
    if start is not None:
        if cluster is not None:
            raise UsageError("--cluster makes samples, and fine-tuning needs none")
        _finetune(start, settings, data, (runs, device, threads, language, engine), options)
        return
    changed = parse_recipe(recipe or "", settings)
    _refuse_corrections(data)
    with _producers(changed, cluster):
        _print_run(train_with_progress(changed, open_context(data, runs, device, threads, language, engine), **options))


@contextmanager
def _producers(recipe: Recipe, cluster: str | None) -> Iterator[None]:
    """Let a cluster make the samples that a recipe is trained on; raises `UsageError` for a recipe that needs none."""
    if cluster is None:
        yield
        return
    if recipe.reads == "digits":
        raise UsageError(
            f"--cluster makes samples, and {recipe.name} needs none: `sutja study` trains many seeds there"
        )
    from sutja.synth.prefetch import remote_producers

    with connected_to(cluster), remote_producers():
        yield


def _refuse_corrections(data: str) -> None:
    """Raises `UsageError` when `data` holds corrections: too few to train on, and its test digits are not held out."""
    from sutja.data.corrections.store import holds_corrections

    if data != "mnist" and holds_corrections(Path(data)):
        raise UsageError(f"{data}: corrections are for fine-tuning: sutja train --from convnet-small --data {data}")


def _finetune(
    name: str, settings: dict[str, str], data: str, place: tuple[Path, str, int, str, str], options: dict[str, Any]
) -> None:
    """Fine-tune the network `name` on the corrections in the folder `data`, and print the result.

    `place` is the folder of runs, the device, the number of threads, the report's language and the engine; `options`
    go to `train_with_progress`.
    """
    from sutja.cli.console import out, print_table, remark
    from sutja.data.corrections.store import holds_corrections
    from sutja.reports.tables import finetuning_table
    from sutja.training.finetuning.task import Task

    if not holds_corrections(Path(data)):
        raise UsageError(
            f"--data {data}: --from needs a folder of corrections, as the page of `sutja serve` makes them"
        )
    corrections = load_data(data)
    task = Task.open(name, corrections.name, corrections.train)
    recipe = task.recipe(settings)
    remark(_about_corrections(len(task.corrected)))
    run = train_with_progress(recipe, open_context("mnist", *place), task=task, **options)
    _print_run(run)
    if run.report.finetuning:
        print_table(finetuning_table(run.report.finetuning.errors), title=" errors")
    out.print(f"`sutja serve --model {shlex.quote(str(run.folder))}` reads with it.", markup=False)


def _about_corrections(count: int) -> str:
    """What happens first with so many corrections, and whether they are too few to expect much."""
    digits = f"{count} corrected digit{'' if count == 1 else 's'}"
    first = "first, how their style differs from MNIST's is estimated"
    if count >= ENOUGH_CORRECTIONS:
        return f"{digits}: {first}"
    return f"{digits}: too few to know a style of writing well, {ENOUGH_CORRECTIONS} are better; {first}"


def _print_run(run: Run) -> None:
    """Print the results of a finished run, and where its report is."""
    from sutja.cli.console import print_path, print_table
    from sutja.reports.tables import run_table

    print_table(run_table([run]))
    print_path("Report", run.folder / "report.html")
    print_path("Pictures", run.folder / "figures")
