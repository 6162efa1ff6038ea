"""What commands that train recipes with several seeds share: their options, the training, and how failures end it."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import connected_to, load_data
from sutja.errors import UsageError

if TYPE_CHECKING:
    from sutja.experiments.callback import PlannedRun
    from sutja.experiments.engine import Engine
    from sutja.experiments.experiment import RunContext
    from sutja.experiments.study import Study
    from sutja.recipe import Recipe

Seeds = Annotated[int, typer.Option("--seeds", "-n", min=1, max=10_000, help="How many seeds of each.")]
FirstSeed = Annotated[int, typer.Option("--first-seed", min=0, max=2**31, help="The first of them.")]
Validation = Annotated[
    bool,
    typer.Option("--validation", help="Evaluate validation digits and no test digits: for choosing recipes."),
]
Csv = Annotated[
    Optional[Path],
    typer.Option("--csv", help="Store the results in this file, one row per recipe, in place of earlier ones."),
]
Processes = Annotated[
    int,
    typer.Option("--processes", "-p", min=0, max=1024, help="How many runs train at once; 0 = one for each core."),
]
ProcessThreads = Annotated[
    int, typer.Option("--threads", min=0, max=1024, help="CPU threads of each; 0 = as many as cores are free.")
]


@dataclass(frozen=True)
class StudyOptions:
    """The options of such a command."""

    seeds: range
    data: str
    runs: Path
    csv: Path | None
    processes: int
    threads: int
    device: str
    language: str
    cluster: str | None = None
    engine: str = "auto"


def parse_seedless(words: Sequence[str], who: str, *, validation: bool) -> list[Recipe]:
    """The recipes of these words, with `validation` all of the protocol that evaluates validation digits alone.

    Raises `UsageError` for an unknown recipe and for one that sets the seed, which `who`, as "a study", does itself.
    """
    from sutja.recipe import parse_recipe

    for word in words:
        if re.search(r"[:,]\s*seed\s*=", word):
            raise UsageError(f"{word}: {who} sets the seeds itself: --seeds and --first-seed choose them")
    recipes = [parse_recipe(word) for word in words]
    return [dataclasses.replace(each, protocol="validation") if validation else each for each in recipes]


def train_seeds(recipes: Sequence[Recipe], options: StudyOptions) -> Study:
    """Train what is not finished yet and show the progress; the CSV file gets each recipe that lacks no seed."""
    from sutja.cli.progress import StudyProgress
    from sutja.experiments.experiment import RunContext
    from sutja.experiments.study import plan, run_study
    from sutja.runs.results import read_results, update_results

    if options.csv is not None and options.csv.exists():
        read_results(options.csv)  # fails before hours of training, not after them
    place = options.runs, options.device, options.threads, options.language, options.engine
    context = RunContext(load_data(options.data), *place)
    planned = plan(recipes, options.seeds, context)
    with _engine(planned, context, options) as engine:
        study = run_study(planned, engine, [StudyProgress()])
    if options.csv is not None and (whole := study.results(whole=True)):
        update_results(options.csv, whole)
    return study


@contextmanager
def _engine(planned: Sequence[PlannedRun], context: RunContext, options: StudyOptions) -> Iterator[Engine]:
    """The processes of this machine, or the nodes of the cluster at an address."""
    if options.cluster is None:
        from sutja.experiments.process_engine import ProcessEngine

        yield ProcessEngine(options.data, context, options.processes or os.cpu_count() or 1)
        return
    if options.processes:
        raise UsageError("--processes is for one machine: a cluster trains as many runs at once as it has cores")
    from sutja.experiments.ray_engine import RayEngine
    from sutja.experiments.study import teachers_of

    with connected_to(options.cluster):
        yield RayEngine(context, teachers_of(planned))


def print_files(study: Study, folder: Path, csv: Path | None) -> None:
    """Print where the report and the results are."""
    from sutja.cli.console import print_path, remark

    print_path("\nReport", folder / "report.html")
    if csv is not None:
        print_path("Results", csv)
        if not study.complete:
            remark(f"{csv}: recipes that lack a seed are left out")


def require_complete(study: Study, again: str = "the same command") -> None:
    """Raises `KeyboardInterrupt` after Ctrl-C, and `SutjaError` when some trainings have failed."""
    from sutja.errors import SutjaError

    if study.interrupted:
        raise KeyboardInterrupt(f"{again} continues after the last stored epochs")
    if study.failures:
        failures = "; ".join(f"{name}: {why}" for name, why in study.failures.items())
        count = f"{len(study.failures)} of {len(study.planned_runs)} runs failed"
        raise SutjaError(f"{count}; {again} tries them again. {failures}")
