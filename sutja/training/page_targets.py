"""What the page network is to answer on a document: where the cores of its numbers are, and what belongs to each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.models.onnx_page_network import MAP_STRIDE
from sutja.reading.page_maps import core_of
from sutja.reading.quad import Axes, Quad, part_of_quad, quad_area
from sutja.synth.documents.document import Document
from sutja.synth.documents.scenes import BuildPainter, paint_training_scenes, visible_numbers
from sutja.synth.prefetch import MakeChunk

GAP_END_HEIGHTS, GAP_SIDE_HEIGHTS = 0.4, 0.1  # two numbers that meet when grown by this must be kept apart

IGNORED, ORDINARY, GAP = 0, 1, 6  # weights of a place
TABLE_COLUMNS = 8  # class, centre x and y, direction x and y, half length, height, log₂ of height / 32
HANDWRITTEN, PRINTED = 1, 2


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


def scene_maker(build: BuildPainter, digits: Digits, count: int) -> MakeChunk[list[PageTargets]]:
    """The function that paints chunks of `count` scenes with some digits; for the processes of a `Prefetcher`."""
    painter = build(digits)
    return lambda rng: [page_targets(scene) for scene in paint_training_scenes(painter, rng, count)]


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
    rows = [_row(quad, by_hand) for quad, by_hand in zip(seen.quads, seen.handwritten, strict=True)]
    numbers = np.array([(0.0,) * TABLE_COLUMNS, *rows], np.float32)
    return PageTargets(document.picture, *canvas.finished(), numbers)


def _row(quad: Quad, handwritten: bool) -> tuple[float, ...]:
    axes = Axes.of(quad)
    kind = HANDWRITTEN if handwritten else PRINTED
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
