"""The kinds and values of numbers by their signs, the decimal sign of a document, and rows of several numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sutja.reading.numbers import (
    DECIMAL_SIGNS,
    DecimalSign,
    NumberMeaning,
    decide_decimal_sign,
    decimal_text,
    interpret_number,
    split_numbers,
)

SIGNS = "0123456789.,-+/: "
MARKS: dict[DecimalSign, tuple[str, str]] = {"point": (".", ","), "comma": (",", ".")}  # decimal sign and the other


def test_numbers_that_tell_their_decimal_sign() -> None:
    table = {
        "integer": {
            "0": "0",
            "007": "7",
            "1500": "1500",
            "-4": "-4",
            "+12": "12",
            "1 500": "1500",
            "12 345 678": "12345678",
            "1,500,000": "1500000",
            "1.500.000": "1500000",
            "3,00,000": "300000",
            "-12,34,567": "-1234567",
            "300.-": "300",
            "300,--": "300",
            "500/-": "500",
            "12.": "12",
        },
        "decimal": {
            "-1,500.75": "-1500.75",
            "1.500,75": "1500.75",
            "1 500,75": "1500.75",
            "3,00,000.50": "300000.50",
            "12.5": "12.5",
            "12,5": "12.5",
            "0.125": "0.125",
            "0,500": "0.500",
            "1234.567": "1234.567",
            ".5": "0.5",
            "-,25": "-0.25",
            "7.5.": "7.5",
            "12,50": "12.50",
            "1.50000": "1.50000",
        },
        "fraction": {
            "1/2": "0.5",
            "-3/4": "-0.75",
            "18/20": "0.9",
            "5/4": "1.25",
            "2 1/2": "2.5",
            "-2 1/4": "-2.25",
            "1/128": "0.0078125",
            "1/3": "0.333333333333333",
            "2 2/3": "2.66666666666667",
            "1/2.": "0.5",
        },
    }
    for kind, numbers in table.items():
        for text, value in numbers.items():
            meaning = interpret_number(text)
            assert (meaning.kind, str(meaning.value)) == (kind, value), text
            for sign in DECIMAL_SIGNS:  # a decimal sign that contradicts a number changes nothing
                assert interpret_number(text, sign) == meaning, text


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("date", "9/11/24 31.12.2024 12-31-99 2024-03-01 24/3/1 1.2.03."),
        ("time", "12:30 0:05 1:05:07 1:05:07.25 90:00"),
        (
            "other",
            "31/13/24 1/2/3 32.13.24 0.5.24 2024-13-01 12:60 3:1 3/0 010-1234-5678 1+2 4- --4 +-4 12?5 1,2,3 . -",
        ),
        ("other", "12.34.567 1,50.00 01,500,000 1.5.5 1,500.750,25"),
    ],
)
def test_dates_times_and_other_numbers_have_no_value(kind: str, texts: str) -> None:
    for text in texts.split():
        for sign in (None, *DECIMAL_SIGNS):
            meaning = interpret_number(text, sign)
            assert (meaning.kind, meaning.value) == (kind, None), text


def test_a_whole_number_before_a_fraction_is_mixed_only_if_that_is_proper_and_of_small_parts() -> None:
    for text in ("2 5/4", "2 4/4", "12 18/20", "2 0/0"):
        assert interpret_number(text) == NumberMeaning("other"), text
    assert interpret_number("1 15/16").value == Decimal("1.9375")


@pytest.mark.parametrize("text", ["1,500", "1.500", "-12,345", "999.000", "1,500."])
def test_a_number_that_does_not_tell_its_decimal_sign_needs_it(text: str) -> None:
    assert interpret_number(text) == NumberMeaning("other")
    meanings = [interpret_number(text, sign) for sign in DECIMAL_SIGNS]
    assert {meaning.kind for meaning in meanings} == {"integer", "decimal"}
    integer, decimal = sorted(meanings, key=lambda meaning: meaning.kind, reverse=True)
    assert integer.value is not None and decimal.value is not None
    assert integer.value == 1000 * decimal.value
    assert str(interpret_number("1,500", "point").value) == "1500"
    assert str(interpret_number("1,500", "comma").value) == "1.500"


def test_the_decimal_sign_of_a_document_is_that_of_its_clear_numbers() -> None:
    assert decide_decimal_sign([]) is None
    assert decide_decimal_sign(["1,500", "2.750", "12", "1 500", "9.11.2024", "1/2", "12:30", "4?.5", "300.-"]) is None
    assert decide_decimal_sign(["1,500", "12.5"]) == "point"
    assert decide_decimal_sign(["1,500,000"]) == "point"
    assert decide_decimal_sign(["3,00,000"]) == "point"
    assert decide_decimal_sign(["0,500"]) == "comma"
    assert decide_decimal_sign(["1.234.567,-"]) == "comma"


def test_a_few_points_that_look_like_commas_do_not_outvote_the_others() -> None:
    assert decide_decimal_sign(["1,5", "2.5", "3.5", "4.5"]) == "point"
    assert decide_decimal_sign(["1,5", "2.5", "3.5"]) is None
    assert decide_decimal_sign(["1.5", "2,5", "3,5", "4,5"]) == "comma"


def grouped(digits: str, sign: str) -> str:
    """Digits with a sign between thousands."""
    return f"{int(digits):,}".replace(",", sign)


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, DecimalSign, Decimal]:
    """A number as people write it, its decimal sign and its value."""
    decimal = draw(st.sampled_from(DECIMAL_SIGNS))
    mark, other = MARKS[decimal]
    whole = str(draw(st.integers(0, 10**9)))
    part = draw(st.text("0123456789", max_size=4))
    minus = draw(st.sampled_from(["", "-"]))
    separator = draw(st.sampled_from(["", other, " "]))
    text = minus + (grouped(whole, separator) if separator else whole) + (mark + part if part else "")
    return text, decimal, Decimal(minus + whole + ("." + part if part else ""))


@given(written_numbers())
def test_a_value_is_right_with_the_decimal_sign_and_never_wrong_without(
    written: tuple[str, DecimalSign, Decimal],
) -> None:
    text, decimal, value = written
    assert interpret_number(text, decimal).value == value
    alone = interpret_number(text)
    assert alone.value == value if alone.kind != "other" else alone.value is None


@given(st.lists(written_numbers(), max_size=8).map(lambda all_: [each for each in all_ if each[1] == all_[0][1]]))
def test_numbers_of_one_document_do_not_vote_for_another_decimal_sign(
    written: list[tuple[str, DecimalSign, Decimal]],
) -> None:
    decided = decide_decimal_sign(text for text, _, _ in written)
    assert decided in (None, *(sign for _, sign, _ in written[:1]))


@given(st.integers(0, 500), st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_value_of_a_fraction_is_exact_or_rounded(whole: int, top: int, bottom: int) -> None:
    value = interpret_number(f"{top}/{bottom}").value
    assert value is not None
    exact = Fraction(top, bottom)
    assert abs(Fraction(value) - exact) <= exact / 10**14
    if all(prime in (2, 5) for prime in prime_factors(exact.denominator)):
        assert Fraction(value) == exact
    mixed = interpret_number(f"{whole} {top % 8}/8").value
    assert mixed == whole + Decimal(top % 8) / 8


def prime_factors(number: int) -> set[int]:
    found, factor = set(), 2
    while number > 1 and factor * factor <= number:
        if number % factor:
            factor += 1
        else:
            found.add(factor)
            number //= factor
    return found | {number} - {1}


@given(st.text(SIGNS + "?\ufffd१", max_size=30), st.sampled_from([None, *DECIMAL_SIGNS]))
def test_any_signs_have_a_meaning(text: str, sign: DecimalSign | None) -> None:
    meaning = interpret_number(text, sign)
    if meaning.value is None:
        assert meaning.kind in ("date", "time", "other")
    else:
        assert meaning.kind in ("integer", "decimal", "fraction")
        assert meaning.value.is_finite()
        assert "E" not in decimal_text(meaning.value)


def test_a_value_has_no_exponent_however_long_it_is() -> None:
    assert decimal_text(Decimal("0.0000001")) == "0.0000001"
    long = "9" * 5000
    assert decimal_text(interpret_number(long).value or Decimal()) == long
    assert interpret_number(f"{long}/{long}").kind == "other"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        ("12", ["12"]),
        ("12 -7.5 3,00,000", ["12", "-7.5", "3,00,000"]),
        ("2 1/2 3/4", ["2 1/2", "3/4"]),
        ("1 500 2 300", ["1 500", "2 300"]),
        ("12 345 678,50 9", ["12 345 678,50", "9"]),
        ("-1 500", ["-1 500"]),
        ("1500 300", ["1500", "300"]),
        ("1 5000", ["1", "5000"]),
        ("0 500", ["0", "500"]),
        ("12 18/20", ["12", "18/20"]),
        ("5 - 3", ["5", "3"]),
        ("- . 4", ["4"]),
        ("12\ufffd7", ["12", "7"]),
        ("300.-\ufffd", ["300.-"]),
        ("9/11/24 12:30", ["9/11/24", "12:30"]),
    ],
)
def test_a_row_is_split_at_the_spaces_between_numbers(text: str, numbers: list[str]) -> None:
    assert [text[start:stop] for start, stop in split_numbers(text)] == numbers


@given(st.text(SIGNS + "\ufffd", max_size=40))
def test_no_digit_of_a_row_is_lost(text: str) -> None:
    spans = split_numbers(text)
    assert all(any(sign.isdigit() for sign in text[start:stop]) for start, stop in spans)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(spans))
    inside = {at for start, stop in spans for at in range(start, stop)}
    assert all(at in inside for at, sign in enumerate(text) if sign.isdigit())
