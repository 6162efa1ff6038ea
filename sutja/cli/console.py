"""The terminal: results on standard output, progress and remarks on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeVar

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable

from sutja.errors import shortened

if TYPE_CHECKING:
    from sutja.reports.tables import Table

Item = TypeVar("Item")
FILE_WIDTH_COLUMNS = 80  # of tables where output is no terminal
INDENT_COLUMNS, GAP_COLUMNS = 1, 2  # of tables: left of them, and between two columns


def _console(stream: TextIO | None, *, stderr: bool) -> Console:
    is_terminal = stream is not None and stream.isatty()
    width = None if is_terminal else FILE_WIDTH_COLUMNS
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


out = _console(sys.stdout, stderr=False)
remarks = _console(sys.stderr, stderr=True)


def print_table(table: Table, title: str | None = None) -> None:
    """Print a table on standard output; where it is too wide, its further columns follow below, the first repeated.

    Heads, and cells of the first column, wrap between words. Only a word wider than the terminal is split; none is cut.
    """
    if title:
        out.print(title, style="bold")
    for number, widths in enumerate(_column_widths(table, out.width - INDENT_COLUMNS)):
        if number:
            out.print()
        drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP_COLUMNS - 1, 0, 0))
        for column, width in widths.items():
            justify: Literal["left", "right"] = "right" if column else "left"
            drawn.add_column(table.heads[column], justify=justify, width=width, overflow="fold")
        for row in table.rows:
            drawn.add_row(*(row[column] for column in widths))
        placed = Padding(drawn, (0, 0, 0, INDENT_COLUMNS), expand=False)
        out.print(placed, soft_wrap=False, width=INDENT_COLUMNS + _total(widths.values()), crop=False)
    out.print()


def _column_widths(table: Table, room: int) -> list[dict[int, int]]:
    """The columns of each part of a table, with their widths: one part if all columns fit into `room`."""
    cells = [[row[column] for row in table.rows] for column in range(len(table.heads))]
    full = [_longest([head, *below]) for head, below in zip(table.heads, cells, strict=True)]
    narrow = [_longest([*head.split(), *below]) for head, below in zip(table.heads, cells, strict=True)]
    first = _longest([word for text in (table.heads[0], *cells[0]) for word in text.split()])
    if _total([first, *narrow[1:]]) > room:
        first = max(first, min(narrow[0], room // 2))  # legible where the table is divided anyway
    parts: list[dict[int, int]] = [{0: first}]
    for column, width in enumerate(narrow[1:], start=1):
        if _total([*parts[-1].values(), width]) > room and len(parts[-1]) > 1:
            parts.append({0: first})
        parts[-1][column] = width
    for part in parts:  # what room is left is for the cells of the first column, then for heads on one line
        part[0] += max(0, min(narrow[0] - first, room - _total(part.values())))
        for column, width in part.items():
            if full[column] - width <= room - _total(part.values()):
                part[column] = full[column]
    return parts


def _longest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=1) or 1


def _total(widths: Iterable[int]) -> int:
    """The width of a table with columns of these widths."""
    listed = list(widths)
    return sum(listed) + GAP_COLUMNS * (len(listed) - 1)


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
