"""`sutja read`: read the handwritten numbers in pictures."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Cluster, Json, Model, connected_to, print_failure
from sutja.cli.formatters import ReadingFormatter, formatter_for
from sutja.cli.keeping import keep_readings
from sutja.cli.pictures import find_jobs, with_drawings
from sutja.errors import NothingReadError, SutjaError, UsageError, printable

if TYPE_CHECKING:
    from sutja.reading.batch import ReaderOptions, ReadJob, ReadOutcome
    from sutja.reading.journal import ReadAll, ReadingJournal
    from sutja.reading.tables.page import PageTables

MIN_PICTURES_FOR_BAR = 4  # fewer are read before a progress bar is of use


def _check_table_language(name: str | None) -> str | None:
    """Raises `UsageError` for a language that files of tables do not have."""
    from sutja.reading.tables.languages import table_language

    return None if name is None else table_language(name)


def read(
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, PDF and TIFF files with all their pages (or one: `scan.pdf#2`), folders of them, or `-` "
            "for standard input.",
            metavar="PICTURE…",
        ),
    ],
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV: one row for each number, with its value and box.")
    ] = False,
    as_table: Annotated[
        bool, typer.Option("--table", help="Print numbers in rows and columns, and below them what is to be checked.")
    ] = False,
    table_file: Annotated[
        Optional[Path],
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write the tables into this file: .xlsx, .csv, .tsv, .json or .md. In a workbook, what is unsure is "
            "coloured, and a last sheet shows it beside its picture.",
        ),
    ] = None,
    language: Annotated[
        Optional[str],
        typer.Option(
            "--language",
            metavar="en|ko",
            callback=_check_table_language,
            help="The language of headings, notes and sheet names in the file of --to. [default: en]",
        ),
    ] = None,
    annotated: Annotated[
        Optional[Path],
        typer.Option(
            "--annotate", metavar="DIR", help="Draw boxes and numbers, coloured by confidence, into this folder."
        ),
    ] = None,
    explained: Annotated[
        Optional[Path],
        typer.Option(
            "--explain",
            metavar="DIR",
            help="Draw every step from the picture to its numbers, one sheet for each picture, into this folder.",
        ),
    ] = None,
    min_confidence: Annotated[
        Optional[float],
        typer.Option(
            "--min-confidence",
            min=0,
            max=1,
            help="Print signs below this confidence as `?`. [default: the value on the model's card]",
        ),
    ] = None,
    decimal: Annotated[
        Optional[str],
        typer.Option(
            "--decimal",
            metavar="point|comma",
            help="The decimal sign, which tells whether `1,500` is 1500 or 1.5. [default: that of most numbers of the "
            "picture that tell it themselves]",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where reading the same pictures was stopped, or killed, the last time."),
    ] = False,
    printed: Annotated[bool, typer.Option("--printed", help="Read printed numbers, too.")] = False,
    single: Annotated[bool, typer.Option("--single", help="Each picture shows one digit, of any size.")] = False,
    cluster: Cluster = None,
    model: Model = "line-reader",
) -> None:
    """Read the handwritten numbers in pictures, line by line.

    A space stands between two numbers. Signs below the minimum confidence are printed as `?`. The exit code is 5 if no
    digit reaches it. What is read of many pictures is kept until all are: see `--resume`.
    """
    from sutja.models.open import open_model
    from sutja.reading.batch import ReaderOptions
    from sutja.reading.numbers import parse_decimal_sign
    from sutja.reading.reader import reader_models

    form = _output_form({"json": as_json, "csv": as_csv, "table": as_table})
    if single and explained:
        raise UsageError("--explain shows how pages are read, and --single reads no page: choose one")
    if language and not table_file:
        raise UsageError("--language needs --to FILE")
    decimal_sign = None if decimal is None else parse_decimal_sign(decimal)
    line_reader, classifier = reader_models(model)
    open_model(classifier).require_digits()
    tables = bool(table_file) or as_table
    options = ReaderOptions(line_reader, min_confidence, classifier, printed, single, decimal_sign, tables)
    table_writer = _TableWriter(table_file, language or "en") if table_file else None
    jobs, failures, folders = find_jobs(pictures)
    jobs = with_drawings(jobs, folders, annotated, explained)
    formatter = formatter_for(form, named=max(len(pictures), len(jobs)) > 1 or bool(folders))
    for failure in failures:
        print_failure(str(failure))
    with keep_readings(jobs, options, resume=resume) as journal:
        with closing(_outcomes(jobs, options, journal, cluster=cluster, at_end=as_json)) as outcomes:
            kept = table_writer.keep_tables(outcomes) if table_writer else outcomes
            found, unsure, unread = _write_all(kept, formatter, several=len(jobs) > 1)
        formatter.finish()
        if table_writer:
            table_writer.finish()
        if journal:
            journal.is_done = not unread
    if failures := failures + unread:
        raise typer.Exit(failures[0].exit_code)
    if not found:
        raise NothingReadError(
            _nothing_read(jobs, unsure=unsure, hint="" if single else "; --explain DIR shows every step")
        )


def _output_form(chosen: dict[str, bool]) -> str:
    """The form of output that is chosen, or "text"; raises `UsageError` if several are."""
    forms = [form for form, is_chosen in chosen.items() if is_chosen]
    if len(forms) > 1:
        raise UsageError(f"{' and '.join(f'--{form}' for form in forms)} contradict each other: choose one")
    return forms[0] if forms else "text"


class _TableWriter:
    """Keeps the tables of pictures while these are read, and writes the file of all."""

    def __init__(self, path: Path, language: str) -> None:
        from sutja.reading.tables.files import prepare_table_file
        from sutja.reading.tables.languages import table_language

        prepare_table_file(path)
        self._path, self._language = path, table_language(language)
        self._pages: list[PageTables] = []

    def keep_tables(self, outcomes: Iterable[ReadOutcome]) -> Iterator[ReadOutcome]:
        """Keep the tables of outcomes on their way."""
        for outcome in outcomes:
            if outcome.tables:
                self._pages.append(outcome.tables)
            yield outcome

    def finish(self) -> None:
        """Write the file, unless no number is found, and say how much of it is to be checked."""
        cells = sum(page.cell_count for page in self._pages)
        if not cells:
            return
        from sutja.cli.console import remark
        from sutja.reading.tables.files import write_table_file

        write_table_file(self._path, self._pages, self._language)
        checks = sum(page.check_count for page in self._pages)
        remark(f"→ {printable(str(self._path))}: {cells} {'cell' if cells == 1 else 'cells'}, {checks} to check")


def _write_all(
    outcomes: Iterable[ReadOutcome], formatter: ReadingFormatter, *, several: bool
) -> tuple[bool, bool, list[SutjaError]]:
    """Write the readings and print the failures.

    Returns whether any digit is sure, whether any line is found, and the failures.
    """
    found = unsure = False
    failures: list[SutjaError] = []
    for outcome in outcomes:
        if outcome.reading:
            formatter.write(outcome.job.name, outcome.reading)
            found |= outcome.reading.readable
            unsure |= bool(outcome.reading.lines)
            if not outcome.reading.lines and several:
                from sutja.cli.console import remark

                remark(f"{printable(outcome.job.title)}: no digits found")
        if outcome.error:
            failures.append(outcome.error)
            print_failure(str(outcome.error))
    return found, unsure, failures


def _nothing_read(jobs: Sequence[ReadJob], *, unsure: bool, hint: str) -> str:
    where = jobs[0].title if len(jobs) == 1 else f"{len(jobs)} pictures"
    if unsure:
        return f"{where}: no digit reaches the minimum confidence; --min-confidence 0 shows the guesses"
    return f"{where}: no digits found{hint}"


def _outcomes(
    jobs: Sequence[ReadJob],
    options: ReaderOptions,
    journal: ReadingJournal | None,
    *,
    cluster: str | None,
    at_end: bool,
) -> Generator[ReadOutcome, None, None]:
    """Read the pictures; show a progress bar on a terminal unless it would mix with results.

    `at_end` says that results are printed only after the last picture.
    """
    with closing(_read(jobs, options, journal, cluster)) as outcomes:
        if len(jobs) < MIN_PICTURES_FOR_BAR:
            yield from outcomes
            return
        from sutja.cli.console import remarks, with_progress

        if remarks.is_terminal and (at_end or not sys.stdout.isatty()):
            yield from with_progress(outcomes, lambda outcome: printable(outcome.job.title), total=len(jobs))
        else:
            yield from outcomes


def _read(
    jobs: Sequence[ReadJob], options: ReaderOptions, journal: ReadingJournal | None, cluster: str | None
) -> Generator[ReadOutcome, None, None]:
    """Read the pictures here or on a cluster, those that are not in the journal."""
    with ExitStack() as stack:
        stack.enter_context(connected_to(cluster))
        read: ReadAll
        if cluster is None:
            from sutja.reading.batch import read_pictures

            read = read_pictures
        else:
            from sutja.reading.remote import read_on_cluster

            read = read_on_cluster
        if journal is None:
            outcomes = read(jobs, options)
        else:
            from sutja.reading.journal import read_with_journal

            outcomes = read_with_journal(jobs, options, journal, read=read)
        yield from stack.enter_context(closing(outcomes))
