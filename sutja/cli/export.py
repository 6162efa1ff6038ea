"""`sutja export`: publish a run as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sutja.cli.common import Force, load_data
from sutja.cli.completion import complete_run


def export(
    run: Annotated[
        Path, typer.Argument(autocompletion=complete_run, help="The folder of a finished run or an ensemble.")
    ],
    to: Annotated[
        Optional[Path],
        typer.Option("--to", help="The folder for the files. [default: ./<the folder's name without seed>]"),
    ] = None,
    calibrate_with: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--calibrate-with",
            metavar="RUN",
            help="For a run of the protocol “final”: a run of the same recipe with the protocol “validation”, whose "
            "validation digits fit the temperature; repeat it for more seeds. For an ensemble: the ensemble of such "
            "runs.",
        ),
    ] = None,
    study: Annotated[
        Optional[Path],
        typer.Option("--study", help="The CSV of `sutja study`: mean and standard deviation over seeds for the card."),
    ] = None,
    no_weights: Annotated[
        bool,
        typer.Option("--no-weights", help="Omit the file for PyTorch; the ONNX file has the same weights."),
    ] = False,
    half: Annotated[
        bool,
        typer.Option(
            "--half", help="Round the weights to half precision: files of half the size. The model is evaluated again."
        ),
    ] = False,
    data: Annotated[
        str, typer.Option("--data", "-d", help="The data that the run was trained on; --half evaluates on them.")
    ] = "mnist",
    force: Force = False,
) -> None:
    """Publish a run as a model: an ONNX file checked against PyTorch, weights, and a card with figures and checksums.

    An ensemble becomes one model, too.
    """
    from sutja.cli.console import print_path, print_table, remark
    from sutja.export.publish import Options, find_seed_results, publish
    from sutja.reports.tables import published_table
    from sutja.runs.run import Run

    opened = Run.open(run)
    opened.require_finished()
    seed_results = find_seed_results(study, opened) if study is not None else None
    if study is not None and seed_results is None:
        remark(f"{study}: has no results over several seeds of {opened.title}: the card leaves them out")
    options = Options(
        weights=not no_weights,
        half=half,
        force=force,
        calibrate_with=[Run.open(each) for each in calibrate_with or []],
        study=seed_results,
    )
    folder = to or Path(opened.published_name)
    card = publish(opened, folder, options, dataset=load_data(data))
    if card.calibration is None:
        hint = {
            "digits": "no validation digits of its own; --calibrate-with takes those of a counterpart",
            "lines": "no validation digits of its own; a digit needs a confidence of 0.5",
            "pages": f"a number needs a score of {card.min_confidence}",
        }
        remark(f"not calibrated: {hint[card.reads]}")
    print_table(published_table([card]))
    for name in (*card.files, f"{card.name}.json", f"{card.name}.md"):
        print_path("Written", folder / name)
