"""`sutja doubts`: planted errors come first, in the terminal, in the CSV and on the page."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from sutja.data.class_names import DIGIT_NAMES
from sutja.data.dataset import Dataset, save_dataset
from sutja.data.digits import Digits
from sutja.evaluation.label_errors import LabelDoubt
from sutja.experiments.doubts import doubt_values, write_doubts
from sutja.reports.tables import doubt_table
from tests.classes import LETTERS
from tests.cli.commands import Outcome, Words, fails, sutja
from tests.reports.korean import untranslated

pytestmark = pytest.mark.usefixtures("one_thread")
PLANTED = [("train", 11), ("train", 222), ("test", 33), ("test", 77)]
RECIPE = "mlp:epochs=8,batch_size=16"


@pytest.fixture(scope="module")
def wrong(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four hundred digits of MNIST, four of them with another label."""
    parts = {"train": mnist.train.take(np.arange(300)), "test": mnist.test.take(np.arange(100))}
    for part, index in PLANTED:
        parts[part].labels[index] = (parts[part].labels[index] + 5) % 10
    path = tmp_path_factory.mktemp("wrong") / "wrong.npz"
    save_dataset(Dataset("wrong", parts["train"], parts["test"]), path, file_format="npz")
    return path


@pytest.fixture(scope="module")
def outcome(wrong: Path) -> Outcome:
    pytest.importorskip("cleanlab", reason="the extra 'doubts' is not installed")
    return sutja("doubts", RECIPE, "--data", wrong, "--to", wrong.parent / "doubts", "--folds", "3", "--count", "50")


def test_planted_errors_are_among_the_first_doubts(outcome: Outcome, wrong: Path) -> None:
    assert outcome.code == 0, outcome
    with (wrong.parent / "doubts" / "doubts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 400
    first = [(row["part"], int(row["index"])) for row in rows[:40]]  # so few digits train no good judges
    assert len({*first} & {*PLANTED}) >= 3
    assert all(0 <= float(row["label_probability"]) <= 1 for row in rows)
    assert {row["wrong"] for row in rows} <= {"yes", "no"}


def test_the_suggestion_for_a_planted_error_is_the_digit_that_it_was(
    outcome: Outcome, wrong: Path, mnist: Dataset
) -> None:
    assert outcome.code == 0
    with (wrong.parent / "doubts" / "doubts.csv").open() as file:
        suggested = {(row["part"], int(row["index"])): int(row["suggested"]) for row in csv.DictReader(file)}
    right = {"train": mnist.train.labels, "test": mnist.test.labels}
    assert sum(suggested[part, index] == right[part][index] for part, index in PLANTED) >= 3


def test_the_page_is_in_both_languages(outcome: Outcome, wrong: Path) -> None:
    assert outcome.code == 0
    assert untranslated(wrong.parent / "doubts" / "report.html") == []
    fails(sutja("doubts", RECIPE, "--data", wrong, "--language", "kor"), 2, "did you mean 'ko'")


def test_the_page_opens_in_the_wanted_language(mnist: Dataset, tmp_path: Path) -> None:
    doubts = [LabelDoubt("train", 3, 0, 2, 0.1, 0.8, wrong=True), LabelDoubt("test", 5, 1, 7, 0.2, 0.5, wrong=False)]
    write_doubts(tmp_path, mnist, doubts, RECIPE, count=2, language="ko")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ko" data-language="ko">' in page
    assert "의심스러운 라벨 1–2" in page
    assert "확신 학습은 라벨 2개 중 1개를 오류로 판정했습니다." in page


def test_the_page_shows_as_many_as_are_wanted(outcome: Outcome, wrong: Path) -> None:
    page = (wrong.parent / "doubts" / "report.html").read_text(encoding="utf-8")
    assert f"Report: {wrong.parent / 'doubts' / 'report.html'}\n" in outcome.out
    assert "Doubts 1 to 48" in page
    assert "Doubts 49 to 50" in page
    assert page.count("data:image/png") == 50  # each digit
    assert len(list((wrong.parent / "doubts" / "figures").iterdir())) == 2
    assert "labels for errors" in page


def test_progress_goes_to_standard_error(outcome: Outcome) -> None:
    assert outcome.err.splitlines() == [
        f"400 digits of wrong: 3 networks by {RECIPE}",
        *(f"  network {number}" for number in (1, 2, 3)),
    ]


def test_the_same_seed_gives_the_same_doubts_as_json(outcome: Outcome, wrong: Path) -> None:
    words: Words = ["doubts", RECIPE, "--data", wrong, "--folds", "3", "--count", "5", "--json"]
    told = json.loads(sutja(*words).out)
    with (wrong.parent / "doubts" / "doubts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(each["part"], str(each["index"])) for each in told] == [(row["part"], row["index"]) for row in rows[:5]]


def test_corrections_like_digits_that_are_both_parts_are_judged_once(mnist: Dataset) -> None:
    from sutja.experiments.doubts import OutOfFold

    digits = mnist.train.take(np.arange(30))
    assert OutOfFold.of(Dataset("both", digits, digits)).parts == {"train": 30}


def test_what_cannot_be_judged_is_one_line(wrong: Path, mnist: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("cleanlab", reason="the extra 'doubts' is not installed")
    fails(sutja("doubts", "line-reader", "--data", wrong), 2, "line-reader: reads lines")
    fails(sutja("doubts", "mpl", "--data", wrong), 2, "did you mean 'mlp'")
    ten = Digits(mnist.train.images[:2], np.array([1, 2]))
    save_dataset(Dataset("two", ten, ten), tmp_path / "two.npz", file_format="npz")
    save_dataset(Dataset("one", ten.take(np.array([0])), ten), tmp_path / "one.npz", file_format="npz")
    outcome = sutja("doubts", "mlp", "--data", tmp_path / "one.npz")
    assert outcome.code == 3
    assert "doubts need at least two digits of each of two classes" in outcome.err


def test_without_the_extra_the_command_says_what_to_install(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    fails(sutja("doubts", "--data", wrong), 1, "cleanlab is not installed: the extra 'doubts' brings it")


def test_doubts_about_letters_have_their_names() -> None:
    doubt = LabelDoubt("train", 3, 0, 2, 0.1, 0.8, wrong=True)
    (row,) = doubt_table([doubt], LETTERS).rows
    assert (row[1], row[3]) == ("A", "C")
    assert doubt_values(doubt, LETTERS) == {**vars(doubt), "label": "A", "suggested": "C"}
    assert doubt_values(doubt, DIGIT_NAMES) == vars(doubt)
