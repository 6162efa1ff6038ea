"""Comparisons of networks and recipes, checked against SciPy and tables worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sutja.evaluation.significance import (
    Comparison,
    compare,
    compare_means,
    exact_mcnemar,
    format_p,
    holm,
    mean_interval,
    paired_interval,
)

ONE = [0.9921, 0.9930, 0.9926, 0.9933, 0.9928]
OTHER = [0.9951, 0.9949, 0.9957, 0.9950, 0.9944]


def correctness(
    both: int, only_first: int, only_second: int, neither: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which digits two networks classify correctly, from the four cells of their contingency table."""
    first = [True] * both + [True] * only_first + [False] * only_second + [False] * neither
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return np.array(first, bool), np.array(second, bool)


def comparison(both: int, only_first: int, only_second: int, neither: int) -> Comparison:
    return compare("A", "B", *correctness(both, only_first, only_second, neither))


cells = st.tuples(*[st.integers(0, 300)] * 4).filter(lambda table: sum(table) > 0)


def by_hand(fewer: int, more: int) -> float:
    """Twice the lower tail of the binomial distribution with p = 1/2, at most 1."""
    discordant = fewer + more
    tail: float = sum(math.comb(discordant, k) for k in range(min(fewer, more) + 1)) / 2**discordant
    return min(1.0, 2 * tail)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [(10, 2, 0.03857421875), (1, 0, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (5, 5, 1.0), (0, 0, 1.0)],
)
def test_exact_mcnemar_of_known_tables(only_first: int, only_second: int, p_value: float) -> None:
    assert exact_mcnemar(only_first, only_second) == pytest.approx(p_value, rel=1e-12)


@given(st.integers(0, 400), st.integers(0, 400))
@settings(derandomize=True, max_examples=80)
def test_exact_mcnemar_is_a_fair_coin_and_symmetric(only_first: int, only_second: int) -> None:
    p_value = exact_mcnemar(only_first, only_second)
    assert p_value == pytest.approx(by_hand(only_first, only_second), rel=1e-9)
    assert p_value == exact_mcnemar(only_second, only_first)


@given(cells)
@settings(derandomize=True, max_examples=150)
def test_the_interval_holds_the_difference_and_stays_in_range(table: tuple[int, int, int, int]) -> None:
    result = comparison(*table)
    assert -1 <= result.difference_low <= result.difference <= result.difference_high <= 1


@given(cells)
@settings(derandomize=True, max_examples=80)
def test_swapping_the_networks_changes_every_sign(table: tuple[int, int, int, int]) -> None:
    first, second = correctness(*table)
    there, back = compare("A", "B", first, second), compare("B", "A", second, first)
    assert (back.only_first, back.only_second) == (there.only_second, there.only_first)
    assert back.difference == pytest.approx(-there.difference)
    assert (back.difference_low, back.difference_high) == pytest.approx((-there.difference_high, -there.difference_low))
    assert back.p_value == there.p_value
    assert back.verdict.startswith("No") == there.verdict.startswith("No")


def test_the_interval_of_bonett_and_price_by_hand() -> None:
    first, second, count = 3 / 102, 11 / 102, 102
    half = 1.959963984540054 * math.sqrt((first + second - (second - first) ** 2) / count)
    assert paired_interval(2, 10, 100) == pytest.approx((8 / 102 - half, 8 / 102 + half))


def test_the_interval_narrows_with_more_digits() -> None:
    narrow, wide = paired_interval(200, 1000, 10_000), paired_interval(2, 10, 100)
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 5


def test_the_numbers_of_a_comparison() -> None:
    result = comparison(80, 2, 10, 8)
    assert result.difference == pytest.approx(0.08)
    assert (result.only_first, result.only_second) == (2, 10)
    assert result.errors_removed == pytest.approx(8 / 18)


