"""Rules: the printed lines of ruled and squared paper and of tables, which are no writing.

`without_rules` finds long faint lines in a grey photograph, also slanting ones; `find_rules` finds in the ink of any
picture what is left: level and upright lines.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.illumination import PAPER, even_light, surroundings
from sutja.reading.ink import PHOTOGRAPH, Mask, grown, usual_height, where_ink
from sutja.reading.normalise import Gray

Depths = NDArray[np.float32]

SIDE = 640  # pixels of the longer side of a page on which faint rules are sought
SLOPES = np.arange(-10, 11) * 0.026  # rise of a rule over its run: fifteen degrees to either side
THIN = 4  # pixels above and below a rule's middle where it is paper again
GAP = 7  # pixels of a rule that writing and other rules may interrupt
LONG, LONGEST = SIDE // 8, SIDE // 5  # pixels of a rule without other interruptions, and with all its parts
DEEP = 240  # quarters of a grey level above which a rule is as deep as the page is there: a byte holds no more
FAINT = 2.5  # grey levels that a rule is darker than the paper beside it
FOLD = 4  # times narrower is the picture on which the slopes are chosen that rules may have
SURELY = 0.8  # times as strong as the faintest rule is what makes a slope worth a closer look
OFTEN = 2  # times the mean strength around, that a rule has: grain looks like rules everywhere
NEAR = 41  # pixels of that neighbourhood's side
RISE = 200  # pixels of a rule in the ink that may rise or fall by one on either side of its middle
PEN = (2.2, 6)  # ink on a rule is so many times as deep as the rule is strong, and so many grey levels deeper
PALEST = (1.2, 10)  # ink beside it is so many times as deep as rules nearby are strong, and so many grey levels deep


def without_rules(page: Gray) -> Gray:
    """An evenly lit page, dark on light, with paper in place of its rules, but for what is written across them.

    Rules are sought on a coarser page, which shows them above the grain. Pictures that are too small for a photograph,
    as cut-out lines of writing, stay as they are: there a row of digits may be as long as a rule.
    """
    if min(page.shape) < PHOTOGRAPH:
        return page
    level, upright = (
        np.asarray(cv2.resize(each, page.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
        for each in _strengths(page)
    )
    rules = np.maximum(level, upright) > FAINT / 2
    if not rules.any():
        return page
    paper = surroundings(_filled(page, rules))
    depth = cv2.GaussianBlur(cv2.subtract(paper, page), (0, 0), 1)
    written = _written(np.asarray(depth, np.uint8), level, upright)
    return even_light(np.where(rules & ~written, paper, page), paper)


def _strengths(page: Gray) -> tuple[Depths, Depths]:
    """How much darker than the paper beside them level and upright rules are, on a coarser page; 0 elsewhere."""
    fine = min(1.0, SIDE / max(page.shape))
    size = (max(1, round(page.shape[1] * fine)), max(1, round(page.shape[0] * fine)))
    depth = PAPER - np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.float32)
    with ThreadPoolExecutor(1) as beside:  # OpenCV's steps are short, and most of them use one core
        upright = beside.submit(_level_strength, np.ascontiguousarray(depth.T))
        return _level_strength(depth), np.ascontiguousarray(upright.result().T)


def _level_strength(depth: Depths) -> Depths:
    """How strong about level rules are where the page is so much darker than paper, `float32 (H, W)`."""
    beside = np.full((THIN, depth.shape[1]), depth.max(), np.float32)
    above, below = np.concatenate([beside, depth[:-THIN]]), np.concatenate([depth[THIN:], beside])
    thin = np.clip(4 * (depth - np.maximum(above, below)), 0, 255).astype(np.uint8)  # in quarters of a grey level
    found = np.zeros_like(thin)
    for slope in _likely_slopes(thin):
        found = np.maximum(found, _sheared(_unbroken(_sheared(thin, slope)), -slope))
    strength = found.astype(np.float32) / 4
    strength = np.where(found > DEEP, np.maximum(strength, depth), strength)  # else bold rules would count as faint
    rules = (strength > FAINT) & (strength > OFTEN * cv2.blur(strength, (NEAR, NEAR)))
    _, parts, boxes, _ = cv2.connectedComponentsWithStats(rules.view(np.uint8), connectivity=8)
    whole = boxes[:, cv2.CC_STAT_WIDTH] >= LONGEST
    whole[0] = False
    return np.where(whole[parts], strength, np.float32(0))


def _likely_slopes(thin: Gray) -> NDArray[np.float64]:
    """The slopes for which there may be rules, seen on a picture a quarter as wide: most pages have none."""
    height, width = thin.shape
    narrow = np.asarray(cv2.resize(thin, (max(1, width // FOLD), height), interpolation=cv2.INTER_AREA), np.uint8)
    steeper = width / narrow.shape[1]
    likely = [_unbroken(_sheared(narrow, slope * steeper), FOLD).max() > 4 * FAINT * SURELY for slope in SLOPES]
    return np.asarray(SLOPES[likely])


def _unbroken(pixels: Gray, fold: int = 1) -> Gray:
    """For each pixel the least of the brightest unbroken row of `LONG` pixels that it is part of.

    The picture is `fold` times narrower than the page.
    """
    gap, even, long = (max(1, length // fold) for length in (GAP, 9, LONG))
    whole = cv2.blur(cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)), (even, 1))
    row, outside = np.ones((1, long), np.uint8), cv2.BORDER_CONSTANT
    return np.asarray(cv2.morphologyEx(whole, cv2.MORPH_OPEN, row, borderType=outside, borderValue=0), np.uint8)


def _sheared(pixels: Gray, slope: float) -> Gray:
    """A picture with its columns moved so that lines that fall by `slope` become level."""
    height, width = pixels.shape
    matrix = np.array([[1, 0, 0], [-slope, 1, slope * width / 2]])
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def _filled(page: Gray, rules: Mask) -> Gray:
    """A page that has in place of its rules the mean of what is around them, so that they do not count as paper."""
    size = (max(1, page.shape[1] // 4), max(1, page.shape[0] // 4))
    paper = (~rules).astype(np.float32)
    sums = cv2.blur(cv2.resize(page * paper, size, interpolation=cv2.INTER_AREA), (15, 15))
    counts = cv2.blur(cv2.resize(paper, size, interpolation=cv2.INTER_AREA), (15, 15))
    mean = cv2.resize(sums / np.maximum(counts, 1e-3), page.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(rules, np.clip(mean, 0, 255).astype(np.uint8), page)


def _written(depth: Gray, level: Depths, upright: Depths) -> Mask:
    """Where there is writing on rules: ink deeper than they are, or strokes that go on at both sides of a rule."""
    is_level, is_upright = level > FAINT / 2, upright > FAINT / 2
    strength = level * is_level + upright * is_upright  # where rules cross, they are as deep as both together
    strokes = (depth > np.maximum(PALEST[0] * _nearby(strength), PALEST[1])) & ~(is_level | is_upright)
    wide = round(3 * max(1.0, max(depth.shape) / SIDE)) + 3
    across, along = _closed(strokes, (wide, 1)) & ~is_upright, _closed(strokes, (1, wide)) & ~is_level
    return grown(strokes, strokes | across | along | (depth > PEN[0] * strength + PEN[1]))


def _nearby(strength: Depths) -> Depths:
    """The strength of the strongest rule nearby, in a neighbourhood of 60 pixels."""
    coarse = cv2.resize(strength, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    strongest = cv2.dilate(coarse, np.ones((15, 15), np.uint8))
    return np.asarray(cv2.resize(strongest, strength.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _closed(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask in which gaps narrower than so many rows and columns are closed."""
    return cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, np.ones(size, np.uint8)) > 0


