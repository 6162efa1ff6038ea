"""Ink: which pixels of an evenly lit page are written or printed on, and how large its pieces are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.illumination import PAPER
from sutja.reading.normalise import FAINTEST, Gray

Mask = NDArray[np.bool_]

PHOTOGRAPH = 300  # pixels of the shorter side of a picture that may show a sheet on a desk, and shadows
NOISE = 3.5  # deviations of the paper's noise that ink is deeper than
GRAIN = 9.0  # and that it counts as deep at the least in a photograph, whose noise is uneven: shadows are full of it
FRAME = 0.1  # share of its box that a large piece of writing fills at least; frames and slanting rules fill less
LONGEST_THIN = 100  # pixels of the longer side of a piece that may be as hollow as a frame and is none


def find_ink(gray: Gray) -> Mask:
    """Where an evenly lit page has ink: what is clearly dark, and what is somewhat dark and touches it."""
    blur = float(np.clip(max(gray.shape) / 800, 0.8, 2))  # strokes on a large picture are broad, its noise is fine
    soft = np.asarray(cv2.GaussianBlur(gray, (0, 0), blur), np.uint8)
    depth = np.asarray(cv2.subtract(np.full_like(soft, PAPER), soft), np.uint8)
    some = slice(None, None, max(1, depth.size // 500_000))
    counts, lighter = _counts(depth.ravel()[some]), _counts(soft.ravel()[some])
    noise = 1.5 * max(0.0, _percentile(lighter, PAPER + 1, 50) - PAPER)  # what is lighter than paper is no ink
    full = _ink_depth(counts, max(noise * 2, FAINTEST))
    if full < max(1.5 * FAINTEST, NOISE * noise):
        return np.zeros(gray.shape, np.bool_)
    local = _local_depth(depth, full, 2.5 * noise)
    if min(gray.shape) >= PHOTOGRAPH:
        local = np.maximum(local, np.float32(GRAIN * noise))
    dark = where_ink(depth > int(noise))
    depth, local = depth[dark], local[dark]
    ink = np.zeros(gray.shape, np.bool_)
    ink[dark] = grown(depth > 0.55 * local, depth > np.maximum(np.float32(0.33) * local, np.float32(noise)))
    return ink


def _counts(values: Gray) -> NDArray[np.float64]:
    """How often each brightness occurs, `(256,)`."""
    found = cv2.calcHist([np.ascontiguousarray(values)], [0], None, [256], [0, 256])
    return np.asarray(found.ravel(), np.float64)


def _percentile(counts: NDArray[np.float64], least: int, percent: float) -> float:
    """The value below which so many per cent of those that are at least `least` lie, by their counts; 0 of none."""
    share = np.cumsum(counts[least:])
    return float(least + np.searchsorted(share, share[-1] * percent / 100)) if share[-1] else 0.0


def _ink_depth(counts: NDArray[np.float64], least: float) -> float:
    """How much darker than paper ink usually is: well above the mean of all that is darker than `least`."""
    dark = counts * (np.arange(len(counts)) > least)
    if dark.sum() < 10:
        return 0
    middle = float((dark * np.arange(len(dark))).sum() / dark.sum())
    return _percentile(dark, int(np.ceil(middle)), 60)


def _local_depth(depth: Gray, full: float, least: float) -> NDArray[np.float32]:
    """How deep ink is around each pixel: `full`, but less where there is only weaker ink, as of a pen that runs dry."""
    coarse = max(1, round(max(depth.shape) / 64))
    size = (max(1, depth.shape[1] // coarse), max(1, depth.shape[0] // coarse))
    cell = np.ones((coarse, coarse), np.uint8)
    deepest = cv2.resize(cv2.dilate(depth, cell), size, interpolation=cv2.INTER_NEAREST)
    around = cv2.dilate(deepest, np.ones((9, 9), np.uint8)).astype(np.float32)
    local = np.clip(0.8 * cv2.blur(around, (5, 5)), max(0.35 * full, 1.5 * least, FAINTEST), full)
    return np.asarray(cv2.resize(local, depth.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def grown(strong: Mask, weak: Mask) -> Mask:
    """The connected parts of `weak` that hold something of `strong`."""
    box = where_ink(weak)
    inner = np.ascontiguousarray(weak[box])
    count, labels = cv2.connectedComponents(inner.view(np.uint8), connectivity=8)
    keep = np.zeros(count, np.bool_)
    keep[labels[strong[box] & inner]] = True
    keep[0] = False
    parts = np.zeros_like(weak)
    parts[box] = keep[labels]
    return parts


def where_ink(ink: Mask) -> tuple[slice, slice]:
    """The rows and columns of the smallest box around all ink; of one pixel where there is none."""
    left, top, width, height = cv2.boundingRect(ink.view(np.uint8))
    return slice(top, top + max(1, height)), slice(left, left + max(1, width))


def are_frames(pieces: NDArray[np.float64], *, longest: float = LONGEST_THIN) -> Mask:
    """Which pieces of ink, as OpenCV's statistics `(N, 5)` tell them, are frames or slanting rules: long and hollow."""
    wide, high, areas = (pieces[:, each] for each in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    return np.asarray((areas < FRAME * wide * high) & (np.maximum(high, wide) > longest))


def usual_height(ink: Mask) -> float:
    """The height of the pieces of ink that most of the ink belongs to, but for frames; 0 where there is none."""
    half = 2 if ink.size > 1_000_000 else 1  # half as fine is fine enough for the height, and four times as fast
    if half == 1:
        pixels = ink.view(np.uint8)[where_ink(ink)]
    else:
        pixels = np.asarray(cv2.dilate(ink.view(np.uint8), np.ones((half, half), np.uint8)), np.uint8)[::half, ::half]
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(pixels), connectivity=8)
    pieces = stats[1:].astype(np.float64)
    if not len(pieces):
        return 0
    frames = are_frames(pieces, longest=LONGEST_THIN / half)
    if not frames.all():  # else there is nothing by which to tell
        pieces = pieces[~frames]
    heights, areas = pieces[:, cv2.CC_STAT_HEIGHT], pieces[:, cv2.CC_STAT_AREA]
    order = np.argsort(heights)
    share = np.cumsum(areas[order])
    return half * float(heights[order][np.searchsorted(share, share[-1] / 2)])
