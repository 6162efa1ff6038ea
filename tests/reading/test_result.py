"""Readings: their text, values and confidence, and their form in JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from sutja.errors import UsageError
from sutja.reading.result import ReadDigit, Reading, ReadLine, ReadNumber, ReadSign

from .readings import read_lines, read_number


def test_a_space_stands_between_two_numbers_and_every_sign_where_it_was_written() -> None:
    reading = read_lines(("-1,500.75", "2 1/2"), ("9/11/24",))
    assert reading.text == "-1,500.75 2 1/2\n9/11/24"
    assert [number.text for number in reading.numbers] == ["-1,500.75", "2 1/2", "9/11/24"]
    assert "".join(digit.text for digit in reading.lines[0].digits) == "150075212"
    assert [sign.text for sign in reading.numbers[1].signs if isinstance(sign, ReadSign)] == [" ", "/"]


def test_signs_below_the_minimum_confidence_are_question_marks_and_leave_no_value() -> None:
    (number,) = read_lines(("1[2].5",)).with_values().numbers
    assert (number.text, number.guess, number.kind, number.value) == ("1?.5", "12.5", "decimal", None)
    (number,) = read_lines(("12[.]5",)).with_values().numbers
    assert (number.text, number.guess, number.kind, number.value) == ("12?5", "12.5", "decimal", None)
    assert Reading((ReadLine((number,)),)).readable
    assert not read_lines(("[1]", "[2].[5]")).readable


def test_ink_of_which_no_sign_is_probable_makes_the_number_another() -> None:
    number = read_number("12")
    number = replace(number, signs=(*number.signs, ReadSign(None, "?", 0.1, (20, 0, 10, 20)))).with_value(None)
    assert (number.text, number.guess, number.kind, number.value) == ("12?", "12?", "other", None)


def values(reading: Reading) -> list[str | None]:
    return [None if number.value is None else str(number.value) for number in reading.numbers]


def test_values_follow_the_other_numbers_of_the_document_or_the_given_sign() -> None:
    reading = read_lines(("1,500", "2.250"), ("7",))
    assert values(reading.with_values()) == [None, None, "7"]
    assert values(reading.with_values("point")) == ["1500", "2.250", "7"]
    assert values(reading.with_values("comma")) == ["1.500", "2250", "7"]
    told = Reading((*reading.lines, *read_lines(("12,5",)).lines))
    assert values(told.with_values()) == ["1.500", "2250", "7", "12.5"]
    assert values(told.with_values("point")) == ["1500", "2.250", "7", "12.5"]


def test_numbers_that_are_not_sure_do_not_tell_the_decimal_sign() -> None:
    assert values(read_lines(("1,500", "12[.]5")).with_values()) == [None, None]


def test_another_decimal_sign_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown decimal sign 'comme': did you mean 'comma'"):
        Reading(()).with_values("comme")  # type: ignore[arg-type]


def test_the_confidence_of_a_number_and_a_line_is_that_all_signs_are_right() -> None:
    reading = read_lines(("1.5", "2"), ("3",))
    assert [number.confidence for number in reading.numbers] == pytest.approx([0.9**3, 0.9, 0.9])
    assert [line.confidence for line in reading.lines] == pytest.approx([0.9**4, 0.9])
    assert reading.confidence == pytest.approx(0.9**5)
    assert Reading(()).confidence == 0


def test_printed_numbers_are_left_out_with_lines_of_these_alone() -> None:
    by_hand, printed = read_number("12"), read_number("34", handwritten=False)
    reading = Reading((ReadLine((printed, by_hand)), ReadLine((printed,))))
    assert reading.text == "34 12\n34"
    assert reading.only_handwritten() == Reading((ReadLine((by_hand,)),))


def test_the_box_of_a_number_is_upright_around_its_corners_and_within_the_picture() -> None:
    quad = np.array([(50.5, 20), (90, 60), (70, 80), (-30, 40)])
    number = ReadNumber.at(quad, [ReadDigit(1, 1, 0.9, (60, 30, 10, 20))], shape=(75, 200))
    assert number.box == (0, 20, 90, 55)
    assert number.quad == ((50.5, 20), (90, 60), (70, 80), (-30, 40))


def test_a_reading_as_json() -> None:
    reading = read_lines(("[4]0,5",), ("1/8",)).with_values()
    told = reading.as_json("a.png")
    assert json.loads(json.dumps(told)) == told
    assert (told["file"], told["text"], told["confidence"]) == ("a.png", "?0,5\n1/8", 0.4783)
    assert [line["text"] for line in told["lines"]] == ["?0,5", "1/8"]
    assert told["lines"][0]["confidence"] == 0.6561
    (number,) = told["lines"][0]["numbers"]
    assert number == {
        "text": "?0,5",
        "guess": "40,5",
        "kind": "decimal",
        "value": None,
        "confidence": 0.6561,
        "handwritten": True,
        "at_edge": False,
        "box": [0, 0, 40, 20],
        "quad": [[0.0, 0.0], [40.0, 0.0], [40.0, 20.0], [0.0, 20.0]],
        "digits": [
            {"digit": None, "guess": 4, "confidence": 0.9, "box": [0, 0, 10, 20]},
            {"digit": 0, "guess": 0, "confidence": 0.9, "box": [10, 0, 10, 20]},
            {"digit": 5, "guess": 5, "confidence": 0.9, "box": [30, 0, 10, 20]},
        ],
    }
    assert told["lines"][1]["numbers"][0]["value"] == "0.125"


def test_a_value_in_json_is_digits_without_an_exponent() -> None:
    number = replace(read_number("1"), value=Decimal("1E+7"))
    assert number.as_json()["value"] == "10000000"
