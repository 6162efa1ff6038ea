"""`sutja data`: data sets, and composed pictures of numbers."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from sutja.data.dataset import MNIST_FOLDER, Dataset, load_dataset, save_dataset
from sutja.data.variants import shuffle_pixels, take_training_digits
from tests.classes import LETTERS, pattern_set
from tests.cli.commands import Outcome, Words, fails, sutja


def test_data_info_describes_and_draws(mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sevens = mnist.test.take(np.flatnonzero(mnist.test.labels == 7)[:12])
    save_dataset(Dataset("sevens", sevens, sevens), Path("sevens.npz"), file_format="npz")
    outcome = sutja("data", "info", "sevens.npz")
    assert outcome.code == 0
    assert outcome.err == "sevens.npz: all 12 training digits have the label 7: are these the labels?\n"
    sha256 = load_dataset("sevens.npz").sha256
    for text in ("sevens", "training", "class 7", "12", sha256, "sevens-samples.png"):
        assert text in outcome.out
    assert cv2.imread("sevens-samples.png") is not None
    described = json.loads(sutja("data", "info", "sevens.npz", "--sheet", "sheet.png", "--json").out)
    assert described["sha256"] == sha256
    assert described["train"]["classes"] == [0, 0, 0, 0, 0, 0, 0, 12, 0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sevens-samples.png", "sevens.npz", "sheet.png"]


@pytest.mark.parametrize(("to", "form"), [("copy.npz", None), ("copy", None), ("copy", "png"), ("copy.zip", "csv")])
def test_data_convert_keeps_every_digit(data: Path, tmp_path: Path, to: str, form: str | None) -> None:
    words: Words = ["data", "convert", data, tmp_path / to, *(["--form", form] if form else [])]
    assert sutja(*words) == Outcome(0, f"Written: {tmp_path / to}\n", "")
    assert load_dataset(tmp_path / to).sha256 == load_dataset(data).sha256
    fails(sutja(*words), 2, "exists already; --force replaces it")
    assert sutja(*words, "--force").code == 0


def test_data_convert_writes_a_variant_for_an_experiment(data: Path, tmp_path: Path) -> None:
    words: Words = ["data", "convert", data, tmp_path / "new.npz", "--train-digits", "50", "--shuffle-pixels", "7"]
    assert sutja(*words).code == 0
    expected = shuffle_pixels(take_training_digits(load_dataset(data), 50), 7)
    assert load_dataset(tmp_path / "new.npz").sha256 == expected.sha256
    fails(sutja("data", "convert", data, tmp_path / "x.npz", "--train-digits", "121"), 2, "it has 1…120")


def test_what_seems_wrong_is_told_and_mended_by_the_option_that_is_named(
    small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for part, digits in (("train", small.train), ("test", small.test)):
        np.save(f"x_{part}.npy", 1 - digits.images.transpose(0, 2, 1) / 255)
        np.save(f"y_{part}.npy", digits.labels + 1)
    fails(sutja("data", "convert", "x_train.npy", "new"), 3, "--labels-from 1 (where 1 stands for 0) or --ten-is-zero")
    words: Words = ["data", "convert", "x_train.npy", "new", "--labels-from", "1"]
    fails(sutja(*words), 3, "`sutja data convert` mends it with --pixel-range 0:1")
    outcome = sutja(*words, "--pixel-range", "0:1")
    assert (outcome.code, outcome.out) == (0, "Written: new\n")
    for option in ("--invert", "--transpose"):
        assert f"`sutja data convert` mends it with {option}\n" in outcome.err
    again = sutja(*words, "--pixel-range", "1:0", "--transpose", "--force")
    assert again == Outcome(0, "Written: new\n", "")
    assert load_dataset("new").sha256 == small.sha256
    described = sutja("data", "info", "x_train.npy", "--labels-from", "1", "--pixel-range", "0:1", "--json")
    assert len(json.loads(described.out)["remarks"]) == 2


def test_classes_are_named_by_an_option_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    letters = pattern_set(LETTERS)
    np.savez("signs.npz", x_train=letters.train.images, y_train=letters.train.labels,
             x_test=letters.test.images, y_test=letters.test.labels)  # fmt: skip
    told = sutja("data", "info", "signs.npz")
    assert "the labels are 0 to 25, so there are 26 classes, called by these numbers" in told.err
    assert told.out.split("number of classes")[1].split()[:2] == ["26", "26"]
    words: Words = ["data", "convert", "signs.npz", "letters.npz", "--classes", ",".join(LETTERS)]
    assert sutja(*words) == Outcome(0, "Written: letters.npz\n", "")
    assert load_dataset("letters.npz").class_names == LETTERS
    shown = sutja("data", "info", "letters.npz")
    assert (shown.code, shown.err) == (0, "")
    assert " class Z " in shown.out
    fewer = sutja("data", "convert", "letters.npz", "few.npz", "--train-digits", "52", "--shuffle-pixels", "1")
    assert fewer.code == 0
    assert load_dataset("few.npz").class_names == LETTERS


@pytest.mark.parametrize(
    ("classes", "code", "why"),
    [
        ("1", 2, "--classes 1: 1 class: 2 to 100 are possible"),
        ("101", 2, "--classes 101: more than 100 classes: 2 to 100 are possible"),
        ("A,B,A", 2, "two classes are called A"),
        ("A,,B", 2, "the name of class 1 is ''"),
        ("A,B", 3, "y_train: the label 2 is out of the range 0…1"),
    ],
)
def test_classes_that_do_not_fit_are_refused(classes: str, code: int, why: str, tmp_path: Path) -> None:
    save_dataset(pattern_set(LETTERS), tmp_path / "signs.npz", file_format="npz")
    fails(sutja("data", "convert", tmp_path / "signs.npz", tmp_path / "new.npz", "--classes", classes), code, why)


def test_letters_are_no_digits_to_draw_numbers_with(tmp_path: Path) -> None:
    save_dataset(pattern_set(LETTERS), tmp_path / "signs.npz", file_format="npz")
    for command in ("strips", "photographs"):
        why = "signs: has 26 classes (A, B, C … Z): this needs the ten digits"
        fails(sutja("data", command, "--to", tmp_path / "new.png", "--data", tmp_path / "signs.npz"), 2, why)


def test_without_pyarrow_parquet_says_which_extra_brings_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    fails(
        sutja("data", "convert", data, tmp_path / "new", "--form", "parquet"),
        1,
        "pyarrow is not installed: the extra 'parquet' brings it: pip install ",
    )
    assert list(tmp_path.iterdir()) == []


def test_data_download_takes_what_is_there(tmp_path: Path) -> None:
    """With all four files in place nothing is asked of the network."""
    for path in MNIST_FOLDER.glob("*.gz"):
        shutil.copy(path, tmp_path)
    outcome = sutja("data", "download", "--to", tmp_path)
    assert (outcome.code, outcome.out) == (0, f"Written: {tmp_path}\n")
    assert outcome.err.count("exists already") == 4


def test_photographs_are_written_with_their_labels(data: Path, tmp_path: Path) -> None:
    words: Words = [
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
    assert sutja(*words) == Outcome(0, f"Written: {tmp_path / 'photos'}\n", "")
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
    fails(sutja(*words), 2, f"sutja: {tmp_path / 'photos'}: exists already; --force replaces it\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--size", "400"], "400: a size is width and height in pixels, like 1600x1200"),
        (["--size", "10x10"], "10x10: at least 200 pixels a side and at most 50 megapixels"),
        (["--size", "9999x9999"], "at most 50 megapixels"),
        (["--difficulty", "hart"], "did you mean 'hard'?"),
        (["--form", "gif"], "unknown format 'gif'"),
    ],
)
def test_what_cannot_be_photographed_is_refused(words: list[str], why: str, tmp_path: Path) -> None:
    fails(sutja("data", "photographs", "--to", tmp_path / "photos", *words), 2, why)
    assert not (tmp_path / "photos").exists()


def test_a_folder_of_documents_has_a_row_for_each_number(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    words: Words = ["data", "documents", "--to", folder, "-n", "2", "--size", "500x300", "--data", data]
    outcome = sutja(*words, "--layout", "grid")
    assert (outcome.code, outcome.out) == (0, f"Written: {folder}\n")
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {"document-0001.jpg", "document-0002.jpg"}
    for row in rows:
        picture = cv2.imread(str(folder / row["file"]))
        assert picture is not None
        assert sorted(picture.shape[:2]) == [300, 500]  # some are turned
        assert set(row["text"]) <= set("0123456789.,-+/: *")
        assert row["handwritten"] in ("true", "false")
        assert row["legible"] in ("true", "false")
        assert all(-100 < float(row[f"{axis}{corner}"]) < 600 for axis in "xy" for corner in range(1, 5))
    fails(sutja(*words), 2, f"{folder}: exists already; --force replaces it\n")


def test_a_layout_that_is_not_known_has_a_hint(data: Path, tmp_path: Path) -> None:
    outcome = sutja("data", "documents", "--to", tmp_path / "a", "--layout", "gird", "--data", data)
    assert outcome.code == 2
    assert "did you mean 'grid'?" in outcome.err
    assert not (tmp_path / "a").exists()


def test_a_sheet_of_strips_is_drawn(data: Path, tmp_path: Path) -> None:
    sheets = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for sheet, seed in zip(sheets, ("1", "1", "2"), strict=True):
        words: Words = ["data", "strips", "--to", sheet, "-n", "8", "--seed", seed, "--data", data]
        outcome = sutja(*words)
        assert (outcome.code, outcome.out) == (0, f"Strips: {sheet}\n")
    first, again, other = (sheet.read_bytes() for sheet in sheets)
    assert first == again != other
    assert np.asarray(cv2.imread(str(sheets[0]))).std() > 5
    assert sutja("data", "strips", "--to", tmp_path / "a.jpg").code == 2
