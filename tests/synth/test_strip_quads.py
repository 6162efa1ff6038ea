"""Quads of training strips: how far a page network errs, and what else strips are cut of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sutja.reading.quad import Axes
from sutja.synth.documents.document import WrittenRun, upright_quad
from sutja.synth.strip_quads import adjoining_quad, empty_quad, jittered_quad, partial_quad, sheared_quad


def number_at(left: float, right: float, *, top: float = 100, height: float = 20, text: str = "1234") -> WrittenRun:
    quad = upright_quad(left, top, right, top + height)
    shares = (np.arange(len(text)) + 0.5) / len(text)
    centres = np.column_stack([left + (right - left) * shares, np.full(len(text), top + height / 2)])
    return WrittenRun(text, quad, centres.astype(np.float32), True, True)


@given(st.integers(0, 10**6), st.floats(0, 2 * np.pi), st.floats(8, 100), st.floats(0.3, 12))
def test_a_jittered_quad_is_near_the_true_one(seed: int, angle: float, height: float, aspect: float) -> None:
    direction = np.array([np.cos(angle), np.sin(angle)])
    true = Axes(np.array([200.0, 200.0]), direction, aspect * height, height)
    found = Axes.of(jittered_quad(true.quad, np.random.default_rng(seed)))
    assert 0.84 < found.height / height < 1.16
    assert float(found.direction @ direction) > np.cos(np.radians(4.1))
    ends = (found.quad.astype(float) - true.centre) @ direction / height
    assert -0.9 < ends[[0, 3]].mean() + aspect / 2 < 0.5
    assert -0.5 < ends[[1, 2]].mean() - aspect / 2 < 0.9
    falls = (found.quad.astype(float) - true.centre) @ true.normal / height
    assert np.abs((falls[[0, 1]] + falls[[3, 2]]) / 2).max() < 0.65, "the ends stay near the line, also of long numbers"


def test_half_of_all_quads_are_sheared_about_their_middle() -> None:
    quad = upright_quad(100, 100, 200, 120)
    sheared = [sheared_quad(quad, np.random.default_rng(seed)) for seed in range(60)]
    changed = [each for each in sheared if not np.array_equal(each, quad)]
    assert 15 < len(changed) < 45
    for each in changed:
        assert each.mean(axis=0) == pytest.approx(quad.mean(axis=0), abs=0.01)
        assert each[:, 1] == pytest.approx(quad[:, 1])
        assert abs(each[0, 0] - each[3, 0]) <= 0.25 * 20 + 1e-3


def test_the_next_number_on_the_line_adjoins() -> None:
    first, second, third = number_at(50, 100), number_at(130, 180), number_at(200, 240)
    quad = adjoining_quad(first, [third, second, first])
    assert quad is not None
    assert quad == pytest.approx(upright_quad(50, 100, 180, 120), abs=0.01)


@pytest.mark.parametrize(
    "other",
    [
        number_at(130, 180, top=112),
        number_at(130, 180, height=40, top=90),
        number_at(190, 240),
        number_at(0, 40),
    ],
    ids=["lower", "larger", "too far", "before"],
)
def test_numbers_that_do_not_follow_on_the_line_do_not_adjoin(other: WrittenRun) -> None:
    first = number_at(50, 100)
    assert adjoining_quad(first, [first, other]) is None


def test_a_partial_quad_ends_between_two_signs() -> None:
    run = number_at(100, 180)
    for seed in range(20):
        quad = partial_quad(run, np.random.default_rng(seed))
        left, right = float(quad[0, 0]), float(quad[1, 0])
        assert left == 100 or right == 180
        assert {left, right} & {120, 140, 160}


def test_an_empty_quad_holds_no_sign() -> None:
    rng = np.random.default_rng(0)
    signs = rng.uniform(0, 448, (12, 2)).astype(np.float32)
    found = [empty_quad((448, 448), signs, rng) for _ in range(30)]
    quads = [quad for quad in found if quad is not None]
    assert len(quads) > 10
    for quad in quads:
        axes = Axes.of(quad)
        along, across = np.abs((signs - axes.centre) @ np.stack([axes.direction, axes.normal], axis=1)).T
        assert not ((along < axes.length / 2) & (across < axes.height)).any()


def test_where_signs_are_everywhere_no_quad_is_empty() -> None:
    places = np.stack(np.meshgrid(np.arange(0, 448, 8), np.arange(0, 448, 8)), axis=-1).reshape(-1, 2)
    assert empty_quad((448, 448), places.astype(np.float32), np.random.default_rng(0)) is None
