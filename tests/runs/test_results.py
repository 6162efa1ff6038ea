"""Results over seeds: figures, comparison, and the CSV file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from scipy import stats

from sutja.errors import DataError, UsageError
from sutja.runs.results import (
    RecipeResult,
    compare_results,
    distinct_names,
    read_results,
    update_results,
)

MLP = RecipeResult(
    recipe="mlp",
    protocol="final",
    data="mnist",
    part="test",
    parameters=61_676,
    seeds=(0, 1, 2, 3),
    count=10_000,
    errors=(195, 185, 199, 201),
    loss=0.0712344,
    calibration_error=0.0041234,
    seconds=12.25,
    threads="1",
    commit="abc",
    machine="A processor, with a comma",
    date="2026-11-24",
)
LENET5 = dataclasses.replace(MLP, recipe="lenet5", errors=(68, 75, 71, 72))


def test_figures_over_seeds() -> None:
    accuracies = [0.9805, 0.9815, 0.9801, 0.9799]
    assert MLP.accuracies == pytest.approx(accuracies)
    assert MLP.mean_accuracy == pytest.approx(0.9805)
    assert MLP.standard_deviation == pytest.approx(stats.tstd(accuracies))
    expected = stats.t.interval(0.95, 3, 0.9805, stats.sem(accuracies))
    assert MLP.interval == pytest.approx(expected)


def test_a_single_seed_has_no_standard_deviation(tmp_path: Path) -> None:
    single = dataclasses.replace(MLP, seeds=(7,), errors=(190,))
    assert (single.standard_deviation, single.interval) == (None, None)
    assert compare_results([single, LENET5]) == []
    update_results(tmp_path / "results.csv", [single])
    assert read_results(tmp_path / "results.csv")[0].errors == (190,)


def test_the_same_seeds_are_paired_the_weaker_first() -> None:
    (result,) = compare_results([LENET5, MLP])
    assert (result.first, result.second, result.method) == ("mlp", "lenet5", "paired")
    expected = stats.ttest_rel(LENET5.accuracies, MLP.accuracies)
    assert result.p_value == pytest.approx(expected.pvalue)


def test_common_seeds_are_paired() -> None:
    other = dataclasses.replace(LENET5, seeds=(2, 3, 4, 5))
    (result,) = compare_results([MLP, other])
    expected = stats.ttest_rel(LENET5.accuracies[:2], MLP.accuracies[2:])
    assert result.method == "paired"
    assert result.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("change", [{"seeds": (4, 5, 6, 7)}, {"seeds": (3, 4, 5, 6)}, {"protocol": "curves"}])
def test_results_without_pairs_are_compared_by_welch(change: dict[str, object]) -> None:
    (result,) = compare_results([MLP, dataclasses.replace(LENET5, **change)])  # type: ignore[arg-type]
    expected = stats.ttest_ind(LENET5.accuracies, MLP.accuracies, equal_var=False)
    assert result.method == "Welch"
    assert result.p_value == pytest.approx(expected.pvalue)


def test_three_recipes_are_corrected_for_three_pairs() -> None:
    third = dataclasses.replace(MLP, recipe="other", errors=(190, 191, 192, 188))
    results = compare_results([MLP, LENET5, third])
    assert len(results) == 3
    assert min(each.adjusted_p for each in results) == pytest.approx(3 * min(each.p_value for each in results))
    assert max(each.adjusted_p for each in results) == max(each.p_value for each in results)


def test_results_on_different_digits_are_not_compared() -> None:
    with pytest.raises(UsageError, match="lenet5: 5,000 validation digits of mnist"):
        compare_results([MLP, dataclasses.replace(LENET5, part="validation", count=5_000)])


def test_names_have_the_protocol_where_recipes_repeat() -> None:
    curves = dataclasses.replace(MLP, protocol="curves")
    assert distinct_names([MLP, curves, LENET5]) == ["mlp (final)", "mlp (curves)", "lenet5"]


def test_results_are_stored_and_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.csv"
    update_results(path, [MLP, LENET5])
    mlp, lenet5 = read_results(path)
    assert mlp == dataclasses.replace(MLP, loss=0.071234, calibration_error=0.004123)
    assert lenet5.recipe == "lenet5"
    head, first, _ = path.read_text().splitlines()
    assert head.startswith(
        "recipe,protocol,data,part,parameters,seeds,count,errors,mean_accuracy,standard_deviation,low,high,"
    )
    assert first.startswith("mlp,final,mnist,test,61676,0 1 2 3,10000,195 185 199 201,0.980500,")


def test_a_later_result_replaces_that_of_the_same_recipe_protocol_and_data(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    validation = dataclasses.replace(MLP, protocol="validation", part="validation", count=5_000)
    update_results(path, [MLP, LENET5, validation])
    earlier = read_results(path)
    update_results(path, [dataclasses.replace(MLP, seeds=(0, 1), errors=(1, 2))])
    later = read_results(path)
    assert (later[0].seeds, later[0].errors) == ((0, 1), (1, 2))
    assert later[1:] == earlier[1:]
    update_results(path, [dataclasses.replace(MLP, data="kmnist")])
    assert read_results(path)[:-1] == later


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("recipe,protocol", "protocol,recipe", "its columns must be recipe, protocol"),
        ("195 185", "95 185", "mean_accuracy is 0.980500, but errors and seeds give 0.983000"),
        ("195 185 199 201", "195 185 199", "each seed needs a number of errors"),
        ("195", "many", "invalid literal for int"),
        ("61676,", "", "line 2: expected as many values as columns"),
        ("10000", "0", "each seed needs a number of errors"),
        ("final", '"final', "not a file of results"),
        ("A processor", "\udcff", "not a file of results"),
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "results.csv"
    update_results(path, [MLP])
    damaged = path.read_text().replace(old, new, 1).encode(errors="surrogateescape")
    path.write_bytes(damaged)
    with pytest.raises(DataError, match=why) as caught:
        update_results(path, [LENET5])
    assert str(caught.value).startswith(f"{path}: ")
    assert path.read_bytes() == damaged
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """Also between two rows, and after the head."""
    path = tmp_path / "results.csv"
    update_results(path, [MLP, LENET5, dataclasses.replace(MLP, recipe="other")])
    whole = path.read_text()
    for length in range(len(whole) - 1):
        path.write_text(whole[:length])
        with pytest.raises(DataError, match="not a file of results"):
            read_results(path)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 1), (1, 2), (0, 0, 1, 2), (0, 1, 1)])
def test_rows_that_are_missing_exchanged_or_repeated_are_noticed(tmp_path: Path, order: tuple[int, ...]) -> None:
    path = tmp_path / "results.csv"
    update_results(path, [MLP, LENET5, dataclasses.replace(MLP, recipe="other")])
    head, *rows = path.read_text().splitlines(keepends=True)
    path.write_text(head + "".join(rows[number] for number in order))
    with pytest.raises(DataError, match="rows were changed, moved or removed"):
        read_results(path)
