"""The likeliest text of a strip: all paths count, and the forms in which people write numbers."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.models.ctc import ALPHABET, BLANK, OTHER, DecodedSign, decode_greedy, encode_text, text_of
from sutja.reading.likely_text import MAX_CHANGES, find_alternatives, text_likelihoods, with_likely_text


def steps(*columns: dict[str, float]) -> NDArray[np.float64]:
    """Probabilities `(T, 19)`: of the signs given at each step, the rest is the blank's."""
    probabilities = np.full((len(columns), BLANK + 1), 1e-6)
    for row, column in zip(probabilities, columns, strict=True):
        for sign, probability in column.items():
            row[ALPHABET.index(sign)] = probability
        row[BLANK] = max(1e-6, 1 - sum(column.values()))
    return probabilities


def written(text: str, **others: dict[str, float]) -> list[dict[str, float]]:
    """Steps of a text, surely read, with a blank after each sign; `at0`, `at1`, … change what is probable at a step."""
    columns: list[dict[str, float]] = []
    for sign in text:
        columns += [{sign: 0.98}, {}]
    for name, column in others.items():
        columns[int(name.removeprefix("at"))] = column
    return columns


def greedy(probabilities: NDArray[np.float64]) -> list[DecodedSign]:
    return decode_greedy(np.log(probabilities).astype(np.float32))


def likely(columns: list[dict[str, float]]) -> str:
    probabilities = steps(*columns)
    return text_of(with_likely_text(probabilities, greedy(probabilities)))


def test_a_comma_that_may_stand_at_either_of_two_steps_is_read() -> None:
    columns = [{"5": 0.98}, {",": 0.4}, {",": 0.4}, {"1": 0.98}, {}, {"5": 0.98}, {}, {"0": 0.98}]
    assert text_of(greedy(steps(*columns))) == "5150"
    assert likely(columns) == "5,150"


def test_a_comma_is_read_rather_where_a_number_has_one() -> None:
    assert likely(written("5150", at1={",": 0.3})) == "5,150"
    assert likely(written("51501", at1={",": 0.3})) == "51501"


def test_what_may_be_a_flourish_is_the_digit_that_completes_a_number() -> None:
    assert likely(written("7,400", at8={OTHER: 0.6, "0": 0.35})) == "7,400"
    assert likely(written("740", at4={OTHER: 0.95, "0": 0.04})) == "74" + OTHER


def test_a_colon_in_no_time_is_a_point() -> None:
    assert likely(written("5:3", at2={":": 0.6, ".": 0.35})) == "5.3"
    assert likely(written("5:30", at2={":": 0.6, ".": 0.1})) == "5:30"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("902/0", "90210"),
        ("/5", "15"),
        ("1250/3", "125013"),
        ("12.5/0 2/3", "12.510 2/3"),
        ("2 1/2", "2 1/2"),
        ("18/20", "18/20"),
        ("97/100", "97/100"),
        ("12/07", "12/07"),
        ("18/12/2023", "18/12/2023"),
        ("1234", "1234"),
        ("", ""),
    ],
)
def test_slashes_of_fractions_and_dates_stay(text: str, read: str) -> None:
    assert likely([{"/": 0.6, "1": 0.3} if "/" in column else column for column in written(text)] or [{}]) == read


def test_a_slash_that_looks_like_no_digit_stays() -> None:
    assert likely(written("902/0", at6={"/": 0.985, "1": 0.01})) == "902/0"


def test_a_new_sign_has_the_probability_of_its_texts_and_its_place() -> None:
    probabilities = steps(*written("5150", at1={",": 0.3}))
    comma = with_likely_text(probabilities, greedy(probabilities))[1]
    assert (comma.sign, comma.start, comma.stop) == (",", 4.0, 8.0)
    assert comma.confidence == pytest.approx(3 * 0.3 / (3 * 0.3 + 0.7), abs=1e-3)


def test_a_new_digit_has_a_probability_among_the_digits() -> None:
    probabilities = steps(*written("902/0", at6={"/": 0.6, "1": 0.3, "7": 0.04}))
    one = with_likely_text(probabilities, greedy(probabilities))[3]
    assert one.probabilities.argmax() == 1
    assert one.probabilities[1] == one.confidence > 0.7
    assert one.probabilities.sum() <= 1


def test_what_the_signs_know_better_than_the_network_counts() -> None:
    probabilities = steps(*written("38", at0={"3": 0.55, "8": 0.4}))
    first, *rest = greedy(probabilities)
    surer = replace(first, sign="8", confidence=0.9, probabilities=np.where(np.arange(10) == 8, 0.9, 0.005))
    assert text_of(with_likely_text(probabilities, [surer, *rest])) == "88"


def test_a_sure_text_stays_as_it_is() -> None:
    probabilities = steps(*written("-1,500.75"))
    signs = greedy(probabilities)
    assert all(new is old for new, old in zip(with_likely_text(probabilities, signs), signs, strict=True))


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), min_size=1, max_size=6))
def test_the_likelihood_is_the_sum_over_all_paths(rows: list[list[float]]) -> None:
    classes = [ALPHABET.index("1"), ALPHABET.index("2"), ALPHABET.index("."), BLANK]
    probabilities = np.zeros((len(rows), BLANK + 1))
    probabilities[:, classes] = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    by_text: dict[str, float] = {}
    for path in itertools.product(classes, repeat=len(rows)):
        text = "".join(ALPHABET[sign] for sign, _ in itertools.groupby(path) if sign != BLANK)
        by_text[text] = by_text.get(text, 0.0) + float(np.prod(probabilities[range(len(rows)), path]))
    texts = list(by_text)
    found = text_likelihoods(probabilities, [encode_text(text) for text in texts])
    assert found / found.sum() == pytest.approx(list(by_text.values()))


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=BLANK + 1, max_size=BLANK + 1), min_size=1, max_size=12))
def test_alternatives_are_few_and_distinct_and_begin_with_the_greedy_text(rows: list[list[float]]) -> None:
    probabilities = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    signs = greedy(probabilities)
    alternatives = find_alternatives(probabilities, signs)
    assert alternatives[0].text == tuple(encode_text(text_of(signs)))
    assert len(alternatives) <= 2**MAX_CHANGES
    assert len(
        {tuple(sorted((place, change.sign) for place, change in each.changes.items())) for each in alternatives}
    ) == len(alternatives)


def test_a_long_strip_has_a_likelihood() -> None:
    probabilities = steps(*written("1234567890" * 40))
    probabilities[:, BLANK] += 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert text_of(with_likely_text(probabilities, greedy(probabilities))).isdigit()


def test_a_long_strip_on_which_nothing_is_certain_has_likelihoods_of_numbers() -> None:
    probabilities = steps(*[{"1": 0.52 if step % 4 < 2 else 0.46} for step in range(2000)])
    signs = greedy(probabilities)
    assert text_of(signs) == 500 * "1"
    texts = [each.text for each in find_alternatives(probabilities, signs)]
    with np.errstate(all="raise", under="ignore"):
        likelihoods = text_likelihoods(probabilities, texts)
        with_likely_text(probabilities, signs)
    assert np.isfinite(likelihoods).all()
    assert likelihoods.max() > 0
