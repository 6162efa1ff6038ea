"""Strips: numbers cut out of pictures, level, at one size and in even light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.reading.quad import Axes, Quad
from sutja.reading.strip import MAX_STRIP_COLUMNS, StripCutter, even_light, strip_matrix

Colour = NDArray[np.uint8]


def picture_of(quad: Quad, *, paper: int = 200, ink: int = 40, size: tuple[int, int] = (400, 300)) -> Colour:
    """A picture (width, height) on which a quad is filled with ink."""
    picture = np.full((size[1], size[0], 3), paper, np.uint8)
    cv2.fillPoly(picture, [np.round(quad).astype(np.int32)], (ink, ink, ink))
    return picture


def quad_of(length: float, height: float, degrees: float = 0, centre: tuple[float, float] = (200, 150)) -> Quad:
    angle = np.radians(degrees)
    return Axes(np.array(centre, float), np.array([np.cos(angle), np.sin(angle)]), length, height).quad


@pytest.mark.parametrize("degrees", [0, 7, 90, 180, 200])
@pytest.mark.parametrize("height", [12, 24, 80])
def test_what_fills_the_quad_fills_the_middle_of_the_strip(height: float, degrees: float) -> None:
    quad = quad_of(2 * height, height, degrees)
    strip = StripCutter(picture_of(quad)).cut(quad)
    assert strip.pixels.shape == (3, 48, 24 * 2 + 24)
    assert strip.pixels.dtype == np.float32
    assert strip.pixels[:, 16:32, 16:-16].max() < -0.8, "ink is dark"
    edges = [strip.pixels[:, :8], strip.pixels[:, -8:], strip.pixels[:, :, :8], strip.pixels[:, :, -8:]]
    assert max(float(np.abs(edge).max()) for edge in edges) < 0.3, "and paper is around it"


@given(
    st.floats(0, 360),
    st.floats(5, 300),
    st.floats(5, 100),
    st.tuples(st.floats(-50, 500), st.floats(-50, 400)),
    st.floats(0, 1),
)
def test_points_of_the_strip_are_found_in_the_picture(
    degrees: float, length: float, height: float, centre: tuple[float, float], share: float
) -> None:
    axes = Axes.of(quad_of(length, height, degrees, centre))
    strip = StripCutter(picture_of(axes.quad)).cut(axes.quad)
    columns = strip.pixels.shape[2]
    x, y = (columns - 1) * share, 23.5
    along = (share - 0.5) * (columns - 1) / columns * (length + height)
    middle, top, bottom = strip.to_picture(np.array([(x, y), (x, 11.5), (x, 35.5)]))
    assert middle == pytest.approx(axes.centre + along * axes.direction, abs=0.01)
    assert top - bottom == pytest.approx(-axes.normal * height, abs=0.01)


def test_a_sheared_quad_is_made_upright() -> None:
    quad = quad_of(30, 40) + np.array([1, 1, -1, -1])[:, None] * np.array([10, 0])
    strip = StripCutter(picture_of(quad.astype(np.float32))).cut(quad)
    ink = strip.pixels[0] < -0.5
    assert abs(int(np.flatnonzero(ink[14])[0]) - int(np.flatnonzero(ink[33])[0])) <= 1


def test_a_number_at_the_edge_has_paper_beyond_it() -> None:
    quad = quad_of(60, 40, centre=(20, 10))
    strip = StripCutter(picture_of(quad)).cut(quad)
    assert float(np.abs(strip.pixels[:, :6]).max()) < 0.1


def test_a_quad_beyond_the_picture_is_empty_paper() -> None:
    strip = StripCutter(np.zeros((50, 50, 3), np.uint8)).cut(quad_of(40, 20, centre=(500, 500)))
    assert np.abs(strip.pixels).max() < 1e-4


def test_an_endless_quad_is_compressed() -> None:
    matrix, columns = strip_matrix(quad_of(100_000, 10))
    assert columns == MAX_STRIP_COLUMNS
    left, right = (matrix @ (x, 23.5, 1) for x in (-0.5, columns - 0.5))
    assert np.hypot(*(right - left)) == pytest.approx(100_010)


def test_a_quad_without_extent_raises_nothing() -> None:
    assert StripCutter(np.zeros((50, 50, 3), np.uint8)).cut(np.full((4, 2), 20.0)).pixels.shape[:2] == (3, 48)


def test_light_is_evened_but_colours_and_polarity_stay() -> None:
    strip = np.full((48, 200, 3), (150, 180, 200), np.uint8)
    light = np.linspace(0.5, 1, 200)[None, :, None]
    strip = (strip * light).astype(np.uint8)
    strip[12:36, 40:44] = (20, 20, 20)
    strip[12:36, 80:84] = (255, 255, 255)
    strip[12:36, 120:124, 2] //= 2
    evened = even_light(strip)
    assert np.abs(evened[:, :, :36]).max() < 0.25, "paper"
    assert evened[:, 20, 41].max() < -0.3, "ink darker than paper is negative"
    assert evened[:, 20, 81].min() > 0.3, "lighter, positive"
    blue, _, red = evened[:, 20, 121]
    assert abs(blue) < 0.25
    assert red < -0.3, "and coloured, only in its channels"


@pytest.mark.parametrize("contrast", [1, 3, 8])
def test_faint_ink_is_amplified_and_plain_noise_is_not(contrast: int) -> None:
    rng = np.random.default_rng(0)
    paper = np.repeat(rng.normal(180, 0.6, (48, 120, 1)), 3, axis=2)
    noise = even_light(np.round(paper).astype(np.uint8))
    paper[12:36, 30:90:8] -= 10 * contrast
    evened = even_light(np.round(paper).astype(np.uint8))
    assert np.median(evened[:, 20, 30:90:8]) == pytest.approx(-1, abs=0.25)
    assert np.abs(noise).mean() < 0.1


def test_large_digits_are_cut_out_of_a_reduced_picture_at_their_place() -> None:
    rng = np.random.default_rng(0)
    small = np.asarray(cv2.GaussianBlur(rng.integers(0, 256, (60, 200, 3), dtype=np.uint8), (0, 0), 2), np.uint8)
    quad = quad_of(120, 22, centre=(100, 30))
    expected = StripCutter(small).cut(quad)
    for factor in (2, 4, 7):
        size = (factor * small.shape[1], factor * small.shape[0])
        large = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        strip = StripCutter(large[:-1]).cut((quad + 0.5) * factor - 0.5)
        assert strip.pixels == pytest.approx(expected.pixels, abs=0.25)
        assert np.abs(strip.pixels - expected.pixels).mean() < 0.03
        assert strip.to_picture(np.zeros((1, 2))) == pytest.approx(
            (expected.to_picture(np.zeros((1, 2))) + 0.5) * factor - 0.5, abs=1e-3
        )


def test_a_row_of_pixels_is_not_halved_to_nothing() -> None:
    assert StripCutter(np.zeros((1, 4000, 3), np.uint8)).cut(quad_of(4000, 900, centre=(2000, 0))).pixels.shape[1] == 48
