"""Is one network better than another? Paired statistics over the same test digits, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

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


def format_p(p_value: float) -> str:
    """A p-value as people write it: 0.03, 0.0004, 2e-12."""
    return f"{p_value:.2g}" if p_value >= 1e-4 else f"{p_value:.0e}".replace("e-0", "e-")
