"""`sutja compare`: train what is missing, and compare networks on the same test digits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Data, Device, Force, Json, Runs
from sutja.cli.train import Seed, Threads, Track, changed_recipe, open_context, settings_of, train_watched

if TYPE_CHECKING:
    from sutja.runs.run import Run

DEFAULT_RECIPES = ["lenet5", "mlp", "lenet5-regularised"]


def compare(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(
            help="Recipes, which are trained where no run is there, or run folders. [default: the main three]"
        ),
    ] = None,
    seed: Seed = None,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    to: Annotated[Optional[Path], typer.Option("--to", help="The report's folder. [default: RUNS/comparison]")] = None,
    device: Device = "auto",
    threads: Threads = 0,
    force: Force = False,
    track: Track = False,
    as_json: Json = False,
) -> None:
    """Train what is not trained yet, and compare networks on the same test digits.

    Without names: LeNet-5, an MLP of the same size, and LeNet-5 with dropout and augmentation. Runs that are finished
    are used as they are, runs that were interrupted go on.
    """
    from sutja.experiments.comparison import check_comparable
    from sutja.runs.run import Run

    names = list(dict.fromkeys(names or DEFAULT_RECIPES))
    recipes = {name: changed_recipe(name, settings_of(None, seed, [])) for name in names if _is_recipe(name)}
    for name, recipe in recipes.items():
        recipe.require_single_digits(name)
    opened = {name: Run.open(Path(name)) for name in names if name not in recipes}
    folder = to or runs / "comparison"
    if recipes:
        context = open_context(data, runs, device, threads)
        there = {run.folder.resolve() for run in opened.values()}
        more = sum(context.folder(recipe).resolve() not in there for recipe in recipes.values())
        # What would fail at the end is said before minutes of training.
        check_comparable(_different(list(opened.values())), context.dataset.sha256, more=more)
        folder.mkdir(parents=True, exist_ok=True)
        for name, recipe in recipes.items():
            resume = not force and (context.folder(recipe) / "recipe.json").exists()
            hint = "the same command without --force" if force else "the same command"
            opened[name] = train_watched(recipe, context, resume=resume, force=force, track=track, hint=hint)
    _compare(_different([opened[name] for name in names]), folder, as_json)


def _different(runs: list[Run]) -> list[Run]:
    """The runs without those that lie in the same folder as one before."""
    return list({run.folder.resolve(): run for run in runs}.values())


def _is_recipe(name: str) -> bool:
    """Whether a word on the command line means a recipe; raises `UsageError` when it means nothing at all."""
    from sutja.recipe import RECIPES, get_recipe

    if Path(name).is_dir() and (name not in RECIPES or (Path(name) / "recipe.json").is_file()):
        return False
    if Path(name).name != name:
        return False  # a path, if of a folder that is not there: opening it says so
    get_recipe(name)
    return True


def _compare(runs: list[Run], folder: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_path, print_table
    from sutja.experiments.comparison import compare_runs
    from sutja.reports.tables import comparison_table, run_table

    comparisons = compare_runs(runs, folder)
    if as_json:
        print_json(
            {
                "runs": [{"folder": str(run.folder), "recipe": asdict(run.recipe), **run.report} for run in runs],
                "comparisons": [{**asdict(each), "verdict": each.verdict} for each in comparisons],
            }
        )
        return
    print_table(run_table(runs))
    print_table(comparison_table(comparisons))
    for each in comparisons:
        out.print(each.verdict, markup=False)
    print_path("\nReport", folder / "report.html")
    for run in runs:
        print_path("Pictures", run.folder / "figures")
