"""What hides the numbers on a sheet: things on top of them. What nobody can read is no number."""

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

Cover = NDArray[np.bool_]  # (H, W)


def unknown_run(run: WrittenRun) -> WrittenRun:
    """A run in the same place whose signs do not count, as of a number that is struck out."""
    return replace(run, text=OTHER * len(run.text), is_number=False)


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
