"""The verb that reads pictures: `sutja read`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional, Protocol, TextIO

import typer

from sutja.cli.common import Json, Model, tell_failure
from sutja.errors import DataError, NothingReadError, SutjaError, UsageError, printable

if TYPE_CHECKING:
    from sutja.reading.batch import Job, Outcome, Settings
    from sutja.reading.result import Reading

STDIN = "-"
ANNOTATED, EXPLAINED = ".read.jpg", ".steps.png"  # what follows the picture's name
LONGEST = 50  # characters of a picture's name in that of a drawing: file systems have limits
MANY = 4  # pictures for which a bar is worth its line
COLUMNS = ("file", "line", "position", "digit", "guess", "confidence", "left", "top", "width", "height")


def read(
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders of pictures, or `-` for a picture from standard input.", metavar="PICTURE…"
        ),
    ],
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: one row a digit, with its box.")] = False,
    annotated: Annotated[
        Optional[Path],
        typer.Option(
            "--annotate", metavar="DIR", help="Draw boxes and digits, coloured by confidence, into this folder."
        ),
    ] = None,
    explained: Annotated[
        Optional[Path],
        typer.Option(
            "--explain", metavar="DIR", help="Draw every step from the picture to its digits, one sheet each."
        ),
    ] = None,
    min_confidence: Annotated[
        Optional[float],
        typer.Option(
            "--min-confidence",
            min=0,
            max=1,
            help="A digit that is less probable is told as `?`. [default: what the model's card advises]",
        ),
    ] = None,
    model: Model = "line-reader",
) -> None:
    """Read the handwritten numbers in pictures, line by line.

    A digit that the reader is not sure of is `?`. Exit code 5: there is none that it is sure of.
    """
    from sutja.reading.batch import Settings
    from sutja.reading.reader import networks_with

    if as_json and as_csv:
        raise UsageError("--json and --csv contradict each other: one of them")
    line_reader, classifier = networks_with(model)
    jobs, failures, folders = _jobs(pictures)
    jobs = _with_drawings(jobs, folders, annotated, explained)
    teller = _teller(as_json, as_csv, named=len(pictures) > 1 or bool(folders))
    for failure in failures:
        tell_failure(str(failure))
    with closing(_outcomes(jobs, Settings(line_reader, min_confidence, classifier), quiet=as_json)) as outcomes:
        found, unsure, unread = _tell_all(outcomes, teller, many=len(jobs) > 1)
    teller.finish()
    if failures := failures + unread:
        raise typer.Exit(failures[0].exit_code)
    if not found:
        raise NothingReadError(_nothing_read(jobs, unsure=unsure))


def _tell_all(outcomes: Iterable[Outcome], teller: Teller, *, many: bool) -> tuple[bool, bool, list[SutjaError]]:
    """Tell what came of each picture: whether there are digits that are sure, or any, and what could not be read."""
    found = unsure = False
    failures: list[SutjaError] = []
    for outcome in outcomes:
        if outcome.reading:
            teller.tell(outcome.job.name, outcome.reading)
            found |= outcome.reading.readable
            unsure |= bool(outcome.reading.lines)
            if not outcome.reading.lines and many:
                from sutja.cli.console import remark

                remark(f"{printable(outcome.job.title)}: no digits found")
        if outcome.error:
            failures.append(outcome.error)
            tell_failure(str(outcome.error))
    return found, unsure, failures


def _nothing_read(jobs: Sequence[Job], *, unsure: bool) -> str:
    where = jobs[0].title if len(jobs) == 1 else f"{len(jobs)} pictures"
    if unsure:
        return f"{where}: no digit is sure enough to be told; --min-confidence 0 shows the guesses"
    return f"{where}: no digits found; --explain DIR shows what was seen"


def _jobs(words: Sequence[str]) -> tuple[list[Job], list[SutjaError], list[Path]]:
    """What the words on the command line mean: pictures to be read, what is wrong with folders, and the folders."""
    from sutja.reading.batch import Job
    from sutja.reading.picture import read_content

    if words.count(STDIN) > 1:
        raise UsageError("standard input can be read only once: one `-`")
    jobs: list[Job] = []
    failures: list[SutjaError] = []
    folders: list[Path] = []
    for word in words:
        path = Path(word)
        try:
            if word == STDIN:
                jobs.append(Job(STDIN, content=read_content(sys.stdin.buffer, "standard input")))
            elif path.is_dir():
                folders.append(path)
                jobs += [Job(str(picture), path=picture) for picture in _pictures_in(path)]
            else:
                jobs.append(Job(word, path=path))
        except SutjaError as error:
            failures.append(error)
    return jobs, failures, folders


def _pictures_in(folder: Path) -> list[Path]:
    """The picture files in a folder, sorted by name; raises `DataError` when there are none."""
    from sutja.reading.picture import SUFFIXES

    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror or error}") from error
    if not found:
        raise DataError(f"{folder}: no pictures in this folder: {', '.join(SUFFIXES)}")
    return found


def _with_drawings(
    jobs: Sequence[Job], folders: Sequence[Path], annotated: Path | None, explained: Path | None
) -> list[Job]:
    """The jobs with the files of their drawings in these folders, which are made.

    Raises `UsageError` when a drawing would be in the way of the pictures.
    """
    from dataclasses import replace

    targets = [target for target in (annotated, explained) if target]
    for target in targets:
        if target.resolve() in {folder.resolve() for folder in folders}:
            raise UsageError(f"{target}: its pictures are read, so drawings need another folder")
    placed = [
        replace(
            job,
            annotated=annotated and annotated / f"{name}{ANNOTATED}",
            explained=explained and explained / f"{name}{EXPLAINED}",
        )
        for job, name in zip(jobs, _drawing_names(jobs), strict=True)
    ]
    inputs = {job.path.resolve() for job in jobs if job.path}
    for drawing in (drawing for job in placed for drawing in (job.annotated, job.explained) if drawing):
        if drawing.resolve() in inputs:
            raise UsageError(f"{drawing}: this picture is to be read: it is not replaced by a drawing")
    for target in targets:
        target.mkdir(parents=True, exist_ok=True)
    return placed


def _drawing_names(jobs: Sequence[Job]) -> list[str]:
    """A name for each picture's drawings: its own, and where several have that, with form, folder or a number."""
    taken: set[str] = set()
    names = []
    for job in jobs:
        name = next(name for name in _possible_names(job) if name.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _possible_names(job: Job) -> Iterator[str]:
    if job.path is None:
        stem = "stdin"
    else:
        stem = job.path.stem[:LONGEST]
        yield stem
        yield f"{stem}-{job.path.suffix[1:]}"
        yield f"{job.path.absolute().parent.name[:LONGEST]}-{stem}"
    number = 1
    while True:
        number += 1
        yield f"{stem}-{number}"


def _outcomes(jobs: Sequence[Job], settings: Settings, *, quiet: bool) -> Generator[Outcome, None, None]:
    """Read the pictures, with a bar where somebody watches and results do not go by on the same terminal.

    `quiet` tells that results come at the end.
    """
    from sutja.reading.batch import read_all

    with closing(read_all(jobs, settings)) as outcomes:
        if len(jobs) < MANY:
            yield from outcomes
            return
        from sutja.cli.console import remarks, watch

        if remarks.is_terminal and (quiet or not sys.stdout.isatty()):
            yield from watch(outcomes, lambda outcome: printable(outcome.job.title), total=len(jobs))
        else:
            yield from outcomes


class Teller(Protocol):
    """Tells readings on standard output."""

    def tell(self, name: str, reading: Reading) -> None:
        """Tell what stands in the picture of that name."""

    def finish(self) -> None:
        """Tell what is to be told after the last picture."""


def _teller(as_json: bool, as_csv: bool, *, named: bool) -> Teller:
    """Who tells readings in the form that is wanted; `named` is for text: each line with the name of its picture."""
    stream = sys.stdout  # itself: while there is a bar on standard error, `sys.stdout` leads there
    if as_json:
        return JsonTeller(stream)
    return CsvTeller(stream) if as_csv else TextTeller(stream, named=named)


class TextTeller:
    """A line for each line of digits."""

    def __init__(self, stream: TextIO, *, named: bool) -> None:
        self._stream, self._named = stream, named

    def tell(self, name: str, reading: Reading) -> None:
        """Print the lines of a picture, at once."""
        before = f"{printable(name)}: " if self._named else ""
        for line in reading.lines:
            print(f"{before}{line.text}", file=self._stream, flush=True)

    def finish(self) -> None:
        """Nothing is left to tell."""


class JsonTeller:
    """One list of objects, at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told: list[dict[str, Any]] = []

    def tell(self, name: str, reading: Reading) -> None:
        """Keep what is to be told."""
        self._told.append(reading.as_json(name))

    def finish(self) -> None:
        """Print the list."""
        print(json.dumps(self._told, indent=2, ensure_ascii=False), file=self._stream, flush=True)


class CsvTeller:
    """A row for each digit, under the names of the columns."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._headed = False

    def tell(self, name: str, reading: Reading) -> None:
        """Print the rows of a picture, at once."""
        self.finish()
        for number, line in enumerate(reading.lines, start=1):
            for position, each in enumerate(line.digits, start=1):
                digit = "" if each.digit is None else each.digit
                confidence = f"{each.confidence:.4f}"
                self._writer.writerow((name, number, position, digit, each.guess, confidence, *each.box))
        self._stream.flush()

    def finish(self) -> None:
        """Print the names of the columns, once, also where nothing was read."""
        if not self._headed:
            self._writer.writerow(COLUMNS)
            self._headed = True
