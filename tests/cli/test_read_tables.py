"""`sutja read --to` and `--table`: from a picture to rows and columns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from tests.cli.commands import sutja
from tests.reading.written import write


@pytest.fixture(scope="module")
def column(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of three numbers below each other."""
    path = tmp_path_factory.mktemp("column") / "marks.png"
    path.write_bytes(cv2.imencode(".png", write(mnist, "40417", "92605", "31284").gray)[1].tobytes())
    return path


def test_tables_are_printed_and_written(column: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "marks.json"
    outcome = sutja("read", str(column), "--table", "--to", str(target))
    assert outcome.code == 0
    assert outcome.out.splitlines()[:3] == ["40417", "92605", "31284"]
    assert re.search(r"→ .*marks\.json: 3 cells, \d to check", outcome.err.replace("\n", ""))
    (page,) = json.loads(target.read_text())
    assert page["file"] == str(column)
    assert [table["rows"] for table in page["tables"]] == [[["40417"], ["92605"], ["31284"]]]


def test_a_table_file_is_written_in_korean(column: Path, tmp_path: Path) -> None:
    target = tmp_path / "marks.md"
    words = ["--min-confidence", "1", "--to", str(target), "--language", "ko"]
    assert sutja("read", str(column), *words).code == 5  # nothing is as sure as that
    assert "A1: 40417로 읽음" in target.read_text(encoding="utf-8")


def test_a_picture_without_numbers_writes_no_file(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    blank.write_bytes(cv2.imencode(".png", np.full((80, 200), 240, np.uint8))[1].tobytes())
    outcome = sutja("read", str(blank), "--to", str(tmp_path / "marks.csv"))
    assert outcome.code == 5
    assert list(tmp_path.iterdir()) == [blank]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--to", "marks.ods"], 2, "marks.ods: tables are written as .xlsx, .csv, .tsv, .json, .md"),
        (["--to", "marks.csv", "--language", "de"], 2, "unknown language 'de'"),
        (["--language", "ko"], 2, "--language needs --to FILE"),
        (["--table", "--json"], 2, "--json and --table contradict each other"),
        (["--to", "file/marks.csv"], 1, "file"),
    ],
)
def test_a_file_that_cannot_be_is_one_line_and_a_code(
    words: list[str], code: int, why: str, column: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    outcome = sutja("read", str(column), *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert why in outcome.err
    assert re.fullmatch(r"sutja: [^\n]+\n", outcome.err)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
