"""Scrawls: words that nobody can read, and the strokes that end an amount."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator

from sutja.synth.documents.writing import Writing
from sutja.synth.strokes import vary_shape
from sutja.synth.tracing import Strokes


def flourish(rng: Generator) -> Strokes:
    """A stroke that ends an amount: a dash with a wave or a hook."""
    count = int(rng.integers(3, 7))
    x = np.linspace(0, 1, count) + rng.normal(0, 0.08, count)
    y = 0.5 + rng.normal(0, 0.25, count)
    return vary_shape((tuple(map(tuple, np.stack([x, y], axis=1))),), rng, width=float(rng.uniform(0.8, 3)))


def scrawl(rng: Generator, word: str, height: float, *, pen: float) -> Writing:
    """A word as cursive loops that nobody can read: as good as one in a script that no font has."""
    low = 0.55 * height  # height of small letters
    step = low * float(rng.uniform(0.5, 1.0))
    points, x = [], 0.0
    for _ in word:
        kind = rng.random()
        tall = height * float(rng.uniform(0.9, 1.5)) if kind < 0.25 else low * float(rng.uniform(0.5, 1.1))
        deep = height * float(rng.uniform(0.2, 0.5)) if kind > 0.85 else 0.0
        turns = rng.normal(0, 0.15, 6) * low
        points += [
            (x + turns[0], deep * 0.2),
            (x + 0.45 * step + turns[1], -tall),
            (x + 0.2 * step + turns[2], -tall * 0.8),
            (x + 0.35 * step + turns[3], deep),
            (x + 0.6 * step + turns[4], deep * 0.5),
        ]
        x += step * float(rng.uniform(0.8, 1.3))
    place = np.array(points) * (1, 1)
    margin = height
    place += (margin, 2 * height)
    canvas = np.zeros((round(3.4 * height) + 4, round(x + 2.5 * margin) + 4), np.uint8)
    smooth = vary_shape((tuple(map(tuple, place / height)),), rng, width=1.0, jitter=0.0)[0] * height
    smooth[:, 0] += float(place[:, 0].min())
    thick = max(1, round(pen))
    cv2.polylines(canvas, [np.round(smooth * 8).astype(np.int32)], False, 255, thick, cv2.LINE_AA, shift=3)
    ends = np.linspace(margin, margin + x, len(word) + 1)
    return Writing(canvas, word, tuple(pairwise(ends.tolist())), height, 2 * height)
