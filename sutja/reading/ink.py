"""Ink: the mask of written or printed pixels on an evenly lit page, and the size of its connected components."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.illumination import PAPER_LEVEL
from sutja.reading.normalise import MIN_INK_DEPTH, Gray

Mask = NDArray[np.bool_]

MIN_PHOTOGRAPH_SIDE_PIXELS = 300  # shorter side of a picture that may show a sheet on a desk, shadows and rules
MIN_INK_SIGMAS = 3.5  # depth of ink in standard deviations of the paper's noise
MIN_PHOTOGRAPH_INK_SIGMAS = 9.0  # depth of full ink in photographs, whose noise is uneven: shadows are full of it
STRONG_INK_SHARE, WEAK_INK_SHARE = 0.55, 0.33  # of the local depth: thresholds of `hysteresis`
MIN_FILLED_SHARE = 0.1  # of its bounding box that a large piece of writing fills; frames and slanting rules fill less
MAX_HOLLOW_SIDE_PIXELS = 100  # longer side of a piece as hollow as a frame that may still be writing

_SAMPLED_PIXELS = 500_000  # are enough to estimate the noise
_HALVED_FROM_PIXELS = 1_000_000  # size of a page whose typical height is measured at half its resolution


def find_ink(gray: Gray) -> Mask:
    """The mask of ink on an evenly lit page: pixels that are clearly dark, and less dark ones connected to them."""
    blur = float(np.clip(max(gray.shape) / 800, 0.8, 2))  # strokes on a large picture are broad, its noise is fine
    soft = np.asarray(cv2.GaussianBlur(gray, (0, 0), blur), np.uint8)
    depth = np.asarray(cv2.subtract(np.full_like(soft, PAPER_LEVEL), soft), np.uint8)
    sample = slice(None, None, max(1, depth.size // _SAMPLED_PIXELS))
    depths, levels = _histogram(depth.ravel()[sample]), _histogram(soft.ravel()[sample])
    # Measured on pixels lighter than paper, which are no ink: their median is 0.67 standard deviations.
    noise = 1.5 * max(0.0, _histogram_percentile(levels, PAPER_LEVEL + 1, 50) - PAPER_LEVEL)
    full = _full_depth(depths, max(noise * 2, MIN_INK_DEPTH))
    if full < max(1.5 * MIN_INK_DEPTH, MIN_INK_SIGMAS * noise):
        return np.zeros(gray.shape, np.bool_)
    local = _local_depth(depth, full, 2.5 * noise)
    if min(gray.shape) >= MIN_PHOTOGRAPH_SIDE_PIXELS:
        local = np.maximum(local, np.float32(MIN_PHOTOGRAPH_INK_SIGMAS * noise))
    dark = mask_bounds(depth > int(noise))
    depth, local = depth[dark], local[dark]
    weak = np.maximum(np.float32(WEAK_INK_SHARE) * local, np.float32(noise))
    ink = np.zeros(gray.shape, np.bool_)
    ink[dark] = hysteresis(depth > STRONG_INK_SHARE * local, depth > weak)
    return ink


def _histogram(values: Gray) -> NDArray[np.float64]:
    """How often each of the 256 values occurs, `(256,)`."""
    found = cv2.calcHist([np.ascontiguousarray(values)], [0], None, [256], [0, 256])
    return np.asarray(found.ravel(), np.float64)


def _histogram_percentile(histogram: NDArray[np.float64], lowest: int, percent: float) -> float:
    """The percentile of the values from `lowest` on in a histogram; 0 if there are none."""
    share = np.cumsum(histogram[lowest:])
    return float(lowest + np.searchsorted(share, share[-1] * percent / 100)) if share[-1] else 0.0


def _full_depth(histogram: NDArray[np.float64], lowest: float) -> float:
    """The typical depth of ink: the 60th percentile of the depths above the mean of all that exceed `lowest`."""
    dark = histogram * (np.arange(len(histogram)) > lowest)
    if dark.sum() < 10:
        return 0
    mean = float((dark * np.arange(len(dark))).sum() / dark.sum())
    return _histogram_percentile(dark, int(np.ceil(mean)), 60)


def _local_depth(depth: Gray, full: float, lowest: float) -> NDArray[np.float32]:
    """The depth of ink around each pixel: `full`, but less where all ink is weaker, as when a pen runs dry."""
    coarse = max(1, round(max(depth.shape) / 64))
    size = (max(1, depth.shape[1] // coarse), max(1, depth.shape[0] // coarse))
    deepest = cv2.resize(cv2.dilate(depth, np.ones((coarse, coarse), np.uint8)), size, interpolation=cv2.INTER_NEAREST)
    around = cv2.dilate(deepest, np.ones((9, 9), np.uint8)).astype(np.float32)
    local = np.clip(0.8 * cv2.blur(around, (5, 5)), max(0.35 * full, 1.5 * lowest, MIN_INK_DEPTH), full)
    return np.asarray(cv2.resize(local, depth.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def hysteresis(strong: Mask, weak: Mask) -> Mask:
    """The connected components of `weak` that hold a pixel of `strong` (Canny 1986, section VIII)."""
    bounds = mask_bounds(weak)
    inner = np.ascontiguousarray(weak[bounds])
    count, labels = cv2.connectedComponents(inner.view(np.uint8), connectivity=8)
    keep = np.zeros(count, np.bool_)
    keep[labels[strong[bounds] & inner]] = True
    keep[0] = False
    kept = np.zeros_like(weak)
    kept[bounds] = keep[labels]
    return kept


def mask_bounds(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns of the bounding box of a mask; of a single pixel if the mask is empty."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(top, top + max(1, height)), slice(left, left + max(1, width))


def are_frames(stats: NDArray[np.float64], *, max_hollow_side: float = MAX_HOLLOW_SIDE_PIXELS) -> Mask:
    """Which components are frames or slanting rules, long and hollow, by OpenCV's statistics `(N, 5)` of each."""
    width, height, area = (stats[:, each] for each in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    return np.asarray((area < MIN_FILLED_SHARE * width * height) & (np.maximum(height, width) > max_hollow_side))


def typical_height(ink: Mask) -> float:
    """The median height, weighted by area, of the components of ink other than frames; 0 without ink."""
    step = 2 if ink.size > _HALVED_FROM_PIXELS else 1  # half the resolution is four times as fast
    if step == 1:
        pixels = ink.view(np.uint8)[mask_bounds(ink)]
    else:
        pixels = np.asarray(cv2.dilate(ink.view(np.uint8), np.ones((step, step), np.uint8)), np.uint8)[::step, ::step]
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(pixels), connectivity=8)
    components = stats[1:].astype(np.float64)
    if not len(components):
        return 0
    frames = are_frames(components, max_hollow_side=MAX_HOLLOW_SIDE_PIXELS / step)
    if not frames.all():
        components = components[~frames]
    heights, areas = components[:, cv2.CC_STAT_HEIGHT], components[:, cv2.CC_STAT_AREA]
    order = np.argsort(heights)
    share = np.cumsum(areas[order])
    return step * float(heights[order][np.searchsorted(share, share[-1] / 2)])
