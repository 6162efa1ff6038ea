"""Names of classes: how many there may be, which are refused, and what the option --classes takes."""

from __future__ import annotations

import pytest

from sutja.data.class_names import DIGIT_NAMES, ClassNames, listed_names, parse_class_names, recorded_names
from sutja.errors import DataError, UsageError


def test_the_digits_are_the_default_and_need_no_record() -> None:
    assert [*DIGIT_NAMES] == [*"0123456789"]
    assert DIGIT_NAMES.are_digits
    assert DIGIT_NAMES.recorded is None
    assert recorded_names(None) == DIGIT_NAMES == ClassNames.numbered(10)


def test_other_names_are_recorded_as_they_are() -> None:
    names = ClassNames(("ink", "あ", "T-shirt / top"))
    assert (len(names), names[1], names.are_digits) == (3, "あ", False)
    assert recorded_names(names.recorded) == names
    assert ClassNames(tuple("9876543210")) != DIGIT_NAMES


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["A"], "list: 1 class: 2 to 100 are possible"),
        ([], "list: 0 classes: 2 to 100 are possible"),
        ([str(number) for number in range(101)], "list: more than 100 classes: 2 to 100 are possible"),
        (["A", "B", "A"], "list: two classes are called A"),
        (["A", ""], "list: the name of class 1 is '': 1 to 40 signs are possible"),
        (["A", " B"], "list: the name of class 1 is ' B'"),
        (["A", "B\x07"], "list: the name of class 1 is"),
        (["A", "B" * 41], "list: the name of class 1 is"),
    ],
)
def test_wrong_lists_are_refused_in_one_line(names: list[str], why: str) -> None:
    with pytest.raises(DataError) as caught:
        listed_names(names, "list")
    assert str(caught.value).startswith(why)
    assert str(caught.value).isprintable()


def test_the_option_takes_a_number_or_names() -> None:
    assert parse_class_names("100") == ClassNames.numbered(100)
    assert parse_class_names("10").are_digits
    assert parse_class_names("A, B,C") == ClassNames(("A", "B", "C"))


@pytest.mark.parametrize("text", ["", "1", "0", "101", "9" * 5000, "A", "A,,B", "A,B,A"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--classes"):
        parse_class_names(text)


def test_a_summary_is_short() -> None:
    assert ClassNames(("yes", "no")).summary == "2 classes (yes, no)"
    assert ClassNames.numbered(47).summary == "47 classes (0, 1, 2 … 46)"
    assert DIGIT_NAMES.summary == "the ten digits"
