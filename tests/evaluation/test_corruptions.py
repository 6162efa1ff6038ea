"""Every registered corruption, and the known properties of each."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sutja.data.dataset import Dataset
from sutja.data.digits import Images
from sutja.errors import UsageError
from sutja.evaluation import corruptions
from sutja.evaluation.corruptions import CORRUPTIONS, IMAGES_PER_BATCH, REFERENCE_CORRUPTION, corrupt

MIDDLE = 13.5
DETERMINISTIC = ("identity", "scale", "brightness", "stripe", "canny_edges")
every_corruption = pytest.mark.parametrize("name", list(CORRUPTIONS))
every_random_one = pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name not in DETERMINISTIC])


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> Images:
    return mnist.test.images[:60]


def blank(number: int = 40, grey: int = 0) -> Images:
    return np.full((number, 28, 28), grey, np.uint8)


def blob(x: float, y: float, *, number: int = 40) -> Images:
    """A soft dot, `x` and `y` pixels away from the middle of the image."""
    rows, columns = np.mgrid[:28, :28] - MIDDLE
    dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 4)
    return np.repeat(dot.round().astype(np.uint8)[None], number, axis=0)


def centres(images: Images) -> NDArray[np.float64]:
    """The centres of mass `(N, 2)`, x and y, from the middle of the image."""
    weights = images / images.sum(axis=(1, 2), keepdims=True)
    rows, columns = np.mgrid[:28, :28] - MIDDLE
    return np.stack([(weights * columns).sum(axis=(1, 2)), (weights * rows).sum(axis=(1, 2))], axis=1)


def test_the_fifteen_of_mnist_c_and_the_reference() -> None:
    names = "shot_noise impulse_noise glass_blur motion_blur shear scale rotate brightness translate stripe fog spatter"
    assert list(CORRUPTIONS) == [REFERENCE_CORRUPTION, *names.split(), "dotted_line", "zigzag", "canny_edges"]


@every_corruption
def test_shape_and_type_stay_and_the_input_is_not_modified(name: str, images: Images) -> None:
    before = images.copy()
    corrupted = corrupt(images, name)
    assert corrupted.shape == images.shape
    assert corrupted.dtype == np.uint8
    assert not np.shares_memory(corrupted, images)
    assert np.array_equal(images, before)


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name != REFERENCE_CORRUPTION])
def test_nearly_every_image_changes_and_stays_visible(name: str, images: Images) -> None:
    corrupted = corrupt(images, name)
    assert (corrupted != images).any(axis=(1, 2)).mean() >= 0.95
    assert (corrupted.std(axis=(1, 2)) > 10).mean() >= 0.95  # fog sometimes hides a digit


def test_the_reference_is_unchanged(images: Images) -> None:
    assert np.array_equal(corrupt(images, REFERENCE_CORRUPTION), images)


@every_corruption
def test_the_same_seed_gives_the_same_bytes(name: str, images: Images) -> None:
    first = corrupt(images[:20], name, seed=3)
    np.random.default_rng().random(10)
    assert corrupt(images[:20], name, seed=3).tobytes() == first.tobytes()


@every_random_one
def test_another_seed_gives_others(name: str, images: Images) -> None:
    assert not np.array_equal(corrupt(images[:20], name, seed=1), corrupt(images[:20], name, seed=2))


@every_random_one
def test_equal_images_are_corrupted_differently(name: str, images: Images) -> None:
    assert len(np.unique(corrupt(np.repeat(images[:1], 30, axis=0), name), axis=0)) > 1


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_an_image_alone_is_corrupted_as_in_a_batch(name: str, images: Images) -> None:
    assert np.array_equal(corrupt(images[7:8], name, seed=5), corrupt(images, name)[7:8])


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name != "fog"])
@pytest.mark.parametrize("number", [0, 1, IMAGES_PER_BATCH + 1])
def test_no_image_one_image_and_more_than_a_batch(name: str, number: int) -> None:
    assert corrupt(blob(0, 0, number=number), name).shape == (number, 28, 28)


def test_an_unknown_name_has_a_hint() -> None:
    with pytest.raises(UsageError, match="unknown corruption 'fogg': did you mean 'fog'"):
        corrupt(blank(), "fogg")


def test_shot_noise_counts_whole_events() -> None:
    full = corrupt(blank(grey=255), "shot_noise")
    assert np.unique(full).tolist() == [0, 85, 170, 255]
    assert (full == 0).mean() == pytest.approx(math.exp(-3), abs=0.01)
    assert not corrupt(blank(), "shot_noise").any()


def test_impulse_noise_sets_half_of_its_pixels_to_ink() -> None:
    noisy = corrupt(blank(grey=100), "impulse_noise")
    assert np.unique(noisy).tolist() == [0, 100, 255]
    assert (noisy == 0).mean() == pytest.approx(0.085, abs=0.01)
    assert (noisy == 255).mean() == pytest.approx(0.085, abs=0.01)


def test_glass_blur_keeps_the_ink_near_its_place() -> None:
    before = blob(0, 0)
    blurred = corrupt(before, "glass_blur")
    assert blurred.sum() == pytest.approx(before.sum(), rel=0.03)
    assert np.abs(centres(blurred)).max() < 1.5
    assert not blurred[:, :, [0, 27]].any()


@pytest.mark.parametrize("name", ["glass_blur", "motion_blur"])
def test_blurs_leave_uniform_grey_unchanged(name: str) -> None:
    assert np.abs(corrupt(blank(grey=90), name).astype(int) - 90).max() <= 1


def test_motion_blur_smears_ink_to_the_left_at_angles_up_to_45_degrees() -> None:
    dot = blank()
    dot[:, 14, 18] = 255
    blurred = corrupt(dot, "motion_blur")
    away = centres(blurred) - centres(dot)
    weights = np.exp(-(np.arange(21) ** 2) / 18)
    # The mean shift is that of a half Gaussian, minus its thin end, which rounds to no ink.
    assert np.hypot(*away.T) == pytest.approx((weights * np.arange(21)).sum() / weights.sum(), abs=0.3)
    assert (away[:, 0] < 0).all()
    degrees = np.degrees(np.arctan2(away[:, 1], -away[:, 0]))
    assert np.abs(degrees).max() < 48
    assert degrees.min() < -25
    assert degrees.max() > 25


def test_brightness_adds_half_of_full_ink() -> None:
    steps = np.arange(0, 256, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
    brighter = corrupt(steps, "brightness")
    assert np.abs(brighter[:, 0, 0] - np.minimum(255, np.arange(256) + 127.5)).max() < 0.501


def test_translate_moves_by_three_pixels_along_each_of_four_diagonals(images: Images) -> None:
    moved = corrupt(images, "translate")
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3)))
    ways = [padded[:, top : top + 28, left : left + 28] for top in (0, 6) for left in (0, 6)]
    found = np.array([(moved == way).all(axis=(1, 2)) for way in ways])
    assert found.any(axis=0).all()
    assert found.any(axis=1).all()


def test_stripes_are_the_seven_columns_at_either_side(images: Images) -> None:
    striped = corrupt(images, "stripe")
    assert np.array_equal(striped[:, :, 7:21], images[:, :, 7:21])
    assert np.array_equal(corrupt(striped, "stripe"), images)
    assert (striped[:, 0, :7] == 255).all()


def test_scale_keeps_the_middle_and_half_of_the_ink() -> None:
    smaller = corrupt(blob(4, -6), "scale")
    assert centres(smaller)[0] == pytest.approx((2.8, -4.2), abs=0.05)
    assert smaller.sum() == pytest.approx(0.49 * blob(4, -6).sum(), rel=0.02)


@pytest.mark.parametrize("name", ["rotate", "shear"])
def test_rotate_and_shear_turn_either_way_by_0_4_radians(name: str) -> None:
    places = centres(corrupt(blob(5, -4), name))
    expected = []
    for angle in (0.4, -0.4):
        first = (math.cos(angle), math.sin(angle)) if name == "rotate" else (1.0, 0.0)
        places_to_sources = np.array([first, (-math.sin(angle), math.cos(angle))]).T
        expected.append(np.linalg.solve(places_to_sources, (5, -4)))
    distances = np.array([np.hypot(*(places - place).T) for place in expected])
    assert distances.min(axis=0).max() < 0.1
    assert set(distances.argmin(axis=0)) == {0, 1}


def test_fog_is_as_dark_as_the_image_was() -> None:
    assert not corrupt(blank(5), "fog").any()
    full = corrupt(blank(grey=255), "fog")
    assert full.min() >= round(255 / 4)
    half = corrupt(blank(grey=100), "fog").astype(int)
    assert half.max() <= 100 * (1 + 3 * 255 / 100) / (1 + 3 * 255 / 100) + 1
    assert full.mean(axis=(1, 2)).std() > 20  # some clouds are thick and others thin
    assert np.abs(np.diff(full.astype(int), axis=2)).mean() < 5  # clouds are smooth


def test_spatter_is_lighter_than_ink_and_darker_than_paper() -> None:
    on_paper, on_ink = corrupt(blank(), "spatter"), corrupt(blank(grey=255), "spatter")
    muddy = on_paper > 0
    assert 0.1 < muddy.mean() < 0.5
    assert on_paper[muddy].min() >= round(0.8 * 63)
    assert on_paper.max() == 63
    assert np.array_equal(on_ink == 255, ~muddy)
    assert on_ink.min() == 63


def test_dotted_lines_have_dots_two_columns_wide_and_apart() -> None:
    lines = corrupt(blank(), "dotted_line")
    inked = lines.max(axis=1)
    assert not inked[:, np.arange(28) // 2 % 2 == 0].any()
    assert not inked[:, 27].any()
    dots = np.array([column for column in range(27) if column // 2 % 2 == 1])
    assert inked[:, dots].min() > 150
    steepness = np.abs(lines.argmax(axis=1)[:, 26] - lines.argmax(axis=1)[:, 2])
    assert steepness.min() <= 2
    assert steepness.max() >= 15


def test_zigzags_run_between_columns_2_and_25_through_the_image() -> None:
    lines = corrupt(blank(), "zigzag")
    assert not lines[:, :, [0, 1, 26, 27]].any()
    assert (lines.max(axis=(1, 2)) > 150).all()
    level = lines[(lines[:, 0].max(axis=1) == 0) & (lines[:, 27].max(axis=1) == 0)]  # entirely within the image
    assert len(level) > 5
    assert (level[:, :, 2:25].max(axis=1) > 150).all()
    turns = np.diff(np.sign(np.diff(level.argmax(axis=1)[:, 3:25].astype(int), axis=1)), axis=1)
    assert (np.abs(turns).sum(axis=1) >= 5).all()


def test_canny_edges_are_the_outline_of_a_disc() -> None:
    rows, columns = np.mgrid[:28, :28] - MIDDLE
    radius = np.hypot(rows, columns)
    disc = (255 * np.clip(8.5 - radius, 0, 1)).astype(np.uint8)[None]
    edges = corrupt(disc, "canny_edges")[0]
    assert set(np.unique(edges)) == {0, 255}
    assert np.abs(radius[edges > 0] - 8).max() < 1.2
    angles = np.degrees(np.arctan2(rows, columns)[edges > 0])
    assert np.diff(np.sort(angles)).max() < 15  # closed: no gap wider than two pixels
    assert (edges > 0).sum() < 3 * math.pi * 8


def test_canny_keeps_faint_edges_only_if_they_touch_strong_ones() -> None:
    faint = blank(1)
    faint[:, 6:22, 6:22] = 5  # a strength of about 0.06
    assert not corrupt(faint, "canny_edges").any()
    assert not corrupt(blank(1), "canny_edges").any()
    step = blank(1)
    step[:, :, 14:] = 12  # a strength of about 0.15
    assert not corrupt(step, "canny_edges").any()
    step[:, :, 14:] += np.arange(28, dtype=np.uint8)[
        :, None
    ]  # strong at the bottom and weak at the top of the same edge
    assert corrupt(step, "canny_edges")[0, 1:4].any()


def test_clouds_span_the_range() -> None:
    clouds = corruptions._clouds(30, np.random.default_rng(0))
    assert clouds.shape == (30, 28, 28)
    assert 0 <= clouds.min() < 0.3
    assert 0.7 < clouds.max() <= 1
