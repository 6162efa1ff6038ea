"""Ablations: what each of several changes brings to a recipe, alone and with the others, over the same seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sutja.errors import UsageError
from sutja.evaluation.significance import SIGNIFICANCE_LEVEL, MeanDifference, format_p
from sutja.recipe import Recipe, parse_settings
from sutja.runs.results import RecipeResult, compare_pair, correct_p_values

FIXED_FIELDS = {  # field → why no change may set it
    "seed": "an ablation sets the seeds itself: --seeds and --first-seed choose them",
    "protocol": "all variants are evaluated on the same digits: --validation chooses validation digits",
}


@dataclass(frozen=True)
class Variant:
    """A recipe with some of the changes that are tried, by their fields; with none of them it is the base."""

    recipe: Recipe
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What the changes `added` bring to a variant that has the changes `given`, both trained for so many `epochs`.

    `first` has the results without them, `second` those with them.
    """

    added: tuple[str, ...]
    given: tuple[str, ...]
    epochs: int
    first: RecipeResult
    second: RecipeResult
    difference: MeanDifference

    @property
    def name(self) -> str:
        """What is added to what, in words: "dropout alone", "both together", "… on top of …"."""
        if self.given:
            return f"{' and '.join(self.added)} on top of {' and '.join(self.given)}"
        if len(self.added) == 1:
            return f"{self.added[0]} alone"
        return "both together" if len(self.added) == 2 else f"all {len(self.added)} together"

    @property
    def differences(self) -> list[float]:
        """The difference in accuracy for each seed that both have."""
        first, second = (dict(zip(each.seeds, each.accuracies, strict=True)) for each in (self.first, self.second))
        return [second[seed] - first[seed] for seed in first if seed in second]

    @property
    def errors_removed(self) -> float:
        """The share of the errors that the changes remove, on average over the seeds; negative if they add some."""
        before, after = (1 - each.mean_accuracy for each in (self.first, self.second))
        return (before - after) / before if before else 0.0

    @property
    def is_shown(self) -> bool:
        """Whether the seeds show that there is an effect."""
        return self.difference.adjusted_p < SIGNIFICANCE_LEVEL

    @property
    def verdict(self) -> str:
        """What the numbers say, as a part of a sentence."""
        p_value = f"p = {format_p(self.difference.adjusted_p)}"
        if not self.is_shown:
            return f"{self.name}: no difference that {len(self.differences)} seeds can show ({p_value})"
        removed, change = self.errors_removed, f"{100 * self.difference.difference:+.2f} points"
        return f"{self.name}: {abs(removed):.0%} {'fewer' if removed > 0 else 'more'} errors ({change}, {p_value})"


def plan_variants(base: Recipe, changes: Sequence[str], epochs: Sequence[int] = ()) -> list[Variant]:
    """The base, the base with each change alone and, if there are several, with all, for each number of epochs.

    A change is `FIELD=VALUE`, or several joined by commas that belong together. Without `epochs`, the base's own count.
    Raises `UsageError` for a change that does nothing, or that sets what another change or the ablation sets.
    """
    each_change = [_parse_change(change) for change in changes]
    if not each_change:
        raise UsageError("an ablation needs a change: --vary dropout=0.1")
    _check_changes(base, each_change, epochs)
    parsed = {" and ".join(settings): settings for settings in each_change}
    chosen = [(), *((name,) for name in parsed), *([tuple(parsed)] if len(parsed) > 1 else [])]
    lengths: list[int | None] = [*dict.fromkeys(epochs)] or [None]
    return [
        Variant(_changed(base, [parsed[name] for name in names], length), names)
        for length in lengths
        for names in chosen
    ]


def _parse_change(text: str) -> dict[str, str]:
    expected = f"--vary {text}: expected FIELD=VALUE, as in --vary dropout=0.1"
    settings = parse_settings(text, expected)
    if not settings:
        raise UsageError(expected)
    return settings


def describe_changes(variants: Sequence[Variant]) -> str:
    """What is tried, with the values: "dropout = 0.1, augmentation = affine"."""
    base, most = variants[0].recipe.flat(), max(variants, key=lambda each: len(each.changes)).recipe.flat()
    changed = {field: value for field, value in most.items() if value != base.get(field)}
    return ", ".join(f"{field} = {value}" for field, value in changed.items())


def _check_changes(base: Recipe, changes: Sequence[dict[str, str]], epochs: Sequence[int]) -> None:
    fields = [field for settings in changes for field in settings] + ["epochs"] * bool(epochs)
    for field in fields:
        if field in FIXED_FIELDS:
            raise UsageError(f"--vary {field}: {FIXED_FIELDS[field]}")
        if fields.count(field) > 1:
            raise UsageError(f"{field} is varied twice: the changes are tried together, too")
    for settings in changes:
        if base.with_settings(settings) == base:
            words = ", ".join(f"{field}={value}" for field, value in settings.items())
            raise UsageError(f"--vary {words}: {base.label} has this already, so there is nothing to compare")


def _changed(base: Recipe, changes: Sequence[Mapping[str, str]], epochs: int | None) -> Recipe:
    settings = {field: value for each in changes for field, value in each.items()}
    return base.with_settings(settings | ({"epochs": str(epochs)} if epochs else {}))


def measure_effects(variants: Sequence[Variant], results: Sequence[RecipeResult]) -> list[Effect]:
    """The effects that the results show: of each change alone, of all together, and of the rest on top of each.

    Variants without a result, or with a single seed, have none. The p-values are corrected by Holm for all effects.
    """
    by_recipe = {(each.recipe, each.protocol): each for each in results if len(each.seeds) > 1}
    effects = []
    for first, second in _pairs(variants):
        before, after = (by_recipe.get((each.recipe.label, each.recipe.protocol)) for each in (first, second))
        if before and after:
            added = tuple(change for change in second.changes if change not in first.changes)
            difference = compare_pair(before, after, (before.recipe, after.recipe))
            effects.append(Effect(added, first.changes, second.recipe.epochs, before, after, difference))
    corrected = correct_p_values([each.difference for each in effects])
    return [dataclasses.replace(each, difference=new) for each, new in zip(effects, corrected, strict=True)]


def _pairs(variants: Sequence[Variant]) -> list[tuple[Variant, Variant]]:
    """The variants to compare: each with the base before it, and the one with all changes with each single one."""
    pairs: list[tuple[Variant, Variant]] = []
    base, alone = variants[0], list[Variant]()
    for variant in variants:
        if not variant.changes:
            base, alone = variant, []
            continue
        pairs.append((base, variant))
        pairs += [(each, variant) for each in alone if len(variant.changes) > 1]
        alone.append(variant)
    return pairs


def summarise_effects(effects: Sequence[Effect]) -> list[str]:
    """A sentence for each number of epochs that says what is true of every effect, also where that is nothing."""
    lengths: dict[int, list[str]] = {}
    for each in effects:
        lengths.setdefault(each.epochs, []).append(each.verdict)
    return [
        f"After {epochs} epoch{'s' if epochs > 1 else ''}, {'; '.join(verdicts)}."
        for epochs, verdicts in lengths.items()
    ]
