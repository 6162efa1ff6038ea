"""A picture of one digit: what the two networks see of it, and their common answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.digits import CLASSES, SIDE
from sutja.evaluation import softmax
from sutja.reading.network import BLANK
from sutja.reading.normalise import FITTED, LINE_HEIGHT, Gray, Ink, normalise
from sutja.reading.page import PAPER, Mask, prepare
from sutja.reading.picture import load_picture, to_gray

BESIDE = 8  # columns of paper left and right of a single digit on a strip


@dataclass(frozen=True)
class Single:
    """One digit: `digit`, `uint8 (28, 28)`, as MNIST has it, `strip`, `float32 (32, W)`, as a line, and its box."""

    digit: Gray
    strip: Ink
    box: tuple[int, int, int, int]


def as_single(image: Path | str | NDArray[Any]) -> Single:
    """Make a `Single` of an image `uint8 (28, 28)`, light ink on black, or of any picture.

    Raises `DataError` when it is no picture.
    """
    gray = to_gray(image) if isinstance(image, np.ndarray) else load_picture(Path(image))
    ink = gray.astype(np.float32) / np.float32(255) if _is_mnist(gray) else _ink(gray)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    if not len(rows):
        return Single(np.zeros((SIDE, SIDE), np.uint8), np.zeros((LINE_HEIGHT, 4 * BESIDE), np.float32), (0, 0, 0, 0))
    box = (int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    digit = normalise(ink)
    return Single(digit, as_strip(digit), box)


def _is_mnist(gray: Gray) -> bool:
    """Whether a picture has ink on black as MNIST's have: 28×28 pixels, and the edge is black."""
    if gray.shape != (SIDE, SIDE):
        return False
    edge = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    return bool(np.median(edge) < 40)


def _ink(gray: Gray) -> Ink:
    """The ink of a picture of one digit, `float32 (H, W)` in [0, 1], without specks and what lies at the edge."""
    if min(gray.shape) < 3:
        return np.zeros(gray.shape, np.float32)
    enlarged = max(1.0, 64 / max(gray.shape))
    if enlarged > 1:  # ink is found by its surroundings, which need some pixels
        gray = np.asarray(cv2.resize(gray, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC), np.uint8)
    page = prepare(gray)
    mask = _main_pieces(page.ink)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    depth = np.where(near, PAPER - np.minimum(page.gray, PAPER).astype(np.float32), 0)
    full = float(np.percentile(depth[mask], 75)) if mask.any() else 1.0
    ink = np.clip(depth / full, 0, 1)
    shape = (round(ink.shape[1] * page.scale / enlarged), round(ink.shape[0] * page.scale / enlarged))
    return np.asarray(
        cv2.resize(ink, shape, interpolation=cv2.INTER_AREA) if shape[::-1] != ink.shape else ink, np.float32
    )


def _main_pieces(ink: Mask) -> Mask:
    """The largest piece of ink and those that are near to it in size and place."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    if count < 2:
        return ink
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = np.r_[False, areas >= 0.08 * areas.max()]
    return np.asarray(keep[labels])


def as_strip(digit: Gray) -> Ink:
    """A digit `uint8 (28, 28)` as a line, `float32 (32, W)`, that the line reader sees."""
    zoom = 22 / FITTED
    size = round(SIDE * zoom)
    ink = cv2.resize(digit, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    strip = np.zeros((LINE_HEIGHT, size + 2 * BESIDE), np.float32)
    top = (LINE_HEIGHT - size) // 2
    strip[top : top + size, BESIDE : BESIDE + size] = ink
    return strip


def single_digit(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """How probable it is that a line holds just this digit, `(10,)`, by the logits `(T, 11)` of the line reader.

    The probability of all paths that read as one digit: nothing, then the digit, then nothing.
    """
    chances = softmax(logits / np.float32(temperature))
    blank = chances[:, BLANK]
    before = np.r_[1.0, np.cumprod(blank)[:-1]]  # nothing before place t
    after = np.r_[np.cumprod(blank[::-1])[::-1][1:], 1.0]  # nothing after it
    total = np.zeros(CLASSES)
    running = np.zeros(CLASSES)
    for place in range(len(chances)):
        running = (running + before[place]) * chances[place, :CLASSES]
        total += running * after[place]
    return total


def combined(shape: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """One answer of two networks, `(10,)`: what digit it is by both, and whether it is one by the line reader."""
    if line.sum() <= 0:
        return np.zeros(CLASSES)
    both = np.sqrt(shape * line / line.sum())
    return np.asarray(line.sum() * both / both.sum()) if both.sum() > 0 else np.zeros(CLASSES)
