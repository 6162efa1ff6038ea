"""Files of tables as text: CSV, TSV, Markdown and JSON; and aligned columns for a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from sutja.errors import printable
from sutja.reading.tables.languages import TableLanguage, remark_in
from sutja.reading.tables.page import PageTables
from sutja.reading.tables.table import DASHES, NumberTable, TableCell, column_name, exact_text

FORMULA_SIGNS = ("=", "+", "-", "@")  # with which spreadsheets begin formulas
COLUMN_GAP = "  "


def table_csv(table: NumberTable, separator: str = ",") -> str:
    """A table as CSV, with `separator` between cells."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    writer.writerows(table.entries(_safe_text, ""))
    return stream.getvalue()


def pages_csv(pages: Sequence[PageTables], separator: str = ",") -> str:
    """All tables below each other, an empty line between; of several pictures each begins with a line of its name."""
    blocks = []
    for page in pages:
        name = [_csv_name(page.name, separator)] if len(pages) > 1 else []
        blocks += name + [table_csv(table, separator) for table in page.tables]
    return "\n".join(blocks)


def pages_markdown(pages: Sequence[PageTables], language: TableLanguage = "en") -> str:
    """All tables as Markdown with letters as the heads of columns, and what is to be checked as lists in `language`."""
    parts = []
    for page in pages:
        parts += [f"## {_markdown_text(page.name)}\n"] if len(pages) > 1 else []
        parts += [_markdown(table, language) for table in page.tables]
    return "\n".join(parts)


def pages_json(pages: Sequence[PageTables]) -> str:
    """A list of pictures with their tables."""
    values = [{"file": page.name, "tables": [table.as_json() for table in page.tables]} for page in pages]
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def table_text(table: NumberTable) -> str:
    """A table in aligned columns, numbers to the right; below it what is to be checked."""
    texts = list(table.entries(lambda cell: cell.text, ""))
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = [
        COLUMN_GAP.join(text.rjust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in texts
    ]
    return "\n".join([*lines, *(f"{remark.place}: {remark.text}" for remark in table.remarks)]) + "\n"


def _known_text(cell: TableCell) -> str:
    """The value in digits, or the text as written where it is not known."""
    known = exact_text(cell)
    return cell.text if known is None else known


def _safe_text(cell: TableCell) -> str:
    """The value in digits, or the text where it is not known, which no spreadsheet then takes for a formula."""
    return _known_text(cell) if cell.value is not None else _without_formula(cell.text)


def _without_formula(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and text not in DASHES else text


def _csv_name(name: str, separator: str) -> str:
    """A line with the name of a picture."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerow([_without_formula(printable(name))])
    return stream.getvalue()


def _markdown(table: NumberTable, language: TableLanguage) -> str:
    heads = [column_name(column) for column in range(table.shape[1])]
    lines = [_markdown_row(["", *heads]), _markdown_row(["---:"] * (len(heads) + 1))]
    texts = table.entries(_known_text, "")
    lines += [_markdown_row([str(at), *row]) for at, row in enumerate(texts, start=1)]
    remarks = [f"- {each.place}: {_markdown_text(remark_in(each.text, language))}" for each in table.remarks]
    return "\n".join(lines + (["", *remarks] if remarks else [])) + "\n"


def _markdown_row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _markdown_text(text: str) -> str:
    """Text in which no sign means anything to Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|" else sign for sign in printable(text))
