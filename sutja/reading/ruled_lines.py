"""Ruled lines: find and remove the printed lines of ruled and squared paper and of tables.

`remove_faint_rules` works on a grey photograph and finds long faint lines of any slope; `find_rules` finds what remains
in the mask of ink of any picture: level and upright lines.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.illumination import PAPER_LEVEL, estimate_paper, flatten_light
from sutja.reading.ink import MIN_PHOTOGRAPH_SIDE_PIXELS, Mask, hysteresis, mask_bounds, typical_height
from sutja.reading.normalise import Gray

Depths = NDArray[np.float32]

# Faint rules in a grey photograph. Depths are grey levels below the paper's, lengths pixels of the search page.
SEARCH_SIDE_PIXELS = 640  # longer side of the page on which faint rules are sought
RULE_SLOPES = np.arange(-10, 11) * 0.026  # up to 15 degrees to either side
RULE_HALF_WIDTH_PIXELS = 4  # distance from a rule's middle to paper on both sides
MAX_RULE_GAP_PIXELS = 7  # interruption by writing or by other rules
MIN_UNBROKEN_RULE_PIXELS = SEARCH_SIDE_PIXELS // 8  # without longer interruptions
MIN_RULE_PIXELS = SEARCH_SIDE_PIXELS // 5  # with all its parts
MIN_RULE_DEPTH = 2.5  # compared with the paper beside it
MIN_RULE_CONTRAST = 2  # depth over the mean depth of rules around it: grain looks like rules everywhere
CONTRAST_WINDOW_PIXELS = 41
SLOPE_SEARCH_REDUCTION = 4  # how many times narrower the picture is on which slopes are preselected
SLOPE_SEARCH_MARGIN = 0.8  # part of the minimum depth that preselects a slope
QUARTER_LEVELS = 4  # depths are stored in a byte in quarters of a grey level
SATURATED_QUARTERS = 240  # above it the depth of the page itself is taken: a byte holds no more

# Writing across faint rules: depth as a factor of the rule's and as an offset in grey levels.
INK_ON_RULE_DEPTH = (2.2, 6)
INK_NEAR_RULE_DEPTH = (1.2, 10)

# Rules in the mask of ink. Lengths are shares of the page, or heights of the writing.
PAGE_RULE_WIDTHS, PAGE_RULE_HEIGHTS = 0.7, 1.2  # before the height of the writing is known
LEVEL_RULE_WRITING_HEIGHTS, UPRIGHT_RULE_WRITING_HEIGHTS = 4, 2.2  # longer than any digit
MIN_INK_RULE_PIXELS = 20
INK_RULE_PIXELS_PER_RISE = 200  # length over which a level rule may rise or fall by one pixel
MIN_INK_RULE_ASPECT = 6  # length over thickness


def remove_faint_rules(page: Gray) -> Gray:
    """Replace the rules of an evenly lit page, dark on light, with paper, but keep what is written across them.

    Rules are sought at a lower resolution, where grain averages out. Pictures too small for a photograph, such as
    cut-out lines of writing, are returned unchanged: there a row of digits may be as long as a rule.
    """
    if min(page.shape) < MIN_PHOTOGRAPH_SIDE_PIXELS:
        return page
    level, upright = (
        np.asarray(cv2.resize(each, page.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
        for each in _rule_depths(page)
    )
    rules = np.maximum(level, upright) > MIN_RULE_DEPTH / 2
    if not rules.any():
        return page
    paper = estimate_paper(_inpainted(page, rules))
    depth = cv2.GaussianBlur(cv2.subtract(paper, page), (0, 0), 1)
    written = _writing_on_rules(np.asarray(depth, np.uint8), level, upright)
    return flatten_light(np.where(rules & ~written, paper, page), paper)


def _rule_depths(page: Gray) -> tuple[Depths, Depths]:
    """The depths of level and of upright rules on the search page; 0 elsewhere."""
    scale = min(1.0, SEARCH_SIDE_PIXELS / max(page.shape))
    size = (max(1, round(page.shape[1] * scale)), max(1, round(page.shape[0] * scale)))
    depth = PAPER_LEVEL - np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.float32)
    with ThreadPoolExecutor(1) as executor:  # most of OpenCV's short steps use a single core
        upright = executor.submit(_level_rule_depths, np.ascontiguousarray(depth.T))
        return _level_rule_depths(depth), np.ascontiguousarray(upright.result().T)


def _level_rule_depths(depth: Depths) -> Depths:
    """The depths of nearly level rules, `float32 (H, W)`, from the depth of each pixel below paper."""
    border = np.full((RULE_HALF_WIDTH_PIXELS, depth.shape[1]), depth.max(), np.float32)
    above = np.concatenate([border, depth[:-RULE_HALF_WIDTH_PIXELS]])
    below = np.concatenate([depth[RULE_HALF_WIDTH_PIXELS:], border])
    thin = np.clip(QUARTER_LEVELS * (depth - np.maximum(above, below)), 0, 255).astype(np.uint8)
    found = np.zeros_like(thin)
    for slope in _likely_slopes(thin):
        found = np.maximum(found, _sheared(_unbroken(_sheared(thin, slope)), -slope))
    rule_depth = found.astype(np.float32) / QUARTER_LEVELS
    rule_depth = np.where(found > SATURATED_QUARTERS, np.maximum(rule_depth, depth), rule_depth)
    around = cv2.blur(rule_depth, (CONTRAST_WINDOW_PIXELS, CONTRAST_WINDOW_PIXELS))
    rules = (rule_depth > MIN_RULE_DEPTH) & (rule_depth > MIN_RULE_CONTRAST * around)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rules.view(np.uint8), connectivity=8)
    long = stats[:, cv2.CC_STAT_WIDTH] >= MIN_RULE_PIXELS
    long[0] = False
    return np.where(long[labels], rule_depth, np.float32(0))


def _likely_slopes(thin: Gray) -> NDArray[np.float64]:
    """The slopes at which there may be rules, preselected on a narrower picture: most pages have none."""
    height, width = thin.shape
    size = (max(1, width // SLOPE_SEARCH_REDUCTION), height)
    narrow = np.asarray(cv2.resize(thin, size, interpolation=cv2.INTER_AREA), np.uint8)
    steeper = width / narrow.shape[1]
    least = QUARTER_LEVELS * MIN_RULE_DEPTH * SLOPE_SEARCH_MARGIN
    likely = [
        _unbroken(_sheared(narrow, slope * steeper), SLOPE_SEARCH_REDUCTION).max() > least for slope in RULE_SLOPES
    ]
    return np.asarray(RULE_SLOPES[likely])


def _unbroken(pixels: Gray, reduction: int = 1) -> Gray:
    """Each pixel's depth as part of a level rule: a morphological opening by a row of `MIN_UNBROKEN_RULE_PIXELS`.

    Short gaps are closed first. The picture is `reduction` times narrower than the search page.
    """
    gap, smooth, length = (max(1, each // reduction) for each in (MAX_RULE_GAP_PIXELS, 9, MIN_UNBROKEN_RULE_PIXELS))
    whole = cv2.blur(cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)), (smooth, 1))
    row, outside = np.ones((1, length), np.uint8), cv2.BORDER_CONSTANT
    return np.asarray(cv2.morphologyEx(whole, cv2.MORPH_OPEN, row, borderType=outside, borderValue=0), np.uint8)


def _sheared(pixels: Gray, slope: float) -> Gray:
    """A picture with its columns shifted so that lines that fall by `slope` become level."""
    height, width = pixels.shape
    matrix = np.array([[1, 0, 0], [-slope, 1, slope * width / 2]])
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def _inpainted(page: Gray, rules: Mask) -> Gray:
    """A page with the mean of the surrounding paper in place of its rules, so that they do not count as paper."""
    size = (max(1, page.shape[1] // 4), max(1, page.shape[0] // 4))
    paper = (~rules).astype(np.float32)
    sums = cv2.blur(cv2.resize(page * paper, size, interpolation=cv2.INTER_AREA), (15, 15))
    counts = cv2.blur(cv2.resize(paper, size, interpolation=cv2.INTER_AREA), (15, 15))
    mean = cv2.resize(sums / np.maximum(counts, 1e-3), page.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(rules, np.clip(mean, 0, 255).astype(np.uint8), page)


def _writing_on_rules(depth: Gray, level: Depths, upright: Depths) -> Mask:
    """The mask of writing: ink deeper than the rules, and strokes that continue on both sides of a rule."""
    is_level, is_upright = level > MIN_RULE_DEPTH / 2, upright > MIN_RULE_DEPTH / 2
    rule_depth = level * is_level + upright * is_upright  # where rules cross, their depths add up
    factor, offset = INK_NEAR_RULE_DEPTH
    strokes = (depth > np.maximum(factor * _deepest_nearby(rule_depth), offset)) & ~(is_level | is_upright)
    gap = round(3 * max(1.0, max(depth.shape) / SEARCH_SIDE_PIXELS)) + 3
    across_level = _closed(strokes, rows=gap) & ~is_upright
    across_upright = _closed(strokes, columns=gap) & ~is_level
    factor, offset = INK_ON_RULE_DEPTH
    return hysteresis(strokes, strokes | across_level | across_upright | (depth > factor * rule_depth + offset))


def _deepest_nearby(rule_depth: Depths) -> Depths:
    """The depth of the deepest rule within 30 pixels."""
    coarse = cv2.resize(rule_depth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    deepest = cv2.dilate(coarse, np.ones((15, 15), np.uint8))
    return np.asarray(cv2.resize(deepest, rule_depth.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _closed(mask: Mask, *, rows: int = 1, columns: int = 1) -> Mask:
    """A mask with gaps of fewer rows and columns closed."""
    return cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, np.ones((rows, columns), np.uint8)) > 0


def find_rules(ink: Mask) -> Mask:
    """The mask of ruled and table lines, without the pixels at which writing crosses them."""
    height, width = ink.shape
    rules = _level_rules(ink, round(max(PAGE_RULE_WIDTHS * width, PAGE_RULE_HEIGHTS * height)))
    writing = typical_height(ink & ~rules)
    if writing == 0:
        return rules
    rules |= _level_rules(ink & ~rules, round(max(LEVEL_RULE_WRITING_HEIGHTS * writing, MIN_INK_RULE_PIXELS)))
    length = round(max(UPRIGHT_RULE_WRITING_HEIGHTS * writing, MIN_INK_RULE_PIXELS))
    return rules | _level_rules(np.ascontiguousarray((ink & ~rules).T), length).T


def _level_rules(ink: Mask, length: int) -> Mask:
    """The mask of thin, nearly level lines of at least `length` pixels."""
    _, columns = mask_bounds(ink)
    if length > columns.stop - columns.start or length < 3:
        return np.zeros(ink.shape, np.bool_)
    pixels = ink.astype(np.uint8)
    rise = length // INK_RULE_PIXELS_PER_RISE
    thick = np.asarray(cv2.dilate(pixels, np.ones((3 + 2 * rise, 1), np.uint8)), np.uint8)
    centres = (_row_sums(thick, length) == length).astype(np.uint8)  # of unbroken runs
    if not centres.any():
        return np.zeros(ink.shape, np.bool_)
    runs = (_row_sums(centres[:, ::-1], length)[:, ::-1] > 0).astype(np.uint8)
    runs = np.asarray(cv2.dilate(runs, np.ones((1 + 4 * rise, 1), np.uint8)), np.uint8) & pixels
    # Exclude blobs that are too thick, and pixels with ink above and below, where a stroke crosses the rule.
    thickness = max(3, length // MIN_INK_RULE_ASPECT)
    block = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((thickness, thickness), np.uint8))
    runs &= ~np.asarray(cv2.dilate(block, np.ones((3, 3), np.uint8)), np.uint8)
    crossing = cv2.morphologyEx(pixels & ~runs, cv2.MORPH_CLOSE, np.ones((thickness + 2, 1), np.uint8))
    return (runs & ~np.asarray(crossing, np.uint8)).astype(np.bool_)


def _row_sums(pixels: NDArray[np.uint8], length: int) -> NDArray[np.float32]:
    """For each pixel the sum of the `length` pixels of its row around it: a fast erosion by a long row."""
    return np.asarray(cv2.boxFilter(pixels, cv2.CV_32F, (length, 1), normalize=False, borderType=cv2.BORDER_CONSTANT))
