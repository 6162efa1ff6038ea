"""What nobody can read is no number."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents.document import WrittenRun, upright_quad
from sutja.synth.documents.hiding import uncovered_runs, unknown_run

CENTRES = np.array([(25, 30), (35, 30), (45, 30), (55, 30)], np.float32)
RUN = WrittenRun("1.25", upright_quad(20, 20, 60, 40), CENTRES, True, True)


def mask(*columns: tuple[int, int]) -> np.ndarray:
    """A mask that covers some columns."""
    hidden = np.zeros((60, 100), np.bool_)
    for start, stop in columns:
        hidden[:, start:stop] = True
    return hidden


def test_a_number_under_something_is_unknown() -> None:
    assert uncovered_runs([RUN], mask((20, 23), (32, 38))) == [RUN]  # a stroke, and something on the point
    (under,) = uncovered_runs([RUN], mask((40, 47)))
    assert (under.text, under.is_number) == ("\ufffd" * 4, False)


def test_an_unknown_run_stays_where_it_is() -> None:
    run = unknown_run(RUN)
    assert np.array_equal(run.quad, RUN.quad) and np.array_equal(run.centres, RUN.centres)
    assert run.text == "\ufffd" * 4 and not run.is_number
