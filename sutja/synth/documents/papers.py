"""What documents are written on: paper of all colours and patterns, boards, screens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sutja.synth.paper import dots, grain
from sutja.synth.sheet import Colours

WHITES = ((0.97, 0.98, 0.98), (0.93, 0.94, 0.95), (0.90, 0.93, 0.95), (0.99, 0.99, 0.99), (0.86, 0.89, 0.91))
TINTS = (
    (0.45, 0.88, 0.97),  # yellow note
    (0.62, 0.92, 0.96),  # pale yellow
    (0.83, 0.93, 0.96),  # cream
    (0.86, 0.80, 0.97),  # pink
    (0.93, 0.88, 0.78),  # light blue
    (0.80, 0.92, 0.80),  # light green
    (0.70, 0.80, 0.93),  # orange
    (0.78, 0.80, 0.82),  # recycled
    (0.60, 0.68, 0.76),  # brown paper
    (0.72, 0.72, 0.72),  # grey
)
WHITE_PROBABILITY = 0.8
GUILLOCHE_PROBABILITY, DOTS_PROBABILITY = 0.04, 0.03
STAIN_PROBABILITY, SHINE_PROBABILITY = 0.06, 0.06
MIN_GUILLOCHE_PIXELS = 2.5  # between two lines
COARSE_GUILLOCHE_PIXELS = 6.0  # lines farther apart are painted smaller and enlarged
RINGS_SHARE = 0.35  # of guilloches; the others are wavy lines
BOARDS = ((0.10, 0.10, 0.10), (0.20, 0.24, 0.13), (0.24, 0.19, 0.16), (0.04, 0.03, 0.03), (0.35, 0.30, 0.12))


def paint_paper(size: tuple[int, int], rng: Generator, *, digit_height: float) -> Colours:
    """Paint an empty sheet of `size` (width, height): plain, patterned, tinted, stained."""
    shape = size[::-1]
    tints = WHITES if rng.random() < WHITE_PROBABILITY else TINTS
    colour = np.clip(np.array(tints[rng.integers(len(tints))]) + rng.normal(0, 0.012, 3), 0, 1).astype(np.float32)
    texture = grain(shape, rng, size=float(rng.uniform(1, 3)), strength=float(rng.choice([0.004, 0.010, 0.022])))
    texture += grain(shape, rng, size=float(rng.uniform(20, 200)), strength=0.008)
    if rng.random() < DOTS_PROBABILITY:
        spacing = max(2.5, digit_height * float(rng.uniform(0.1, 0.3)))
        texture += dots(shape, rng, spacing=spacing, strength=float(rng.uniform(0.03, 0.15)))
    colours = texture[:, :, None] + colour
    if rng.random() < GUILLOCHE_PROBABILITY:
        print_guilloche(colours, rng, digit_height=digit_height)
    if rng.random() < STAIN_PROBABILITY:
        _stain(colours, rng)
    if rng.random() < SHINE_PROBABILITY:
        _shine_through(colours, rng, digit_height)
    return colours


def print_guilloche(colours: Colours, rng: Generator, *, digit_height: float) -> None:
    """Print fine wavy lines in one or two pale colours, as on cheques and certificates, in place."""
    for _ in range(int(rng.integers(1, 3))):
        spacing = max(MIN_GUILLOCHE_PIXELS, digit_height * float(rng.uniform(0.06, 0.22)))
        absorbed = rng.uniform(0.2, 1, 3) * rng.uniform(0.06, 0.35)
        colours -= guilloche(colours.shape[:2], rng, spacing=spacing)[:, :, None] * absorbed.astype(np.float32)


def guilloche(shape: tuple[int, int], rng: Generator, *, spacing: float) -> NDArray[np.float32]:
    """Fine lines `spacing` pixels apart, wavy or in rings, `float32 (H, W)`: 0…1, 1 in the middle of a line."""
    zoom = min(1.0, COARSE_GUILLOCHE_PIXELS / spacing)
    rows, columns = (max(2, round(side * zoom)) for side in shape)
    step = spacing * zoom
    y, x = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)[None]
    swing, wavelength = float(rng.uniform(0, 2.5)) * step, float(rng.uniform(8, 40)) * step
    if rng.random() < RINGS_SHARE:
        middle = rng.uniform(-1, 2, 2) * (columns, rows)
        phase = np.hypot(x - np.float32(middle[0]), y - np.float32(middle[1]))
        along = x + y
    else:
        angle = float(rng.uniform(-0.9, 0.9) if rng.random() < 0.5 else rng.normal(0, 0.06))
        along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        phase = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    phase = phase + np.float32(swing) * np.sin(along * np.float32(2 * np.pi / wavelength))
    sharp = np.float32(rng.uniform(1, 3))
    lines = np.clip(np.cos(phase * np.float32(2 * np.pi / step)) * sharp - sharp + 1, 0, 1)
    return np.asarray(cv2.resize(lines, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def paint_board(size: tuple[int, int], rng: Generator) -> Colours:
    """Paint a board with traces of wiped chalk, a dark screen, or dark paper."""
    shape = size[::-1]
    colours = np.empty((*shape, 3), np.float32)
    colours[:] = BOARDS[rng.integers(len(BOARDS))]
    if rng.random() < 0.7:
        wiped = grain(shape, rng, size=max(shape) / 8, strength=1) + grain(
            shape, rng, size=max(shape) / 40, strength=0.4
        )
        colours += (np.clip(wiped, 0, None) * float(rng.uniform(0, 0.08)))[:, :, None]
        colours += grain(shape, rng, size=1.5, strength=0.01)[:, :, None]
    return colours


def _stain(colours: Colours, rng: Generator) -> None:
    """A stain of coffee or grease."""
    height, width = colours.shape[:2]
    mask = np.zeros((height, width), np.float32)
    middle = (int(rng.integers(width)), int(rng.integers(height)))
    axes = (int(rng.integers(10, 10 + width // 3)), int(rng.integers(10, 10 + height // 3)))
    cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(1, 8)))
    colour = np.array((0.35, 0.60, 0.80), np.float32)
    colours *= 1 - float(rng.uniform(0.05, 0.35)) * soft[:, :, None] * (1 - colour)


def _shine_through(colours: Colours, rng: Generator, digit_height: float) -> None:
    """Weak traces of writing on the other side."""
    height, width = colours.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(3, 14))):
        start = rng.uniform(0, 1, 2) * (width, height)
        steps = rng.normal((digit_height / 4, 0), digit_height / 2, (int(rng.integers(4, 12)), 2))
        path = (start + np.cumsum(steps, axis=0)).astype(np.int32)
        cv2.polylines(mask, [path], False, 1.0, max(1, round(0.1 * digit_height)), cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.08 * digit_height))
    colours *= 1 - float(rng.uniform(0.03, 0.12)) * soft[:, :, None]