def test_errors_removed_is_negative_if_there_are_more_errors_and_none_without_any() -> None:
    assert comparison(80, 10, 2, 8).errors_removed == pytest.approx(-0.8)
    assert comparison(90, 10, 0, 0).errors_removed is None
    assert comparison(90, 0, 10, 0).errors_removed == 1


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        ((80, 2, 10, 8), "B is better than A (p = 0.039); it makes 44% fewer errors."),
        ((80, 10, 2, 8), "A is better than B (p = 0.039)."),
        ((80, 5, 5, 10), "No difference can be shown between A and B (p = 1)."),
        ((90, 10, 0, 0), "A is better than B (p = 0.002)."),
    ],
)
def test_the_verdict_in_words(table: tuple[int, int, int, int], verdict: str) -> None:
    assert comparison(*table).verdict == verdict


def test_a_p_value_of_exactly_the_significance_shows_nothing() -> None:
    result = Comparison("A", "B", 0.1, -0.1, 0.2, 1, 2, 0.05, None)
    assert result.verdict == "No difference can be shown between A and B (p = 0.05)."


@pytest.mark.parametrize(
    ("p_value", "text"),
    [(1.0, "1"), (0.03857, "0.039"), (0.0004, "0.0004"), (0.00004, "4e-5"), (2.1e-12, "2e-12"), (0.0, "0")],
)
def test_p_values_as_people_write_them(p_value: float, text: str) -> None:
    assert format_p(p_value) == text


def test_the_interval_of_a_mean_by_hand() -> None:
    """1, 2, 3: the mean is 2, the standard deviation 1, and the quantile of t with two degrees of freedom 4.3027."""
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)))


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    expected = stats.ttest_1samp(ONE, 0).confidence_interval(0.95)
    assert mean_interval(ONE) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("paired", [True, False])
def test_two_means_are_compared_as_scipy_does(paired: bool) -> None:
    other = OTHER if paired else OTHER[:3]
    expected = stats.ttest_rel(other, ONE) if paired else stats.ttest_ind(other, ONE, equal_var=False)
    interval = expected.confidence_interval(0.95)
    result = compare_means("A", "B", ONE, other, paired=paired)
    assert result.difference == pytest.approx(np.mean(other) - np.mean(ONE))
    assert (result.difference_low, result.difference_high) == pytest.approx((interval.low, interval.high))
    assert result.p_value == result.adjusted_p == pytest.approx(expected.pvalue)
    assert result.method == ("paired" if paired else "Welch")


def test_pairing_correlated_values_makes_a_difference_significant() -> None:
    shifted = [value + 0.0002 + 0.00001 * number for number, value in enumerate(ONE)]
    assert compare_means("A", "B", ONE, shifted, paired=True).p_value < 1e-3
    assert compare_means("A", "B", ONE, shifted, paired=False).p_value > 0.3


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("other", "p_value"), [([0.5, 0.5], 1.0), ([0.75, 0.75], 0.0)])
def test_means_without_any_spread(paired: bool, other: list[float], p_value: float) -> None:
    result = compare_means("A", "B", [0.5, 0.5], other, paired=paired)
    assert (result.p_value, result.difference_low) == (p_value, result.difference)


def test_means_in_words() -> None:
    better = compare_means("A", "B", ONE, OTHER, paired=True)
    assert better.verdict.startswith("B is better than A over these seeds, by 0.23 points on average (p = 0.00")
    assert compare_means("B", "A", OTHER, ONE, paired=True).verdict == better.verdict
    same = compare_means("A", "B", ONE, ONE[::-1], paired=True)
    assert same.verdict == "No difference can be shown between A and B over these seeds (p = 1)."


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # the well-known example with four hypotheses
        ([0.01, 0.011, 0.4], [0.03, 0.03, 0.4]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.04], [0.04]),
        ([], []),
    ],
)
def test_holm_of_known_examples(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(adjusted)


@given(st.lists(st.floats(0, 1), max_size=8))
@settings(derandomize=True, max_examples=100)
def test_holm_rejects_what_the_stepwise_procedure_does(p_values: list[float]) -> None:
    """In ascending order, compare each p-value with 0.05 / (number left); stop at the first that is not smaller."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    rejected: set[int] = set()
    for rank, index in enumerate(order):
        if (len(p_values) - rank) * p_values[index] >= 0.05:
            break
        rejected.add(index)
    assert {index for index, value in enumerate(holm(p_values)) if value < 0.05} == rejected
