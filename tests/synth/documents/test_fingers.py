"""Fingers hide what is under them."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents import fingers
from sutja.synth.documents.fingers import add_fingers
from sutja.synth.documents.photographer import Scene


def test_fingers_cover_a_part_of_the_picture_and_hide_it(monkeypatch: object) -> None:
    covered = []
    for seed in range(12):
        scene = Scene.flat(np.ones((96, 128, 3), np.float32), [], *np.zeros((2, 96, 128), np.uint8))
        monkeypatch.setattr(fingers, "FINGER_PROBABILITY", 1.0)  # type: ignore[attr-defined]
        add_fingers(scene, np.random.default_rng(seed))
        hidden = scene.hidden > 127
        covered.append(hidden.mean())
        assert scene.colours[hidden].mean() < 0.95
        assert np.isfinite(scene.colours).all() and scene.colours.min() >= 0
    assert min(covered) > 0 and max(covered) < 0.6


def test_most_sheets_are_not_held() -> None:
    rng = np.random.default_rng(3)
    scenes = [Scene.flat(np.ones((48, 48, 3), np.float32), [], *np.zeros((2, 48, 48), np.uint8)) for _ in range(60)]
    for scene in scenes:
        add_fingers(scene, rng)
    assert sum(not scene.hidden.any() for scene in scenes) > 40
