"""`sutja distil`: the outputs of trained networks as distillation targets for other networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sutja.cli.common import Data, Force, Threads
from sutja.cli.training import open_context
from sutja.errors import UsageError


def distil(
    runs: Annotated[list[Path], typer.Argument(help="The folders of finished runs: together they are the teacher.")],
    to: Annotated[
        Path,
        typer.Option(
            "--to", help="The file; `distillation.teacher=NAME` of a recipe means NAME.targets.npz among the runs."
        ),
    ] = Path("runs/teacher.targets.npz"),
    views: Annotated[int, typer.Option("--views", min=1, max=1000, help="Distorted views of each digit.")] = 12,
    augmentation: Annotated[
        str, typer.Option("--augmentation", help="How the digits are distorted.")
    ] = "affine-elastic",
    data: Data = "mnist",
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Store the outputs of trained networks on distorted training digits as distillation targets.

    `sutja train tiny --set distillation.teacher=NAME --set augmentation=none` then learns from RUNS/NAME.targets.npz.
    """
    from sutja.cli.console import print_path, with_progress
    from sutja.experiments.distil import distil_runs
    from sutja.runs.run import Run

    if to.exists() and not force:
        raise UsageError(f"{to}: exists already; --force replaces it")
    if to.suffix != ".npz" or to.is_dir():  # before minutes of work
        raise UsageError(f"{to}: distillation targets are a file: its name must end in .targets.npz")
    context = open_context(data, to.parent, "cpu", threads)
    done = distil_runs([Run.open(run) for run in runs], context, to, augmentation=augmentation, views=views)
    for _ in with_progress(done, lambda number: f"view {number}", total=views):
        pass
    print_path("Distillation targets", to)
