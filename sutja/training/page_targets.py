"""What the page network is to answer on a document: where the cores of its numbers are, and what belongs to each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.onnx_page_network import MAP_STRIDE
from sutja.reading.page_maps import core_of
from sutja.reading.quad import Axes, Quad, part_of_quad, quad_area, shared_area
from sutja.synth.documents.document import Document, WrittenRun

MIN_DIGIT_PIXELS, MAX_DIGIT_PIXELS = 7.0, 330.0  # heights of digits; others are neither numbers nor paper
MIN_VISIBLE_HEIGHTS = 0.4  # a number cut by the edge of the picture counts with this length of it, in digit heights,
MIN_VISIBLE_SHARE = 0.75  # and with this share of the height
GAP_END_HEIGHTS, GAP_SIDE_HEIGHTS = 0.4, 0.1  # two numbers that meet when grown by this must be kept apart

IGNORED, ORDINARY, GAP = 0, 1, 6  # weights of a place
TABLE_COLUMNS = 8  # class, centre x and y, direction x and y, half length, height, log₂ of height / 32
HANDWRITTEN, PRINTED = 1, 2

Shares = tuple[float, float]


@dataclass(frozen=True)
class VisibleNumbers:
    """The numbers of a document as far as the picture shows them, and those that count neither way.

    `quads` are cut where the picture ends; `classes` are 1 for a handwritten and 2 for a printed number.
    """

    quads: list[Quad]
    classes: list[int]
    ignored: list[Quad]


@dataclass(frozen=True)
class PageTargets:
    """The targets of a picture `uint8 (H, W, 3)`.

    `owners int16 (H / 4, W / 4)` has the row of `numbers` that a place belongs to, and 0 for none; row 0 is unused.
    `weights uint8`, of the same shape, is 0 where a place counts neither way, as on the border of a core. A place of a
    core has an owner and a weight. `numbers float32 (K + 1, 8)` describes the numbers.
    """

    picture: NDArray[np.uint8]
    owners: NDArray[np.int16]
    weights: NDArray[np.uint8]
    numbers: NDArray[np.float32]


def visible_numbers(document: Document) -> VisibleNumbers:
    """The numbers of a document; ignored are those too small, too large, and mostly cut off."""
    height, width = document.picture.shape[:2]
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    found = VisibleNumbers([], [], [])
    for run in document.numbers:
        seen = _visible_part(run, frame)
        if seen is not None and MIN_DIGIT_PIXELS <= run.height <= MAX_DIGIT_PIXELS:
            found.quads.append(seen)
            found.classes.append(HANDWRITTEN if run.handwritten else PRINTED)
        elif shared_area(run.quad, frame) > 0:
            found.ignored.append(run.quad)
    return found


def _visible_part(run: WrittenRun, frame: Quad) -> Quad | None:
    """The quad of a run, cut where its middle line leaves the frame; `None` where too little is left."""
    left, right = (run.quad[0] + run.quad[3]) / 2, (run.quad[1] + run.quad[2]) / 2
    start, stop = _share_within(left, right, frame[2])
    seen = part_of_quad(run.quad, start, stop) if (start, stop) != (0, 1) else run.quad
    length = float(np.hypot(*(right - left)))
    if (stop - start) * length < min(MIN_VISIBLE_HEIGHTS * run.height, MIN_VISIBLE_SHARE * length):
        return None
    return seen if shared_area(seen, frame) >= MIN_VISIBLE_SHARE * quad_area(seen) else None


def _share_within(first: NDArray[np.float32], last: NDArray[np.float32], size: NDArray[np.float32]) -> Shares:
    """The shares between which a segment lies within (0, 0)…`size`; (0, 0) where it does not (Liang and Barsky)."""
    start, stop = 0.0, 1.0
    for begin, step, limit in zip(first.tolist(), (last - first).tolist(), size.tolist(), strict=True):
        if abs(step) < 1e-6:
            if not 0 <= begin <= limit:
                return 0.0, 0.0
            continue
        low, high = sorted((-begin / step, (limit - begin) / step))
        start, stop = max(start, low), min(stop, high)
    return (start, stop) if start < stop else (0.0, 0.0)


def page_targets(document: Document) -> PageTargets:
    """The targets of a document whose picture has sides that are multiples of 32."""
    seen = visible_numbers(document)
    sides = (document.picture.shape[0] // MAP_STRIDE, document.picture.shape[1] // MAP_STRIDE)
    canvas = _Canvas(sides)
    for quad in seen.ignored:
        canvas.ignore(quad)
    sizes = [-quad_area(quad) for quad in seen.quads]
    for index in np.argsort(sizes, kind="stable").tolist():  # the smallest lies on top
        canvas.add(seen.quads[index], index + 1)
    rows = [_row(quad, kind) for quad, kind in zip(seen.quads, seen.classes, strict=True)]
    numbers = np.array([(0.0,) * TABLE_COLUMNS, *rows], np.float32)
    return PageTargets(document.picture, *canvas.finished(), numbers)


def _row(quad: Quad, kind: int) -> tuple[float, ...]:
    axes = Axes.of(quad)
    height = max(axes.height, 1e-3)
    return (kind, *axes.centre, *axes.direction, axes.length / 2, height, float(np.log2(height / 32)))


class _Canvas:
    """Maps at a quarter of the picture's size, on which the cores of numbers are painted one after the other."""

    def __init__(self, sides: tuple[int, int]) -> None:
        self._owners = np.zeros(sides, np.int16)
        self._weights = np.full(sides, ORDINARY, np.uint8)
        self._near = np.zeros(sides, np.uint8)  # how many numbers are at a place, or near it

    def ignore(self, quad: Quad) -> None:
        """Let the places of a quad count neither way."""
        part, inside = _inside(quad, self._owners.shape, margin=1.0)
        self._weights[part][inside] = IGNORED

    def add(self, quad: Quad, number: int) -> None:
        """Paint the core of a number, of one place at least."""
        core = core_of(quad)
        part, inside = _inside(core, self._owners.shape)
        if not inside.any():
            x, y = np.clip(core.mean(axis=0) / MAP_STRIDE, 0, np.array(self._owners.shape[::-1]) - 1).astype(int)
            part, inside = (slice(y, y + 1), slice(x, x + 1)), np.ones((1, 1), np.bool_)
        self._owners[part][inside] = number
        self._weights[part][inside] = ORDINARY
        axes = Axes.of(quad)
        beyond = GAP_END_HEIGHTS * axes.height / max(axes.length, 1e-3)
        around = part_of_quad(quad, -beyond, 1 + beyond, top=-GAP_SIDE_HEIGHTS, bottom=1 + GAP_SIDE_HEIGHTS)
        part, inside = _inside(around, self._owners.shape, margin=0.5)
        self._near[part] += inside

    def finished(self) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """Owners and weights: a place between two numbers weighs more, one on any other border of a core nothing."""
        cores = _parted(self._owners)
        grown = cv2.dilate(cores, np.ones((3, 3), np.uint8))
        gap = (cores == 0) & (self._near >= 2)
        border = (cores == 0) & (grown > 0) & ~gap
        weights = self._weights.copy()
        weights[border] = IGNORED
        weights[gap] = GAP
        return np.where(gap, 0, grown).astype(np.int16), weights


def _parted(owners: NDArray[np.int16]) -> NDArray[np.int16]:
    """Owners without the places where two numbers touch; the larger one gives way."""
    areas = np.bincount(owners.ravel())
    parted = owners.copy()
    for first, second in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        ours, theirs = owners[first], owners[second]
        seam = (ours != theirs) & (ours > 0) & (theirs > 0)
        larger = areas[ours] > areas[theirs]
        parted[first][seam & larger] = 0
        parted[second][seam & ~larger] = 0
    return parted


def _inside(
    quad: Quad, sides: tuple[int, ...], *, margin: float = 0.0
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """The part of a map that a convex quad covers, and the places in it whose middles are inside, give or take."""
    corners = quad.astype(np.float64) / MAP_STRIDE - 0.5  # places of a map are counted from the middle of the first
    low = np.clip(np.floor(corners.min(axis=0) - margin), 0, None).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0) + margin), np.array(sides[::-1]) - 1).astype(int)
    x, y = np.arange(low[0], high[0] + 1)[None], np.arange(low[1], high[1] + 1)[:, None]
    inside = np.ones((len(y), x.shape[1]), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
        inside &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= -margin * length
    return (slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)), inside
