"""A page: even light, dark ink on light paper, no rules and no edges; and the lines of writing on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.normalise import FAINTEST, Gray

Mask = NDArray[np.bool_]

LONGER_SIDE = 2000  # pixels of the longer side of a page on which lines are sought
PAPER = 180  # brightness of evenly lit paper: what is lighter, as noise is, has to have room
SMALLEST_PAGE = 300  # pixels of the shorter side of a picture on which a sheet and a desk may be
EDGE = 10  # grey levels a pixel, in a picture as coarse as that, that make a sharp edge
NOISE = 3.5  # deviations of the paper's noise that ink is deeper than
GRAIN = 9.0  # and that it counts as deep at the least in a photograph, whose noise is uneven: shadows are full of it
COARSE = 256  # pixels of the longer side on which the light is measured
FRAME = 0.1  # share of its box that a large piece of writing fills at least; frames and slanting rules fill less
LONGEST_THIN = 100  # pixels of the longer side of a piece that may be as hollow as a frame and is none


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
    sheet = find_sheet(gray)
    if sheet is not None:  # what lies around it must not count as paper
        gray = _continued(gray, shrunk(sheet))
    paper = surroundings(gray)
    inverted = is_light_on_dark(gray, paper)
    if inverted:
        gray, paper = 255 - gray, 255 - paper
    evened = even_light(gray, paper)
    if sheet is not None:
        evened = np.where(shrunk(sheet), evened, np.uint8(PAPER))
    ink = find_ink(evened)
    rules = find_rules(ink)
    return Page(np.where(rules, np.uint8(PAPER), evened), ink & ~rules, scale, inverted)


def find_sheet(gray: Gray) -> Mask | None:
    """Where the sheet of paper is that lies on something else; `None` where the picture shows nothing but paper.

    The sheet is the largest area without sharp edges, which writing is too fine to make; it must be about convex.
    """
    height, width = gray.shape
    if min(height, width) < SMALLEST_PAGE:
        return None
    coarse = max(height, width) / COARSE
    small = cv2.resize(gray, (round(width / coarse), round(height / coarse)), interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.medianBlur(small, 7), np.uint8)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.25)
    smooth = (cv2.magnitude(across, down) < EDGE).astype(np.uint8)
    even = cv2.erode(smooth, np.ones((3, 3), np.uint8), borderValue=1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    largest = (labels == areas.argmax()).astype(np.uint8)
    outline = np.argwhere(largest)[:, ::-1].astype(np.int32)
    hull = np.zeros_like(largest)
    cv2.fillConvexPoly(hull, cv2.convexHull(outline), 1)
    part = float(hull.mean())
    border = float(np.concatenate([hull[0], hull[-1], hull[:, 0], hull[:, -1]]).mean())
    if not 0.15 < part < 0.95 or border > 0.4 or largest.sum() < 0.75 * hull.sum():
        return None  # nothing else, a shadow's edge on one sheet, or no sheet at all
    return np.asarray(cv2.resize(hull, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _continued(gray: Gray, sheet: Mask) -> Gray:
    """A picture in which the paper of the sheet goes on beyond its edges, as bright as it is at the nearest one."""
    coarse = max(gray.shape) / COARSE
    size = (max(1, round(gray.shape[1] / coarse)), max(1, round(gray.shape[0] / coarse)))
    small = cv2.medianBlur(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), 9)
    outside = 1 - cv2.resize(sheet.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(int(nearest.max()) + 1, np.uint8)
    values[nearest[outside == 0]] = small[outside == 0]
    beyond = cv2.resize(values[nearest], gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(sheet, gray, np.asarray(beyond, np.uint8))


def shrunk(sheet: Mask) -> Mask:
    """A sheet without a margin of a hundredth, where its edge and the shadow of it are."""
    side = round(max(sheet.shape) * 0.01) * 2 + 1
    return np.asarray(cv2.erode(sheet.astype(np.uint8), np.ones((side, side), np.uint8), borderValue=1) > 0)


def is_light_on_dark(gray: Gray, paper: Gray) -> bool:
    """Whether the writing is lighter than what it stands on: what differs from its surroundings is mostly lighter."""
    lighter, darker = cv2.subtract(gray, paper), cv2.subtract(paper, gray)
    strong = int(max(FAINTEST, 0.35 * max(int(lighter.max()), int(darker.max()))))
    return bool(np.count_nonzero(lighter > strong) > 1.3 * np.count_nonzero(darker > strong))


def surroundings(gray: Gray) -> Gray:
    """The brightness of the paper around each pixel: the median of a neighbourhood that writing does not fill.

    What was drawn on a screen stands on one colour, which needs no median and stays right around the broadest strokes.
    """
    height, width = gray.shape
    if _is_plain(gray):
        return np.full_like(gray, gray[0, 0])
    coarse = max(1.0, max(gray.shape) / COARSE)
    size = (max(1, round(width / coarse)), max(1, round(height / coarse)))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    near = min(41, max(3, (max(size) // 5) | 1))
    paper = _median_of(np.asarray(small, np.uint8), near)
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _median_of(gray: Gray, near: int) -> Gray:
    """The median around each pixel; beyond the edge the picture is mirrored, or where it is too small, goes on."""
    if min(gray.shape) <= near:
        return np.asarray(cv2.medianBlur(gray, near), np.uint8)
    room = near // 2
    wider = cv2.copyMakeBorder(gray, room, room, room, room, cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.medianBlur(wider, near), np.uint8)[room:-room, room:-room]


def _is_plain(gray: Gray) -> bool:
    """Whether most of a picture and all of its edge have exactly one brightness, as no photograph has."""
    first = gray[0, 0]
    edges = (gray[0], gray[-1], gray[:, 0], gray[:, -1])
    return all((edge == first).all() for edge in edges) and bool(np.count_nonzero(gray == first) > gray.size / 2)


def where_ink(ink: Mask) -> tuple[slice, slice]:
    """The rows and columns of the smallest box around all ink; of one pixel where there is none."""
    left, top, width, height = cv2.boundingRect(ink.view(np.uint8))
    return slice(top, top + max(1, height)), slice(left, left + max(1, width))


def even_light(gray: Gray, paper: Gray) -> Gray:
    """Divide the light out: `paper` becomes `PAPER` everywhere, `uint8 (H, W)`."""
    return np.asarray(cv2.divide(gray, np.maximum(paper, 8), scale=PAPER), np.uint8)


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
    if min(gray.shape) >= SMALLEST_PAGE:
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


def find_rules(ink: Mask) -> Mask:
    """The pixels of ruled and table lines, without those where writing crosses them."""
    height, width = ink.shape
    # First the longest, then, with the writing's height known, those longer than any digit.
    rules = _straight(ink, round(max(0.5 * width, 1.2 * height)))
    tall = usual_height(ink & ~rules)
    if tall == 0:
        return rules
    rules |= _straight(ink & ~rules, round(max(1.8 * tall, 20)))
    upright = _straight(np.ascontiguousarray((ink & ~rules).T), round(max(2.2 * tall, 20))).T
    return rules | upright


def _straight(ink: Mask, length: int) -> Mask:
    """The pixels of level lines that are thin and at least so long, also a little sloping."""
    _, columns = where_ink(ink)
    if length > columns.stop - columns.start or length < 3:
        return np.zeros(ink.shape, np.bool_)
    pixels = ink.astype(np.uint8)
    thick = np.asarray(cv2.dilate(pixels, np.ones((3, 1), np.uint8)), np.uint8)
    whole = (_run_sums(thick, length) == length).astype(np.uint8)  # the middles of unbroken runs
    if not whole.any():
        return np.zeros(ink.shape, np.bool_)
    runs = (_run_sums(whole[:, ::-1], length)[:, ::-1] > 0).astype(np.uint8) & pixels
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
