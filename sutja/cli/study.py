"""`sutja study`: recipes over several seeds, compared."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Data, Device, Json, Runs, load_data
from sutja.cli.completion import complete_recipe

if TYPE_CHECKING:
    from sutja.experiments.study import Study


def study(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPE...",
            autocompletion=complete_recipe,
            help="Recipes, changed or not: `mlp`, `mlp:learning_rate=0.004,epochs=20`.",
        ),
    ],
    seeds: Annotated[int, typer.Option("--seeds", "-n", min=1, max=10_000, help="How many seeds of each.")] = 5,
    first_seed: Annotated[int, typer.Option("--first-seed", min=0, max=2**31, help="The first of them.")] = 0,
    validation: Annotated[
        bool,
        typer.Option("--validation", help="Evaluate validation digits and no test digits: for choosing recipes."),
    ] = False,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    to: Annotated[Optional[Path], typer.Option("--to", help="The report's folder. [default: RUNS/study]")] = None,
    csv: Annotated[
        Optional[Path],
        typer.Option("--csv", help="Store the results in this file, one row per recipe, in place of earlier ones."),
    ] = None,
    processes: Annotated[
        int,
        typer.Option("--processes", "-p", min=0, max=1024, help="How many runs train at once; 0 = one for each core."),
    ] = 0,
    threads: Annotated[
        int, typer.Option("--threads", min=0, max=1024, help="CPU threads of each; 0 = as many as cores are free.")
    ] = 1,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train recipes with several seeds: means, standard deviations, and differences with their intervals.

    Finished runs are used as they are and interrupted ones resume, so the same command continues at any point.
    docs/protocol.md explains how recipes are chosen and evaluated.
    """
    import dataclasses

    from sutja.cli.progress import StudyProgress
    from sutja.errors import UsageError
    from sutja.experiments.experiment import RunContext
    from sutja.experiments.study import plan, run_study
    from sutja.recipe import parse_recipe
    from sutja.runs.results import read_results

    for name in names:
        if re.search(r"[:,]\s*seed\s*=", name):
            raise UsageError(f"{name}: a study sets the seeds itself: --seeds and --first-seed choose them")
    recipes = [parse_recipe(name) for name in names]
    if validation:
        recipes = [dataclasses.replace(recipe, protocol="validation") for recipe in recipes]
    if csv is not None and csv.exists():
        read_results(csv)  # fails before hours of training, not after them
    context = RunContext(load_data(data), runs, device, threads)
    jobs = plan(recipes, range(first_seed, first_seed + seeds), context)
    done = run_study(jobs, data, context, processes=processes or os.cpu_count() or 1, callbacks=[StudyProgress()])
    _report(done, to or runs / "study", csv, as_json)
    _require_complete(done)


def _report(study: Study, folder: Path, csv: Path | None, as_json: bool) -> None:
    """Print and store the results of the finished runs, if there are any."""
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_path, print_table, remark
    from sutja.reports.pages import write_study_report
    from sutja.reports.tables import mean_difference_table, results_table
    from sutja.runs.results import compare_results, update_results

    results = study.results()
    differences = compare_results(results)
    if results:
        write_study_report(folder, results, differences, study.recipes)
    if csv is not None and (whole := study.results(whole=True)):
        update_results(csv, whole)
    if as_json:
        print_json(
            {
                "recipes": [each.to_json() for each in results],
                "differences": [{**asdict(each), "verdict": each.verdict} for each in differences],
                "failures": study.failures,
                "interrupted": study.interrupted,
            }
        )
        return
    if not results:
        return
    print_table(results_table(results))
    if differences:
        print_table(mean_difference_table(differences))
        for each in differences:
            out.print(each.verdict, markup=False)
    print_path("\nReport", folder / "report.html")
    if csv is not None:
        print_path("Results", csv)
        if not study.complete:
            remark(f"{csv}: recipes that lack a seed are left out")


def _require_complete(study: Study) -> None:
    """Raises `KeyboardInterrupt` after Ctrl-C, and `SutjaError` when some trainings have failed."""
    from sutja.errors import SutjaError

    if study.interrupted:
        raise KeyboardInterrupt("the same command continues after the last stored epochs")
    if study.failures:
        failures = "; ".join(f"{name}: {why}" for name, why in study.failures.items())
        count = f"{len(study.failures)} of {len(study.planned_runs)} runs failed"
        raise SutjaError(f"{count}; the same command tries them again. {failures}")
