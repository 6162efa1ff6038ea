"""LIBSVM's texts: `mnist.scale`, `usps`, what scikit-learn writes, and texts that are refused at once."""

from __future__ import annotations

import bz2
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

from sutja.data.dataset import Dataset, load_dataset
from sutja.data.formats.libsvm import write_libsvm
from sutja.data.samples import Mending

from .damage import refusal


def test_usps_is_loaded_with_its_test_digits_and_the_options_it_needs(tmp_path: Path, small: Dataset) -> None:
    """Labels 1 to 10, pixels -1 to 1 of 16×16 pictures, packed by bzip2, and the test digits in `usps.t.bz2`."""
    for name, digits in (("usps.bz2", small.train), ("usps.t.bz2", small.test)):
        pixels = digits.images[:, 6:22, 6:22].reshape(-1, 256) / 127.5 - 1
        lines = [
            " ".join([str(label + 1), *(f"{n}:{value:.6g}" for n, value in enumerate(row, 1))])
            for label, row in zip(digits.labels, pixels, strict=True)
        ]
        (tmp_path / name).write_bytes(bz2.compress("\n".join(lines).encode()))
    assert "--pixel-range -1:1" in refusal(lambda: load_dataset(tmp_path / "usps.bz2", Mending(labels_from=1)))
    assert "the label 10 is out of the range 0…9: `sutja data convert` mends it with --labels-from 1" in refusal(
        lambda: load_dataset(tmp_path / "usps.bz2")
    )
    loaded = load_dataset(tmp_path / "usps.bz2", Mending((-1, 1), labels_from=1))
    assert np.array_equal(loaded.train.labels, small.train.labels)
    assert np.array_equal(loaded.test.labels, small.test.labels)
    assert any("60 pictures of 16×16 pixels brought to 28×28" in remark for remark in loaded.remarks)


def test_what_scikit_learn_writes_is_read(tmp_path: Path, small: Dataset) -> None:
    for part, digits in (("train", small.train), ("test", small.test)):
        pixels = digits.images.reshape(-1, 784).astype(np.float64)
        pixels[:, 0] = 1  # an index of 0 shows that they begin there
        dump_svmlight_file(pixels, digits.labels, str(tmp_path / f"{part}.svm"), comment="a comment")
    loaded = load_dataset(tmp_path)
    assert np.array_equal(loaded.train.images[:, 1:], small.train.images[:, 1:])
    assert np.array_equal(loaded.test.labels, small.test.labels)


def test_scikit_learn_reads_what_is_written(tmp_path: Path, small: Dataset) -> None:
    write_libsvm(tmp_path, small.train, small.test)
    pixels, labels = load_svmlight_file(str(tmp_path / "test.libsvm"))
    assert np.array_equal(pixels.toarray().reshape(-1, 28, 28), small.test.images)
    assert labels.tolist() == small.test.labels.tolist()


def test_a_name_without_suffix_is_recognised_by_its_first_line(tmp_path: Path, small: Dataset) -> None:
    write_libsvm(tmp_path, small.train, small.test)
    (tmp_path / "train.libsvm").rename(tmp_path / "mine")
    (tmp_path / "test.libsvm").rename(tmp_path / "mine.t")
    assert load_dataset(tmp_path / "mine").sha256 == small.sha256


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no line with a digit"),
        ("# only a comment\n", "no line with a digit"),
        ("1 2:3\nfive 1:2\n", "line 2 is not a label and index:value pairs"),
        ("1 2:3 2:4\n", "line 1: the indices do not increase"),
        ("1 70000:3\n", "or reach 65,536"),
        ("1 2:nan\n", "line 1 is not a label"),
        ("1.5 2:3\n", "line 1 is not a label"),
    ],
    ids=["empty", "comment", "word", "order", "index", "nan", "fraction"],
)
def test_other_texts_are_refused(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "digits.libsvm").write_text(content)
    message = refusal(lambda: load_dataset(tmp_path / "digits.libsvm"))
    assert message.startswith(f"{tmp_path / 'digits.libsvm'}: ")
    assert why in message


def test_a_line_that_fails_at_its_end_is_refused_at_once(tmp_path: Path) -> None:
    """An ambiguous pattern would try all ways to read the pairs before: 2 to the power of their number."""
    pairs = " ".join(f"{number}:123456" for number in range(1, 700))
    (tmp_path / "digits.libsvm").write_text(f"1 {pairs} 700:x\n")
    start = time.process_time()
    assert "line 1 is not a label" in refusal(lambda: load_dataset(tmp_path / "digits.libsvm"))
    assert time.process_time() - start < 5
