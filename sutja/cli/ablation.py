"""`sutja ablation`: what each of several changes brings to a recipe, alone and together."""

from __future__ import annotations

from collections.abc import Sequence
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
    from sutja.runs.ablation import Variant


def ablation(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", autocompletion=complete_recipe, help="The base: a recipe, changed or not: `mlp:epochs=5`."
        ),
    ],
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            help="A change to try, `FIELD=VALUE`; `FIELD=VALUE,FIELD=VALUE` is one change of two fields. Repeatable.",
        ),
    ],
    epochs: Annotated[
        Optional[list[int]],
        typer.Option("--epochs", min=1, help="How long to train, in place of the recipe's epochs. Repeatable."),
    ] = None,
    seeds: Seeds = 10,
    first_seed: FirstSeed = 0,
    validation: Validation = False,
    data: Data = "mnist",
    runs: Runs = Path("runs"),
    to: Annotated[Optional[Path], typer.Option("--to", help="The report's folder. [default: RUNS/ablation]")] = None,
    csv: Csv = None,
    processes: Processes = 0,
    threads: ProcessThreads = 1,
    device: Device = "auto",
    engine: EngineName = "auto",
    cluster: Cluster = None,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Train a recipe as it is, with each change alone and with all of them, and show what each brings.

    All else is the same: seeds, order of the digits, optimiser, epochs. Differences are taken seed by seed; p-values
    are corrected for their number. Finished runs are used as they are and interrupted ones resume.
    """
    from sutja.runs.ablation import plan_variants

    (base,) = parse_seedless([name], "an ablation", validation=validation)
    variants = plan_variants(base, vary, epochs or [])
    options = StudyOptions(
        range(first_seed, first_seed + seeds), data, runs, csv, processes, threads, device, language, cluster, engine
    )
    done = train_seeds([variant.recipe for variant in variants], options)
    _report(done, variants, to or runs / "ablation", options, as_json)
    require_complete(done)


def _report(study: Study, variants: Sequence[Variant], folder: Path, options: StudyOptions, as_json: bool) -> None:
    """Print and store what the finished runs show, if there are any."""
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_table
    from sutja.reports.ablation import write_ablation_report
    from sutja.reports.tables import effect_table
    from sutja.runs.ablation import describe_changes, measure_effects, summarise_effects

    results = study.results()
    effects = measure_effects(variants, results)
    if effects:
        write_ablation_report(folder, variants, results, effects, options.language)
    if as_json:
        print_json(
            {
                "recipes": [each.to_json() for each in results],
                "effects": [
                    {
                        "effect": each.name,
                        "epochs": each.epochs,
                        **asdict(each.difference),
                        "differences": each.differences,
                        "errors_removed": each.errors_removed,
                    }
                    for each in effects
                ],
                "verdicts": summarise_effects(effects),
                "failures": study.failures,
                "interrupted": study.interrupted,
            }
        )
        return
    if effects:
        print_table(effect_table(effects), f"{variants[0].recipe.title}: {describe_changes(variants)}")
        for sentence in summarise_effects(effects):
            out.print(sentence, markup=False)
        print_files(study, folder, options.csv)
