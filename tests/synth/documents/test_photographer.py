"""Photographs of sheets: quads move with what they mark."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.document import Document, WrittenRun, upright_quad
from sutja.synth.documents.photographer import add_light, take_picture, turned, view
from tests.synth.documents.sheets import levels_inside

CENTRES = np.array([(70, 50), (90, 50)], np.float32)
RUN = WrittenRun("12", upright_quad(60, 40, 100, 60), CENTRES, True, True)


def marked() -> np.ndarray:
    """A white sheet that is black within the run, but white in a small part at its top left corner."""
    colours = np.ones((120, 200, 3), np.float32)
    colours[40:60, 60:100] = 0
    colours[42:48, 62:68] = 0.5
    return colours


@pytest.mark.parametrize("quarter_turns", range(4))
def test_a_turn_moves_quads_with_the_picture(quarter_turns: int) -> None:
    picture = np.round(marked() * 255).astype(np.uint8)
    document = turned(Document(picture, (RUN,)), quarter_turns)
    (run,) = document.runs
    inside = levels_inside(document.picture, run.quad + 1.5 * np.sign(run.quad.mean(axis=0) - run.quad))
    assert inside.max() <= 128
    along, down = (run.quad[1] - run.quad[0]) / 40, (run.quad[3] - run.quad[0]) / 20
    x, y = np.floor(run.quad[0] + 5 * along + 5 * down).astype(int)
    assert document.picture[y, x, 0] == 128
    assert run.height == pytest.approx(20)


@pytest.mark.parametrize("clean", [False, True])
def test_a_view_moves_quads_with_the_picture(clean: bool) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        seen, runs = view(rng, marked(), [RUN], (160, 100), clean=clean)
        assert seen.shape == (100, 160, 3)
        for run in runs:
            middle = run.quad.mean(axis=0)
            inner = (middle + 0.8 * (run.quad - middle)).astype(np.float32)
            if inner.min() > 0 and (inner.max(axis=0) < (160, 100)).all():
                levels = levels_inside(np.asarray(np.clip(seen * 255, 0, 255), np.uint8), inner)
                assert levels.max() <= 140


def test_what_is_out_of_view_is_left_out() -> None:
    away = RUN.moved(np.array([[1, 0, 5000], [0, 1, 0], [0, 0, 1.0]]))
    _, runs = view(np.random.default_rng(1), marked(), [away], (160, 100), clean=True)
    assert runs == []


def test_light_and_cameras_leave_a_picture_of_bytes() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scene = marked()
        add_light(rng, scene)
        assert np.isfinite(scene).all()
        picture = take_picture(rng, scene, digit_height=20, clean=False, coarse=seed % 2 == 0)
        assert picture.dtype == np.uint8 and picture.shape == scene.shape


def test_a_screen_shows_the_colours_as_they_are() -> None:
    picture = take_picture(np.random.default_rng(2), marked(), digit_height=20, clean=True)
    assert np.array_equal(picture, np.round(marked() * 255).astype(np.uint8))
