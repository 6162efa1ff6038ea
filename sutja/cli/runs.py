"""`sutja runs`: the run folders with their state."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from sutja.cli.common import Json, Runs


def runs(runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """List the runs with their state and accuracy."""
    from sutja.cli.console import print_error, print_json, print_table, remark
    from sutja.reports.tables import run_list_table
    from sutja.runs.run import list_runs

    found, damages = list_runs(runs)
    if as_json:
        print_json([{"folder": str(run.folder), "state": run.state, **asdict(run.manifest)} for run in found])
    elif found:
        print_table(run_list_table(found))
    elif not damages:
        remark(f"no runs in {runs}: `sutja train lenet5` makes one")
    for damage in damages:
        print_error(str(damage))
    if damages:
        raise typer.Exit(damages[0].exit_code)
