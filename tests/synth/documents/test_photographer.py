"""Views of sheets: quads move with what they mark, and what is not seen is left out."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.document import Document, WrittenRun, upright_quad
from sutja.synth.documents.photographer import Scene, turned, view
from tests.synth.documents.sheets import levels_inside

CENTRES = np.array([(70, 50), (90, 50)], np.float32)
RUN = WrittenRun("12", upright_quad(60, 40, 100, 60), CENTRES, True, True)


def marked() -> np.ndarray:
    """A white sheet that is black within the run, but white in a small part at its top left corner."""
    colours = np.ones((120, 200, 3), np.float32)
    colours[40:60, 60:100] = 0
    colours[42:48, 62:68] = 0.5
    return colours


def flat(*runs: WrittenRun) -> Scene:
    return Scene.flat(marked(), runs, *np.zeros((2, 120, 200), np.uint8))


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
        seen = view(rng, flat(RUN), (160, 100), clean=clean)
        assert seen.colours.shape == (100, 160, 3)
        assert seen.ink.shape == seen.hidden.shape == (100, 160)
        for run in seen.runs:
            middle = run.quad.mean(axis=0)
            inner = (middle + 0.8 * (run.quad - middle)).astype(np.float32)
            if inner.min() > 0 and (inner.max(axis=0) < (160, 100)).all():
                levels = levels_inside(np.asarray(np.clip(seen.colours * 255, 0, 255), np.uint8), inner)
                assert levels.max() <= 140


def test_what_is_out_of_view_is_left_out() -> None:
    away = RUN.moved(np.array([[1, 0, 5000], [0, 1, 0], [0, 0, 1.0]]))
    assert view(np.random.default_rng(1), flat(away), (160, 100), clean=True).runs == []


def test_beyond_the_edge_of_the_sheet_nothing_is_seen() -> None:
    sheet = Scene.flat(np.ones((60, 80, 3), np.float32), [RUN], *np.zeros((2, 60, 80), np.uint8))
    for seed in range(8):
        seen = view(np.random.default_rng(seed), sheet, (200, 160), clean=False)
        assert seen.hidden[0].max() == seen.hidden[:, -1].max() == 255
        assert seen.hidden[seen.hidden.shape[0] // 2].min() == 0 or seen.hidden.min() == 0
