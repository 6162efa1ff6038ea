"""Significance: whether one network or recipe is better than another, in numbers and in words.

`compare` compares two trained networks on the same digits; `compare_means` compares two recipes by their accuracies
over several seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev, variance

import numpy as np
from numpy.typing import NDArray

SIGNIFICANCE_LEVEL = 0.05
_NORMAL_QUANTILE = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Comparison:
    """Network `second` compared with network `first` on the same digits; rates in [0, 1], 95 % interval.

    `difference` is the accuracy of `second` minus that of `first`. `only_first` and `only_second` count the discordant
    digits: those that only one of the two classifies correctly. `errors_removed` is the relative reduction in errors
    from `first` to `second`: negative if `second` makes more errors, `None` if `first` makes none.
    """

    first: str
    second: str
    difference: float
    difference_low: float
    difference_high: float
    only_first: int
    only_second: int
    p_value: float
    errors_removed: float | None

    @property
    def verdict(self) -> str:
        """What the numbers say, in one sentence."""
        if self.p_value >= SIGNIFICANCE_LEVEL:
            return f"No difference can be shown between {self.first} and {self.second} (p = {format_p(self.p_value)})."
        better, worse = (self.second, self.first) if self.difference > 0 else (self.first, self.second)
        removed = self.errors_removed
        extra = f"; it makes {removed:.0%} fewer errors" if removed and removed > 0 else ""
        return f"{better} is better than {worse} (p = {format_p(self.p_value)}){extra}."


def compare(first: str, second: str, first_correct: NDArray[np.bool_], second_correct: NDArray[np.bool_]) -> Comparison:
    """Compare two networks by which of the same N ≥ 1 digits each classifies correctly, `bool (N,)`."""
    only_first = int((first_correct & ~second_correct).sum())
    only_second = int((second_correct & ~first_correct).sum())
    first_errors = int((~first_correct).sum())
    low, high = paired_interval(only_first, only_second, len(first_correct))
    return Comparison(
        first=first,
        second=second,
        difference=(only_second - only_first) / len(first_correct),
        difference_low=low,
        difference_high=high,
        only_first=only_first,
        only_second=only_second,
        p_value=exact_mcnemar(only_first, only_second),
        errors_removed=(only_second - only_first) / first_errors if first_errors else None,
    )


def exact_mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of McNemar's exact test (1947): a binomial test of the discordant digits against 1/2."""
    discordant = only_first + only_second
    ways = tail = 1  # integers of any size: nothing is rounded until the division
    for count in range(min(only_first, only_second)):
        ways = ways * (discordant - count) // (count + 1)  # to choose count + 1 of the discordant digits
        tail += ways
    return min(1.0, 2 * tail / (1 << discordant))


def paired_interval(only_first: int, only_second: int, count: int) -> tuple[float, float]:
    """The 95 % confidence interval of the difference of two paired rates, second minus first.

    Source: D. Bonett and R. Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on
    paired data", 2012.
    """
    first, second = (only_first + 1) / (count + 2), (only_second + 1) / (count + 2)
    half = _NORMAL_QUANTILE * math.sqrt((first + second - (second - first) ** 2) / (count + 2))
    return max(-1.0, second - first - half), min(1.0, second - first + half)


@dataclass(frozen=True)
class MeanDifference:
    """The difference of two means over seeds, second minus first, with its 95 % confidence interval and p-value.

    `method` is "paired" or "Welch". The interval and `p_value` refer to this pair alone; `adjusted_p` is the p-value
    after Holm's correction for all pairs compared together.
    """

    first: str
    second: str
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    adjusted_p: float
    method: str

    @property
    def verdict(self) -> str:
        """What the numbers say, in one sentence."""
        p_value = f"p = {format_p(self.adjusted_p)}"
        if self.adjusted_p >= SIGNIFICANCE_LEVEL:
            return f"No difference can be shown between {self.first} and {self.second} over these seeds ({p_value})."
        better, worse = (self.second, self.first) if self.difference > 0 else (self.first, self.second)
        by = f"{100 * abs(self.difference):.2f} points"
        return f"{better} is better than {worse} over these seeds, by {by} on average ({p_value})."


def compare_means(
    first: str, second: str, first_values: Sequence[float], second_values: Sequence[float], *, paired: bool
) -> MeanDifference:
    """Compare two recipes by their accuracies over N ≥ 2 seeds each; `adjusted_p` equals `p_value`, uncorrected.

    Set `paired` if the i-th values of both come from the same seed and the same split of the data. The seed determines
    the order of the digits in both trainings, so the two values may be correlated, and Welch's test, which assumes
    independent values, would be invalid. The differences per seed are independent of each other in any case. If seeds
    or splits differ, use Welch's test (1947), which allows unequal variances.
    """
    if paired:
        differences = [b - a for a, b in zip(first_values, second_values, strict=True)]
        error, freedom = math.sqrt(variance(differences) / len(differences)), len(differences) - 1.0
    else:
        parts = [variance(values) / len(values) for values in (first_values, second_values)]
        error = math.sqrt(sum(parts))
        weights = [part**2 / (len(v) - 1) for part, v in zip(parts, (first_values, second_values), strict=True)]
        freedom = sum(parts) ** 2 / sum(weights) if error else 1.0
    difference = fmean(second_values) - fmean(first_values)
    half, p_value = error * t_quantile(freedom), t_test(difference, error, freedom)
    method = "paired" if paired else "Welch"
    return MeanDifference(first, second, difference, difference - half, difference + half, p_value, p_value, method)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % confidence interval of the mean of N ≥ 2 independent values by Student's t (1908)."""
    mean, half = fmean(values), t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def t_quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t distribution with `freedom` degrees of freedom."""
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def t_test(difference: float, error: float, freedom: float) -> float:
    """The two-sided p-value of a difference with standard error `error`; if that is 0: 1 for no difference, else 0."""
    from scipy.stats import t

    if error == 0:
        return float(difference == 0)
    return float(2 * t.sf(abs(difference) / error, freedom))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for multiple comparisons, in the same order.

    Rejecting those below 0.05 keeps the family-wise error rate at 5 % or less. Source: S. Holm, "A simple sequentially
    rejective multiple test procedure", 1979.
    """
    adjusted, largest = list(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def format_p(p_value: float) -> str:
    """A p-value as text with two significant digits: 0.03, 0.0004, 2e-12; an underflow to zero is 0."""
    if p_value == 0:
        return "0"
    return f"{p_value:.2g}" if p_value >= 1e-4 else f"{p_value:.0e}".replace("e-0", "e-")
