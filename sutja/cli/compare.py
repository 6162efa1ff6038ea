"""`sutja compare`: train the recipes that have no run yet, and compare networks on the same test digits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Data, Device, EngineName, Force, Json, Language, Runs, Seed, Threads, Track, load_data
from sutja.cli.completion import complete_recipe_or_run
from sutja.cli.training import open_context, settings_from_options, train_missing
from sutja.files import resolved

if TYPE_CHECKING:
    from sutja.data.dataset import Dataset
    from sutja.runs.run import Run

DEFAULT_RECIPES = ["lenet5", "mlp", "lenet5-dropout", "lenet5-augmentation", "lenet5-both"]


def compare(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(
            autocompletion=complete_recipe_or_run,
            help="Recipes, changed or not, which are trained unless they have a run, or run folders: `lenet5`, "
            "`lenet5:dropout=0.1`. [default: the main five]",
        ),
    ] = None,
    seed: Seed = None,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    to: Annotated[
        Optional[Path], typer.Option("--to", help="The folder for the report. [default: RUNS/comparison]")
    ] = None,
    device: Device = "auto",
    threads: Threads = 0,
    engine: EngineName = "auto",
    force: Force = False,
    track: Track = False,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Train the recipes that have no run yet, and compare networks on the same test digits.

    Without names: LeNet-5, an MLP of the same size, and LeNet-5 with dropout, with augmentation, and with both, which
    differ in nothing else. Finished runs are used as they are, interrupted runs are continued.
    """
    from sutja.experiments.comparison import check_comparable
    from sutja.recipe import parse_recipe
    from sutja.runs.run import Run

    names = list(dict.fromkeys(names or DEFAULT_RECIPES))
    settings = settings_from_options(None, seed, [])
    recipes = {name: parse_recipe(name, settings) for name in names if _is_recipe(name)}
    for name, recipe in recipes.items():
        recipe.require_single_digits(name)
    opened = {name: Run.open(Path(name)) for name in names if name not in recipes}
    folder = to or runs / "comparison"
    dataset = None
    if recipes:
        context = open_context(data, runs, device, threads, language, engine)
        dataset = context.dataset
        opened_folders = {resolved(run.folder) for run in opened.values()}
        more = sum(resolved(context.folder(recipe)) not in opened_folders for recipe in recipes.values())
        # Fail now rather than after minutes of training.
        check_comparable(_distinct(list(opened.values())), context.dataset.sha256, more=more)
        folder.mkdir(parents=True, exist_ok=True)
        trained = train_missing(list(recipes.values()), data, context, force=force, track=track)
        opened |= dict(zip(recipes, trained, strict=True))
    compared = _distinct([opened[name] for name in names])
    _print_comparison(compared, folder, dataset or load_data(data), as_json, language)


def _distinct(runs: list[Run]) -> list[Run]:
    """The runs, each folder once."""
    return list({resolved(run.folder): run for run in runs}.values())


def _is_recipe(name: str) -> bool:
    """Whether a name means a recipe, not a run folder; raises `UsageError` when it is neither."""
    from sutja.recipe import RECIPES, parse_recipe
    from sutja.runs.run import is_run_folder

    if Path(name).is_dir() and (name not in RECIPES or is_run_folder(Path(name))):
        return False
    if Path(name).name != name:
        return False  # the path of a missing folder: opening the run reports it
    parse_recipe(name)
    return True


def _print_comparison(runs: list[Run], folder: Path, dataset: Dataset, as_json: bool, language: str) -> None:
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_path, print_table
    from sutja.experiments.comparison import compare_runs
    from sutja.reports.tables import comparison_table, run_table

    comparisons = compare_runs(runs, folder, dataset, language)
    if as_json:
        print_json(
            {
                "runs": [
                    {"folder": str(run.folder), "recipe": asdict(run.recipe), **asdict(run.report)} for run in runs
                ],
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
