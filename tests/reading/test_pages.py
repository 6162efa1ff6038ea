"""Pages of files one after the other, and a job for each."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sutja.errors import DataError
from sutja.reading.batch import ReadJob
from sutja.reading.pages import load_pages, split_into_pages
from sutja.reading.picture import load_picture

GREYS = (10, 120, 230)


def tiff() -> bytes:
    pages = [Image.fromarray(np.full((6, 8), grey, np.uint8)) for grey in GREYS]
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    return content.getvalue()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    path.write_bytes(tiff())
    return path


def test_pages_follow_each_other(scan: Path) -> None:
    assert [int(page[0, 0, 0]) for page in load_pages(scan)] == [*GREYS]


def test_a_page_has_a_name(scan: Path) -> None:
    assert (load_picture(scan.with_name("scan.tif#2")) == GREYS[1]).all()
    with pytest.raises(DataError, match=r"scan\.tif: has 3 pages"):
        load_picture(scan)
    with pytest.raises(DataError, match=r"scan\.tif#4: there is no such page: the file has 3"):
        load_picture(scan.with_name("scan.tif#4"))


def test_each_page_is_a_job_and_named(scan: Path) -> None:
    jobs = split_into_pages(ReadJob("scan.tif", path=scan))
    assert [(job.name, job.page, job.path) for job in jobs] == [(f"scan.tif#{page}", page, scan) for page in (1, 2, 3)]
    by_content = split_into_pages(ReadJob("-", content=tiff()))
    assert [(job.name, job.title) for job in by_content][1] == ("-#2", "standard input#2")


def test_a_job_of_one_page_or_of_what_cannot_be_read_stays_as_it_is(scan: Path) -> None:
    for name, content in (("a.png", b"\x89PNG"), ("a.pdf", b"%PDF-1.4"), ("gone.pdf", b"")):
        path = scan.with_name(name)
        if content:
            path.write_bytes(content)
        job = ReadJob(name, path=path)
        assert split_into_pages(job) == [job]
    one = ReadJob("scan.tif#3", path=scan, page=3)
    assert split_into_pages(one) == [one]
