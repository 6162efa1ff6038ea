"""The benchmark of the reader: what it counts, and the pictures that are no digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.reading import Outcome, judge, real_groups, reliability
from benchmarks.reading_gallery import end_of
from benchmarks.strangers import LETTERS, LOOK_ALIKES, clothes, letters, noises
from sutja.data.dataset import Dataset, save_dataset
from sutja.reading.result import ReadDigit, Reading, ReadLine

PAPER = np.full((10, 10, 3), 255, np.uint8)


def outcome(text: str, *lines: str, confidence: float = 0.9) -> Outcome:
    """A picture with `text`, read as `lines`; a digit in brackets, as `[7]`, is guessed and not told."""
    read = []
    for line in lines:
        told, digits = True, []
        for sign in line:
            if sign in "[]":
                told = sign == "]"
            else:
                digits.append(ReadDigit(int(sign) if told else None, int(sign), confidence, (0, 0, 1, 1)))
        read.append(ReadLine(tuple(digits)))
    return Outcome(PAPER, text, Reading(tuple(read)))


def test_errors_are_counted_of_told_digits_and_of_guesses() -> None:
    found = judge([outcome("123456", "123", "456"), outcome("7890", "78[9]0"), outcome("11", "17")])
    assert found["digits"] == 12
    assert found["character_error"] == pytest.approx(2 / 12)  # the 9 is missing, the 7 is wrong
    assert found["guess_error"] == pytest.approx(1 / 12)
    assert found["exact"] == pytest.approx(1 / 3)
    assert (found["read"], found["told"]) == (12, 11)
    assert found["told_right"] == pytest.approx(10 / 11)


def test_reliability_counts_digits_by_their_confidence() -> None:
    rows = reliability([outcome("12", "12", confidence=0.995), outcome("34", "35", confidence=0.6)])
    assert [(row["low"], row["digits"], row["right"]) for row in rows] == [(0.5, 2, 0.5), (0.99, 2, 1.0)]


ENDS = {"123": "read", "1[2]3": "refused", "[7]23": "refused", "": "refused", "124": "still wrong", "12": "still wrong"}


@pytest.mark.parametrize(("read", "end"), ENDS.items())
def test_a_reading_ends_in_one_of_three_ways(read: str, end: str) -> None:
    assert end_of(outcome("123", read)) == end


def test_real_pictures_are_grouped_by_folder_and_difficulty(tmp_path: Path) -> None:
    for name, rows in {"a": "file,expected,difficulty\nx.jpg,12/34,easy\n", "b": "file,expected\ny.jpg,56\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.csv").write_text(rows)
    assert real_groups(tmp_path) == {
        "a/easy": [(tmp_path / "a" / "x.jpg", "1234")],
        "b": [(tmp_path / "b" / "y.jpg", "56")],
    }
    assert real_groups(tmp_path / "none") == {}


def test_strangers_are_pictures_like_mnists(mnist: Dataset, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    assert not set(LETTERS) & set(LOOK_ALIKES)
    kinds = {"letters": letters(8, rng), "clothes": clothes(8, rng, None), **noises(8, rng, mnist.test.images[:50])}
    for name, images in kinds.items():
        assert images.dtype == np.uint8, name
        assert images.shape == (8, 28, 28), name
        assert (images.reshape(8, -1).max(axis=1) > 60).all(), name
        assert len(np.unique(images.reshape(8, -1), axis=0)) == 8, name
    some = Dataset("some", mnist.train.take(np.arange(20)), mnist.test.take(np.arange(10)))
    save_dataset(some, tmp_path / "idx", file_format="idx")
    found = clothes(10, rng, tmp_path / "idx")
    assert sorted(map(bytes, found)) == sorted(map(bytes, some.test.images))
