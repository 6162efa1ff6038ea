"""Marks that are no signs: fillers, ticks, crosses, brackets, arrows, circles, strikes and blots."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator

from sutja.synth.documents.document import Places, WrittenRun, other_run, upright_quad
from sutja.synth.documents.writing import Layer
from sutja.synth.strokes import smooth_curve
from sutja.synth.tracing import Points


def draw_stroke(layer: Layer, points: Points, pen: float) -> None:
    """Draw a smooth stroke through `points (N, 2)` on a layer, with a pen of `pen` pixels."""
    path = smooth_curve(points) if len(points) > 2 else points
    if np.abs(path).max() < 30000:
        places = np.round(path * 8).astype(np.int32)
        cv2.polylines(layer, [places], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=3)


def _shaken(points: Points, rng: Generator, amount: float) -> Points:
    return points + rng.normal(0, amount, points.shape)


def tick(rng: Generator) -> list[Points]:
    """A tick, in a box of side 1."""
    return [np.array([(0.0, 0.55), (0.3, 1.0), (0.55, 0.5), (1.0, 0.0)])]


def cross(rng: Generator) -> list[Points]:
    """A cross."""
    return [np.array([(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)]), np.array([(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)])]


def brace(rng: Generator) -> list[Points]:
    """A brace or bracket, mostly tall."""
    side = 1 if rng.random() < 0.5 else -1
    x = (
        np.array([0.4, 0.1, 0.2, 0.0, 0.2, 0.1, 0.4])
        if rng.random() < 0.6
        else np.array([0.3, 0.1, 0.0, 0.0, 0.0, 0.1, 0.3])
    )
    return [np.stack([0.5 + side * (x - 0.2), np.linspace(0, 1, 7)], axis=1)]


def arrow(rng: Generator) -> list[Points]:
    """An arrow."""
    return [
        np.array([(0.0, 0.5), (0.5, 0.45), (1.0, 0.5)]),
        np.array([(0.75, 0.3), (1.0, 0.5), (0.75, 0.7)]),
    ]


def dash(rng: Generator) -> list[Points]:
    """A dash that says "nothing", or fills."""
    y = 0.5 + rng.normal(0, 0.03, 3)
    return [np.stack([np.array([0.0, 0.5, 1.0]), y], axis=1)]


def wave(rng: Generator) -> list[Points]:
    """A wavy filler, or an S."""
    count = int(rng.integers(4, 8))
    return [np.stack([np.linspace(0, 1, count), 0.5 + rng.normal(0, 0.3, count)], axis=1)]


def ditto(rng: Generator) -> list[Points]:
    """Two short strokes: the same as above."""
    return [np.array([(0.2, 0.0), (0.15, 0.5)]), np.array([(0.6, 0.0), (0.55, 0.5)])]


def triangle(rng: Generator) -> list[Points]:
    """A triangle."""
    return [np.array([(0.5, 0.0), (1.0, 1.0)]), np.array([(1.0, 1.0), (0.0, 1.0)]), np.array([(0.0, 1.0), (0.5, 0.0)])]


SMALL_MARKS: dict[str, Callable[[Generator], list[Points]]] = {
    "tick": tick,
    "cross": cross,
    "brace": brace,
    "arrow": arrow,
    "dash": dash,
    "wave": wave,
    "ditto": ditto,
    "triangle": triangle,
}


def draw_mark_in(
    layer: Layer, rng: Generator, box: tuple[float, float, float, float], pen: float, kind: str | None = None
) -> WrittenRun:
    """Draw a small mark into a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    kind = kind or str(rng.choice(list(SMALL_MARKS)))
    size = np.array((right - left, bottom - top))
    for stroke in SMALL_MARKS[kind](rng):
        draw_stroke(layer, _shaken(stroke, rng, 0.05) * size + (left, top), pen)
    return other_run(upright_quad(left, top, right, bottom), handwritten=True)


def draw_filler(layer: Layer, rng: Generator, box: tuple[float, float, float, float], pen: float) -> WrittenRun:
    """Draw a long filler stroke through a box: straight, slanted, or like an S or a Z."""
    left, top, right, bottom = box
    kind = rng.random()
    if kind < 0.4:
        points = np.array([(rng.uniform(left, right), top), (rng.uniform(left, right), bottom)])
        points = np.insert(points, 1, points.mean(axis=0), axis=0)
    elif kind < 0.6:
        points = np.array([(right, top), ((left + right) / 2, (top + bottom) / 2), (left, bottom)])
    elif kind < 0.8:
        points = np.array(
            [(right, top), (left, top + 0.3 * (bottom - top)), (right, top + 0.6 * (bottom - top)), (left, bottom)]
        )
    else:
        points = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
    draw_stroke(layer, _shaken(points, rng, 0.02 * (bottom - top)), pen)
    low, high = points.min(axis=0), points.max(axis=0)
    return other_run(upright_quad(low[0], low[1], max(high[0], low[0] + 2 * pen), high[1]), handwritten=True)


def strike_out(layer: Layer, rng: Generator, quad: Places, pen: float) -> None:
    """Strike a number out, by one or two lines, by a zigzag, or until nothing can be seen."""
    start, across, down = quad[0].astype(float), (quad[1] - quad[0]).astype(float), (quad[3] - quad[0]).astype(float)
    kind = rng.random()
    if kind < 0.5:
        for _ in range(int(rng.integers(1, 3))):
            ends = np.array([(-0.1, rng.uniform(0.2, 0.8)), (0.5, rng.uniform(0.3, 0.7)), (1.1, rng.uniform(0.2, 0.8))])
            draw_stroke(layer, start + ends[:, :1] * across + ends[:, 1:] * down, pen)
        return
    count = int(rng.integers(5, 24 if kind < 0.8 else 60))
    x = np.linspace(0, 1, count) + rng.normal(0, 0.03, count)
    y = np.where(np.arange(count) % 2 == 0, rng.uniform(-0.05, 0.3, count), rng.uniform(0.7, 1.1, count))
    draw_stroke(layer, start + x[:, None] * across + y[:, None] * down, pen * float(rng.uniform(1, 1.6)))


def circle(layer: Layer, rng: Generator, quad: Places, pen: float) -> None:
    """Draw a circle or a box around a number."""
    middle = quad.mean(axis=0)
    half = np.abs(quad - middle).max(axis=0) + np.abs(quad[3] - quad[0]).max() * rng.uniform(0.15, 0.5)
    if rng.random() < 0.8:
        turns = np.linspace(0, 2 * np.pi * float(rng.uniform(1, 1.1)), 14) + rng.uniform(0, 6)
        ring = np.stack([np.cos(turns), np.sin(turns)], axis=1) * half * 1.15
    else:
        ring = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * half
        for start, stop in pairwise(ring):
            draw_stroke(layer, middle + np.array([start, stop]) + rng.normal(0, 1, (2, 2)), pen)
        return
    draw_stroke(layer, middle + _shaken(ring, rng, 0.02 * half.max()), pen)


def underline(layer: Layer, rng: Generator, quad: Places, pen: float) -> None:
    """Draw one or two lines below a number."""
    down = (quad[3] - quad[0]).astype(float)
    for index in range(int(rng.integers(1, 3))):
        off = down * (float(rng.uniform(0.12, 0.35)) + 0.2 * index)
        ends = np.array([quad[3] - 0.2 * down[::-1] * (-1, 1), (quad[3] + quad[2]) / 2, quad[2]]) + off
        draw_stroke(layer, _shaken(ends.astype(float), rng, 0.02 * float(np.hypot(*down))), pen)
