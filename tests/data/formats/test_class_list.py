"""Classes that are told by the files of a data set: lists, folders, labels; and what is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sutja.data.class_names import ClassNames
from sutja.data.dataset import FILE_FORMATS, Dataset, load_dataset, save_dataset
from sutja.data.digits import Digits
from sutja.data.samples import Mending
from tests.classes import BALANCED, HUNDRED, LETTERS, YES_AND_NO, pattern_set, patterns

from .damage import installed, refusal
from .test_idx import idx

SETS = {names: pattern_set(names) for names in (YES_AND_NO, LETTERS, HUNDRED)}


def put_emnist(folder: Path, dataset: Dataset, name: str, *, first: int = 0, mapping: str | None = None) -> Path:
    """Write a set as EMNIST has it: pictures column by column, labels from `first`, and the code of each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, digits in (("train", dataset.train), ("test", dataset.test)):
        stem = folder / f"emnist-{name}-{part}"
        Path(f"{stem}-images-idx3-ubyte").write_bytes(idx(digits.images.transpose(0, 2, 1).copy()))
        Path(f"{stem}-labels-idx1-ubyte").write_bytes(idx((digits.labels + first).astype(np.uint8)))
    codes = [f"{label} {ord(each)}" for label, each in enumerate(dataset.class_names, first)]
    (folder / f"emnist-{name}-mapping.txt").write_text("\n".join(codes) if mapping is None else mapping)
    return folder


@pytest.mark.parametrize("class_names", SETS, ids=len)
@pytest.mark.parametrize("form", installed(FILE_FORMATS))
def test_every_form_keeps_the_classes(tmp_path: Path, form: str, class_names: ClassNames) -> None:
    path = tmp_path / ("signs.npz" if form == "npz" else "signs")
    save_dataset(SETS[class_names], path, file_format=form)
    loaded = load_dataset(path)
    assert loaded.sha256 == SETS[class_names].sha256
    assert loaded.train.class_names == loaded.test.class_names == class_names
    assert loaded.remarks == ()


def test_digits_in_the_place_of_other_classes_are_digits_again(tmp_path: Path, small: Dataset) -> None:
    save_dataset(SETS[LETTERS], tmp_path / "signs", file_format="csv")
    save_dataset(small, tmp_path / "signs", file_format="idx", force=True)
    assert load_dataset(tmp_path / "signs").class_names.are_digits


def test_emnist_has_its_mapping(tmp_path: Path) -> None:
    balanced = pattern_set(BALANCED)
    loaded = load_dataset(put_emnist(tmp_path, balanced, "balanced"))
    assert (loaded.sha256, loaded.class_names, loaded.remarks) == (balanced.sha256, BALANCED, ())


def test_the_letters_of_emnist_begin_with_1(tmp_path: Path) -> None:
    mapping = "\n".join(f"{label} {ord(each)} {ord(each.lower())}" for label, each in enumerate(LETTERS, 1))
    loaded = load_dataset(put_emnist(tmp_path, SETS[LETTERS], "letters", first=1, mapping=mapping))
    assert (loaded.sha256, loaded.class_names) == (SETS[LETTERS].sha256, LETTERS)
    assert "its labels begin with 1: they are counted from 0" in " ".join(loaded.remarks)


def test_of_several_sets_of_emnist_one_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    balanced = pattern_set(BALANCED)
    for name, dataset in (("balanced", balanced), ("letters", SETS[LETTERS])):
        put_emnist(tmp_path, dataset, name, first=int(name == "letters"))
    loaded = load_dataset(tmp_path)
    assert loaded.class_names == BALANCED
    assert "not used: emnist-letters" in loaded.remarks[0]
    chosen = load_dataset(tmp_path / "emnist-letters-train-images-idx3-ubyte")
    assert (chosen.sha256, chosen.class_names) == (SETS[LETTERS].sha256, LETTERS)


def test_kuzushiji_49_has_packed_arrays_and_a_class_map(tmp_path: Path) -> None:
    kana = ClassNames(tuple(chr(0x3042 + number) for number in range(49)))
    dataset = pattern_set(kana)
    for part, digits in (("train", dataset.train), ("test", dataset.test)):
        np.savez_compressed(tmp_path / f"k49-{part}-imgs.npz", digits.images)
        np.savez_compressed(tmp_path / f"k49-{part}-labels.npz", digits.labels.astype(np.uint8))
    rows = [f"{label},U+{ord(name):04X},{name}" for label, name in enumerate(kana)]
    (tmp_path / "k49_classmap.csv").write_text("\n".join(["index,codepoint,char", *rows]), encoding="utf-8")
    loaded = load_dataset(tmp_path)
    assert (loaded.sha256, loaded.class_names, loaded.remarks) == (dataset.sha256, kana, ())


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("classes.txt", "A\n", "classes.txt: 1 class: 2 to 100 are possible"),
        ("classes.txt", "\n".join(map(str, range(101))), "more than 100 classes"),
        ("classes.txt", "A\nB\nA\n", "two classes are called A"),
        ("classes.txt", "A\nB\n", "the label 2 is out of the range 0…1"),
        ("signs-mapping.txt", "0 65\n2 66\n", "its labels are not 0, 1, 2 and so on, each once"),
        ("mapping.txt", "0 65\n0 66\n", "its labels are not 0, 1, 2 and so on, each once"),
        ("mapping.txt", "0 65\none 66\n", "not a label and a code point: one 66"),
        ("mapping.txt", "0 65\n1 9999999\n", "not a label and a code point: 1 9999999"),
        ("mapping.txt", "0 65\n1 1114112\n", "mapping.txt: cannot be read"),
        ("classmap.csv", "index,char\n0,A\nB,1\n", "line 3 is not an index and a sign"),
        ("classmap.csv", "label,name\n0,A\n", "expected the columns index and char, found label, name"),
        ("classes.txt", "", "classes.txt: 0 classes"),
    ],
)
def test_a_damaged_list_is_refused(tmp_path: Path, name: str, text: str, why: str) -> None:
    save_dataset(SETS[LETTERS], tmp_path / "signs-train", file_format="npy")
    folder = tmp_path / "signs-train"
    (folder / "classes.txt").unlink()
    (folder / name).write_text(text)
    assert why in refusal(lambda: load_dataset(folder))


