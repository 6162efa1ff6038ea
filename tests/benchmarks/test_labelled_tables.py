"""Tables beside labels of their rows: cells count in the right row and column only."""

from __future__ import annotations

import pytest

from benchmarks.labelled_tables import label_rows, score_reading
from tests.reading.tables.sheets import read_table

ROWS = [("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9")]
LABEL = "1 2 3|4 5 6|7 8 9"


def test_rows_of_a_label_have_mixed_numbers_and_no_dashes() -> None:
    assert label_rows("2 1/2 3 -|-|9/11/24 1,5") == [["2 1/2", "3"], ["9/11/24", "1,5"]]


@pytest.mark.parametrize(
    ("rows", "label", "right", "unmarked"),
    [
        (ROWS, LABEL, 9, 0),
        (ROWS[1:], LABEL, 6, 0),
        ([("0", "0", "0"), *ROWS], LABEL, 9, 3),
        ([ROWS[0], ("4", "7", "6"), ROWS[2]], LABEL, 8, 1),
        ([ROWS[0], ("4", "[7]", "6"), ROWS[2]], LABEL, 8, 0),
        ([ROWS[0], ("5", "4", "6"), ROWS[2]], LABEL, 7, 2),
        ([(*row, "0") for row in ROWS], LABEL, 9, 3),
        ([("0", *row) for row in ROWS], LABEL, 9, 3),
        ([ROWS[0], ("4", "", "6"), ROWS[2]], "1 2 3|4 6|7 8 9", 8, 0),
        ([ROWS[1], ROWS[0], ROWS[2]], LABEL, 6, 3),
    ],
)
def test_cells_count_in_their_row_and_column(
    rows: list[tuple[str, ...]], label: str, right: int, unmarked: int
) -> None:
    score = score_reading(read_table(*rows), label_rows(label))
    assert (score.right, score.unmarked) == (right, unmarked)
