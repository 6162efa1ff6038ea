"""What nobody can read is no number."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.document import WrittenRun, upright_quad
from sutja.synth.documents.hiding import legible_runs, uncovered_runs, unknown_run, visible_runs

CENTRES = np.array([(25, 30), (35, 30), (45, 30), (55, 30)], np.float32)
RUN = WrittenRun("1.25", upright_quad(20, 20, 60, 40), CENTRES, True, True)


def mask(*columns: tuple[int, int]) -> np.ndarray:
    """A mask that covers some columns."""
    hidden = np.zeros((60, 100), np.bool_)
    for start, stop in columns:
        hidden[:, start:stop] = True
    return hidden


def test_a_number_beside_what_hides_is_as_it_was() -> None:
    assert visible_runs([RUN], mask((70, 90))) == [RUN]


@pytest.mark.parametrize(
    ("hidden", "text", "ends"),
    [((0, 40), "25", (40, 60)), ((50, 99), "1.2", (20, 50)), ((40, 50), "1.", (20, 40)), ((0, 30), ".25", (30, 60))],
)
def test_of_a_number_that_is_hidden_in_part_the_longest_part_stays(
    hidden: tuple[int, int], text: str, ends: tuple[int, int]
) -> None:
    (seen,) = visible_runs([RUN], mask(hidden))
    assert seen.text == text and seen.is_number and len(seen.centres) == len(text)
    assert (seen.quad[0, 0], seen.quad[1, 0]) == pytest.approx(ends)


def test_a_hidden_number_is_gone_and_a_point_alone_is_no_number() -> None:
    assert visible_runs([RUN], mask((0, 99))) == []
    (point,) = visible_runs([RUN], mask((0, 30), (40, 99)))
    assert (point.text, point.is_number) == ("\ufffd", False)


def test_signs_beyond_the_picture_are_left_to_its_edge() -> None:
    away = RUN.moved(np.array([[1, 0, -40], [0, 1, 0], [0, 0, 1.0]]))
    assert visible_runs([away], mask()) == [away]


def test_a_number_under_something_is_unknown() -> None:
    assert uncovered_runs([RUN], mask((20, 23), (32, 38))) == [RUN]  # a stroke, and something on the point
    (under,) = uncovered_runs([RUN], mask((40, 47)))
    assert (under.text, under.is_number) == ("\ufffd" * 4, False)


def test_a_number_without_contrast_is_unknown() -> None:
    picture = np.full((60, 100, 3), 120, np.uint8)
    picture[25:35, 22:58] = 112
    assert [run.is_number for run in legible_runs(picture, [RUN])] == [False]
    picture[25:35, 22:58] = 80
    assert legible_runs(picture, [RUN]) == [RUN]


def test_an_unknown_run_stays_where_it_is() -> None:
    run = unknown_run(RUN)
    assert np.array_equal(run.quad, RUN.quad) and np.array_equal(run.centres, RUN.centres)
    assert run.text == "\ufffd" * 4 and not run.is_number
