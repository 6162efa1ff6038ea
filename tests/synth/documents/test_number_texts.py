"""Numbers as people write them: every kind looks as it says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sutja.synth.documents.number_texts import KIND_WEIGHTS, KINDS, random_digits, random_kind, random_number_text

PATTERNS = {
    "digit": r"\d",
    "small": r"\d|[1-9]\d",
    "whole": r"[1-9]\d{1,5}",
    "mark": r"\d{1,3}([.,]\d{1,3})?",
    "decimal": r"(\d|[1-9]\d{1,3})[.,]\d{1,3}",
    "thousands": r"\d{1,3}(?P<sign>[,. ])\d{2,3}((?P=sign)\d{3})?([.,]\d\d)?",
    "negative": r"[-+]\d{1,4}([.,]\d{1,3})?",
    "date": r"\d{1,2}(?P<sign>[/.-])\d{1,2}((?P=sign)(\d{4}|\d\d))?",
    "time": r"\d{1,2}[:.][0-5]\d(:[0-5]\d)?",
    "fraction": r"([1-9]\d? )?\d{1,2}/\d{1,3}",
    "range": r"\d{1,4}-\d{1,4}",
    "telephone": r"\d{3}-\d{4,8}|\d{7,11}",
    "code": r"\d{3,10}",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_of_a_kind_looks_as_such(kind: str) -> None:
    rng = np.random.default_rng(1)
    texts = [random_number_text(rng, kind) for _ in range(300)]
    assert [text for text in texts if not re.fullmatch(PATTERNS[kind], text)] == []
    assert len(set(texts)) >= 10


def test_each_kind_has_a_weight() -> None:
    assert set(KIND_WEIGHTS) == set(KINDS)
    assert sum(KIND_WEIGHTS.values()) == pytest.approx(1)
    rng = np.random.default_rng(2)
    assert {random_kind(rng) for _ in range(1500)} == set(KINDS)


def test_random_digits_are_as_many_as_asked_for() -> None:
    rng = np.random.default_rng(3)
    assert all(re.fullmatch(rf"\d{{{count}}}", random_digits(rng, count)) for count in range(1, 30))


def test_the_same_seed_makes_the_same_numbers() -> None:
    first, second = ([random_number_text(np.random.default_rng([4, each])) for each in range(40)] for _ in range(2))
    assert first == second


def test_numbers_begin_with_a_1_as_often_as_benford_counted() -> None:
    rng = np.random.default_rng(5)
    firsts = [random_number_text(rng, "whole")[0] for _ in range(2000)]
    assert firsts.count("1") / 2000 == pytest.approx(np.log10(2), abs=0.04)
    assert firsts.count("9") / 2000 == pytest.approx(np.log10(10 / 9), abs=0.02)


def test_digits_are_repeated_more_often_than_by_chance() -> None:
    rng = np.random.default_rng(6)
    pairs = [random_digits(rng, 2) for _ in range(2000)]
    assert sum(pair[0] == pair[1] for pair in pairs) / 2000 == pytest.approx(0.19, abs=0.04)
