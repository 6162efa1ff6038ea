"""Which numbers of a document are to be found, and scenes that are the same for the same seed."""

from __future__ import annotations

import numpy as np

from sutja.reading.quad import overlap, quad_area, upright_quad
from sutja.synth.documents.document import Document
from sutja.synth.documents.scenes import fixed_scenes, visible_numbers
from tests.training.page_scenes import ScenePainter, sloped_quad, written


def document(*quads: np.ndarray) -> Document:
    return Document(np.zeros((100, 200, 3), np.uint8), tuple(written(quad) for quad in quads))


def test_a_number_within_the_picture_is_to_be_found_as_it_is() -> None:
    quad = sloped_quad(100, 50, 60, 20, degrees=10)
    seen = visible_numbers(document(quad))
    assert np.array_equal(seen.quads[0], quad)
    assert (seen.handwritten, seen.ignored) == ([True], [])


def test_a_number_is_cut_where_the_picture_ends() -> None:
    seen = visible_numbers(document(upright_quad(160, 40, 260, 60)))
    assert overlap(seen.quads[0], upright_quad(160, 40, 200, 60)) > 0.99
    turned = visible_numbers(document(sloped_quad(100, 90, 80, 20, degrees=90)))
    assert quad_area(turned.quads[0]) < 1300
    assert np.isclose(turned.quads[0][:, 1].max(), 100)


def test_what_is_mostly_cut_off_is_ignored() -> None:
    barely, half_its_height = upright_quad(194, 40, 260, 60), upright_quad(50, 90, 90, 110)
    seen = visible_numbers(document(barely, half_its_height))
    assert seen.quads == []
    assert len(seen.ignored) == 2


def test_what_is_outside_is_nowhere() -> None:
    seen = visible_numbers(document(upright_quad(210, 40, 260, 60)))
    assert (seen.quads, seen.ignored) == ([], [])


def test_small_digits_are_ignored_and_huge_ones_are_paper() -> None:
    small, huge = upright_quad(10, 10, 30, 15), upright_quad(-200, -200, 400, 140)
    seen = visible_numbers(document(small, huge))
    assert seen.quads == []
    assert len(seen.ignored) == 1


def test_fixed_scenes_are_the_same_for_the_same_seed() -> None:
    first, again, other = (fixed_scenes(ScenePainter(2), 2, seed) for seed in (0, 0, 1))
    assert first[0].picture.shape == (448, 448, 3)
    assert all(np.array_equal(one.picture, two.picture) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0].picture, other[0].picture)
