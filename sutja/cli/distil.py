"""`sutja distil`: write down what trained networks answer, for smaller networks to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sutja.cli.common import Data, Force
from sutja.cli.train import Threads, open_context
from sutja.errors import UsageError


def distil(
    runs: Annotated[list[Path], typer.Argument(help="The folders of finished runs: together they are the teacher.")],
    to: Annotated[
        Path, typer.Option("--to", help="The file; `teacher=NAME` of a recipe means NAME.lessons.npz among the runs.")
    ] = Path("runs/teacher.lessons.npz"),
    views: Annotated[int, typer.Option("--views", min=1, max=1000, help="How often each digit is distorted.")] = 12,
    augmentation: Annotated[
        str, typer.Option("--augmentation", help="How the digits are distorted.")
    ] = "affine-elastic",
    data: Data = "mnist",
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Let trained networks answer to distorted training digits: smaller ones learn from that.

    `sutja train tiny --set teacher=NAME --set augmentation=none` then learns from RUNS/NAME.lessons.npz.
    """
    from sutja.cli.console import print_path, watch
    from sutja.experiments.distil import distil_runs
    from sutja.runs.run import Run

    if to.exists() and not force:
        raise UsageError(f"{to}: exists already; --force replaces it")
    if to.suffix != ".npz" or to.is_dir():  # said before minutes of work
        raise UsageError(f"{to}: lessons are a file: its name must end in .lessons.npz")
    context = open_context(data, to.parent, "cpu", threads)
    done = distil_runs([Run.open(run) for run in runs], context, to, augmentation=augmentation, views=views)
    for _ in watch(done, lambda number: f"view {number}", total=views):
        pass
    print_path("Lessons", to)