def find_rules(ink: Mask) -> Mask:
    """The pixels of ruled and table lines, without those where writing crosses them."""
    height, width = ink.shape
    # First the longest, then, with the writing's height known, those longer than any digit.
    rules = _straight(ink, round(max(0.7 * width, 1.2 * height)))
    tall = usual_height(ink & ~rules)
    if tall == 0:
        return rules
    rules |= _straight(ink & ~rules, round(max(4 * tall, 20)))
    upright = _straight(np.ascontiguousarray((ink & ~rules).T), round(max(2.2 * tall, 20))).T
    return rules | upright


def _straight(ink: Mask, length: int) -> Mask:
    """The pixels of level lines that are thin and at least so long, also a little sloping."""
    _, columns = where_ink(ink)
    if length > columns.stop - columns.start or length < 3:
        return np.zeros(ink.shape, np.bool_)
    pixels = ink.astype(np.uint8)
    rise = length // RISE  # rows more that a long rule may need above and below
    thick = np.asarray(cv2.dilate(pixels, np.ones((3 + 2 * rise, 1), np.uint8)), np.uint8)
    whole = (_run_sums(thick, length) == length).astype(np.uint8)  # the middles of unbroken runs
    if not whole.any():
        return np.zeros(ink.shape, np.bool_)
    runs = (_run_sums(whole[:, ::-1], length)[:, ::-1] > 0).astype(np.uint8)
    runs = np.asarray(cv2.dilate(runs, np.ones((1 + 4 * rise, 1), np.uint8)), np.uint8) & pixels
    # Nothing as thick as it is long, and not what goes on above and below: there a stroke crosses the rule.
    thickness = max(3, length // 6)
    block = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((thickness, thickness), np.uint8))
    runs &= ~np.asarray(cv2.dilate(block, np.ones((3, 3), np.uint8)), np.uint8)
    crossing = cv2.morphologyEx(pixels & ~runs, cv2.MORPH_CLOSE, np.ones((thickness + 2, 1), np.uint8))
    return (runs & ~np.asarray(crossing, np.uint8)).astype(np.bool_)


def _run_sums(pixels: NDArray[np.uint8], length: int) -> NDArray[np.float32]:
    """For each pixel the sum of a row of so many around it; much faster than erosion by a long line."""
    sums = cv2.boxFilter(pixels, cv2.CV_32F, (length, 1), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums)
