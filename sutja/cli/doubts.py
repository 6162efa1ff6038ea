"""`sutja doubts`: labels of a data set that are probably wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sutja.cli.common import Data, Device, Json, Language, Threads, load_data
from sutja.cli.completion import complete_recipe

SHOWN_DOUBTS = 10  # in the terminal
DEFAULT_RECIPE = "lenet5:augmentation=affine-elastic"


def doubts(
    recipe: Annotated[
        str,
        typer.Argument(autocompletion=complete_recipe, help="The recipe of the networks that judge, changed or not."),
    ] = DEFAULT_RECIPE,
    data: Data = "mnist",
    folds: Annotated[
        int, typer.Option("--folds", "-k", min=2, max=100, help="How many networks are trained, each for one fold.")
    ] = 5,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=10_000, help="How many doubtful labels the report shows.")
    ] = 100,
    to: Annotated[
        Optional[Path], typer.Option("--to", help="The folder for report and CSV. [default: runs/doubts-DATA]")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**31, help="The random seed.")] = 0,
    device: Device = "auto",
    threads: Threads = 0,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Find labels that are probably wrong, by confident learning: a page of pictures, and a CSV of all digits.

    The digits, training and test digits together, are divided into folds. A network that was trained on the other folds
    judges the labels of each (Northcutt et al., 2021).
    """
    from itertools import islice

    import cleanlab  # noqa: F401  # fails before minutes of training where it is not installed
    import torch

    from sutja.cli.console import out, print_json, print_path, print_table, remark, with_progress
    from sutja.experiments.doubts import OutOfFold, doubt_values, write_doubts
    from sutja.networks.device import choose_threads
    from sutja.recipe import parse_recipe
    from sutja.reports.tables import doubt_table

    parse_recipe(recipe).require_single_digits(recipe)
    dataset = load_data(data)
    torch.set_num_threads(choose_threads(threads))
    judged = OutOfFold.of(dataset)
    remark(f"{len(judged.digits):,} digits of {dataset.name}: {folds} networks by {recipe}")
    done = judged.fill(recipe, folds=folds, device=device, seed=seed)
    for _ in with_progress(done, lambda number: f"network {number}", total=folds):
        pass
    found = list(judged.doubts())
    if as_json:
        print_json([doubt_values(each, dataset.class_names) for each in islice(found, count)])
        return
    folder = to or Path("runs") / f"doubts-{dataset.name}"
    write_doubts(folder, dataset, found, recipe, count=count, language=language)
    print_table(doubt_table(found[:SHOWN_DOUBTS], dataset.class_names))
    wrong = sum(each.wrong for each in found)
    out.print(f"{wrong:,} of {len(found):,} labels are taken for errors.", markup=False)
    print_path("Report", folder / "report.html")
    print_path("All digits", folder / "doubts.csv")
