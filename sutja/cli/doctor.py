"""`sutja doctor`: what is installed, what works, how fast it is, and what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sutja.cli.common import Json, Runs

if TYPE_CHECKING:
    from sutja.cli.diagnosis.finding import Finding

STYLES = {"ok": "green", "note": "yellow", "broken": "bold red"}


def doctor(runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """Say what is installed, which extras work, what the processor can do and how fast it trains, and what is wrong.

    The exit code is 0 unless something is broken; extras that are not installed and cores that are busy are not.
    """
    from sutja.environment import describe_environment

    environment, sections = describe_environment(), _examine(runs)
    findings = [each for found in sections.values() for each in found]
    if as_json:
        from sutja.cli.console import print_json

        listed = {name: [asdict(each) for each in found] for name, found in sections.items()}
        print_json({"environment": environment, **listed})
    else:
        _print_screen(environment, sections)
    if codes := [each.exit_code for each in findings if each.exit_code]:
        raise typer.Exit(codes[0])


def _examine(runs: Path) -> dict[str, list[Finding]]:
    """All findings by section; what needs a package that does not work is left out."""
    from sutja.cli.diagnosis.packages import BASE_SUBJECT, TRAIN_SUBJECT, check_packages
    from sutja.cli.diagnosis.processor import check_cores, check_torch, describe_instructions
    from sutja.cli.diagnosis.speed import SPEED_SUBJECT, check_speed
    from sutja.cli.diagnosis.storage import check_fonts, check_package_files, check_runs

    cores = check_cores()  # before this command itself keeps them busy
    packages = check_packages()
    states = {each.subject: each.state for each in packages}
    reads, trains = (states[subject] == "ok" for subject in (BASE_SUBJECT, TRAIN_SUBJECT))
    machine, files = [cores], []
    if reads:
        machine += describe_instructions()
        files += [*check_package_files(), check_runs(runs)]
        machine += [*check_torch(), check_speed()] if trains else [_needs_train(SPEED_SUBJECT)]
        files += [check_fonts() if trains else _needs_train("fonts")]
    return {"packages": packages, "machine": machine, "files": files}


def _needs_train(subject: str) -> Finding:
    from sutja.cli.diagnosis.finding import note

    return note(subject, "not examined: needs the extra train", "")


def _print_screen(environment: dict[str, Any], sections: dict[str, list[Finding]]) -> None:
    """The findings section by section, and below what to do, the worst first."""
    from sutja.cli.console import out

    findings = [each for found in sections.values() for each in found]
    width = max(len(each.subject) for each in findings)
    commit = f" ({environment['commit'][:10]})" if environment["commit"] else ""
    out.print(f"sutja {environment['sutja']}{commit}, Python {environment['python']}, {environment['platform']}")
    for name, found in sections.items():
        _print_rows(name, [(each, each.text) for each in found], width)
    advised = [
        (each, each.advice) for state in ("broken", "note") for each in findings if each.state == state and each.advice
    ]
    if advised:
        _print_rows("what to do", advised, width)
    else:
        out.print("\nall is well", style="green")


def _print_rows(title: str, rows: Sequence[tuple[Finding, str]], subject_columns: int) -> None:
    """For each finding its state, its subject and a text, which wraps in its column."""
    from rich.table import Table
    from rich.text import Text

    from sutja.cli.console import out

    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(width=max(map(len, STYLES)))
    grid.add_column(width=subject_columns)
    grid.add_column(overflow="fold")
    for finding, text in rows:
        grid.add_row(Text(finding.state, STYLES[finding.state]), finding.subject, text)
    if rows:
        out.print(f"\n{title}", style="bold")
        out.print(grid, soft_wrap=False)
