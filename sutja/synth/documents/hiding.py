"""What hides numbers: fingers, the edge of a sheet, things on top, darkness. What nobody can read is no number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import OTHER
from sutja.reading.quad import Quad, part_of_quad
from sutja.synth.documents.document import WrittenRun

MAX_COVERED_SHARE = 0.35  # of a digit by what lies on top of it
MIN_CONTRAST_LEVELS = 12  # of 255, between the ink and the paper of a number that can be read
PAPER_PERCENTILE, INK_PERCENTILE = 97, 3  # of the levels in a number's quad, or the other way round
SMOOTHED_PIXELS = 3  # over which levels are averaged, so that noise is no contrast

Cover = NDArray[np.bool_]  # (H, W)


def unknown_run(run: WrittenRun) -> WrittenRun:
    """A run in the same place whose signs do not count, as of a number that is struck out."""
    return replace(run, text=OTHER * len(run.text), is_number=False)


def visible_runs(runs: Iterable[WrittenRun], hidden: Cover) -> list[WrittenRun]:
    """The runs where `hidden` does not cover them: of one that is covered in part, the longest part that is seen."""
    parts = (_visible_part(run, _signs_seen(run, hidden)) for run in runs)
    return [part for part in parts if part is not None]


def _signs_seen(run: WrittenRun, hidden: Cover) -> Cover:
    """Which signs have their middle where nothing hides them, or beyond the picture, where its edge decides."""
    columns, rows = np.floor(run.centres).astype(np.int64).T
    height, width = hidden.shape
    inside = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
    seen = np.ones(len(run.text), np.bool_)
    seen[inside] = ~hidden[rows[inside], columns[inside]]
    return seen


def _visible_part(run: WrittenRun, seen: Cover) -> WrittenRun | None:
    if seen.all():
        return run
    start, stop = _longest_stretch(seen)
    if start == stop:
        return None
    left, right = (run.quad[0] + run.quad[3]) / 2, (run.quad[1] + run.quad[2]) / 2
    along = (run.centres - left) @ (right - left) / max(float((right - left) @ (right - left)), 1e-6)
    first = 0.0 if start == 0 else float(along[start - 1 : start + 1].mean())
    last = 1.0 if stop == len(seen) else float(along[stop - 1 : stop + 1].mean())
    quad = part_of_quad(run.quad, first, max(last, first + 1e-3))
    part = replace(run, text=run.text[start:stop], quad=quad, centres=run.centres[start:stop])
    return part if any(sign.isdigit() for sign in part.text) else unknown_run(part)


def _longest_stretch(seen: Cover) -> tuple[int, int]:
    """The first and last index (exclusive) of the longest stretch that is true; equal if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(np.int8), [0]])))
    stretches = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return max(stretches, key=lambda ends: ends[1] - ends[0], default=(0, 0))


def uncovered_runs(runs: Iterable[WrittenRun], covered: Cover) -> list[WrittenRun]:
    """The runs after something was put on top of them; those that are covered too much are unknown."""
    marked = covered.astype(np.uint8)
    return [unknown_run(run) if run.is_number and _is_covered(run, marked) else run for run in runs]


def _is_covered(run: WrittenRun, covered: NDArray[np.uint8]) -> bool:
    """Whether too much of one of its digits is covered; a stroke through it is not."""
    ends = np.linspace(0, 1, len(run.text) + 1).tolist()
    parts = (part_of_quad(run.quad, start, stop) for start, stop in pairwise(ends))
    return any(
        sign.isdigit() and _inside(covered, part).mean() > MAX_COVERED_SHARE
        for sign, part in zip(run.text, parts, strict=True)
    )


def legible_runs(picture: NDArray[np.uint8], runs: Iterable[WrittenRun]) -> list[WrittenRun]:
    """The runs on a picture `(H, W, 3)`; those that hardly differ from their paper are unknown."""
    grey = np.asarray(cv2.blur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (SMOOTHED_PIXELS, SMOOTHED_PIXELS)), np.uint8)
    return [
        unknown_run(run) if run.is_number and _contrast(_inside(grey, run.quad)) < MIN_CONTRAST_LEVELS else run
        for run in runs
    ]


def _contrast(levels: NDArray[np.uint8]) -> float:
    high, low = np.percentile(levels, [PAPER_PERCENTILE, INK_PERCENTILE])
    return float(high - low)


def _inside(picture: NDArray[np.uint8], quad: Quad) -> NDArray[np.uint8]:
    """The pixels of a picture `(H, W)` in a quad; at least one."""
    height, width = picture.shape
    limits = np.array((width - 1, height - 1))
    low = np.clip(np.floor(quad.min(axis=0)), 0, limits).astype(np.int64)
    high = np.clip(np.ceil(quad.max(axis=0)), low, limits).astype(np.int64)
    part = picture[low[1] : high[1] + 1, low[0] : high[0] + 1]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad - low).astype(np.int32), 1)
    return part[mask > 0] if mask.any() else part.ravel()
