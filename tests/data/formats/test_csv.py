"""CSV files as people have them: with and without a header, labels and an index, in every notation."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from sutja.data.dataset import Dataset, load_dataset
from sutja.data.digits import Digits
from sutja.data.samples import Mending

from .damage import refusal, same


def rows(digits: Digits, *, last: bool = False, labels: bool = True) -> list[list[int]]:
    pixels, classes = digits.images.reshape(len(digits), -1), digits.labels[:, None]
    parts = (pixels,) if not labels else (pixels, classes) if last else (classes, pixels)
    return [[int(value) for value in row] for row in np.hstack(parts)]


def text(digits: Digits, header: str = "", separator: str = ",", *, last: bool = False, labels: bool = True) -> str:
    lines = [separator.join(map(str, row)) for row in rows(digits, last=last, labels=labels)]
    return "\n".join([*([header] if header else []), *lines]) + "\n"


KAGGLE = ",".join(["label", *(f"pixel{number}" for number in range(784))])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lambda digits: text(digits, KAGGLE), ""),
        (lambda digits: text(digits), ""),
        (lambda digits: text(digits, last=True), "the labels are in the last column"),
        (lambda digits: text(digits, separator=";"), ""),
        (lambda digits: text(digits, separator="\t").replace("\n", "\r\n"), ""),
        (lambda digits: text(digits, ",".join([*(f'"pixel{n}"' for n in range(784)), '"class"']), last=True), ""),
        (lambda digits: "\ufeff" + text(digits, KAGGLE).replace("\n", "\n\n"), ""),
        (lambda digits: text(digits, ",".join(map(str, range(785)))), ""),
    ],
    ids=[
        "Kaggle",
        "no header",
        "labels last",
        "semicolons",
        "tabulators",
        "class last",
        "BOM and empty lines",
        "pandas",
    ],
)
def test_every_notation_is_read(tmp_path: Path, small: Dataset, content, told: str) -> None:  # type: ignore[no-untyped-def]
    for part, digits in (("mnist_train", small.train), ("mnist_test", small.test)):
        (tmp_path / f"{part}.csv").write_text(content(digits), encoding="utf-8", newline="")
    loaded = load_dataset(tmp_path)
    assert loaded.sha256 == small.sha256
    assert all(told and told in remark for remark in loaded.remarks)
    assert bool(loaded.remarks) == bool(told)


def test_a_column_of_row_numbers_is_left_out(tmp_path: Path, small: Dataset) -> None:
    lines = text(small.train, KAGGLE).splitlines()
    numbered = [f"{number if number else ''},{line}" for number, line in enumerate(lines)]
    (tmp_path / "train.csv").write_text("\n".join(numbered))
    (tmp_path / "test.csv").write_text(text(small.test, KAGGLE))
    assert load_dataset(tmp_path).sha256 == small.sha256


def test_a_file_brings_the_test_digits_beside_it(tmp_path: Path, small: Dataset) -> None:
    (tmp_path / "mnist_train.csv.gz").write_bytes(gzip.compress(text(small.train).encode()))
    (tmp_path / "mnist_test.csv.gz").write_bytes(gzip.compress(text(small.test).encode()))
    (tmp_path / "foreign.csv").write_text("a,b\n1,2\n")
    assert load_dataset(tmp_path / "mnist_train.csv.gz").sha256 == small.sha256


def test_a_set_of_one_file_is_split_and_told(tmp_path: Path, small: Dataset) -> None:
    (tmp_path / "digits.csv").write_text(text(small.train, KAGGLE))
    loaded = load_dataset(tmp_path / "digits.csv")
    assert (len(loaded.train), len(loaded.test)) == (50, 10)
    assert loaded.remarks == (
        f"{tmp_path / 'digits.csv'}: no test digits: 10 of 60 digits, of every class, are held out",
    )
    again = load_dataset(tmp_path / "digits.csv")
    assert same(loaded.test, again.test)


def test_test_digits_without_labels_are_not_used_and_told(tmp_path: Path, small: Dataset) -> None:
    """Kaggle's competition has such."""
    (tmp_path / "train.csv").write_text(text(small.train, KAGGLE))
    (tmp_path / "test.csv").write_text(text(small.test, KAGGLE.removeprefix("label,"), labels=False))
    loaded = load_dataset(tmp_path)
    assert (len(loaded.train), len(loaded.test)) == (50, 10)
    assert f"{tmp_path / 'test.csv'}: no labels, only 784 pixels a row; not used" in loaded.remarks


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("1,2,3\n4,5\n", "columns"),
        ("label,pixel0\n1,x\n", "could not convert"),
        ("label,pixel0\n", "no row of numbers"),
        ("label,pixel0,pixel1\n1,2,3\n", "2 pixels are not a square picture"),
        ("label,pixel0\n1,2,3\n", "2 names, but 3 columns"),
        ("1,nan\n", "not finite"),
        ("1.5,3.5\n2.5,4\n", "labels that are not whole numbers"),
        (",".join("1" * 784) + "\n", "no labels, only 784 pixels a row"),
        ("1," + "9" * (1 << 20) + "\n", "a line of more than 1,048,576 bytes"),
    ],
    ids=["lengths", "word", "only a header", "no square", "names", "nan", "fractions", "no labels", "long line"],
)
def test_other_texts_are_refused(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "digits.csv").write_text(content)
    message = refusal(lambda: load_dataset(tmp_path / "digits.csv"))
    assert message.startswith(f"{tmp_path / 'digits.csv'}: ")
    assert why in message


def test_floats_are_refused_with_the_option_that_scales_them(tmp_path: Path, small: Dataset) -> None:
    pixels = small.train.images.reshape(60, 784) / 255
    table = np.concatenate([small.train.labels[:, None], pixels], axis=1)
    np.savetxt(tmp_path / "scaled.csv", table, "%.7g", ",")
    assert (
        "pixels from 0 to 1, instead of uint8 from 0 to 255: `sutja data convert` mends it with --pixel-range 0:1"
        in (refusal(lambda: load_dataset(tmp_path / "scaled.csv")))
    )
    loaded = load_dataset(tmp_path / "scaled.csv", Mending(pixel_range=(0, 1)))
    assert {image.tobytes() for image in loaded.train.images} < {image.tobytes() for image in small.train.images}


def test_several_files_without_parts_are_refused(tmp_path: Path, small: Dataset) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(text(small.train))
    assert "which file has the digits? There are 2: one.csv, two.csv" in refusal(lambda: load_dataset(tmp_path))
