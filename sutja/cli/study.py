"""`sutja study`: recipes over several seeds, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Cluster, Data, Device, EngineName, Json, Language, Runs
from sutja.cli.completion import complete_recipe
from sutja.cli.seeds import (
    Csv,
    FirstSeed,
    Processes,
    ProcessThreads,
    Seeds,
    StudyOptions,
    Validation,
    parse_seedless,
    print_files,
    require_complete,
    train_seeds,
)

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
    seeds: Seeds = 5,
    first_seed: FirstSeed = 0,
    validation: Validation = False,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    to: Annotated[Optional[Path], typer.Option("--to", help="The report's folder. [default: RUNS/study]")] = None,
    csv: Csv = None,
    processes: Processes = 0,
    threads: ProcessThreads = 1,
    device: Device = "auto",
    engine: EngineName = "auto",
    cluster: Cluster = None,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Train recipes with several seeds: means, standard deviations, and differences with their intervals.

    Finished runs are used as they are and interrupted ones resume, so the same command continues at any point.
    docs/protocol.md explains how recipes are chosen and evaluated.
    """
    recipes = parse_seedless(names, "a study", validation=validation)
    options = StudyOptions(
        range(first_seed, first_seed + seeds), data, runs, csv, processes, threads, device, language, cluster, engine
    )
    done = train_seeds(recipes, options)
    _report(done, to or runs / "study", csv, as_json, language)
    require_complete(done)


def _report(study: Study, folder: Path, csv: Path | None, as_json: bool, language: str) -> None:
    """Print and store the results of the finished runs, if there are any."""
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_table
    from sutja.reports.pages import write_study_report
    from sutja.reports.tables import mean_difference_table, results_table
    from sutja.runs.results import compare_results

    results = study.results()
    differences = compare_results(results)
    if results:
        write_study_report(folder, results, differences, study.recipes, language)
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
    print_files(study, folder, csv)
