"""Cameras and screens: pictures of bytes."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.synth.documents.cameras import take_picture


def marked_scene() -> np.ndarray:
    colours = np.full((90, 120, 3), 0.9, np.float32)
    colours[30:60, 40:50] = 0.1
    return colours


@pytest.mark.parametrize("digit_height", [9.0, 30.0, 70.0])
def test_a_camera_leaves_what_is_dark_dark(digit_height: float) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        picture = take_picture(rng, marked_scene(), digit_height=digit_height, clean=False, coarse=seed % 2 == 0)
        assert picture.dtype == np.uint8 and picture.shape == (90, 120, 3)
        assert np.median(picture[38:52, 43:47]) < np.median(picture) - 60


def test_a_camera_does_not_change_the_scene() -> None:
    scene = marked_scene()
    take_picture(np.random.default_rng(1), scene, digit_height=20, clean=False)
    assert np.array_equal(scene, marked_scene())


def test_a_screen_shows_the_colours_as_they_are() -> None:
    picture = take_picture(np.random.default_rng(2), marked_scene(), digit_height=20, clean=True)
    assert np.array_equal(picture, np.round(marked_scene() * 255).astype(np.uint8))


def test_pictures_larger_than_the_field_of_noise_have_noise_everywhere() -> None:
    scene = np.full((8, 1500, 3), 0.5, np.float32)
    for seed in range(6):
        picture = take_picture(np.random.default_rng(seed), scene, digit_height=20, clean=False)
        assert picture.shape == scene.shape
