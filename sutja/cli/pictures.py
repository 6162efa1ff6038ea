"""The pictures that `sutja read` is given, as jobs, and the files of their drawings."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sutja.errors import DataError, SutjaError, UsageError
from sutja.files import resolved

if TYPE_CHECKING:
    from sutja.reading.batch import ReadJob

STDIN_ARGUMENT = "-"
ANNOTATED_SUFFIX, EXPLAINED_SUFFIX = ".read.jpg", ".steps.png"
MAX_STEM_CHARACTERS = 50  # of a picture's name in the name of its drawing: file systems limit the length of names


def find_jobs(arguments: Sequence[str]) -> tuple[list[ReadJob], list[SutjaError], list[Path]]:
    """The jobs for the pages of pictures, folders and standard input, the failures among these, and the folders."""
    from sutja.data.pictures.pages import split_page_name
    from sutja.reading.batch import ReadJob
    from sutja.reading.pages import split_into_pages
    from sutja.reading.picture import read_content

    if arguments.count(STDIN_ARGUMENT) > 1:
        raise UsageError("standard input can be read only once: give one `-`")
    jobs: list[ReadJob] = []
    failures: list[SutjaError] = []
    folders: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        try:
            if argument == STDIN_ARGUMENT:
                jobs.append(ReadJob(STDIN_ARGUMENT, content=read_content(sys.stdin.buffer, "standard input")))
            elif path.is_dir():
                folders.append(path)
                jobs += [ReadJob(str(picture), path=picture) for picture in _pictures_in(path)]
            else:
                file, page = split_page_name(path)
                jobs.append(ReadJob(argument, path=file, page=page))
        except SutjaError as error:
            failures.append(error)
    return [page for job in jobs for page in split_into_pages(job)], failures, folders


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


def with_drawings(
    jobs: Sequence[ReadJob], folders: Sequence[Path], annotated: Path | None, explained: Path | None
) -> list[ReadJob]:
    """The jobs with the paths of their drawings in these folders, which it creates.

    Raises `UsageError` when a drawing would replace a picture or lie in a folder that is read.
    """
    from dataclasses import replace

    targets = [target for target in (annotated, explained) if target]
    for target in targets:
        if resolved(target) in {resolved(folder) for folder in folders}:
            raise UsageError(f"{target}: its pictures are read, so drawings need another folder")
    placed = [
        replace(
            job,
            annotated=annotated and annotated / f"{name}{ANNOTATED_SUFFIX}",
            explained=explained and explained / f"{name}{EXPLAINED_SUFFIX}",
        )
        for job, name in zip(jobs, _drawing_names(jobs), strict=True)
    ]
    inputs = {resolved(job.path) for job in jobs if job.path}
    for drawing in (drawing for job in placed for drawing in (job.annotated, job.explained) if drawing):
        if resolved(drawing) in inputs:
            raise UsageError(f"{drawing}: this picture is read, so it is not replaced by a drawing")
    for target in targets:
        target.mkdir(parents=True, exist_ok=True)
    return placed


def _drawing_names(jobs: Sequence[ReadJob]) -> list[str]:
    """A unique stem for each picture's drawings: that of the picture, else with its suffix, folder or a number."""
    taken: set[str] = set()
    names = []
    for job in jobs:
        name = next(name for name in _possible_names(job) if name.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _possible_names(job: ReadJob) -> Iterator[str]:
    page = "" if job.page is None else f"-{job.page}"
    if job.path is None:
        stem = f"stdin{page}"
    else:
        stem = f"{job.path.stem[:MAX_STEM_CHARACTERS]}{page}"
        yield stem
        yield f"{stem}-{job.path.suffix[1:]}"
        yield f"{job.path.absolute().parent.name[:MAX_STEM_CHARACTERS]}-{stem}"
    number = 1
    while True:
        number += 1
        yield f"{stem}-{number}"
