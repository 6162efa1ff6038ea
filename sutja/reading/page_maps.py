"""From the maps of the page network to the quads of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.onnx_page_network import MAP_STRIDE, PageMaps, PageNetwork
from sutja.reading.quad import Axes, Quad, part_of_quad

CORE_SHARE = 0.5  # of a number's height is its core
CORE_END_HEIGHTS = 0.2  # are left out of the core at both ends, in heights of its digits;
MIN_CORE_PLACES = 1.5  # a core is at least so high and long, in places of the maps: thinner ones would break
MIN_LENGTH_HEIGHTS = 0.1  # of a number that is found
MIN_CORE_PROBABILITY = 0.3  # below 0.5: weak places within a number would part it
END_REACH_HEIGHTS = 1.0  # farther than this from an end, a place does not say where it is
SLOPE_PRIOR_HEIGHTS = 0.7  # the length whose slope is trusted as much as the direction that the places say
MAX_VIEW_PIXELS, VIEW_STEP, VIEWS = (
    1312,
    0.6,
    6,
)  # the longer side of a picture as the network sees it, each time smaller
MAX_ENLARGEMENT = 3.0

Values = NDArray[np.float64]


@dataclass(frozen=True)
class FoundNumber:
    """A number found on a picture: its quad in pixels, the probability of its core, and by whom it is.

    `hand` is -1 where it is surely printed, and 1 where it is surely handwritten.
    """

    quad: Quad
    score: float
    hand: float

    @property
    def handwritten(self) -> bool:
        """Whether it is rather handwritten than printed."""
        return self.hand > 0


def core_of(quad: Quad) -> Quad:
    """The core of a number: half its height, without its ends; the network tells neighbours apart by these."""
    axes = Axes.of(quad)
    least = MIN_CORE_PLACES * MAP_STRIDE
    length = max(axes.length - 2 * CORE_END_HEIGHTS * axes.height, min(least, axes.height))
    height = max(CORE_SHARE * axes.height, least)
    cut = (1 - length / max(axes.length, 1e-3)) / 2
    above = (1 - height / max(axes.height, 1e-3)) / 2
    return part_of_quad(quad, cut, 1 - cut, top=above, bottom=1 - above)


@dataclass(frozen=True)
class _Places:
    """The places of all cores of a picture, one row each: the core, its weight, position in pixels, and channels."""

    core: NDArray[np.intp]
    weight: Values
    position: Values  # (P, 2)
    values: Values  # (P, 9)

    def mean(self, values: Values) -> Values:
        """The weighted mean of each core."""
        total = np.maximum(self.sum(np.ones(len(self.core))), 1e-9)
        return self.sum(values) / total

    def sum(self, values: Values) -> Values:
        """The weighted sum of each core."""
        return np.bincount(self.core, self.weight * values).astype(np.float64)


def decode_maps(maps: PageMaps, *, min_score: float = MIN_CORE_PROBABILITY) -> list[FoundNumber]:
    """The numbers that maps `float32 (9, H / 4, W / 4)` show, in pixels of the picture `(H, W)`.

    A core is a connected region of places that are rather probably a core. What its places say of height, direction,
    middle line and ends is averaged.
    """
    odds = np.exp(maps[:3] - maps[:3].max(axis=0))
    probabilities = odds / odds.sum(axis=0)
    core = 1 - probabilities[0]
    count, labels = cv2.connectedComponents((core > MIN_CORE_PROBABILITY).astype(np.uint8), connectivity=4)
    if count == 1:
        return []
    rows, columns = np.nonzero(labels)
    places = _Places(
        labels[rows, columns] - 1,
        core[rows, columns].astype(np.float64),
        np.column_stack([columns, rows]).astype(np.float64) * MAP_STRIDE + MAP_STRIDE / 2,
        maps[:, rows, columns].T.astype(np.float64),
    )
    score = places.sum(np.ones(len(rows))) / np.bincount(places.core)
    hand = places.mean((probabilities[1] - probabilities[2])[rows, columns].astype(np.float64)) / score
    quads = _quads(places)
    return [
        FoundNumber(quad, float(each), float(by_hand))
        for quad, each, by_hand in zip(quads, score, hand, strict=True)
        if each >= min_score
    ]


def cooled_score(score: float, temperature: float) -> float:
    """A score whose logit is divided by a temperature."""
    if temperature == 1:
        return score
    inside = min(max(score, 1e-9), 1 - 1e-9)
    return float(1 / (1 + ((1 - inside) / inside) ** (1 / temperature)))


def _quads(places: _Places) -> list[Quad]:
    """The quad of each core."""
    height = 32 * 2 ** places.mean(places.values[:, 3])
    direction = np.column_stack([places.mean(places.values[:, 4]), places.mean(places.values[:, 5])])
    direction /= np.maximum(np.hypot(*direction.T), 1e-9)[:, None]
    centre = np.column_stack([places.mean(places.position[:, 0]), places.mean(places.position[:, 1])])
    direction, middle = _middle_line(places, centre, direction, height)
    start, stop = _ends(places, centre, direction, height)
    centre = centre + _normals(direction) * middle[:, None] + direction * ((start + stop) / 2)[:, None]
    return [Axes(*row).quad for row in zip(centre, direction, (stop - start).tolist(), height.tolist(), strict=True)]


def _normals(direction: Values) -> Values:
    return np.column_stack([-direction[:, 1], direction[:, 0]])


def _middle_line(places: _Places, centre: Values, direction: Values, height: Values) -> tuple[Values, Values]:
    """Directions, and how far below the centres the middle lines lie.

    Each place says how far it is from the middle line. The slope of these points corrects the direction that the places
    say, the more the longer the number is: a ridge regression.
    """
    offset = places.position - centre[places.core]
    along = (offset * direction[places.core]).sum(axis=1)
    below = (offset * _normals(direction)[places.core]).sum(axis=1) - places.values[:, 6] * height[places.core]
    middle = places.mean(below)
    spread = places.mean(along**2) + (SLOPE_PRIOR_HEIGHTS * height) ** 2 / 12
    slope = places.mean(along * (below - middle[places.core])) / np.maximum(spread, 1e-9)
    turned = direction + _normals(direction) * slope[:, None]
    return turned / np.hypot(1, slope)[:, None], middle


def _ends(places: _Places, centre: Values, direction: Values, height: Values) -> tuple[Values, Values]:
    """Where each number starts and ends along its direction, from its centre, in pixels."""
    along = ((places.position - centre[places.core]) * direction[places.core]).sum(axis=1)
    stop = _end(places, along, height, channel=8)
    start = -_end(places, -along, height, channel=7)
    return start, np.maximum(stop, start + MIN_LENGTH_HEIGHTS * height)


def _end(places: _Places, along: Values, height: Values, *, channel: int) -> Values:
    """The end of each number: what the places near the end of its core say, the nearest ones most."""
    last = np.full(len(height), -np.inf)
    np.maximum.at(last, places.core, along)
    heights = height[places.core]
    distance = np.clip(places.values[:, channel], 0, END_REACH_HEIGHTS)
    near = np.clip(END_REACH_HEIGHTS - (last[places.core] - along) / heights - 0.2, 0, None)
    trust = near * np.clip(1.1 - distance, 0.02, None)
    return places.sum(trust * (along + distance * heights)) / np.maximum(places.sum(trust), 1e-9)


def find_numbers(
    network: PageNetwork, picture: NDArray[np.uint8], *, min_score: float = MIN_CORE_PROBABILITY
) -> list[FoundNumber]:
    """The numbers on a picture `uint8 (H, W, 3)`, blue, green, red, in its pixels.

    The network sees the picture several times, large for small digits and small for digits that fill it. What it finds
    more than once is here more than once. `min_score` is that of the network, and the scores are at its temperature.
    """
    found: list[FoundNumber] = []
    for view in views_of(picture):
        across, down = picture.shape[1] / view.shape[1], picture.shape[0] / view.shape[0]
        back = np.array((across, down), np.float32)
        numbers = decode_maps(network.maps(view), min_score=min_score)
        found += [
            replace(number, quad=number.quad * back, score=cooled_score(number.score, network.temperature))
            for number in numbers
        ]
    return found


def views_of(picture: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """A picture as the network sees it, the largest view first; a reduced one is made of the one before, not anew."""
    before, so_far = picture, 1.0
    for factor in view_factors(picture.shape[:2]):
        view = resized(before, factor / so_far)
        if factor < 1:
            before, so_far = view, factor
        yield view


def view_factors(sides: tuple[int, ...]) -> list[float]:
    """By how much a picture of these sides is enlarged or reduced for each look at it, the largest first."""
    factors = {min(MAX_ENLARGEMENT, MAX_VIEW_PIXELS * VIEW_STEP**number / max(sides)) for number in range(VIEWS)}
    return sorted(factors, reverse=True)


def resized(picture: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """A picture enlarged or reduced by a factor; no side is shorter than a pixel."""
    height, width = (max(1, round(factor * side)) for side in picture.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), np.uint8)
