"""`sutja read --resume`: killed anywhere, it goes on, and what it writes is what an unbroken run writes."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import cv2
import pytest

from sutja.cli.keeping import MIN_KEPT_PICTURES
from sutja.data.dataset import Dataset
from sutja.reading.journal import journal_folder
from tests.cli.commands import ENVIRONMENT, Outcome, sutja
from tests.reading.written import write
from tests.waiting import HANG_SECONDS

PICTURES = MIN_KEPT_PICTURES + 4
OUTPUTS = ("marks.xlsx", "marks.csv", "marks.json", "marks.md")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def scans(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures with three numbers each, some of them faint."""
    folder = tmp_path_factory.mktemp("scans")
    for at in range(PICTURES):
        numbers = (f"{at:02}417", f"92{at:02}5", f"3{at:02}84")
        gray = write(mnist, *numbers, size=28, ink=150 if at % 3 == 0 else 40).gray
        (folder / f"{at:02}.png").write_bytes(cv2.imencode(".png", gray)[1].tobytes())
    return folder


def killed(scans: Path, target: Path, after: int) -> None:
    """Read in a process of its own, which is killed as soon as it has printed the numbers of so many pictures."""
    command = [sys.executable, "-m", "sutja", "read", str(scans), "--to", str(target), "--min-confidence", "0.9"]
    environment = ENVIRONMENT | {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout
        names: set[str] = set()
        while len(names) < after:
            line = run.stdout.readline()
            assert line, "it ended before it was killed"
            names.add(line.partition(":")[0])
        run.kill()
        assert run.wait(timeout=HANG_SECONDS) == -signal.SIGKILL


def finish(scans: Path, target: Path, *words: str) -> Outcome:
    return sutja("read", scans, "--to", target, "--min-confidence", "0.9", *words)


def journals() -> list[Path]:
    return list(journal_folder().iterdir()) if journal_folder().exists() else []


def without_dates(workbook: bytes) -> bytes:
    """A workbook without the time at which it was made."""
    with ZipFile(io.BytesIO(workbook)) as archive:
        parts = [(name, archive.read(name)) for name in sorted(archive.namelist())]
    return b"".join(name.encode() + re.sub(rb"\d\d:\d\d:\d\dZ", b"", content) for name, content in parts)


@pytest.mark.parametrize(("after", "output"), list(zip((1, 5, 12, PICTURES - 1), OUTPUTS, strict=True)))
def test_what_was_killed_goes_on(scans: Path, tmp_path: Path, after: int, output: str) -> None:
    unbroken = finish(scans, tmp_path / "unbroken" / output)
    killed(scans, tmp_path / output, after)
    assert not (tmp_path / output).exists()
    resumed = finish(scans, tmp_path / output, "--resume")
    assert (resumed.code, resumed.out) == (0, unbroken.out)
    told = re.match(r"(\d+) of 20 pictures were read before\n", resumed.err)
    assert told
    assert int(told[1]) >= after
    contents = [(folder / output).read_bytes() for folder in (tmp_path, tmp_path / "unbroken")]
    if output.endswith(".xlsx"):
        contents = list(map(without_dates, contents))
    assert contents[0] == contents[1]
    assert journals() == []


def test_a_folder_with_a_damaged_picture_goes_on_when_it_is_mended(scans: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    shutil.copytree(scans, folder)
    (folder / "03.png").write_bytes(b"")
    outcome = finish(folder, tmp_path / "marks.csv")
    assert outcome.code == 3
    assert "19 of 20 pictures are kept: the same command with --resume goes on" in outcome.err
    shutil.copy(scans / "03.png", folder)
    resumed = finish(folder, tmp_path / "marks.csv", "--resume")
    assert resumed.code == 0
    assert resumed.err.startswith("19 of 20 pictures were read before\n")
    assert resumed.out == finish(folder, tmp_path / "again.csv").out


def test_where_nothing_can_be_kept_pictures_are_read_all_the_same(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    outcome = finish(scans, tmp_path / "marks.csv")
    assert outcome.code == 0
    assert outcome.err.startswith("what is read is not kept for --resume: ")
    refused = finish(scans, tmp_path / "marks.csv", "--resume")
    assert (refused.code, refused.out) == (1, "")
    assert re.fullmatch(r"sutja: [^\n]+\n", refused.err)


def test_few_pictures_are_kept_only_if_they_are_to_be_resumed(scans: Path, tmp_path: Path) -> None:
    assert sutja("read", scans / "00.png").code == 0
    assert not journal_folder().exists()
    outcome = sutja("read", scans / "00.png", "--resume")
    assert (outcome.code, outcome.err) == (0, "0 of 1 pictures were read before\n")
    assert journals() == []


def test_an_empty_folder_has_nothing_to_resume(tmp_path: Path) -> None:
    outcome = sutja("read", str(tmp_path), "--resume")
    assert outcome.code == 3
    assert outcome.err.count("\n") == 1
    assert "no pictures in this folder" in outcome.err
