"""Pictures in folders of classes, with labels in their names, and with a list of labels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset, load_dataset, save_dataset
from sutja.data.digits import Digits

from .damage import refusal


def put_classes(folder: Path, digits: Digits, pattern: str = "{}/img_{}.png") -> Path:
    for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        path = folder / pattern.format(label, index)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
    return folder


@pytest.mark.parametrize(
    ("train", "test"), [("train", "test"), ("training", "testing"), ("trainingSet/trainingSet", "testSet")]
)
def test_folders_for_training_and_testing_are_told_apart(tmp_path: Path, small: Dataset, train: str, test: str) -> None:
    put_classes(tmp_path / train, small.train)
    put_classes(tmp_path / test, small.test)
    loaded = load_dataset(tmp_path)
    assert np.bincount(loaded.train.labels).tolist() == np.bincount(small.train.labels).tolist()
    assert np.bincount(loaded.test.labels).tolist() == np.bincount(small.test.labels).tolist()
    assert loaded.remarks == ()


@pytest.mark.parametrize("pattern", ["{}/img_{}.jpg", "class_{}/{}.bmp", "digit{}/{}.PNG", "0{}/{}.tif"])
def test_one_folder_is_split_with_every_class_in_both_parts(tmp_path: Path, mnist: Dataset, pattern: str) -> None:
    put_classes(tmp_path / "photos", mnist.test.take(np.arange(300)), pattern)
    loaded = load_dataset(tmp_path / "photos")
    assert (len(loaded.train), len(loaded.test)) == (250, 50)
    assert set(loaded.test.labels) == set(range(10))
    assert loaded.remarks == (f"{tmp_path / 'photos'}: no test digits: 50 of 300 digits, of every class, are held out",)


def test_a_folder_of_samples_and_pictures_without_labels_are_told(tmp_path: Path, small: Dataset) -> None:
    put_classes(tmp_path / "trainingSet", small.train)
    put_classes(tmp_path / "trainingSample", small.test)
    cv2.imwrite(str(tmp_path / "cover.png"), small.test.images[0])
    loaded = load_dataset(tmp_path)
    assert (len(loaded.train), len(loaded.test)) == (50, 10)
    assert "not used, for they are neither training nor test digits: trainingSample/" in loaded.remarks[0]
    assert "and 27 more" in loaded.remarks[0]
    assert "not used, for they have no label: 1 pictures" in loaded.remarks[1]


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
@pytest.mark.parametrize("form", ["classes", "named", "listed"])
def test_a_file_that_is_no_picture_is_named(tmp_path: Path, small: Dataset, form: str, content: bytes) -> None:
    save_dataset(small, tmp_path / "digits", file_format=form)
    path = sorted((tmp_path / "digits").rglob("*.png"))[-1]
    path.write_bytes(content)
    assert refusal(lambda: load_dataset(tmp_path / "digits")).startswith(f"{path}: ")


def test_a_picture_of_an_unknown_class_is_refused(tmp_path: Path, small: Dataset) -> None:
    put_classes(tmp_path, Digits(small.train.images, small.train.labels + 20))
    assert "is out of the range 0…9" in refusal(lambda: load_dataset(tmp_path))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("file,label\n", "lists no pictures"),
        ("a,b\n1.png,2\n", "expected the columns file and label, found a, b"),
        ("file,label\ngone.png,2\n", "1 listed pictures are missing: gone.png"),
        ("file,label\n../../1.png,2\n", "1 listed pictures are missing"),
        ("file,label\n1.png,2\n1.png,3\n", "1.png is listed twice"),
        ("file,label\n1.png,two\n", "line 2 is not a file and a label"),
        ("file,label\n1.png\n", "line 2 is not a file and a label"),
        ('file,label\n"1.png,2\n', "unexpected end of data"),
    ],
    ids=["empty", "columns", "missing", "outside", "twice", "word", "short", "quote"],
)
def test_other_lists_are_refused(tmp_path: Path, small: Dataset, lines: str, why: str) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), small.train.images[0])
    (tmp_path / "labels.csv").write_text(lines)
    assert why in refusal(lambda: load_dataset(tmp_path))


def test_lists_beside_the_pictures_of_each_part_are_read(tmp_path: Path, small: Dataset) -> None:
    for part, digits in (("train", small.train), ("test", small.test)):
        put_classes(tmp_path / part, Digits(digits.images, np.arange(len(digits))), "{0:03}.png")
        rows = [f"{index:03}.png,{label}" for index, label in enumerate(digits.labels)]
        (tmp_path / part / "labels.csv").write_text("\n".join(["Filename,Label", *rows]))
    assert load_dataset(tmp_path).sha256 == small.sha256
