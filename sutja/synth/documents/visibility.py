"""What can be seen of the numbers on a picture: not what is hidden, beyond the paper's edge, or too weak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import OTHER
from sutja.reading.quad import Axes, part_of_quad
from sutja.synth.documents.document import Places, WrittenRun, illegible
from sutja.synth.documents.hiding import unknown_run
from sutja.synth.documents.writing import POINT_SIGNS, Layer

HiddenMask = NDArray[np.uint8]  # (H, W), 255 where nothing written can be seen
_Picture = NDArray[np.uint8]

SAMPLED_COLUMNS = (-0.2, 0.0, 0.2)  # of a sign, in digit heights from its middle
SAMPLED_ROWS = (-0.4, -0.2, 0.0, 0.2, 0.4)
PLACES_ALONG = 65  # of a quad, at which it is asked where it is seen
MIN_GONE_SHARE = 0.8  # of a sign: there is none
MIN_BROKEN_SHARE = 0.4  # of a sign: nobody can say which it is
MIN_HIDDEN_SHARE = 0.6  # of a number: it is none
MIN_DOUBTFUL_SHARE = 0.3  # of a number: it may be read, or not
MIN_INK_CORRELATION = 0.6  # of the mask of the ink with the picture, below which a number is too weak,
MIN_POINT_CORRELATION = 0.7  # or a point in it
POINT_BOX_HEIGHTS = (0.1, 0.75)  # beside, above and below the middle of a sign, where its points are looked for
NEAR_INK_HEIGHTS = 0.1  # around the ink: what is compared with it
COMPARED_INK_LEVEL, RULE_LEVEL = 60, 100
COMPARED_DIGIT_ROWS = 20.0  # larger digits are reduced before ink and picture are compared


def seen_runs(runs: Sequence[WrittenRun], hidden: HiddenMask) -> list[WrittenRun]:
    """What is seen of runs on a picture, of which `hidden` covers a part; beyond its edges nothing is seen.

    A run ends where its signs do; a sign that is half hidden is `OTHER`. A number that is hidden by 60 % is none, and
    one hidden by 30 % is not legible.
    """
    if not runs:
        return []
    shares = np.split(_hidden_shares(runs, hidden), np.cumsum([len(run.text) for run in runs])[:-1])
    parts = (_seen_part(run, share, hidden) for run, share in zip(runs, shares, strict=True))
    return [part for part in parts if part is not None]


def _hidden_shares(runs: Sequence[WrittenRun], hidden: HiddenMask) -> NDArray[np.float64]:
    """How much of each sign of all runs is hidden, 0…1."""
    counts = [len(run.text) for run in runs]
    axes = [Axes.of(run.quad) for run in runs]
    along = np.repeat([each.direction * each.height for each in axes], counts, axis=0)
    down = np.repeat([each.normal * each.height for each in axes], counts, axis=0)
    centres = np.concatenate([run.centres for run in runs])
    columns, rows = (each.reshape(-1, 1, 1) for each in np.meshgrid(SAMPLED_COLUMNS, SAMPLED_ROWS))
    return np.asarray(_is_hidden(centres + columns * along + rows * down, hidden).mean(axis=0))  # of (15, N, 2)


def _seen_part(run: WrittenRun, shares: NDArray[np.float64], hidden: HiddenMask) -> WrittenRun | None:
    """The run from its first to its last sign that is not gone, `None` without any."""
    seen = np.flatnonzero(shares < MIN_GONE_SHARE)
    if not len(seen):
        return None
    first, last = int(seen[0]), int(seen[-1])
    if shares.max() < MIN_BROKEN_SHARE:
        return run
    broken = shares >= MIN_BROKEN_SHARE
    text = "".join(OTHER if broken[index] else run.text[index] for index in range(first, last + 1))
    part = replace(run, text=text, quad=_seen_quad(run.quad, hidden), centres=run.centres[first : last + 1])
    share = float(shares[first : last + 1].mean())
    if not part.is_number:
        return part
    if share >= MIN_HIDDEN_SHARE:
        return unknown_run(part)
    return part if share < MIN_DOUBTFUL_SHARE and any(sign.isdigit() for sign in text) else illegible(part)


def _seen_quad(quad: Places, hidden: HiddenMask) -> Places:
    """The part of a quad between the first and the last place along it where it is seen."""
    along = np.linspace(0, 1, PLACES_ALONG)
    rows = np.array([0.25, 0.5, 0.75])[:, None, None]
    upper = quad[0] + (quad[1] - quad[0]) * along[:, None]
    lower = quad[3] + (quad[2] - quad[3]) * along[:, None]
    seen = np.flatnonzero(_is_hidden(upper + (lower - upper) * rows, hidden).mean(axis=0) < 0.5)
    if len(seen) < 2:
        return quad
    start, stop = float(along[seen[0]]), float(along[seen[-1]])
    return part_of_quad(quad, start, stop) if (start, stop) != (0, 1) else quad


def _is_hidden(places: NDArray[Any], hidden: HiddenMask) -> NDArray[np.bool_]:
    """Whether places `(..., 2)` are hidden, or beyond the picture."""
    height, width = hidden.shape
    rounded = np.floor(places).astype(np.int64)
    inside = ((rounded >= 0) & (rounded < (width, height))).all(axis=-1)
    x, y = np.moveaxis(np.where(inside[..., None], rounded, 0), -1, 0)
    return np.asarray(~inside | (hidden[y, x] > 127))


@dataclass(frozen=True)
class InkComparison:
    """How well a picture shows the ink that was put on it: sums over upright boxes of the products of both."""

    scale: float  # of the compared pictures to the original
    sums: tuple[NDArray[np.float64], ...]  # integral images of ink², ink · picture, picture²

    @classmethod
    def of(cls, picture: _Picture, ink: Layer, rules: Layer, *, digit_height: float) -> InkComparison:
        """Compare a picture `(H, W, 3)` with the ink on it `(H, W)`, whose usual digits are so many pixels high.

        Where rules are, nothing is compared.
        """
        scale = min(1.0, COMPARED_DIGIT_ROWS / digit_height)
        if scale < 1:
            size = (max(2, round(scale * ink.shape[1])), max(2, round(scale * ink.shape[0])))
            picture, ink, rules = (
                np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA), np.uint8)
                for each in (picture, ink, rules)
            )
        side = 2 * round(0.6 * scale * digit_height) + 1
        free = (rules < RULE_LEVEL).astype(np.float32)
        near = _near_ink(ink, scale * digit_height) * free  # what is farther away does not matter
        written, seen = _detail(ink, free, side), _detail(_towards_ink(picture, ink, near), free, side)
        products = (near * written * written, near * written * seen, near * seen * seen)
        return cls(scale, tuple(np.asarray(cv2.integral(each, sdepth=cv2.CV_64F), np.float64) for each in products))

    def correlation(self, quad: Places) -> float:
        """The correlation of ink and picture in the upright box around a quad, 0…1; 0 beyond the picture.

        Ink may be darker than its paper, or brighter.
        """
        margin = 0.15 * Axes.of(quad).height
        return self._correlation(quad.min(axis=0) - margin, quad.max(axis=0) + margin)

    def shows_points(self, run: WrittenRun) -> bool:
        """Whether all points, commas and colons of a number can be seen."""
        reach = np.array(POINT_BOX_HEIGHTS) * Axes.of(run.quad).height
        places = [place for sign, place in zip(run.text, run.centres, strict=True) if sign in POINT_SIGNS]
        return all(self._correlation(place - reach, place + reach) >= MIN_POINT_CORRELATION for place in places)

    def _correlation(self, low: NDArray[Any], high: NDArray[Any]) -> float:
        """The correlation of ink and picture in an upright box with the corners `low` and `high`, in pixels."""
        limits = (self.sums[0].shape[1] - 1, self.sums[0].shape[0] - 1)
        left, top = np.clip(low * self.scale, 0, limits).astype(int).tolist()
        right, bottom = np.clip(np.ceil(high * self.scale), 0, limits).astype(int).tolist()
        ink, both, seen = (
            float(each[bottom, right] - each[top, right] - each[bottom, left] + each[top, left]) for each in self.sums
        )
        return abs(both) / max(float(np.sqrt(max(ink, 0) * max(seen, 0))), 1e-6)


def _near_ink(ink: Layer, digit_height: float) -> NDArray[np.float32]:
    """1 where ink is near, else 0."""
    side = 2 * max(1, round(NEAR_INK_HEIGHTS * digit_height)) + 1
    return cv2.dilate((ink > COMPARED_INK_LEVEL).astype(np.float32), np.ones((side, side), np.uint8)).astype(np.float32)


def _towards_ink(picture: _Picture, ink: Layer, near: NDArray[np.float32]) -> NDArray[np.float32]:
    """The channels of a picture mixed to the one in which ink and paper differ most."""
    inked = (ink > COMPARED_INK_LEVEL).astype(np.uint8)
    paper = ((near > 0) & (inked == 0)).astype(np.uint8)
    weights = np.array(cv2.mean(picture, inked)[:3]) - cv2.mean(picture, paper)[:3]
    weights /= max(float(np.abs(weights).sum()), 1e-6)
    return cv2.transform(picture.astype(np.float32), weights[None].astype(np.float32)).astype(np.float32, copy=False)


def _detail(picture: NDArray[Any], free: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A picture `(H, W)` less its mean over squares of `side` pixels, where it is free; 0 elsewhere."""
    shares = np.maximum(cv2.blur(free, (side, side)), 1e-3)
    levels = picture * free
    return np.asarray(levels - free * (cv2.blur(levels, (side, side)) / shares), np.float32)


def legible_runs(
    runs: Sequence[WrittenRun], picture: _Picture, ink: Layer, rules: Layer, *, digit_height: float
) -> list[WrittenRun]:
    """Runs of which the numbers that are too weak in the picture, or have a point that is, are not legible.

    `ink` is all that was written and printed, `rules` are the lines, both `uint8 (H, W)`.
    """
    if not any(run.is_number for run in runs):
        return list(runs)
    compared = InkComparison.of(picture, ink, rules, digit_height=digit_height)
    return [
        illegible(run)
        if run.is_number
        and run.legible
        and (compared.correlation(run.quad) < MIN_INK_CORRELATION or not compared.shows_points(run))
        else run
        for run in runs
    ]
