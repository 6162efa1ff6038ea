"""ARFF files: OpenML's `mnist_784`, and others that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sutja.data.dataset import Dataset, load_dataset

from .damage import refusal


def put_arff(path: Path, rows: str, attributes: str = "@ATTRIBUTE pixel1 real\n@ATTRIBUTE class {0,1}\n") -> Path:
    path.write_text(f"% a comment\n@RELATION digits\n\n{attributes}\n@DATA\n{rows}")
    return path


def test_quoted_labels_and_comments_are_read(tmp_path: Path) -> None:
    loaded = load_dataset(put_arff(tmp_path / "digits.arff", "255,'1'\n% half\n0,'0'\n7,'1'\n9,'0'\n"))
    assert sorted([*loaded.train.labels, *loaded.test.labels]) == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it has no line @data"),
        ("@RELATION digits\n", "it has no line @data"),
        ("@RELATION digits\nsomething\n", "not a line of an ARFF header: something"),
        ("@RELATION digits\n@ATTRIBUTE a real\n@DATA\n", "no row of numbers"),
        ("@ATTRIBUTE a real\n@ATTRIBUTE class real\n@DATA\n{0 1, 1 2}\n", "could not convert"),
        ("@ATTRIBUTE a real\n@DATA\n1,2\n", "1 names, but 2 columns"),
    ],
    ids=["empty", "no data", "other line", "no row", "sparse rows", "other columns"],
)
def test_other_texts_are_refused(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "digits.arff").write_text(content)
    message = refusal(lambda: load_dataset(tmp_path / "digits.arff"))
    assert message.startswith(f"{tmp_path / 'digits.arff'}: ")
    assert why in message


def test_scipy_reads_what_is_written(tmp_path: Path, small: Dataset) -> None:
    from scipy.io import arff

    from sutja.data.formats.arff import write_arff

    write_arff(tmp_path, small.train, small.test)
    table, meta = arff.loadarff(tmp_path / "test.arff")
    assert meta.names()[-1] == "class"
    assert [int(row["class"]) for row in table] == small.test.labels.tolist()
    assert [int(value) for value in list(table[3])[:-1]] == small.test.images[3].ravel().tolist()
