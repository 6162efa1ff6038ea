"""Digits and other marks as pen strokes. Every drawing moves the points of a shape a little, so no two are the same."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.synth.stroke_shapes import DIGIT_SHAPES, Shape
from sutja.synth.tracing import Strokes

Glyph = NDArray[np.uint8]

SHAPE_HEIGHT_PIXELS = 64
UPSTROKE_SHARE = 0.55  # of drawn ones; the others have one of `DIGIT_SHAPES`
SHAPE_MARGIN_PIXELS = 10  # around a shape, for points that move outwards and for the width of the pen


def smooth_curve(points: NDArray[np.float64], steps: int = 6) -> NDArray[np.float64]:
    """A Catmull-Rom curve through `points (N, 2)`, with `steps` points for each segment."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    before, start, stop, after = ends[:-3], ends[1:-2], ends[2:-1], ends[3:]
    curve = 0.5 * (
        2 * start
        + (stop - before) * t
        + (2 * before - 5 * start + 4 * stop - after) * t**2
        + (3 * start - before - 3 * stop + after) * t**3
    )  # (steps, N - 1, 2)
    return np.concatenate([curve.transpose(1, 0, 2).reshape(-1, 2), points[-1:]])


def vary_shape(shape: Shape, rng: np.random.Generator, *, width: float = 0.75, jitter: float = 0.04) -> Strokes:
    """Vary a shape and smooth its strokes, each `float64 (N, 2)`: x and y in shape heights, from its top left corner.

    `width` is the width of the shape and `jitter` the standard deviation of its points, both in shape heights.
    """
    moved = [np.array(stroke) * (width, 1) + rng.normal(0, jitter, (len(stroke), 2)) for stroke in shape]
    left = min(float(points[:, 0].min()) for points in moved)
    return tuple(smooth_curve(points - (left, 0)) for points in moved)


def digit_strokes(digit: int, rng: np.random.Generator, *, jitter: float = 0.04) -> Strokes:
    """The strokes of a digit in one of its styles, as `vary_shape` returns them."""
    if digit == 1 and rng.random() < UPSTROKE_SHARE:
        return vary_shape(_one_with_upstroke(rng), rng, width=1.0, jitter=0.5 * jitter)
    shapes = DIGIT_SHAPES[digit]
    width = rng.uniform(0.25, 0.8) if digit == 1 else 0.68 * rng.uniform(0.75, 1.3)
    return vary_shape(shapes[rng.integers(len(shapes))], rng, width=width, jitter=jitter)


def _one_with_upstroke(rng: np.random.Generator) -> Shape:
    """A 1 with an upstroke, from a short hook to one that is as long as the downstroke, and perhaps with a foot."""
    reach = float(rng.uniform(0.05, 0.75))  # of the upstroke to the left, and from its beginning up to the top
    rise = float(np.clip(reach * rng.uniform(0.6, 2.2), 0.1, 1.1))
    foot = reach - float(rng.normal(0.08, 0.14))
    bow = rng.normal(0, 0.05, 2)
    down = ((reach, 0.0), ((reach + foot) / 2 + float(bow[1]), 0.5), (foot, 1.0))
    up = ((0.0, rise), (reach / 2 + float(bow[0]), rise / 2))
    strokes: Shape = ((*up, *down),) if rng.random() < 0.85 else ((*up, down[0]), down)
    if rng.random() < 0.12:
        strokes += (((foot - float(rng.uniform(0.1, 0.4)), 1.0), (foot + float(rng.uniform(0.1, 0.4)), 0.99)),)
    return strokes


def scribble(rng: np.random.Generator) -> Strokes:
    """One to three meaningless strokes."""
    strokes = tuple(
        tuple(map(tuple, rng.uniform(0, 1, (int(rng.integers(2, 9)), 2)))) for _ in range(int(rng.integers(1, 4)))
    )
    return vary_shape(strokes, rng, width=rng.uniform(0.5, 1.2))


_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYabcdefhijkmnprtuvwxy&%@?!"  # without those that look like handwritten digits
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)


def draw_letter(rng: np.random.Generator, *, pen: float) -> Glyph:
    """Draw a letter in a font of OpenCV: Hershey's stroke fonts (1967) before OpenCV 5, a sans font since."""
    letter = _LETTERS[rng.integers(len(_LETTERS))]
    font = _FONTS[rng.integers(len(_FONTS))] | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    thick = max(1, round(pen * rng.uniform(0.6, 1)))
    (width, height), below = cv2.getTextSize(letter, font, 2.2, thick)
    ink = np.zeros((height + below + 2 * SHAPE_MARGIN_PIXELS, width + 2 * SHAPE_MARGIN_PIXELS), np.uint8)
    cv2.putText(ink, letter, (SHAPE_MARGIN_PIXELS, SHAPE_MARGIN_PIXELS + height), font, 2.2, 255, thick, cv2.LINE_AA)
    return ink
