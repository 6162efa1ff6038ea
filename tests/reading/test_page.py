"""Preparing a page: light, polarity, ink and rules."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.reading.illumination import PAPER_LEVEL, estimate_paper, is_light_on_dark
from sutja.reading.ink import Mask, typical_height
from sutja.reading.layout import find_lines
from sutja.reading.normalise import Gray
from sutja.reading.page import prepare_page
from sutja.reading.ruled_lines import find_rules

from .written import Written, write


@pytest.fixture(scope="module")
def written(mnist: Dataset) -> Written:
    return write(mnist, "40417", "92605")


def covered(ink: Mask, written: Written, scale: float = 1) -> float:
    """The share of digits with ink in their boxes."""
    boxes = [[round(side / scale) for side in box] for box in written.boxes]
    return float(np.mean([ink[y : y + high, x : x + wide].mean() > 0.08 for x, y, wide, high in boxes]))


def outside(ink: Mask, written: Written) -> int:
    """The number of pixels of ink outside all boxes of digits."""
    rest = ink.copy()
    for x, y, wide, high in written.boxes:
        rest[y - 3 : y + high + 3, x - 3 : x + wide + 3] = False
    return int(rest.sum())


@pytest.mark.parametrize(("paper", "ink"), [(225, 40), (255, 0), (120, 30), (225, 150), (30, 220), (0, 255), (90, 200)])
def test_ink_is_found_whatever_the_colours_of_pen_and_paper(mnist: Dataset, paper: int, ink: int) -> None:
    written = write(mnist, "40417", "92605", paper=paper, ink=ink)
    page = prepare_page(written.gray)
    assert page.inverted == (ink > paper)
    assert covered(page.ink, written) == 1
    assert outside(page.ink, written) < 30
    assert page.scale == 1
    assert page.gray.shape == page.ink.shape == written.gray.shape
    assert np.median(page.gray) == pytest.approx(PAPER_LEVEL, abs=3)


@pytest.mark.parametrize("size", [28, 60, 120, 200])
def test_ink_without_noise_is_found(mnist: Dataset, size: int) -> None:
    """Drawing programs and fax machines leave no grey levels from which to estimate noise."""
    written = write(mnist, "721", size=size, noise=0)
    assert covered(prepare_page(written.gray).ink, written) == 1


def test_uneven_light_is_divided_out(written: Written) -> None:
    height, width = written.gray.shape
    y, x = np.mgrid[0:height, 0:width]
    light = 0.35 + 0.65 * x / width - 0.15 * y / height
    light[:, width // 2 :] *= 0.8  # the edge of a shadow
    page = prepare_page(np.clip(written.gray * light, 0, 255).astype(np.uint8))
    assert covered(page.ink, written) == 1
    paper = page.gray[: height // 8]
    assert np.ptp([np.median(part) for part in np.array_split(paper, 6, axis=1)]) < 12


def test_a_large_picture_is_reduced(mnist: Dataset) -> None:
    written = write(mnist, "40417", size=600)
    page = prepare_page(written.gray)
    assert page.scale == max(written.gray.shape) / 2000
    assert max(page.ink.shape) == 2000
    assert covered(page.ink, written, page.scale) == 1


def with_rules(gray: Gray, spacing: int, thick: int, slope: float = 0) -> tuple[Gray, Mask]:
    """A picture on ruled paper, and where the rules are."""
    lines = np.zeros_like(gray)
    for y in range(-gray.shape[1], gray.shape[0], spacing):
        cv2.line(lines, (0, y), (gray.shape[1], round(y + slope * gray.shape[1])), 255, thick)
    return np.where(lines > 0, np.minimum(gray, 110), gray).astype(np.uint8), lines > 0


@pytest.mark.parametrize("slope", [0, 0.01])
@pytest.mark.parametrize("thick", [1, 3])
def test_rules_are_removed_and_digits_kept(written: Written, thick: int, slope: float) -> None:
    ruled, lines = with_rules(written.gray, 56, thick, slope)
    page = prepare_page(ruled)
    assert covered(page.ink, written) == 1
    plain = prepare_page(written.gray).ink
    assert (
        page.ink & lines & ~cv2.dilate(plain.astype(np.uint8), np.ones((7, 7))).astype(np.bool_)
    ).sum() < 0.1 * lines.sum()


def test_only_the_digits_of_a_table_are_ink(written: Written) -> None:
    gray = written.gray.copy()
    for y in range(4, gray.shape[0], 56):
        cv2.line(gray, (0, y), (gray.shape[1], y), 60, 2)
    for x in range(4, gray.shape[1], 112):
        cv2.line(gray, (x, 0), (x, gray.shape[0]), 60, 2)
    page = prepare_page(gray)
    assert covered(page.ink, written) == 1
    assert outside(page.ink, written) < 0.02 * gray.size


def test_a_one_is_not_a_rule(mnist: Dataset) -> None:
    ink = prepare_page(write(mnist, "11111").gray).ink
    assert not find_rules(ink).any()


@pytest.mark.parametrize("level", [20, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3), (300, 400)])
def test_a_uniform_picture_has_no_ink(shape: tuple[int, int], level: int) -> None:
    page = prepare_page(np.full(shape, level, np.uint8))
    assert not page.ink.any()
    assert not page.inverted


def test_noise_and_gradients_have_no_ink() -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(rng.normal(200, 6, (300, 400)), 0, 255).astype(np.uint8)
    slow = np.tile(np.linspace(150, 250, 400), (300, 1)).astype(np.uint8)
    for gray in (noisy, slow):
        assert prepare_page(gray).ink.mean() < 0.001


def test_the_estimated_paper_ignores_the_writing(written: Written) -> None:
    paper = estimate_paper(written.gray)
    assert abs(paper.astype(int) - 225).max() < 25
    assert is_light_on_dark(255 - written.gray, 255 - paper)
    assert not is_light_on_dark(written.gray, paper)


def test_the_typical_height_is_that_of_most_ink(written: Written) -> None:
    assert typical_height(np.zeros((5, 5), np.bool_)) == 0
    heights = [high for _, _, _, high in written.boxes]
    assert min(heights) - 3 <= typical_height(prepare_page(written.gray).ink) <= max(heights) + 3


@pytest.mark.parametrize("slope", [0.03, 0.05])
def test_slanting_rules_that_meet_a_margin_line_are_not_writing(written: Written, slope: float) -> None:
    rng = np.random.default_rng(0)
    ruled = np.clip(rng.normal(225, 4, (600, 900)), 0, 255).astype(np.uint8)
    height, width = written.gray.shape
    ruled[100 : 100 + height, 100 : 100 + width] = written.gray
    for y in (20, 110, 200, 310, 400, 490):  # around the lines of digits
        cv2.line(ruled, (0, y), (900, round(y + slope * 900)), 110, 3)
    cv2.line(ruled, (32, 0), (20, 600), 110, 3)
    ink, plain = prepare_page(ruled).ink, prepare_page(written.gray).ink
    assert 0.5 < typical_height(ink) / typical_height(plain) < 2
    assert len(find_lines(ink).lines) >= 2


def test_low_zeros_that_touch_are_not_a_rule() -> None:
    gray = np.full((60, 220), 225, np.uint8)
    cv2.line(gray, (20, 12), (14, 50), 40, 4, cv2.LINE_AA)
    for x in (70, 95, 120):  # flat above and below, like quickly written zeros
        cv2.rectangle(gray, (x - 12, 24), (x + 13, 48), 40, 4)
    ink = prepare_page(gray).ink
    assert not find_rules(ink).any()
    assert (ink | (gray > 150)).all()