def put_folders(folder: Path, digits: Digits, names: tuple[str, ...]) -> Path:
    for number, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        (folder / names[label]).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / names[label] / f"{number}.png"), image)
    return folder


def test_folders_are_classes_by_their_names(tmp_path: Path) -> None:
    names = ("10", "2", "a dog", "cat")
    for part, each in (("train", 4), ("test", 2)):
        put_folders(tmp_path / part, patterns(ClassNames(names), each), names)
    loaded = load_dataset(tmp_path)
    assert [*loaded.class_names] == ["2", "10", "a dog", "cat"]
    assert (np.bincount(loaded.train.labels).tolist(), np.bincount(loaded.test.labels).tolist()) == ([4] * 4, [2] * 4)


def test_folders_of_digits_and_letters_are_all_classes(tmp_path: Path) -> None:
    names = tuple(BALANCED)[:36]
    loaded = load_dataset(put_folders(tmp_path / "signs", patterns(ClassNames(names), 6), names))
    assert tuple(loaded.class_names) == names


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("only",), "pictures without labels, as only/0.png"),
        (("train",), "pictures without labels, as train/0.png"),
        (tuple(f"class {number} of many" for number in range(101)), "more than 100 classes"),
    ],
)
def test_other_folders_are_refused(tmp_path: Path, names: tuple[str, ...], why: str) -> None:
    for name in names:
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "0.png"), np.zeros((28, 28), np.uint8))
    assert why in refusal(lambda: load_dataset(tmp_path))


@pytest.mark.parametrize("form", ["csv", "npy", "libsvm", "mat", "named", "classes"])
def test_labels_without_names_tell_the_number_of_classes(tmp_path: Path, form: str) -> None:
    save_dataset(pattern_set(BALANCED), tmp_path / "signs", file_format=form)
    (tmp_path / "signs" / "classes.txt").unlink()
    loaded = load_dataset(tmp_path / "signs")
    assert loaded.class_names == ClassNames.numbered(47)
    assert "the labels are 0 to 46, so there are 47 classes, called by these numbers" in loaded.remarks[0]
    named = load_dataset(tmp_path / "signs", Mending(class_names=BALANCED))
    assert (named.class_names, named.remarks) == (BALANCED, ())


def test_a_list_is_found_beside_a_single_file(tmp_path: Path) -> None:
    save_dataset(SETS[YES_AND_NO], tmp_path / "signs", file_format="csv")
    assert load_dataset(tmp_path / "signs" / "train.csv").class_names == YES_AND_NO
    shutil.move(tmp_path / "signs" / "classes.txt", tmp_path / "signs" / "emnist-mapping.txt")
    assert load_dataset(tmp_path / "signs" / "train.csv").class_names.are_digits


@pytest.mark.parametrize(
    ("change", "mending", "why"),
    [
        (lambda labels: np.where(np.arange(len(labels)) == 3, 12, labels % 10), None, "--classes 13"),
        (lambda labels: labels + 1, None, "the label 26 is out of the range 0…9: .*--labels-from 1 --classes 26"),
        (lambda labels: labels + 100, None, "the label 100 is out of the range 0…9"),
        (lambda labels: labels, Mending(class_names=ClassNames.numbered(20)), "the label 2. is out of the range 0…19"),
        (lambda labels: labels - 1, Mending(class_names=LETTERS), "the label -1 is out of the range 0…25"),
    ],
    ids=["one", "from 1", "from 100", "too few names", "negative"],
)
def test_labels_out_of_range_are_refused(tmp_path: Path, change: Any, mending: Mending | None, why: str) -> None:
    letters = patterns(LETTERS, 4)
    np.save(tmp_path / "images.npy", letters.images)
    np.save(tmp_path / "labels.npy", change(letters.labels))
    message = refusal(lambda: load_dataset(tmp_path, mending))
    assert "labels.npy: the label " in message
    assert re.search(why, message)


def test_labels_from_1_become_letters_by_the_options_that_are_named(tmp_path: Path) -> None:
    letters = patterns(LETTERS, 6)
    np.save(tmp_path / "images.npy", letters.images)
    np.save(tmp_path / "labels.npy", letters.labels + 1)
    loaded = load_dataset(tmp_path, Mending(labels_from=1, class_names=ClassNames.numbered(26)))
    assert len(loaded.class_names) == 26
    assert loaded.train.labels.min() == 0
