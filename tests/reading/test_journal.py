"""The journal: pages that are kept are not read again, those that changed or are damaged are."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import StorageError
from sutja.reading.batch import ReaderOptions, ReadJob, ReadOutcome, read_pictures
from sutja.reading.journal import MAX_ABANDONED_SECONDS, journal_folder, open_journal, read_with_journal
from tests.reading.written import write

NUMBERS = ("404", "926", "312", "75")
OPTIONS = ReaderOptions("line-reader")
Read = list[str]  # the names of the pictures that were read, not taken from the journal


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """The names of pictures that are read from now on."""
    names: Read = []

    def noted(jobs: list[ReadJob], *others: object, **named: object) -> Iterator[ReadOutcome]:
        names.extend(job.name for job in jobs)
        return read_pictures(jobs, *others, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("sutja.reading.journal.read_pictures", noted)
    return names


@pytest.fixture
def jobs(mnist: Dataset, tmp_path: Path) -> list[ReadJob]:
    """A job for each of some pictures of a number."""
    found = []
    for at, number in enumerate(NUMBERS):
        path = tmp_path / f"{at}.png"
        path.write_bytes(cv2.imencode(".png", write(mnist, number).gray)[1].tobytes())
        found.append(ReadJob(path.name, path=path))
    return found


def read_some(jobs: list[ReadJob], count: int, options: ReaderOptions = OPTIONS) -> None:
    """Read pictures until so many are read, as if the process ended then."""
    with open_journal(jobs, options, resume=False) as journal:
        outcomes = read_with_journal(jobs, options, journal, processes=1)
        for _ in range(count):
            next(outcomes)
        outcomes.close()


def go_on(jobs: list[ReadJob], options: ReaderOptions = OPTIONS) -> tuple[list[str], list[str]]:
    """Read what is left; the texts of all, and what the journal remarks."""
    with open_journal(jobs, options, resume=True) as journal:
        outcomes = list(read_with_journal(jobs, options, journal, processes=1))
        journal.is_done = all(outcome.error is None for outcome in outcomes)
        return [outcome.reading.text if outcome.reading else "" for outcome in outcomes], journal.remarks


def journal_file() -> Path:
    (path,) = journal_folder().glob("*.jsonl")
    return path


@pytest.mark.parametrize("count", range(len(NUMBERS) + 1))
def test_what_is_read_is_not_read_again(jobs: list[ReadJob], read: Read, count: int) -> None:
    read_some(jobs, count)
    read.clear()
    assert go_on(jobs) == ([*NUMBERS], [])
    assert read == [job.name for job in jobs[count:]]
    assert list(journal_folder().iterdir()) == []


def test_without_resuming_all_is_read(jobs: list[ReadJob], read: Read) -> None:
    read_some(jobs, 3)
    read_some(jobs, 2)
    read.clear()
    go_on(jobs)
    assert read == [job.name for job in jobs[2:]]


def test_a_file_that_changed_is_read_again(jobs: list[ReadJob], read: Read) -> None:
    read_some(jobs, 4)
    paths = [job.path for job in jobs if job.path]
    paths[1].write_bytes(paths[2].read_bytes())
    os.utime(paths[3], ns=(0, paths[3].stat().st_mtime_ns + 1))
    read.clear()
    texts, _ = go_on(jobs)
    assert texts == [NUMBERS[0], NUMBERS[2], NUMBERS[2], NUMBERS[3]]
    assert read == ["1.png", "3.png"]


def test_a_file_that_was_added_or_removed_changes_nothing_for_the_others(jobs: list[ReadJob], read: Read) -> None:
    read_some(jobs[1:], 3)
    read.clear()
    assert go_on(jobs[:3])[0] == [*NUMBERS[:3]]
    assert read == ["0.png"]


@pytest.mark.parametrize("line", range(1, 4))
def test_the_page_of_a_damaged_line_is_read_again(jobs: list[ReadJob], read: Read, line: int) -> None:
    read_some(jobs, 4)
    lines = journal_file().read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"0", b"1", 1)
    journal_file().write_bytes(b"".join(lines))
    read.clear()
    assert go_on(jobs) == ([*NUMBERS], ["damaged lines in the journal: 1; their pages are read again"])
    assert read == [jobs[line - 1].name]


@pytest.mark.parametrize("cut", [1, 2, 100])
def test_a_line_that_was_not_written_to_its_end_is_read_again(jobs: list[ReadJob], read: Read, cut: int) -> None:
    read_some(jobs, 2)
    journal_file().write_bytes(journal_file().read_bytes()[:-cut])
    read.clear()
    assert go_on(jobs) == ([*NUMBERS], [])
    assert read == [job.name for job in jobs[1:]]


def test_lines_added_behind_a_torn_one_count(jobs: list[ReadJob], read: Read) -> None:
    read_some(jobs, 2)
    journal_file().write_bytes(journal_file().read_bytes()[:-1])
    with open_journal(jobs, OPTIONS, resume=True) as journal:
        outcomes = read_with_journal(jobs, OPTIONS, journal, processes=1)
        assert [next(outcomes).job.name for _ in range(3)] == [job.name for job in jobs[:3]]
        outcomes.close()
    read.clear()
    go_on(jobs)
    assert read == ["3.png"]


@pytest.mark.parametrize("content", [b"", b"nothing\n", b"{}\n"])
def test_a_damaged_head_means_that_all_is_read_again(jobs: list[ReadJob], read: Read, content: bytes) -> None:
    read_some(jobs, 2)
    journal_file().write_bytes(content)
    read.clear()
    assert go_on(jobs) == ([*NUMBERS], ["a damaged journal: all pages are read again"] if content else [])
    assert read == [job.name for job in jobs]


def test_other_options_read_all_again(jobs: list[ReadJob], read: Read) -> None:
    read_some(jobs, 2)
    read.clear()
    _, remarks = go_on(jobs, ReaderOptions("line-reader", min_confidence=0.25))
    assert read == [job.name for job in jobs]
    assert remarks == ["other options, models or another version than before: all pages are read again"]


def test_tables_are_made_of_pages_that_were_read_without(jobs: list[ReadJob], read: Read) -> None:
    read_some(jobs, 4)
    read.clear()
    tabled = ReaderOptions("line-reader", tables=True)
    with open_journal(jobs, tabled, resume=True) as journal:
        assert all(outcome.tables for outcome in read_with_journal(jobs, tabled, journal, processes=1))
        assert read == [job.name for job in jobs]
        read.clear()
        assert all(outcome.tables for outcome in read_with_journal(jobs, tabled, journal, processes=1))
        assert read == []


def test_a_page_that_cannot_be_read_is_tried_again(jobs: list[ReadJob], read: Read, tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    assert go_on(jobs)[0] == ["404", "", "312", "75"]
    read.clear()
    assert go_on(jobs)[0] == ["404", "", "312", "75"]
    assert read == ["1.png"]


def test_a_page_whose_drawing_is_missing_is_read_again(jobs: list[ReadJob], read: Read, tmp_path: Path) -> None:
    drawn = [ReadJob(job.name, job.path, annotated=tmp_path / f"{job.name}.read.jpg") for job in jobs]
    read_some(drawn, 3)
    (tmp_path / "1.png.read.jpg").unlink()
    read.clear()
    go_on(drawn)
    assert read == ["1.png", "3.png"]


def test_two_do_not_keep_the_same_pictures_at_once(jobs: list[ReadJob]) -> None:
    why = "another process is using it"
    with (
        open_journal(jobs, OPTIONS, resume=False),
        pytest.raises(StorageError, match=why),
        open_journal(jobs, OPTIONS, resume=True),
    ):
        pytest.fail("opened")


def test_journals_that_nobody_went_on_with_are_removed(jobs: list[ReadJob], tmp_path: Path) -> None:
    read_some(jobs, 1)
    old = journal_file()
    long_ago = time.time() - MAX_ABANDONED_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    elsewhere = [ReadJob("0.png", path=tmp_path / "other" / "0.png")]
    with open_journal(elsewhere, OPTIONS, resume=False):
        assert not old.exists()


def test_a_full_disk_ends_keeping_but_not_reading(jobs: list[ReadJob], monkeypatch: pytest.MonkeyPatch) -> None:
    with open_journal(jobs, OPTIONS, resume=False) as journal:

        def full(content: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(journal, "_append", full)
        outcomes = list(read_with_journal(jobs, OPTIONS, journal, processes=1))
        assert [outcome.reading.text for outcome in outcomes if outcome.reading] == [*NUMBERS]
        assert len(journal.remarks) == 1
        assert journal.remarks[0].endswith("No space left on device: no more pages are kept for --resume")
