"""A picture of one digit: what the two networks see of it, and their common answer."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.evaluation.metrics import softmax
from sutja.models.ctc import BLANK, LINE_HEIGHT
from sutja.reading.ink import Mask
from sutja.reading.normalise import FAINTEST, FITTED, Gray, Ink, normalise
from sutja.reading.picture import Picture, as_gray

SMALLEST, LARGEST = 64, 256  # pixels of the longer side of a picture of one digit
BROADER = 0.7  # of the way to what a brush of 3×3 pixels would make of a digit
BESIDE = 8  # columns of paper left and right of a single digit on a strip


@dataclass(frozen=True)
class Single:
    """One digit: `digit`, `uint8 (28, 28)`, as MNIST has it, `strip`, `float32 (32, W)`, as a line, and its box."""

    digit: Gray
    strip: Ink
    box: tuple[int, int, int, int]

    @property
    def has_ink(self) -> bool:
        """Whether there is anything that could be a digit."""
        return self.box[2] > 0


def as_single(image: Picture) -> Single:
    """Make a `Single` of an image `uint8 (28, 28)`, light ink on black, or of any picture.

    Raises `DataError` when it is no picture.
    """
    gray = as_gray(image)
    ink = gray.astype(np.float32) / np.float32(255) if _is_mnist(gray) else _ink(gray)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    if not len(rows):
        return Single(
            np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8),
            np.zeros((LINE_HEIGHT, 4 * BESIDE), np.float32),
            (0, 0, 0, 0),
        )
    box = (int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    digit = normalise(ink)
    return Single(digit, as_strip(digit), box)


def _is_mnist(gray: Gray) -> bool:
    """Whether a picture has ink on black as MNIST's have: 28×28 pixels, and the edge is black."""
    if gray.shape != (SIDE_PIXELS, SIDE_PIXELS):
        return False
    edge = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    return bool(np.median(edge) < 40)


def _ink(gray: Gray) -> Ink:
    """The ink of a picture of one digit, `float32 (H, W)` in [0, 1], without specks.

    The digit may fill the picture, so paper is not what surrounds each pixel but the brighter or darker half that has
    most of the edge; its light is evened by a plane.
    """
    if min(gray.shape) < 3:
        return np.zeros(gray.shape, np.float32)
    gray = _in_bounds(_unrepeated(gray))
    level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = gray <= level
    edge = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    paper = dark if edge.mean() > 0.5 else ~dark
    depth = (gray - _plane(gray, paper)) * (1 if paper is dark else -1)
    full = float(np.percentile(depth[~paper], 75)) if not paper.all() else 0.0
    if full < FAINTEST:
        return np.zeros(gray.shape, np.float32)
    ink = np.clip((depth / full - 0.15) / 0.85, 0, 1)
    return np.asarray(ink * _near(_main_pieces(ink > 0.3)), np.float32)


def _unrepeated(gray: Gray) -> Gray:
    """A picture that was enlarged by repeating its pixels as it was before."""
    for factor in range(min(gray.shape) // 4, 1, -1):
        if gray.shape[0] % factor == gray.shape[1] % factor == 0:
            small = gray[::factor, ::factor]
            if np.array_equal(np.kron(small, np.ones((factor, factor), np.uint8)), gray):
                return np.ascontiguousarray(small)
    return gray


def _in_bounds(gray: Gray) -> Gray:
    """A picture with a longer side of 64 to 256 pixels."""
    zoom = float(np.clip(1.0, SMALLEST / max(gray.shape), LARGEST / max(gray.shape)))
    if zoom == 1:
        return gray
    size = (max(3, round(gray.shape[1] * zoom)), max(3, round(gray.shape[0] * zoom)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC), np.uint8)


def _plane(gray: Gray, paper: Mask) -> NDArray[np.float64]:
    """The brightness of the paper, as a plane through its pixels."""
    places = np.argwhere(paper)
    y, x = places[:: max(1, len(places) // 2000)].T
    fit, *_ = np.linalg.lstsq(np.stack([y, x, np.ones(len(y))], axis=1), gray[y, x].astype(np.float64), rcond=None)
    rows, columns = np.ogrid[: gray.shape[0], : gray.shape[1]]
    return np.asarray(fit[0] * rows + fit[1] * columns + fit[2])


def _near(mask: Mask) -> Mask:
    """A mask with the pixels that touch it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


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
    size = round(SIDE_PIXELS * zoom)
    ink = cv2.resize(digit, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    strip = np.zeros((LINE_HEIGHT, size + 2 * BESIDE), np.float32)
    top = (LINE_HEIGHT - size) // 2
    strip[top : top + size, BESIDE : BESIDE + size] = ink
    return strip


def broader(digit: Gray) -> Gray:
    """A digit `uint8 (28, 28)` as a broader pen writes it: still a digit, where a letter is less like one."""
    thick = cv2.dilate(digit, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.addWeighted(digit, 1 - BROADER, thick, BROADER, 0), np.uint8)


def single_digit(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """How probable it is that a line holds just this digit, `(10,)`, by the logits `(T, 11)` of the line reader.

    The probability of all paths that read as one digit: nothing, then the digit, then nothing.
    """
    chances = softmax(logits / np.float32(temperature))
    blank = chances[:, BLANK]
    before = np.r_[1.0, np.cumprod(blank)[:-1]]  # nothing before place t
    after = np.r_[np.cumprod(blank[::-1])[::-1][1:], 1.0]  # nothing after it
    total = np.zeros(CLASS_COUNT)
    running = np.zeros(CLASS_COUNT)
    for place in range(len(chances)):
        running = (running + before[place]) * chances[place, :CLASS_COUNT]
        total += running * after[place]
    return total


def combined(
    shape: NDArray[np.float64], line: NDArray[np.float64], is_digit: float | None = None
) -> NDArray[np.float64]:
    """One answer of two networks, `(10,)`: what digit it is by both, and whether it is one by the line reader.

    `is_digit` in [0, 1] tells the latter; without it that is the sum of `line`.
    """
    if line.sum() <= 0:
        return np.zeros(CLASS_COUNT)
    both = np.sqrt(shape * line / line.sum())
    sure = line.sum() if is_digit is None else is_digit
    return np.asarray(sure * both / both.sum()) if both.sum() > 0 else np.zeros(CLASS_COUNT)
