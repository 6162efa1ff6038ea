"""Maps as a perfect network would give them, decoded; looks at several sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import cv2
import numpy as np
import pytest

from sutja.models.onnx_page_network import MAP_STRIDE, PageMaps, PageNetwork
from sutja.reading.page_maps import (
    MAX_ENLARGEMENT,
    MAX_VIEW_PIXELS,
    cooled_score,
    core_of,
    decode_maps,
    find_numbers,
    view_factors,
    views_of,
)
from sutja.reading.quad import Axes, Quad, overlap, part_of_quad, quad_area, upright_quad
from tests.training.page_scenes import sloped_quad

PAPER = (6.0, 0.0, 0.0)  # logits where there is no core


def perfect_maps(quads: list[Quad], sides: tuple[int, int], *, handwritten: bool = True) -> PageMaps:
    """The maps of a picture of this height and width with these numbers on it."""
    maps = np.zeros((9, sides[0] // MAP_STRIDE, sides[1] // MAP_STRIDE), np.float32)
    maps[:3] = np.array(PAPER)[:, None, None]
    rows, columns = np.indices(maps.shape[1:])
    places = np.stack([columns, rows], axis=-1) * MAP_STRIDE + MAP_STRIDE / 2
    for quad in quads:
        axes, core = Axes.of(quad), core_of(quad)
        inside = np.ones(maps.shape[1:], np.bool_)
        for start, stop in pairwise([*core, core[0]]):
            edge, offset = stop - start, places - start
            inside &= edge[0] * offset[..., 1] - edge[1] * offset[..., 0] >= 0
        offset = (places - axes.centre) / axes.height
        along, below = offset @ axes.direction, offset @ axes.normal
        half = axes.length / 2 / axes.height
        constants = (0, 6, 0) if handwritten else (0, 0, 6)
        values = [*constants, np.log2(axes.height / 32), *axes.direction, below, half + along, half - along]
        for channel, value in enumerate(values):
            np.copyto(maps[channel], np.clip(value, -4, 6) if channel < 7 else np.minimum(value, 1), where=inside)
    return maps


@pytest.mark.parametrize("degrees", [0, 8, -20, 90, 97, 180, 265])
@pytest.mark.parametrize(("length", "height"), [(60, 20), (14, 20), (200, 30), (60, 100), (40, 9)])
def test_a_perfect_answer_gives_the_quad(length: float, height: float, degrees: float) -> None:
    quad = sloped_quad(128, 128, length, height, degrees=degrees)
    (found,) = decode_maps(perfect_maps([quad], (256, 256)))
    assert overlap(quad, found.quad) > 0.95
    assert np.abs(found.quad - quad).max() < max(2, 0.1 * height), "the corners are in reading order"
    assert found.score > 0.9
    assert found.handwritten


def test_neighbours_are_parted_and_both_kinds_told_apart() -> None:
    written = [sloped_quad(60, 60, 50, 20), sloped_quad(120, 60, 50, 20), sloped_quad(60, 90, 50, 20)]
    printed = [sloped_quad(120, 90, 50, 20)]
    both = perfect_maps(written, (160, 192))
    other = perfect_maps(printed, (160, 192), handwritten=False)
    maps = np.where(other[:1] < 6, other, both)
    found = decode_maps(maps)
    assert [each.handwritten for each in found].count(True) == 3
    for quad, by_hand in [*((quad, True) for quad in written), (printed[0], False)]:
        assert max(overlap(quad, each.quad) for each in found if each.handwritten == by_hand) > 0.95


def test_the_slope_of_a_long_number_comes_from_its_whole_length() -> None:
    """Also where every place is wrong about the direction by six degrees."""
    quad = sloped_quad(128, 128, 200, 20, degrees=5)
    maps = perfect_maps([quad], (256, 256))
    wrong = np.deg2rad(11)
    maps[4], maps[5] = np.cos(wrong), np.sin(wrong)
    (found,) = decode_maps(maps)
    assert overlap(quad, found.quad) > 0.85


def test_without_a_core_nothing_is_found() -> None:
    assert decode_maps(perfect_maps([], (64, 64))) == []


def test_a_number_needs_the_score() -> None:
    maps = perfect_maps([sloped_quad(64, 64, 60, 20)], (128, 128))
    maps[1] = np.where(maps[1] > 0, -0.2, 0)
    (found,) = decode_maps(maps)
    assert 0.5 < found.score < 0.7
    assert decode_maps(maps, min_score=0.7) == []


def test_a_core_has_a_place_of_the_map_in_it_however_small_the_number() -> None:
    core = Axes.of(core_of(upright_quad(10, 10, 13, 17)))
    assert core.height == pytest.approx(1.5 * MAP_STRIDE)
    assert core.length > MAP_STRIDE
    wide = upright_quad(0, 0, 100, 20)
    assert core_of(wide) == pytest.approx(part_of_quad(wide, 0.04, 0.96, top=0.25, bottom=0.75))


@pytest.mark.parametrize(
    ("sides", "count"), [((3000, 4000), 6), ((400, 1312), 6), ((240, 320), 6), ((100, 100), 4), ((40, 30), 2)]
)
def test_a_picture_is_seen_large_and_small_and_hardly_enlarged(sides: tuple[int, int], count: int) -> None:
    factors = view_factors(sides)
    assert len(factors) == count
    assert all(factor <= MAX_ENLARGEMENT for factor in factors)
    views = list(views_of(np.zeros((*sides, 3), np.uint8)))
    for view, factor in zip(views, factors, strict=True):
        assert view.shape[:2] == pytest.approx([max(1, factor * side) for side in sides], abs=2)
    assert max(views[0].shape) <= MAX_VIEW_PIXELS
    assert all(max(small.shape) < max(large.shape) for large, small in pairwise(views))


class DarkSpots:
    """Finds dark spots as numbers that lie flat, as a network would."""

    temperature = 2.0

    def maps(self, picture: np.ndarray) -> PageMaps:
        """The maps of a picture."""
        dark = (picture.mean(axis=2) < 128).astype(np.uint8)
        _, _, boxes, _ = cv2.connectedComponentsWithStats(dark)
        quads = [upright_quad(x, y, x + width, y + height) for x, y, width, height, _ in boxes[1:].tolist()]
        whole = [-(-side // 32) * 32 for side in picture.shape[:2]]
        return perfect_maps([quad for quad in quads if quad_area(quad) > 30], (whole[0], whole[1]))


def test_each_look_finds_numbers_in_pixels_of_the_picture() -> None:
    picture = np.full((900, 1500, 3), 255, np.uint8)
    small, large = upright_quad(100, 100, 160, 125), upright_quad(300, 300, 1000, 750)
    for quad in (small, large):
        (left, top), (right, bottom) = quad[0].astype(int).tolist(), quad[2].astype(int).tolist()
        picture[top:bottom, left:right] = 0
    found = find_numbers(cast(PageNetwork, DarkSpots()), picture)
    looks = len(view_factors(picture.shape[:2]))
    assert sum(overlap(large, each.quad) > 0.85 for each in found) == looks
    assert any(overlap(small, each.quad) > 0.9 for each in found)
    (raw, *_), (cooled, *_) = decode_maps(DarkSpots().maps(picture)), found
    assert 0.5 < cooled.score < raw.score, "scores are at the temperature of the network"


def test_a_temperature_divides_the_logit_of_a_score() -> None:
    assert cooled_score(0.9, 2) == pytest.approx(0.75)
    assert cooled_score(0.5, 3) == pytest.approx(0.5)
    assert cooled_score(1.0, 1) == 1.0
    assert cooled_score(cooled_score(0.8, 1.7), 1 / 1.7) == pytest.approx(0.8)
    assert 0 <= cooled_score(0.0, 2) < cooled_score(1.0, 2) <= 1
