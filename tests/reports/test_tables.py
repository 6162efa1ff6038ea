"""Tables: what is shown is what was measured, in the form that people read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sutja.data.dataset import Dataset, describe_dataset
from sutja.data.digits import CLASS_COUNT
from sutja.environment import DataSource, Environment
from sutja.evaluation.metrics import Report, evaluate
from sutja.evaluation.robustness import CorruptionScore, summarise_robustness
from sutja.evaluation.significance import Comparison
from sutja.networks.model import NetworkSize
from sutja.recipe import RECIPES
from sutja.reports import tables
from sutja.reports.tables import Table
from sutja.runs.epoch import Epoch
from sutja.runs.report import MemberReport, RunReport
from sutja.runs.run import Run


@pytest.fixture(scope="module")
def report() -> Report:
    """Three errors in twenty digits: 4 read as 9 twice, 3 read as 5 once."""
    labels = np.arange(20) % 10
    predictions = labels.copy()
    predictions[[4, 14, 3]] = 9, 9, 5
    return evaluate((8 * np.eye(10)[predictions]).astype(np.float32), labels)


def column(table: Table, number: int) -> list[str]:
    return [row[number] for row in table.rows]


def test_every_row_is_as_long_as_the_heads(report: Report, small: Dataset) -> None:
    for table in (
        tables.score_table({"a": report, "b": report}),
        tables.class_table(report),
        tables.confusion_table(report),
        tables.recipe_table([dataclasses.asdict(recipe) for recipe in RECIPES.values()]),
        tables.model_table({"mlp": NetworkSize(1, 2, 4)}),
        tables.dataset_table(describe_dataset(small)),
    ):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.heads)}
        assert all(isinstance(cell, str) for row in table.rows for cell in row)


def test_rates_and_intervals() -> None:
    assert tables.percent(0.99124) == "99.12 %"
    assert tables.percent(0.5, 0) == "50 %"
    assert tables.points(-0.0012, 0.0034) == "-0.12 … +0.34"


def test_scores_by_name(report: Report) -> None:
    scores = {row[0]: row[1] for row in tables.score_table({"test": report}).rows}
    assert scores["digits"] == "20"
    assert scores["errors"] == "3"
    assert scores["accuracy"] == "85.00 %"
    assert scores["95 % interval (Wilson)"] == "63.96–94.76 %"


def test_classes_in_their_order(report: Report) -> None:
    table = tables.class_table(report)
    assert column(table, 0) == [str(label) for label in range(CLASS_COUNT)]
    assert table.rows[9] == ["9", "50.00 %", "100.00 %", "66.67 %", "2"]


def test_confusions_the_most_frequent_first(report: Report) -> None:
    assert tables.confusion_table(report).rows == [["4", "9", "2"], ["3", "5", "1"]]
    assert tables.confusion_table(report, most=1).rows == [["4", "9", "2"]]


def test_comparisons_with_and_without_errors() -> None:
    one = Comparison("MLP", "LeNet-5", 0.01, 0.005, 0.015, 20, 120, 2.1e-12, 0.5)
    two = Comparison("LeNet-5", "MLP", 0.0, -0.001, 0.001, 0, 0, 1.0, None)
    assert tables.comparison_table([one, two]).rows == [
        ["MLP → LeNet-5", "+1.00", "+0.50 … +1.50", "20 : 120", "2e-12", "50 %"],
        ["LeNet-5 → MLP", "+0.00", "-0.10 … +0.10", "0 : 0", "1", "–"],
    ]


def test_recipes_side_by_side() -> None:
    table = tables.recipe_table([dataclasses.asdict(recipe) for recipe in RECIPES.values()])
    assert list(table.heads) == ["", *RECIPES]
    assert ["augmentation", *(each.augmentation for each in RECIPES.values())] in [list(row) for row in table.rows]
    teachers = [each.distillation.teacher if each.distillation else "none" for each in RECIPES.values()]
    assert ["distillation.teacher", *teachers] in [list(row) for row in table.rows]
    assert "name" not in column(table, 0)


def test_models_with_their_cost() -> None:
    table = tables.model_table({"lenet5": NetworkSize(61_706, 416_520, 246_824)})
    assert table.rows == [["lenet5", "61,706", "416,520", "247 kB"]]


def test_a_set_by_parts_and_classes(small: Dataset) -> None:
    table = tables.dataset_table(describe_dataset(small))
    assert list(table.heads) == ["small", "training", "test"]
    assert table.rows[0] == ["digits", "60", "30"]
    counts = [[int(cell) for cell in row[1:]] for row in table.rows if row[0].startswith("class")]
    assert np.sum(counts, axis=0).tolist() == [60, 30]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "mlp-s0", RECIPES["mlp"], Environment.now(DataSource("mnist", "abc")))


def test_runs_that_are_finished(run: Run, report: Report) -> None:
    figures = dict.fromkeys(("validation", "test"), report)
    run.save_report(RunReport(parameters=61_676, epochs=10, seconds=12.3, parity=0.0, figures={**figures}))
    (row,) = tables.run_table([run]).rows
    assert row[:5] == ["MLP", "61,676", "85.00 %", "63.96–94.76 %", "3"]
    assert row[6:] == ["10", "12 s"]


def test_runs_that_have_come_far_and_not_far(run: Run) -> None:
    run.save_metrics([Epoch(1, 1.0, 1.0, 1.0, 0.5, 0.9, 0.5, 0.91, 0.5, 0.92)])
    assert tables.run_list_table([run]).rows == [["mlp-s0", "stopped after epoch 1 of 10", "91.00 %", "92.00 %"]]


def test_a_run_that_was_stopped_in_its_first_epoch_can_be_listed(run: Run) -> None:
    assert tables.run_list_table([run]).rows == [["mlp-s0", "stopped after epoch 0 of 10", "–", "–"]]


def test_corruptions_and_below_them_their_mean() -> None:
    scores = [CorruptionScore("identity", 2, 0.98, 0.93, 0.995), CorruptionScore("fog", 1500, 0.5, 0.4, 0.6)]
    table = tables.corruption_table(summarise_robustness(scores))
    assert table.rows == [
        ["identity", "98.00 %", "93.00–99.50 %", "2"],
        ["fog", "50.00 %", "40.00–60.00 %", "1,500"],
        ["mean of the 1 corruptions", "50.00 %", "", ""],
    ]


def test_an_ensemble_stands_below_its_members(report: Report) -> None:
    reports = [MemberReport("a", 0.25, 61_706, report, 3), MemberReport("ensemble", None, 9, report, 0)]
    table = tables.member_table(reports)
    member, whole = (dict(zip(table.heads, row, strict=True)) for row in table.rows)
    assert (member["reader"], member["weight"], member["parameters"]) == ("a", "0.250", "61,706")
    assert (member["accuracy"], member["errors"], member["disagreements"]) == ("85.00 %", "3", "3")
    assert (whole["reader"], whole["weight"]) == ("ensemble", "")


def test_recipes_in_reports_show_what_is_used_and_what_differs() -> None:
    recipes = [dataclasses.asdict(RECIPES[name]) for name in ("lenet5", "lenet5-regularised")]
    rows = {row[0]: row[1:] for row in tables.used_recipe_table(recipes).rows}
    assert list(rows["≠ augmentation"]) == ["none", "affine-elastic"]
    assert list(rows["network"]) == ["lenet5", "lenet5"]
    assert list(rows["seed"]) == ["0", "0"]
    assert not {"label_smoothing", "patience", "distillation", "hard_example_repeats"} & {*rows}
