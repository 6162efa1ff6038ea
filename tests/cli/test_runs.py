"""`sutja runs` and `sutja recipes`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sutja.recipe import RECIPES
from tests.cli.commands import sutja

pytestmark = pytest.mark.usefixtures("one_thread")


def test_recipes_lists_every_field() -> None:
    outcome = sutja("recipes")
    assert outcome.code == 0
    assert all(name in outcome.out for name in [*RECIPES, *vars(RECIPES["mlp"])] if name != "name")
    assert json.loads(sutja("recipes", "--json").out) == [dataclasses.asdict(recipe) for recipe in RECIPES.values()]


def test_runs_are_listed_with_their_state(run: Path, other_run: Path, runs: Path) -> None:
    outcome = sutja("runs", "--runs", runs)
    assert outcome.code == 0
    assert run.name in outcome.out
    assert outcome.out.count("finished") == 2
    listed = json.loads(sutja("runs", "--runs", runs, "--json").out)
    assert [each["folder"] for each in listed] == [str(other_run), str(run)]
    assert listed[1]["recipe"]["batch_size"] == 16


def test_no_runs_are_a_remark_and_an_empty_list(tmp_path: Path) -> None:
    outcome = sutja("runs", "--runs", tmp_path)
    assert (outcome.code, outcome.out) == (0, "")
    assert "`sutja train lenet5` makes one" in outcome.err
    assert json.loads(sutja("runs", "--runs", tmp_path, "--json").out) == []
