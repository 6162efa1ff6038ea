"""`sutja ensemble`: combine runs into one reader."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sutja.cli.common import Data, Force, Json, Language, load_data
from sutja.cli.completion import complete_run


def ensemble(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN…", autocompletion=complete_run, help="The folders of two or more finished runs."),
    ],
    weights_from: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--weights-from",
            metavar="RUN",
            help="For runs of the protocol “final”: a run of the same recipe with the protocol “validation”, whose "
            "validation digits choose the weight. Once for each member, in the same order.",
        ),
    ] = None,
    data: Data = "mnist",
    to: Annotated[
        Optional[Path], typer.Option("--to", help="The ensemble's folder. [default: ensemble, beside the first run]")
    ] = None,
    force: Force = False,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Combine finished runs into one reader: the mean of their probabilities, weighted by validation digits.

    The folder is a run folder: one ONNX file, logits, figures, a report and a card. `sutja evaluate` accepts it.
    """
    from dataclasses import asdict

    from sutja.cli.console import out, print_json, print_path, print_table
    from sutja.experiments.ensemble import build_ensemble, reader_reports
    from sutja.reports.tables import comparison_table, member_table
    from sutja.runs.run import Run

    members = [Run.open(folder) for folder in runs]
    counterparts = [Run.open(folder) for folder in weights_from or []]
    folder = to or runs[0].parent / "ensemble"
    run = build_ensemble(members, load_data(data), folder, weights_from=counterparts, language=language, force=force)
    report, ensemble = run.report, run.ensemble
    if as_json:
        verdicts = [each.verdict for each in ensemble.comparisons]
        print_json({"folder": str(folder), "part": run.evaluated_on, "verdicts": verdicts, **asdict(report)})
        return
    print_table(member_table(reader_reports(report, ensemble)), title=f" {run.evaluated_on} digits")
    print_table(comparison_table(ensemble.comparisons))
    for remark in ensemble.remarks:
        out.print(remark)
    print_path("\nReport", folder / "report.html")
    print_path("Network", folder / "model.onnx")
