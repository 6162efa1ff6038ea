"""`sutja export`: make a model to publish from a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Force

if TYPE_CHECKING:
    from sutja.export.onnx import Output
    from sutja.models.card import Card


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run or of an ensemble.")],
    to: Annotated[
        Optional[Path],
        typer.Option("--to", help="The folder for the files. [default: ./<the folder's name without seed>]"),
    ] = None,
    calibrate_with: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--calibrate-with",
            metavar="RUN",
            help="For a run that was trained on all training digits: a run of the same recipe with "
            "protocol = validation, whose validation digits fit the temperature; again for each further seed. "
            "For an ensemble of such runs: the ensemble of their counterparts.",
        ),
    ] = None,
    study: Annotated[
        Optional[Path],
        typer.Option("--study", help="The CSV of `sutja study`: mean and deviation over seeds for the card."),
    ] = None,
    no_weights: Annotated[
        bool, typer.Option("--no-weights", help="Leave out the file for PyTorch: the ONNX file has the same weights.")
    ] = False,
    half: Annotated[
        bool, typer.Option("--half", help="Round the weights to half precision: files half as large, judged anew.")
    ] = False,
    force: Force = False,
) -> None:
    """Make a model to publish from a run: ONNX held against PyTorch, weights, and a card with figures and checksums.

    An ensemble becomes one model too.
    """
    from sutja.cli.console import print_path, print_table, remark
    from sutja.export.onnx import Output
    from sutja.reports.tables import published_table

    output = Output(weights=not no_weights, half=half, force=force)
    make = _export_ensemble if _is_ensemble(run) else _export_run
    card, folder = make(run, to, output, calibrate_with or [], study)
    if card.calibration is None:
        remark(
            "not calibrated: no validation digits of its own; "
            + ("--calibrate-with takes those of a counterpart" if card.reading is None else "0.5 is what a digit needs")
        )
    print_table(published_table([card]))
    for name in (*card.files, f"{card.name}.json", f"{card.name}.md"):
        print_path("Written", folder / name)


def _is_ensemble(folder: Path) -> bool:
    from sutja.runs.run import ENSEMBLE

    return (folder / ENSEMBLE).is_file()


def _export_ensemble(
    path: Path, to: Path | None, output: Output, calibrate_with: list[Path], study: Path | None
) -> tuple[Card, Path]:
    from sutja.errors import UsageError
    from sutja.export.ensemble import EnsembleFolder, export_ensemble

    if study is not None:
        raise UsageError("--study tells of the seeds of one recipe, which an ensemble does not have: leave it out")
    ensemble = EnsembleFolder.open(path)
    if len(calibrate_with) > 1:
        raise UsageError("--calibrate-with names one ensemble for an ensemble, that of its members' counterparts")
    held_out = EnsembleFolder.open(calibrate_with[0]) if calibrate_with else None
    folder = to or Path(ensemble.name)
    return export_ensemble(ensemble, folder, held_out=held_out, output=output), folder


def _export_run(
    run: Path, to: Path | None, output: Output, calibrate_with: list[Path], study: Path | None
) -> tuple[Card, Path]:
    from sutja.cli.console import remark
    from sutja.export.onnx import export_run, find_spread, published_name
    from sutja.runs.run import Run

    opened = Run.open(run)
    opened.require_finished()
    if calibrate_with or study is not None:
        opened.recipe.require_single_digits("--calibrate-with" if calibrate_with else "--study")
    spread = None
    if study is not None:
        spread = find_spread(study, opened)
        if spread is None:
            remark(
                f"{study}: has nothing on several seeds of {opened.recipe.title}: the card tells nothing of other seeds"
            )
    folder = to or Path(published_name(opened))
    if opened.recipe.reads_lines:
        from sutja.export.lines import export_line_run

        return export_line_run(opened, folder, output), folder
    held_out = [Run.open(each) for each in calibrate_with]
    return export_run(opened, folder, held_out=held_out, spread=spread, output=output), folder
