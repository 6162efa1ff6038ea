"""Of several finds of one number, the one that is read best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.models.ctc import OTHER, DecodedSign
from sutja.reading.choice import (
    choose_strips,
    reading_gain,
    without_joined,
    without_repeated_signs,
    without_twins,
)
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import Quad, upright_quad


@dataclass(frozen=True)
class Strip:
    place: Quad
    signs: tuple[DecodedSign, ...]
    score: float

    @property
    def found(self) -> FoundNumber:
        return FoundNumber(self.place, self.score, 1.0)


def signs(text: str, confidence: float) -> tuple[DecodedSign, ...]:
    return tuple(DecodedSign(sign, 8.0 * at, 8.0 * at + 4, confidence, np.zeros(10)) for at, sign in enumerate(text))


def strip(left: float, right: float, text: str, confidence: float = 0.95, *, score: float = 0.9) -> Strip:
    return Strip(upright_quad(left, 0, right, 20), signs(text, confidence), score)


def test_a_whole_number_stays_rather_than_its_surer_parts() -> None:
    whole, first, second = strip(0, 100, "12345", 0.9), strip(0, 40, "12", 0.99), strip(45, 100, "345", 0.99)
    assert choose_strips([first, second, whole]) == [whole]


def test_parts_stay_rather_than_a_strip_on_which_little_can_be_read() -> None:
    blurred, first, second = strip(0, 100, "12845", 0.62), strip(0, 40, "12"), strip(45, 100, "345")
    assert sorted(each.place[0, 0] for each in choose_strips([blurred, first, second])) == [0, 45]


def test_all_of_a_number_takes_the_place_of_a_part_that_is_read_with_more_confidence() -> None:
    part, whole = strip(20, 100, "345", 0.99), strip(0, 100, "2345", 0.7)
    assert choose_strips([part, whole]) == [whole]
    assert choose_strips([part, strip(0, 100, "345", 0.7)]) == [part]
    assert choose_strips([part, strip(0, 100, "2345", 0.29)]) == [part]
    assert choose_strips([part, strip(0, 100, "2345", 0.7, score=0.5)]) == [part]
    assert choose_strips([part, strip(0, 300, "2345", 0.7)]) == [part]
    better = strip(0, 104, "2345", 0.75)
    assert choose_strips([part, whole, better]) == [better]


def test_numbers_that_are_found_as_one_with_less_certainty_stay_apart() -> None:
    digits = [strip(left, left + 20, "7", score=0.9) for left in (0, 40, 80)]
    joined = [strip(0, 100, "777", score=0.6), strip(0, 60, "77", score=0.65)]
    assert sorted(each.place[0, 0] for each in choose_strips([*joined, *digits])) == [0, 40, 80]
    assert without_joined([*joined, *digits]) == digits


def test_a_number_stays_one_if_its_parts_are_found_with_no_more_certainty_or_show_less_of_it() -> None:
    whole = strip(0, 100, "777", score=0.8)
    parts = [strip(left, left + 20, "7", score=0.9) for left in (0, 40, 80)]
    assert choose_strips([whole, *parts]) == [whole]
    unsure = strip(0, 100, "777", score=0.5)
    assert choose_strips([unsure, *parts[:2]]) == [unsure]
    assert choose_strips([unsure, parts[0], strip(40, 100, "77", 0.7)]) == [unsure]


def test_numbers_beside_one_another_all_stay() -> None:
    numbers = [strip(left, left + 40, "7") for left in (0, 35, 80)]
    assert len(choose_strips(numbers)) == 3
    assert choose_strips([]) == []


def test_unsure_signs_speak_against_a_strip_and_signs_of_no_number_not_at_all() -> None:
    assert reading_gain(signs("12", 0.9)) == pytest.approx(0.6)
    assert reading_gain(signs("12", 0.5)) == pytest.approx(-0.2)
    assert reading_gain(signs(f"1 2{OTHER}", 0.9)) == pytest.approx(0.6)
    assert 0.6 < reading_gain(signs("1,2", 0.9)) < 0.9, "a mark counts less than a digit"
    assert reading_gain(()) == 0


@dataclass(frozen=True)
class Placed(Strip):
    middles: NDArray[np.float64]

    def without(self, left_out: NDArray[np.bool_]) -> Placed:
        kept = np.flatnonzero(~left_out)
        signs = tuple(self.signs[index] for index in kept)
        return Placed(self.place, signs, self.score, self.middles[kept])


def placed(left: float, right: float, text: str, starts: list[float]) -> Placed:
    own = strip(left, right, text)
    middles = [(np.nan, np.nan) if sign == " " else (start, 10.0) for sign, start in zip(text, starts, strict=True)]
    return Placed(own.place, own.signs, own.score, np.array(middles))


def test_a_sign_that_two_strips_show_is_told_once() -> None:
    first, second = placed(0, 60, "4 56", [5, 20, 30, 50]), placed(42, 100, "67", [52, 90])
    beside = placed(200, 260, "67", [210, 250])
    kept = without_repeated_signs([first, second, beside])
    assert ["".join(sign.sign for sign in each.signs) for each in kept] == ["4 56", "7", "67"]


def test_a_strip_that_shows_nothing_new_is_left_out_and_one_that_was_not_read_stays() -> None:
    first, again, unread = placed(0, 60, "45", [5, 50]), placed(30, 62, " 5", [35, 52]), placed(40, 62, "", [])
    unread = Placed(unread.place, (), unread.score, np.empty((0, 2)))
    last = placed(40, 90, "58", [51, 80])
    assert without_repeated_signs([first, again, unread, last])[:2] == [first, unread]
    assert "".join(sign.sign for sign in without_repeated_signs([first, again, unread, last])[2].signs) == "8"


def test_a_digit_in_the_space_of_another_strip_is_kept() -> None:
    assert len(without_repeated_signs([placed(0, 60, "4 5", [5, 28, 50]), placed(20, 40, "1", [28])])[1].signs) == 1


def test_of_finds_that_are_nearly_the_same_the_surest_is_read() -> None:
    quads = [upright_quad(0, 0, 100, 20), upright_quad(2, 0, 103, 21), upright_quad(0, 0, 90, 20)]
    found = [FoundNumber(quad, score, 1.0) for quad, score in zip(quads, (0.7, 0.9, 0.5), strict=True)]
    assert without_twins(found) == found[1:]
    assert without_twins([]) == []


def test_hundreds_of_numbers_are_chosen_among_at_once() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 5000, 3000)
    found = choose_strips([strip(left, left + 30, "12", float(rng.uniform(0.7, 1))) for left in places])
    starts = np.sort([each.place[0, 0] for each in found])
    assert np.diff(starts).min() >= 30 - 0.4 * 30 - 1e-3
