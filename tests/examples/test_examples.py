"""The examples run as their first lines say, and do what they promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from tests.reading.written import write
from tests.waiting import HANG_SECONDS

EXAMPLES = Path(__file__).parents[2] / "examples"
MIN_ACCURACY_PERCENT = 98.5


def run(example: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run an example in a process of its own, with one thread."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / example), *words],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(EXAMPLES.parent), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=HANG_SECONDS,
        check=False,
    )


def test_two_epochs_train_lenet5_well() -> None:
    finished = run("train_in_60_lines.py", "2")
    assert finished.returncode == 0, finished.stderr
    accuracies = [float(each) for each in re.findall(r"^epoch \d: ([\d.]+)% ", finished.stdout, re.MULTILINE)]
    assert len(accuracies) == 2
    assert accuracies[-1] >= MIN_ACCURACY_PERCENT


def test_the_training_is_not_longer_than_its_name_says() -> None:
    assert len((EXAMPLES / "train_in_60_lines.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_a_picture_is_read_line_by_line(mnist: Dataset, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), write(mnist, "2718", "314").gray)
    finished = run("read_a_photo.py", str(tmp_path / "photo.png"))
    assert finished.returncode == 0, finished.stderr
    lines = re.findall(r"^([\d?]+)    all of it with \d+%$", finished.stdout, re.MULTILINE)
    numbers = re.findall(
        r"^  ([\d?]+)  (\w+)  (\w+)  ([\d.]+)%  \d+×\d+ pixels at \(\d+, \d+\)$", finished.stdout, re.MULTILINE
    )
    assert [text for text, *_ in numbers] == lines
    assert [kind for _, kind, *_ in numbers] == ["integer", "integer"]
    assert [value for _, _, value, _ in numbers] == ["None" if "?" in line else line for line in lines]
    assert [len(line) for line in lines] == [4, 3]
    assert re.fullmatch("[2?][7?][1?][8?] [3?][1?][4?]", " ".join(lines))


@pytest.mark.parametrize("name", ["none.png", "text.png"])
def test_what_is_no_picture_ends_with_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    finished = run("read_a_photo.py", str(tmp_path / name))
    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    assert name in finished.stderr


def test_an_empty_page_says_so(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((200, 300), 255, np.uint8))
    assert run("read_a_photo.py", str(tmp_path / "empty.png")).stdout == "no digits found\n"
