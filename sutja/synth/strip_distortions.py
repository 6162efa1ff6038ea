"""Distortions of training strips: what light, cameras, frames and cuts do to a number, beyond what documents have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import STRIP_ROWS
from sutja.reading.picture import Colour
from sutja.reading.strip import STRIP_DIGIT_ROWS

TOP_ROW = (STRIP_ROWS - STRIP_DIGIT_ROWS) // 2  # of the digits
BASELINE_ROW = TOP_ROW + STRIP_DIGIT_ROWS
MARGIN_COLUMNS = STRIP_DIGIT_ROWS // 2  # beside the number
MIN_REDUCED_DIGIT_PIXELS, MAX_REDUCED_DIGIT_PIXELS = 8.0, 22.0  # height of a digit in a picture of low resolution

MIN_EDGE_EXCESS_ROWS = 5  # by which edges of boxes are longer than digits at either end: shorter ones look like a 1

COUNT_PROBABILITIES = (0.5, 0.32, 0.14, 0.04)  # of no distortion, one, two, three

StripDistortion = Callable[[Colour, np.random.Generator], Colour]


def distort_strip(strip: Colour, rng: np.random.Generator) -> Colour:
    """Distort a strip `uint8 (48, W, 3)` by none to three of `STRIP_DISTORTIONS`, in their order."""
    count = int(rng.choice(len(COUNT_PROBABILITIES), p=COUNT_PROBABILITIES))
    weights = np.array(list(STRIP_DISTORTIONS.values()))
    chosen = rng.choice(len(weights), count, replace=False, p=weights / weights.sum())
    for index, distort in enumerate(STRIP_DISTORTIONS):
        if index in chosen:
            strip = distort(strip, rng)
    return strip


def thicken(strip: Colour, rng: np.random.Generator) -> Colour:
    """Make dark strokes thicker or thinner by one or two pixels."""
    size = (int(rng.integers(1, 4)), int(rng.integers(2, 4)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size)
    changed = cv2.erode(strip, brush) if rng.random() < 0.6 else cv2.dilate(strip, brush)
    return np.asarray(changed, np.uint8)


def draw_lines(strip: Colour, rng: np.random.Generator) -> Colour:
    """Draw rules along the number: below, above or through it; solid, dashed or dotted."""
    columns = strip.shape[1]
    strip = strip.copy()
    for _ in range(int(rng.integers(1, 3))):
        y, rise = float(rng.choice(_rule_rows(rng))), float(rng.normal(0, 1.2))
        colour, thick = line_colour(strip, rng), int(rng.choice([1, 1, 2, 3]))
        step = int(rng.choice([columns, 3, 5, 8, 12], p=[0.6, 0.1, 0.1, 0.1, 0.1]))
        dash = columns if step == columns else max(1, round(step * float(rng.uniform(0.2, 0.6))))
        for x in range(int(rng.integers(0, 5)), columns, step):
            ends = [(round(each), round(y + rise * each / columns)) for each in (x, min(columns, x + dash))]
            cv2.line(strip, ends[0], ends[1], colour, thick, cv2.LINE_AA)
    return strip


def draw_box_edges(strip: Colour, rng: np.random.Generator) -> Colour:
    """Draw what a strip shows of frames: edges of a box around the number, or of the boxes beside it."""
    columns = strip.shape[1]
    strip = strip.copy()
    colour, thick = line_colour(strip, rng), int(rng.choice([1, 1, 2, 3, 4]))
    left, right = rng.integers(-2, MARGIN_COLUMNS - 1), columns - rng.integers(-2, MARGIN_COLUMNS - 1)
    top, bottom = (int(each) for each in rng.integers(-4, TOP_ROW - MIN_EDGE_EXCESS_ROWS, 2))
    bottom = STRIP_ROWS - bottom
    lean = int(rng.normal(0, 1.5))
    edges = [
        ((left, top), (left + lean, bottom)),
        ((right, top), (right + lean, bottom)),
        ((left, top), (right, top + lean)),
        ((left, bottom), (right, bottom + lean)),
    ]
    for edge in edges:
        if rng.random() < 0.7:
            start, stop = ((int(x), int(y)) for x, y in edge)
            cv2.line(strip, start, stop, colour, thick, cv2.LINE_AA)
    return strip


def blot(strip: Colour, rng: np.random.Generator) -> Colour:
    """Add specks of ink and dirt, none larger than a thick point, away from the baseline where points stand."""
    strip = strip.copy()
    for _ in range(int(rng.integers(1, 6))):
        row = rng.choice([rng.integers(0, BASELINE_ROW - 8), rng.integers(BASELINE_ROW + 6, STRIP_ROWS)])
        spot = (int(rng.integers(0, strip.shape[1])), int(row))
        cv2.circle(strip, spot, int(rng.integers(0, 2)), line_colour(strip, rng), -1, cv2.LINE_AA)
    return strip


def cut_edges(strip: Colour, rng: np.random.Generator) -> Colour:
    """Let the picture end beside, above or below the number: flat paper, a dark desk or a scanner's black beyond."""
    columns = strip.shape[1]
    strip = strip.copy()
    paper = np.array([np.median(strip[:, :, channel]) for channel in range(3)])
    beyond = paper if rng.random() < 0.7 else rng.integers(0, 256, 3)
    rows, side = int(rng.integers(2, TOP_ROW + 2)), int(rng.integers(2, MARGIN_COLUMNS + 2))
    parts = (strip[:rows], strip[STRIP_ROWS - rows :], strip[:, :side], strip[:, columns - side :])
    for part in parts:
        if rng.random() < 0.5:
            part[:] = beyond
    return strip


