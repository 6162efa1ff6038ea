"""Is one network better than another? In numbers and in words.

Two trained networks are compared on the digits that both have read (`compare`), two recipes by the accuracies that
several seeds of each have reached (`compare_means`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev, variance

import numpy as np
from numpy.typing import NDArray

SIGNIFICANCE = 0.05
NORMAL_QUANTILE = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Comparison:
    """Network `second` against network `first` on the same digits. Rates are in [0, 1], the interval is at 95 %.

    `difference` is the accuracy of the second minus that of the first. `only_first` and `only_second` count the digits
    that one of them alone reads right; only these tell the two apart. `errors_removed` is the part of the first one's
    errors that the second one is rid of, on balance: negative when it has more, `None` when there were none.
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
        if self.p_value >= SIGNIFICANCE:
            return f"No difference can be shown between {self.first} and {self.second} (p = {format_p(self.p_value)})."
        better, worse = (self.second, self.first) if self.difference > 0 else (self.first, self.second)
        removed = self.errors_removed
        extra = f"; it makes {removed:.0%} fewer errors" if removed and removed > 0 else ""
        return f"{better} is better than {worse} (p = {format_p(self.p_value)}){extra}."


def compare(first: str, second: str, first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> Comparison:
    """Compare two networks by which of the same N ≥ 1 digits each reads right, `bool (N,)`."""
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    first_errors = int((~first_right).sum())
    low, high = paired_interval(only_first, only_second, len(first_right))
    return Comparison(
        first=first,
        second=second,
        difference=(only_second - only_first) / len(first_right),
        difference_low=low,
        difference_high=high,
        only_first=only_first,
        only_second=only_second,
        p_value=exact_mcnemar(only_first, only_second),
        errors_removed=(only_second - only_first) / first_errors if first_errors else None,
    )


def exact_mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided exact p-value of McNemar (1947): were both equally good, each such digit would be a coin's toss."""
    from scipy.stats import binomtest  # half a second that listing runs and recipes need not take

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0


def paired_interval(only_first: int, only_second: int, count: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two paired rates, second minus first.

    Source: D. Bonett and R. Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on
    paired data", 2012.
    """
    first, second = (only_first + 1) / (count + 2), (only_second + 1) / (count + 2)
    half = NORMAL_QUANTILE * math.sqrt((first + second - (second - first) ** 2) / (count + 2))
    return max(-1.0, second - first - half), min(1.0, second - first + half)


@dataclass(frozen=True)
class MeanDifference:
    """What separates two means over seeds, second minus first, with its 95 % interval, and the p-value of nothing.

    `method` is "paired" or "Welch". The interval and `p_value` are of this pair alone; `adjusted_p` is the p-value by
    Holm's correction for all pairs that were compared with it.
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
        if self.adjusted_p >= SIGNIFICANCE:
            return f"No difference can be shown between {self.first} and {self.second} over these seeds ({p_value})."
        better, worse = (self.second, self.first) if self.difference > 0 else (self.first, self.second)
        by = f"{100 * abs(self.difference):.2f} points"
        return f"{better} is better than {worse} over these seeds, by {by} on average ({p_value})."


def compare_means(
    first: str, second: str, first_values: Sequence[float], second_values: Sequence[float], *, paired: bool
) -> MeanDifference:
    """Compare two recipes by the accuracies of N ≥ 2 seeds of each; `adjusted_p` is yet that of one pair alone.

    `paired` is right when the i-th value of both comes from the same seed and the same split of the data. The seed then
    decides the order of the digits in both trainings, so the two values may rise and fall together, and Welch's test,
    which takes all values for independent, would not hold; the differences seed by seed are independent of each other
    whatever the two have in common. Where seeds or splits differ, nothing belongs together, and Welch's test (1947),
    which lets the two deviations differ, is right.
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
    """The 95 % interval of the mean of N ≥ 2 independent values by Student's t (1908)."""
    mean, half = fmean(values), t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def t_quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t with that many degrees of freedom."""
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def t_test(difference: float, error: float, freedom: float) -> float:
    """The two-sided p-value of a difference with a standard error; without any spread 0, or 1 for no difference."""
    from scipy.stats import t

    if error == 0:
        return float(difference == 0)
    return float(2 * t.sf(abs(difference) / error, freedom))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in the same order.

    Whoever calls those below 0.05 real is wrong in any of them with a chance of at most 5 %. Source: S. Holm, "A simple
    sequentially rejective multiple test procedure", 1979.
    """
    adjusted, largest = list(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def format_p(p_value: float) -> str:
    """A p-value as people write it: 0.03, 0.0004, 2e-12; what is below all numbers is 0."""
    if p_value == 0:
        return "0"
    return f"{p_value:.2g}" if p_value >= 1e-4 else f"{p_value:.0e}".replace("e-0", "e-")
