"""Skeleton tracing: turn the picture of a digit into strokes, sequences of points that any pen can draw."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.normalise import Gray, stroke_width
from sutja.synth.skeleton import skeleton

Points = NDArray[np.float64]
Strokes = tuple[Points, ...]
PixelPosition = tuple[int, int]

ENLARGEMENT_FACTOR = 4  # before skeletonising
MIN_ENLARGED_INK_LEVEL = 110  # grey level of an enlarged pixel
POINT_SPACING_HEIGHTS = 0.05  # between neighbouring points of a stroke
MAX_CONTINUATION_COSINE = -0.5  # between two arms of a crossing that form one stroke
MAX_UNTRACED_INK_SHARE = 0.05  # ink farther from the skeleton than a stroke is wide


def trace_strokes(image: Gray) -> Strokes | None:
    """Trace the strokes of a digit `uint8 (H, W)`, 0 = paper: each is `float64 (N, 2)`, x and y in digit heights.

    y runs from 0 at the top to 1, x from 0 on the left. Returns `None` if strokes have merged and cannot be separated.
    """
    padded = cv2.copyMakeBorder(image, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
    large = cv2.resize(padded, None, fx=ENLARGEMENT_FACTOR, fy=ENLARGEMENT_FACTOR, interpolation=cv2.INTER_CUBIC)
    ink = cv2.GaussianBlur(large, (0, 0), 1) > MIN_ENLARGED_INK_LEVEL
    middles = skeleton(ink)
    thick = stroke_width(ink)
    away = cv2.distanceTransform((~middles).astype(np.uint8), cv2.DIST_L2, 5)
    if not middles.any() or float(np.mean(away[ink] > 0.5 * thick + 2)) > MAX_UNTRACED_INK_SHARE:
        return None
    paths = _joined(_merged(_pruned(_paths(middles), thick), thick), thick)
    height = max(float(np.ptp(np.concatenate(paths)[:, 1])), 1.0)
    strokes = [_smooth(path, thick / 2, POINT_SPACING_HEIGHTS * height) for path in paths]
    origin = np.concatenate(strokes).min(axis=0)
    return tuple((stroke - origin) / height for stroke in strokes)


def _paths(middles: NDArray[np.bool_]) -> list[list[PixelPosition]]:
    """Paths of neighbouring pixels (x, y) between ends and crossings; rings start anywhere."""
    links = _links(middles)
    visited: set[tuple[PixelPosition, PixelPosition]] = set()

    def walk(start: PixelPosition, following: PixelPosition) -> list[PixelPosition]:
        path = [start, following]
        while len(links[path[-1]]) == 2 and path[-1] != start:
            first, second = links[path[-1]]
            path.append(second if first == path[-2] else first)
        visited.update(pairwise(path))
        visited.update(pairwise(path[::-1]))
        return path

    ends = [pixel for pixel, near in links.items() if len(near) != 2]
    paths = [[end, end] for end in ends if not links[end]]
    for start in [*ends, *links]:  # paths not reached from an end are rings
        paths += [walk(start, near) for near in links[start] if (start, near) not in visited]
    return paths


def _links(middles: NDArray[np.bool_]) -> dict[PixelPosition, list[PixelPosition]]:
    """The neighbours of each pixel; diagonal ones only if no pixel connects them otherwise."""
    rows, columns = np.nonzero(middles)
    pixels = set(zip(columns.tolist(), rows.tolist(), strict=True))
    links: dict[PixelPosition, list[PixelPosition]] = {}
    for x, y in sorted(pixels):
        straight = [near for near in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)) if near in pixels]
        diagonal = [
            (x + dx, y + dy)
            for dx in (1, -1)
            for dy in (1, -1)
            if (x + dx, y + dy) in pixels and (x + dx, y) not in pixels and (x, y + dy) not in pixels
        ]
        links[x, y] = straight + diagonal
    return links


def _pruned(paths: list[list[PixelPosition]], thick: float) -> list[list[PixelPosition]]:
    """Remove short paths with a free end: they are corners of the ink, not strokes."""
    meeting: dict[PixelPosition, int] = defaultdict(int)
    for path in paths:
        meeting[path[0]] += 1
        meeting[path[-1]] += 1
    kept = [path for path in paths if len(path) > 0.8 * thick or min(meeting[path[0]], meeting[path[-1]]) > 1]
    return kept or paths


def _merged(paths: list[list[PixelPosition]], thick: float) -> list[Points]:
    """Merge crossings closer together than a stroke is wide, and move the ends of paths there."""
    group: dict[PixelPosition, PixelPosition] = {}

    def root(pixel: PixelPosition) -> PixelPosition:
        while group.setdefault(pixel, pixel) != pixel:
            pixel = group[pixel]
        return pixel

    def bridge(path: list[PixelPosition]) -> bool:
        return path[0] != path[-1] and len(path) < thick and min(meeting[path[0]], meeting[path[-1]]) > 2

    meeting: dict[PixelPosition, int] = defaultdict(int)
    for path in paths:
        meeting[path[0]] += 1
        meeting[path[-1]] += 1
    for path in filter(bridge, paths):
        group[root(path[0])] = root(path[-1])
    members: dict[PixelPosition, list[PixelPosition]] = defaultdict(list)
    for pixel in list(group):
        members[root(pixel)].append(pixel)
    places = {pixel: np.mean(members[root(pixel)], axis=0) for pixel in group}
    merged = []
    for path in paths:
        if not bridge(path):
            points = np.array(path, np.float64)
            points[0], points[-1] = places.get(path[0], points[0]), places.get(path[-1], points[-1])
            merged.append(points)
    return merged or [np.array(path, np.float64) for path in paths]


def _joined(paths: list[Points], thick: float) -> list[Points]:
    """Join paths at crossings, each with its straightest continuation."""
    meeting: dict[tuple[float, float], list[tuple[int, int]]] = defaultdict(list)
    for index, path in enumerate(paths):
        if not np.array_equal(path[0], path[-1]):
            meeting[tuple(path[0])].append((index, 0))
            meeting[tuple(path[-1])].append((index, -1))
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    for arms in meeting.values():
        towards = {arm: _direction(paths[arm[0]], arm[1], thick) for arm in arms}
        bends = sorted((float(towards[one] @ towards[other]), one, other) for one, other in combinations(arms, 2))
        for cosine, one, other in bends:
            if cosine < MAX_CONTINUATION_COSINE and one not in partner and other not in partner and one[0] != other[0]:
                partner[one], partner[other] = other, one
    return _chained(paths, partner)


def _direction(path: Points, end: int, thick: float) -> Points:
    """The direction of a path at one of its ends, as a unit vector."""
    reach = min(len(path) - 1, max(2, round(1.5 * thick)))
    away = path[reach] - path[0] if end == 0 else path[-1 - reach] - path[-1]
    return np.asarray(away / max(float(np.hypot(*away)), 1e-9))


def _chained(paths: list[Points], partner: dict[tuple[int, int], tuple[int, int]]) -> list[Points]:
    chains, used = [], set()
    free = [(index, end) for index in range(len(paths)) for end in (0, -1) if (index, end) not in partner]
    for index, end in [*free, *((index, 0) for index in range(len(paths)))]:  # paths without a free end are rings
        pieces = []
        while index not in used:
            used.add(index)
            pieces.append(paths[index] if end == 0 else paths[index][::-1])
            index, end = partner.get((index, -1 if end == 0 else 0), (index, end))
        if pieces:
            chains.append(np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])]))
    return chains


def _smooth(path: Points, radius: float, step: float) -> Points:
    """Smooth the pixel steps of a path and resample it about every `step`; its ends stay in place."""
    ring = np.array_equal(path[0], path[-1]) and len(path) > 3
    reach = max(1, min(round(2 * radius), len(path) - 1))
    before, after = path[1 : reach + 1][::-1], path[-reach - 1 : -1][::-1]
    wide = (
        [path[-reach - 1 : -1], path, path[1 : reach + 1]]
        if ring
        else [2 * path[0] - before, path, 2 * path[-1] - after]
    )
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(radius, 0.5)) ** 2)
    weights /= weights.sum()
    extended = np.concatenate(wide)
    soft = np.stack([np.convolve(extended[:, axis], weights, "valid") for axis in (0, 1)], axis=1)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(soft, axis=0).T))])
    places = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(places, along, soft[:, axis]) for axis in (0, 1)], axis=1)
