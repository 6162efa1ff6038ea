"""`sutja ablation` on runs that are finished: it trains nothing again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from sutja.cli.seeds import StudyOptions
from sutja.data.dataset import load_dataset
from sutja.errors import UsageError
from sutja.experiments.experiment import RunContext, train
from sutja.recipe import Recipe, parse_recipe
from sutja.runs.results import read_results
from tests.cli.commands import Words, fails, sutja
from tests.conftest import Undrawn

pytestmark = pytest.mark.usefixtures("one_thread")
BASE = "mlp:batch_size=60"
CHANGES = ("--vary", "dropout=0.5", "--vary", "augmentation=affine")


@pytest.fixture(scope="module")
def runs(data: Path, undrawn: Undrawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of the base, of each change and of both, trained for one epoch."""
    context = RunContext(load_dataset(data), tmp_path_factory.mktemp("ablation"), "cpu", 1)
    with undrawn():
        for change in ("", ",dropout=0.5", ",augmentation=affine", ",dropout=0.5,augmentation=affine"):
            for seed in ("0", "1"):
                train(parse_recipe(f"{BASE},epochs=1{change}", {"seed": seed}), context)
    return context.runs


def words(data: Path, runs: Path, *more: str | Path) -> Words:
    return ["ablation", BASE, *CHANGES, "--epochs", "1", "--seeds", "2", "--data", data, "--runs", runs, *more]


def test_an_ablation_prints_a_table_in_80_columns_and_a_sentence(data: Path, runs: Path) -> None:
    outcome = sutja(*words(data, runs, "--csv", runs / "ablation.csv"))
    assert (outcome.code, outcome.err) == (0, "8 runs, 8 of them finished already\n")
    lines = outcome.out.splitlines()
    (sentence,) = [line for line in lines if line.startswith("After 1 epoch, dropout alone: ")]
    assert "both together: " in sentence
    assert "dropout on top of augmentation: " in sentence
    assert all(len(line) <= 80 for line in lines[: lines.index(sentence)])
    assert (runs / "ablation" / "report.html").is_file()
    assert len(read_results(runs / "ablation.csv")) == 4


def test_an_ablation_as_json_has_what_it_prints(data: Path, runs: Path) -> None:
    told = json.loads(sutja(*words(data, runs, "--json")).out)
    assert [each["effect"] for each in told["effects"]][:3] == ["dropout alone", "augmentation alone", "both together"]
    assert all(len(each["differences"]) == 2 for each in told["effects"])
    assert len(told["recipes"]) == 4
    assert len(told["verdicts"]) == 1


@pytest.mark.parametrize(
    ("recipe", "why"),
    [("mlp:seed=3", "sets the seeds itself"), ("line-reader", "reads lines"), ("mpl", "did you mean 'mlp'")],
)
def test_recipes_that_cannot_be_varied_are_refused(recipe: str, why: str, data: Path, tmp_path: Path) -> None:
    fails(sutja("ablation", recipe, "--vary", "dropout=0.5", "--data", data, "--runs", tmp_path), 2, why)


def test_the_engine_is_that_of_every_run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(recipes: Sequence[Recipe], options: StudyOptions) -> NoReturn:
        raise UsageError(f"{len(recipes)} runs by {options.engine}")

    monkeypatch.setattr("sutja.cli.ablation.train_seeds", refuse)
    fails(sutja(*words(data, tmp_path, "--engine", "torch")), 2, "4 runs by torch")


def test_an_unknown_engine_is_said_once_before_any_run(data: Path, tmp_path: Path) -> None:
    fails(sutja(*words(data, tmp_path, "--engine", "fats")), 2, "unknown engine 'fats': did you mean 'fast'?")
    assert not (tmp_path / "runs").exists()
