"""The terminal: results on standard output, progress and remarks on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable

from sutja.errors import shortened

if TYPE_CHECKING:
    from sutja.reports.tables import Table

Item = TypeVar("Item")
FILE_WIDTH_COLUMNS = 160  # where output is no terminal: a file does not wrap lines


def _console(stream: TextIO | None, *, stderr: bool) -> Console:
    is_terminal = stream is not None and stream.isatty()
    width = None if is_terminal else FILE_WIDTH_COLUMNS
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


out = _console(sys.stdout, stderr=False)
remarks = _console(sys.stderr, stderr=True)


def print_table(table: Table, title: str | None = None) -> None:
    """Print a table on standard output; cells wrap between words, and a word is never cut or split."""
    drawn = RichTable(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for number, (head, *cells) in enumerate(zip(table.heads, *table.rows, strict=True)):
        longest_word = max(len(word) for cell in (head, *cells, "-") for word in cell.split())
        drawn.add_column(head, justify="right" if number else "left", min_width=longest_word)
    for row in table.rows:
        drawn.add_row(*row)
    needed = Measurement.get(out, out.options.update(width=FILE_WIDTH_COLUMNS), drawn).minimum
    out.print(drawn, soft_wrap=False, width=max(out.width, needed), crop=False)


def print_json(values: Any) -> None:
    """Print values as JSON on standard output."""
    print(json.dumps(values, indent=2, ensure_ascii=False))


def remark(text: str) -> None:
    """Print a line on standard error."""
    remarks.print(text, markup=False)


def with_progress(items: Iterable[Item], describe: Callable[[Item], str], *, total: int) -> Iterator[Item]:
    """Yield the items and show the progress on standard error: a bar on a terminal, else a line for each item."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("  {task.description}"), BarColumn(bar_width=28), MofNCompleteColumn())
    with Progress(*columns, console=remarks, transient=True, disable=not remarks.is_terminal) as bar:
        task = bar.add_task("", total=total)
        for item in items:
            if remarks.is_terminal:
                bar.update(task, advance=1, description=describe(item))
            else:
                remark(f"  {describe(item)}")
            yield item


def print_error(text: str) -> None:
    """Print an error as one line on standard error."""
    remarks.print(f"sutja: {shortened(' '.join(text.split()))}", markup=False, style="bold red")


def print_path(what: str, path: Path) -> None:
    """Print where something was written, on standard output."""
    out.print(f"{what}: {path}", markup=False)
