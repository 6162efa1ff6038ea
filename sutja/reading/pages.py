"""The pages of files: which there are, and each as a picture, one in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sutja.data.pictures.pages import HEAD_BYTES, PAGE_MARK, count_pages, file_form, page_content
from sutja.errors import SutjaError
from sutja.files import open_regular
from sutja.reading.batch import ReadJob
from sutja.reading.picture import Colour, decode_colour, load_content


def load_pages(path: Path | str) -> Iterator[Colour]:
    """Each page of a picture file as BGR `uint8 (H, W, 3)`, one after the other; a file of another form has one.

    Raises a `DataError` that names the file, or the page as in `scan.pdf#2`, and `MissingExtraError` for PDF and HEIC
    without the extra `scans`.
    """
    content = load_content(Path(path))
    count = count_pages(content, str(path))
    for page in range(1, count + 1):
        name = f"{path}{PAGE_MARK}{page}" if count > 1 else str(path)
        yield decode_colour(page_content(content, name, page), name)


def split_into_pages(job: ReadJob) -> list[ReadJob]:
    """A job for each page of a file, named as in `scan.pdf#2`; the job as it is if the file has one page.

    It is also kept as it is if its pages cannot be counted, so that reading it says why.
    """
    try:
        count = 1 if job.page else count_pages(_content_with_pages(job), job.title)
    except (SutjaError, OSError):
        count = 1
    if count == 1:
        return [job]
    return [replace(job, name=f"{job.name}{PAGE_MARK}{page}", page=page) for page in range(1, count + 1)]


def _content_with_pages(job: ReadJob) -> bytes:
    """The bytes of a file of several pages; of other files no more than the first."""
    if job.path is None:
        return job.content or b""
    with open_regular(job.path) as file:
        head = file.read(HEAD_BYTES)
    return load_content(job.path) if file_form(head) else head