def shade_strip(strip: Colour, rng: np.random.Generator) -> Colour:
    """Let light fall off along and across the strip, with a hard or soft edge of a shadow in some."""
    rows, columns = strip.shape[:2]
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    light = 1 + rng.uniform(-0.35, 0.35) * x + rng.uniform(-0.2, 0.2) * y
    if rng.random() < 0.4:
        angle, place, soft = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8), rng.uniform(0.01, 0.5)
        edge = (x * np.cos(angle) + y * np.sin(angle) * rows / columns - place) / soft
        light *= 1 - rng.uniform(0.1, 0.55) / (1 + np.exp(-np.clip(edge, -20, 20)))
    return _to_pixels(strip * light[:, :, None])


def fade(strip: Colour, rng: np.random.Generator) -> Colour:
    """Change contrast, brightness and gamma: pale pencil on grey paper, overexposed pictures, screens."""
    levels = strip.astype(np.float32) / 255
    middle = float(levels.mean())
    contrast = float(rng.uniform(0.15, 1.4))
    levels = (levels - middle) * contrast + np.clip(middle + rng.normal(0, 0.15), 0.1, 0.95)
    return _to_pixels(255 * np.clip(levels, 0, 1) ** float(np.exp(rng.normal(0, 0.3))))


def recolour(strip: Colour, rng: np.random.Generator) -> Colour:
    """Take the colours away, mix the channels, or exchange them."""
    if rng.random() < 0.4:
        return np.asarray(cv2.cvtColor(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.random() < 0.5:
        return np.ascontiguousarray(strip[:, :, rng.permutation(3)])
    mixing = np.eye(3) * 0.6 + 0.4 * rng.dirichlet((1, 1, 1), 3)
    return _to_pixels(strip @ mixing.T)


def invert(strip: Colour, rng: np.random.Generator) -> Colour:
    """Make writing light on dark: chalk, dark screens."""
    return np.asarray(255 - strip, np.uint8)


def soften(strip: Colour, rng: np.random.Generator) -> Colour:
    """Blur as a lens out of focus or a moving camera does."""
    if rng.random() < 0.75:
        return np.asarray(cv2.GaussianBlur(strip, (0, 0), float(rng.uniform(0.4, 1.6))), np.uint8)
    length = int(rng.integers(2, 7))
    return np.asarray(cv2.blur(strip, (length, 1) if rng.random() < 0.5 else (1, length)), np.uint8)


def reduce_resolution(strip: Colour, rng: np.random.Generator) -> Colour:
    """Take the picture from afar, with digits of 8 to 22 pixels, and with JPEG's blocks at that size in some."""
    rows, columns = strip.shape[:2]
    zoom = float(rng.uniform(MIN_REDUCED_DIGIT_PIXELS, MAX_REDUCED_DIGIT_PIXELS)) / STRIP_DIGIT_ROWS
    size = (max(1, round(columns * zoom)), max(1, round(rows * zoom)))
    small = np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.3:
        small = add_noise(small, rng)
    if rng.random() < 0.4:
        small = compress(small, rng)
    way = cv2.INTER_CUBIC if rng.random() < 0.9 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=way), np.uint8)


def add_noise(strip: Colour, rng: np.random.Generator) -> Colour:
    """Add a sensor's noise, grey or coloured, fine or in spots."""
    rows, columns = strip.shape[:2]
    spot = float(rng.choice([1.0, 1.5, 2.5]))
    shape = (max(1, round(rows / spot)), max(1, round(columns / spot)), 3 if rng.random() < 0.5 else 1)
    noise = rng.standard_normal(shape, dtype=np.float32) * np.float32(rng.uniform(2, 16))
    spread = cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_LINEAR).reshape(rows, columns, -1)
    return _to_pixels(strip + spread)


def compress(strip: Colour, rng: np.random.Generator) -> Colour:
    """Compress as JPEG does, at a quality from 12 to 90."""
    coded = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 91))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


STRIP_DISTORTIONS: dict[StripDistortion, float] = {  # distortion → its weight; light and camera come last
    thicken: 1,
    draw_lines: 1,
    draw_box_edges: 1,
    blot: 0.3,
    cut_edges: 1,
    shade_strip: 1,
    fade: 1.5,
    recolour: 1,
    invert: 1,
    soften: 1,
    reduce_resolution: 2,
    add_noise: 1,
    compress: 1,
}


def line_colour(strip: Colour, rng: np.random.Generator) -> tuple[int, int, int]:
    """The colour of a line: that of the strip's darkest or lightest writing, a grey, or any colour."""
    kind = rng.random()
    if kind < 0.4:
        flat = strip.reshape(-1, 3)
        order = np.argsort(flat.sum(axis=1, dtype=np.int64))
        colour = flat[order[len(order) // 50]]
    elif kind < 0.8:
        colour = np.full(3, rng.integers(0, 200))
    else:
        colour = rng.integers(0, 256, 3)
    blue, green, red = (int(each) for each in colour)
    return blue, green, red


def _rule_rows(rng: np.random.Generator) -> NDArray[np.float64]:
    """Candidates for the row of a rule: mostly near the baseline, some above, through the digits or at the edges."""
    near = [BASELINE_ROW + rng.normal(1, 2), BASELINE_ROW + rng.uniform(2, 10), BASELINE_ROW + rng.uniform(2, 10)]
    return np.array([*near, rng.uniform(0, TOP_ROW - 1), rng.uniform(TOP_ROW, BASELINE_ROW)])


def _to_pixels(levels: NDArray[Any]) -> Colour:
    return np.asarray(np.clip(levels + 0.5, 0, 255), np.uint8)
