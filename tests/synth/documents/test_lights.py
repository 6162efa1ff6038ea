"""Light: uneven, but paper stays paper."""

from __future__ import annotations

import numpy as np

from sutja.synth.documents.lights import add_light


def test_light_leaves_paper_bright_enough_to_be_read_on() -> None:
    brightest = []
    for seed in range(60):
        scene = np.full((96, 128, 3), 0.9, np.float32)
        add_light(np.random.default_rng(seed), scene)
        assert np.isfinite(scene).all() and scene.min() >= 0
        brightest.append(np.quantile(scene, 0.9))
    assert min(brightest) > 0.5
    assert np.ptp(brightest) > 0.2


def test_a_dark_board_stays_dark() -> None:
    for seed in range(20):
        scene = np.full((96, 128, 3), 0.1, np.float32)
        add_light(np.random.default_rng(seed), scene)
        assert np.median(scene) < 0.3
