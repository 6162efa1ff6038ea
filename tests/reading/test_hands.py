import numpy as np
import pytest

from sutja.reading.hands import HANDWRITING_PRIOR, with_columns_hands, with_counting_hands, with_looks_hands
from sutja.reading.page_maps import FoundNumber
from sutja.reading.quad import upright_quad


def number(left: float, top: float, hand: float, *, height: float = 20, width: float = 30) -> FoundNumber:
    return FoundNumber(upright_quad(left, top, left + width, top + height), 0.9, hand)


def test_a_doubtful_number_follows_its_column() -> None:
    column = [number(100, 30 * row, 0.9) for row in range(6)]
    agreed = with_columns_hands([*column, number(102, 180, -0.4)])
    assert all(each.handwritten for each in agreed)


def test_the_longer_a_column_is_the_more_it_counts() -> None:
    for rows, expected in ((2, False), (18, True)):
        column = [number(100, 30 * row, -0.2) for row in range(rows)]
        assert with_columns_hands([number(101, 600, -0.95), *column])[0].handwritten is expected


def test_a_printed_column_stays_printed() -> None:
    assert not any(each.handwritten for each in with_columns_hands([number(100, 30 * row, -0.8) for row in range(6)]))


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(number(300, 90, -0.9), id="elsewhere"),
        pytest.param(number(100, 180, -0.9, height=40, width=60), id="twice as high"),
    ],
)
def test_a_number_that_is_not_of_the_column_speaks_for_itself(stranger: FoundNumber) -> None:
    column = [number(100, 30 * row, 0.9) for row in range(6)]
    *others, alone = with_columns_hands([*column, stranger])
    assert alone.hand == pytest.approx(stranger.hand + HANDWRITING_PRIOR)
    assert all(each.hand == 1 for each in others)


def test_columns_are_those_of_a_turned_page() -> None:
    def turned(each: FoundNumber) -> FoundNumber:
        matrix = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
        return FoundNumber((each.quad @ matrix.T).astype(np.float32), each.score, each.hand)

    column = [turned(number(100, 60 * row, 0.9)) for row in range(6)]
    assert all(each.handwritten for each in with_columns_hands([*column, turned(number(102, 360, -0.4))]))


def test_without_numbers_there_is_nothing_to_agree_on() -> None:
    assert with_columns_hands([]) == []
    assert with_looks_hands([], []) == []


def test_all_looks_at_a_number_tell_its_hand() -> None:
    chosen = number(100, 100, -0.6)
    looks = [chosen, number(101, 99, 0.9), number(99, 101, 0.8), number(400, 100, -1)]
    (agreed,) = with_looks_hands([chosen], looks)
    assert 0.3 < agreed.hand < 0.5
    (alone,) = with_looks_hands([chosen], [chosen, number(400, 100, 1)])
    assert alone.hand == pytest.approx(-0.6)


def test_a_column_that_counts_is_rather_printed() -> None:
    rows = [number(100, 30 * row, 0.2) for row in range(6)]
    counted = with_counting_hands(rows[::-1], [str(row + 1) for row in range(6)][::-1])
    assert not any(each.handwritten for each in counted)
    surely_by_hand = [number(100, 30 * row, 0.9) for row in range(6)]
    assert all(each.handwritten for each in with_counting_hands(surely_by_hand, ["1", "2", "3", "4", "5", "6"]))


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["3", "1", "4", "1", "5", "9"], id="no order"),
        pytest.param(["1", "2", "3", "4"], id="too few"),
        pytest.param(["1.", "2.", "3.", "4.", "5."], id="other signs"),
        pytest.param([f"{'9' * 400}{row}" for row in range(1, 6)], id="hundreds of digits"),
    ],
)
def test_a_column_that_does_not_count_keeps_its_hand(texts: list[str]) -> None:
    rows = [number(100, 30 * row, 0.2) for row in range(len(texts))]
    assert with_counting_hands(rows, texts) == rows


def test_a_counting_column_leaves_others_alone() -> None:
    rows = [number(left, 30 * row, 0.2) for left in (100, 300) for row in range(5)]
    told = with_counting_hands(rows, ["1", "2", "3", "4", "5", "7", "7", "0", "9", "4"])
    assert [each.handwritten for each in told] == [False] * 5 + [True] * 5
