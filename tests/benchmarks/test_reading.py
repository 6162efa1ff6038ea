"""The benchmark of the reader: its metrics, and the out-of-distribution pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.out_of_distribution import DIGIT_LIKE_LETTERS, LETTERS, clothes, letters, noises
from benchmarks.reading import LabelledReading, evaluate_readings, find_real_pictures, reliability
from benchmarks.reading_gallery import categorise
from sutja.data.dataset import Dataset, save_dataset
from sutja.reading.result import Reading, ReadLine
from tests.reading.readings import read_number

PAPER = np.full((10, 10, 3), 255, np.uint8)


def labelled_reading(text: str, *lines: str, confidence: float = 0.9) -> LabelledReading:
    """A picture with `text`, read as `lines`; a digit in brackets, as `[7]`, is predicted but not answered."""
    read = [ReadLine((read_number(line, confidence=confidence),)) for line in lines]
    return LabelledReading(PAPER, text, Reading(tuple(read)))


def test_errors_are_counted_for_answers_and_for_predictions() -> None:
    found = evaluate_readings(
        [labelled_reading("123456", "123", "456"), labelled_reading("7890", "78[9]0"), labelled_reading("11", "17")]
    )
    assert found["digits"] == 12
    assert found["character_error"] == pytest.approx(2 / 12)  # the 9 is missing, the 7 is wrong
    assert found["prediction_error"] == pytest.approx(1 / 12)
    assert found["exact_match"] == pytest.approx(1 / 3)
    assert (found["predicted_digits"], found["coverage"]) == (12, 11 / 12)
    assert found["selective_accuracy"] == pytest.approx(10 / 11)


def test_reliability_counts_digits_by_their_confidence() -> None:
    rows = reliability([labelled_reading("12", "12", confidence=0.995), labelled_reading("34", "35", confidence=0.6)])
    assert [(row["low"], row["digits"], row["accuracy"]) for row in rows] == [(0.5, 2, 0.5), (0.99, 2, 1.0)]


CATEGORIES = {
    "123": "read",
    "1[2]3": "refused",
    "[7]23": "refused",
    "": "refused",
    "124": "still wrong",
    "12": "still wrong",
}


@pytest.mark.parametrize(("read", "category"), CATEGORIES.items())
def test_a_reading_is_in_one_of_three_categories(read: str, category: str) -> None:
    assert categorise(labelled_reading("123", read)) == category


def test_real_pictures_are_grouped_by_folder_and_difficulty(tmp_path: Path) -> None:
    tables = {
        "photos": "file,expected,difficulty\nx.jpg,12/34,easy\n",
        "cheques": "file,expected\ny.jpg,5/6|7\n",
        "documents": "file,expected,kind\nz.jpg,1 2,bill\n",
    }
    for name, rows in tables.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.csv").write_text(rows)
    assert find_real_pictures(tmp_path) == {
        "photos/easy": [(tmp_path / "photos" / "x.jpg", "12\n34")],
        "cheques": [(tmp_path / "cheques" / "y.jpg", "5/6\n7")],
        "documents/bill": [(tmp_path / "documents" / "z.jpg", "1 2")],
    }
    assert find_real_pictures(tmp_path / "none") == {}


def test_out_of_distribution_pictures_have_mnists_form(mnist: Dataset, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    assert not set(LETTERS) & set(DIGIT_LIKE_LETTERS)
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
