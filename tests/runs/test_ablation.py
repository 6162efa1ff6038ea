"""Ablations: which variants are trained, and what their results say."""

from __future__ import annotations

import dataclasses

import pytest

from sutja.errors import UsageError
from sutja.recipe import RECIPES
from sutja.runs.ablation import Variant, describe_changes, measure_effects, plan_variants, summarise_effects
from sutja.runs.results import RecipeResult

MLP = RECIPES["mlp"]
DROPOUT, DISTORTED = "dropout", "augmentation"
TWO = ("dropout=0.1", "augmentation=affine")


def results_of(variants: list[Variant], errors: dict[tuple[str, ...], list[int]]) -> list[RecipeResult]:
    """Results of each variant with these numbers of errors in 1,000 digits, one for each seed."""
    return [
        RecipeResult(
            recipe=each.recipe.label,
            protocol=each.recipe.protocol,
            data="mnist",
            part="test",
            parameters=61_676,
            seeds=tuple(range(len(errors[each.changes]))),
            count=1000,
            errors=tuple(errors[each.changes]),
            loss=0.1,
            calibration_error=0.01,
            seconds=3.0,
            threads="1",
            commit="abc",
            machine="a machine",
            date="2026-01-01",
        )
        for each in variants
        if each.changes in errors
    ]


def test_the_variants_are_the_base_each_change_alone_and_all_together() -> None:
    variants = plan_variants(MLP, TWO)
    assert [each.changes for each in variants] == [(), (DROPOUT,), (DISTORTED,), (DROPOUT, DISTORTED)]
    assert [each.recipe for each in variants] == [
        MLP,
        dataclasses.replace(MLP, dropout=0.1),
        dataclasses.replace(MLP, augmentation="affine"),
        dataclasses.replace(MLP, dropout=0.1, augmentation="affine"),
    ]


def test_the_values_of_the_changes_are_told_apart_from_the_epochs() -> None:
    assert describe_changes(plan_variants(MLP, TWO, [10, 40])) == "dropout = 0.1, augmentation = affine"


def test_all_variants_are_trained_for_each_number_of_epochs() -> None:
    variants = plan_variants(MLP, TWO, [3, 30])
    assert [each.recipe.epochs for each in variants] == [3] * 4 + [30] * 4


def test_one_change_has_no_combination_and_may_have_several_fields() -> None:
    _, variant = plan_variants(MLP, ["optimiser=muon,learning_rate=0.005"])
    assert variant.changes == ("optimiser and learning_rate",)
    assert (variant.recipe.optimiser, variant.recipe.learning_rate) == ("muon", 0.005)


@pytest.mark.parametrize(
    ("changes", "epochs", "why"),
    [
        ([], [], "an ablation needs a change"),
        ([""], [], "expected FIELD=VALUE"),
        (["dropout"], [], "expected FIELD=VALUE, as in --vary dropout=0.1"),
        (["droput=0.1"], [], "did you mean 'dropout'"),
        (["dropout=0.0"], [], "--vary dropout=0.0: mlp has this already"),
        (["dropout=0.1", "dropout=0.2"], [], "dropout is varied twice"),
        (["epochs=3"], [5], "epochs is varied twice"),
        (["seed=3"], [], "sets the seeds itself"),
        (["protocol=final"], [], "evaluated on the same digits"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes: list[str], epochs: list[int], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        plan_variants(MLP, changes, epochs)


def test_an_effect_that_the_seeds_show_and_one_that_they_do_not_show_are_told_apart() -> None:
    variants = plan_variants(MLP, TWO)
    errors = {
        (): [20, 22, 21, 19, 20],
        (DROPOUT,): [21, 20, 22, 18, 21],
        (DISTORTED,): [10, 12, 11, 10, 9],
        (DROPOUT, DISTORTED): [11, 11, 10, 10, 10],
    }
    effects = measure_effects(variants, results_of(variants, errors))
    assert [each.name for each in effects] == [
        f"{DROPOUT} alone",
        f"{DISTORTED} alone",
        "both together",
        f"{DISTORTED} on top of {DROPOUT}",
        f"{DROPOUT} on top of {DISTORTED}",
    ]
    (sentence,) = summarise_effects(effects)
    first, second, third, _, last = sentence.removesuffix(".").split("; ")
    assert first.startswith(f"After 10 epochs, {DROPOUT} alone: no difference that 5 seeds can show (p = ")
    assert second.startswith(f"{DISTORTED} alone: 49% fewer errors (+1.00 points, p = ")
    assert third.startswith("both together: 49% fewer errors")
    assert last.startswith(f"{DROPOUT} on top of {DISTORTED}: no difference")


def test_a_change_that_harms_is_said_to_harm() -> None:
    variants = plan_variants(MLP, ["dropout=0.9"])
    effects = measure_effects(variants, results_of(variants, {(): [20, 21, 22], (DROPOUT,): [40, 42, 44]}))
    assert "dropout alone: 100% more errors (-2.10 points" in summarise_effects(effects)[0]


def test_p_values_are_corrected_for_all_effects_of_all_lengths() -> None:
    variants = plan_variants(MLP, ["dropout=0.1"], [1, 2])
    results = results_of(variants, {(): [20, 22, 21], (DROPOUT,): [15, 16, 17]})
    effects = measure_effects(variants, results)
    assert [each.epochs for each in effects] == [1, 2]
    assert [each.difference.adjusted_p for each in effects] == [2 * each.difference.p_value for each in effects]


def test_a_variant_that_is_not_trained_or_has_one_seed_has_no_effect() -> None:
    variants = plan_variants(MLP, TWO)
    results = results_of(variants, {(): [20, 22], (DISTORTED,): [10, 12], (DROPOUT, DISTORTED): [11]})
    assert [each.name for each in measure_effects(variants, results)] == [f"{DISTORTED} alone"]
