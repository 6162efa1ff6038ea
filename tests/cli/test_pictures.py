"""The verbs that make pictures of numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from sutja.cli.app import app


def sutja(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


def test_photographs_are_written_with_their_labels(data: Path, tmp_path: Path) -> None:
    words: list[str | Path] = [
        "data",
        "photographs",
        "--to",
        tmp_path / "photos",
        "-n",
        "2",
        "--size",
        "400x300",
        "--data",
        data,
    ]
    assert sutja(*words) == (0, f"Written: {tmp_path / 'photos'}\n", "")
    with (tmp_path / "photos" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [
        f"{name}-000{n}.jpg" for name in ("easy", "medium", "hard") for n in (1, 2)
    ]
    for row in rows:
        picture = cv2.imread(str(tmp_path / "photos" / row["file"]))
        assert picture is not None
        assert picture.shape == (300, 400, 3)
        assert row["text"].replace("\n", "").isdigit()
    code, _, error = sutja(*words)
    assert (code, error) == (2, f"sutja: {tmp_path / 'photos'}: exists already; --force replaces it\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--size", "400"], "400: a size is width and height in pixels, like 1600x1200"),
        (["--size", "10x10"], "10x10: at least 200 pixels a side and at most 50 megapixels"),
        (["--size", "9999x9999"], "at most 50 megapixels"),
        (["--difficulty", "hart"], "did you mean 'hard'?"),
        (["--form", "gif"], "unknown form 'gif'"),
    ],
)
def test_what_cannot_be_photographed_is_refused(words: list[str], why: str, tmp_path: Path) -> None:
    code, out, error = sutja("data", "photographs", "--to", tmp_path / "photos", *words)
    assert (code, out) == (2, "")
    assert why in error
    assert error.count("\n") == 1
    assert not (tmp_path / "photos").exists()


def test_a_sheet_of_lines_is_drawn(data: Path, tmp_path: Path) -> None:
    sheets = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for sheet, seed in zip(sheets, ("1", "1", "2"), strict=True):
        words: list[str | Path] = ["data", "lines", "--to", sheet, "-n", "8", "--seed", seed, "--data", data]
        assert sutja(*words) == (0, f"Lines: {sheet}\n", "")
    first, again, other = (sheet.read_bytes() for sheet in sheets)
    assert first == again != other
    assert np.asarray(cv2.imread(str(sheets[0]))).std() > 5
    assert sutja("data", "lines", "--to", tmp_path / "a.jpg")[0] == 2
