"""Distortions of strips: every one changes what it says, keeps shape and type, and leaves its input alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sutja.reading.picture import Colour
from sutja.synth.strip_distortions import STRIP_DISTORTIONS, StripDistortion, distort_strip, invert

NAMES = [distort.__name__ for distort in STRIP_DISTORTIONS]


def strip_of(text: str = "1,5", columns: int = 120) -> Colour:
    strip = np.full((48, columns, 3), (200, 220, 230), np.uint8)
    cv2.putText(strip, text, (14, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (120, 40, 30), 2, cv2.LINE_AA)
    return strip


@pytest.mark.parametrize("distort", STRIP_DISTORTIONS, ids=NAMES)
@pytest.mark.parametrize("columns", [1, 7, 120])
def test_a_distortion_keeps_shape_and_type_and_its_input(distort: StripDistortion, columns: int) -> None:
    strip = strip_of(columns=columns)
    before = strip.copy()
    for seed in range(12):
        distorted = distort(strip, np.random.default_rng(seed))
        assert distorted.shape == strip.shape
        assert distorted.dtype == np.uint8
        assert np.array_equal(strip, before)


@pytest.mark.parametrize("distort", STRIP_DISTORTIONS, ids=NAMES)
def test_a_distortion_changes_the_strip_and_the_number_stays(distort: StripDistortion) -> None:
    strip = strip_of()
    plain = strip_of("")
    for seed in range(12):
        distorted, ground = (distort(each, np.random.default_rng(seed)) for each in (strip, plain))
        difference = np.abs(distorted.astype(int) - ground)[10:38, 12:-12].max(axis=2)
        assert (difference > 12).sum() > 40, "number and plain paper still differ"
    assert any(not np.array_equal(distort(strip, np.random.default_rng(seed)), strip) for seed in range(12))


def test_the_same_seed_distorts_alike_and_many_strips_stay_as_they_are() -> None:
    strip = strip_of()
    first, second = ([distort_strip(strip, np.random.default_rng(seed)) for seed in range(50)] for _ in range(2))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(first, second, strict=True))
    assert 10 < sum(np.array_equal(each, strip) for each in first) < 35


def test_chalk_is_the_inverse_of_ink() -> None:
    strip = strip_of()
    assert np.array_equal(invert(invert(strip, np.random.default_rng(0)), np.random.default_rng(0)), strip)
