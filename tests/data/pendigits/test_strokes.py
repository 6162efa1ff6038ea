"""The pen strokes that come with the package: whole, and of the size that they say."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.pendigits.strokes import load_pen_digits


def test_44_writers_wrote_each_of_the_ten_digits() -> None:
    pens = load_pen_digits()
    assert len(pens.strokes) == len(pens.labels) == len(pens.writers)
    assert sorted(set(pens.writers.tolist())) == list(range(44))
    for writer in range(44):
        assert sorted(set(pens.labels[pens.writers == writer].tolist())) == list(range(10))


def test_the_digits_of_a_writer_and_a_label_are_those() -> None:
    pens = load_pen_digits()
    indices = pens.indices(7, 4)
    assert len(indices)
    assert (pens.writers[indices] == 7).all() and (pens.labels[indices] == 4).all()


def test_every_digit_begins_at_its_top_left_corner_and_is_one_height_high() -> None:
    for strokes in load_pen_digits().strokes[::50]:
        points = np.concatenate(strokes)
        assert points.shape[1] == 2 and np.isfinite(points).all()
        assert points.min(axis=0).tolist() == pytest.approx([0, 0], abs=0.02)
        assert points[:, 1].max() == pytest.approx(1, abs=0.05)
