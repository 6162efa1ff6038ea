"""A page: even light, dark ink on light paper, no rules and no edges; and the lines of writing on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.normalise import FAINTEST, Gray

Mask = NDArray[np.bool_]

LONGER_SIDE = 2000  # pixels of the longer side of a page on which lines are sought
PAPER = 230  # brightness of evenly lit paper
COARSE = 256  # pixels of the longer side on which the light is measured


@dataclass(frozen=True)
class Page:
    """A page that is ready to be read.

    `gray`, `uint8 (H, W)`, is evenly lit, dark on light; `ink`, `bool (H, W)`, says where writing is. One pixel of it
    is `scale` pixels of the picture. `inverted` tells that the picture is light on dark. `stages` are the pictures on
    the way, for people.
    """

    gray: Gray
    ink: Mask
    scale: float
    inverted: bool
    stages: dict[str, Gray] = field(default_factory=dict)


def prepare(picture: Gray) -> Page:
    """Make a page of a picture `uint8 (H, W)`."""
    scale = max(1.0, max(picture.shape) / LONGER_SIDE)
    gray = picture
    if scale > 1:
        size = (max(1, round(picture.shape[1] / scale)), max(1, round(picture.shape[0] / scale)))
        gray = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    inverted = is_light_on_dark(gray)
    if inverted:
        gray = 255 - gray
    evened = even_light(gray)
    ink = find_ink(evened)
    rules = find_rules(ink)
    return Page(np.where(rules, PAPER, evened).astype(np.uint8), ink & ~rules, scale, inverted)


def is_light_on_dark(gray: Gray) -> bool:
    """Whether the writing is lighter than what it stands on: what differs from its surroundings is mostly lighter."""
    paper = surroundings(gray)
    difference = gray.astype(np.float32) - paper
    strong = max(FAINTEST, float(np.abs(difference).max()) * 0.35)
    return bool((difference > strong).sum() > 1.3 * (difference < -strong).sum())


def surroundings(gray: Gray) -> NDArray[np.float32]:
    """The brightness of the paper around each pixel: the median of a neighbourhood that writing does not fill."""
    height, width = gray.shape
    coarse = max(1.0, max(gray.shape) / COARSE)
    size = (max(1, round(width / coarse)), max(1, round(height / coarse)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    near = min(41, max(3, (max(size) // 5) | 1))
    border = cv2.BORDER_REFLECT_101 if min(size) > near else cv2.BORDER_REPLICATE
    paper = cv2.medianBlur(cv2.copyMakeBorder(small, near, near, near, near, border), near)[near:-near, near:-near]
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def even_light(gray: Gray) -> Gray:
    """Divide the light out: paper becomes `PAPER` everywhere, `uint8 (H, W)`."""
    paper = np.maximum(surroundings(gray), 8)
    return np.clip(gray * (PAPER / paper), 0, 255).astype(np.uint8)


def find_ink(gray: Gray) -> Mask:
    """Where an evenly lit page has ink: what is clearly dark, and what is somewhat dark and touches it."""
    depth = PAPER - np.minimum(cv2.GaussianBlur(gray, (0, 0), 0.8), PAPER).astype(np.int16)
    noise = 1.5 * float(np.median(depth[depth > 0])) if (depth > 0).any() else 0
    full = _ink_depth(depth, max(noise * 2, FAINTEST))
    if full < 2 * FAINTEST and full < 3 * noise:
        return np.zeros(gray.shape, np.bool_)
    strong, weak = depth > 0.55 * full, depth > max(0.33 * full, noise)
    return grown(strong, weak)


def _ink_depth(depth: NDArray[np.int16], least: float) -> float:
    """How much darker than paper ink usually is: the upper quartile of all that is darker than `least`."""
    dark = depth[depth > least]
    if len(dark) < 10:
        return 0
    middle = float(dark.mean())
    return float(np.percentile(dark[dark >= middle], 60))


def grown(strong: Mask, weak: Mask) -> Mask:
    """The connected parts of `weak` that hold something of `strong`."""
    count, labels = cv2.connectedComponents(weak.astype(np.uint8), connectivity=8)
    keep = np.zeros(count, np.bool_)
    keep[labels[strong & weak]] = True
    keep[0] = False
    return np.asarray(keep[labels])


def find_rules(ink: Mask) -> Mask:
    """The pixels of ruled and table lines, without those where writing crosses them."""
    rules = np.zeros(ink.shape, np.bool_)
    height, width = ink.shape
    longest = max(0.5 * width, 1.2 * height)
    for _ in range(2):  # first the longest, then, with the writing's height known, those longer than any digit
        rules |= _straight(ink & ~rules, round(longest))
        tall = usual_height(ink & ~rules)
        if tall == 0:
            break
        longest = max(1.8 * tall, 20)
    upright = _straight((ink & ~rules).T, round(max(2.2 * tall, 0.5 * width, 20))).T if tall else rules
    return rules | upright


def _straight(ink: Mask, length: int) -> Mask:
    """The pixels of level lines that are thin and at least so long, also a little sloping."""
    if length > ink.shape[1] or length < 3:
        return np.zeros(ink.shape, np.bool_)
    pixels = ink.astype(np.uint8)
    thick = cv2.dilate(pixels, np.ones((3, 1), np.uint8))
    runs = cv2.erode(thick, np.ones((1, length), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    runs = np.asarray(cv2.dilate(runs, np.ones((1, length), np.uint8)), np.uint8) & pixels
    if not runs.any():
        return np.zeros(ink.shape, np.bool_)
    # Nothing as thick as it is long, and not what goes on above and below: there a stroke crosses the rule.
    thickness = max(3, length // 6)
    block = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((thickness, thickness), np.uint8))
    runs &= ~np.asarray(cv2.dilate(block, np.ones((3, 3), np.uint8)), np.uint8)
    rest = pixels & ~runs
    crossing = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((thickness + 2, 1), np.uint8))
    return (runs & ~np.asarray(crossing, np.uint8)).astype(np.bool_)


def usual_height(ink: Mask) -> float:
    """The height of the pieces of ink that most of the ink belongs to; 0 where there is none."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    heights, areas = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    if not len(heights):
        return 0
    order = np.argsort(heights)
    share = np.cumsum(areas[order])
    return float(heights[order][np.searchsorted(share, share[-1] / 2)])
