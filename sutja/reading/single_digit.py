"""Pictures of a single digit: the inputs of the classifier and of the line network, and their combined result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax
from sutja.models.ctc import BLANK, STRIP_CHANNELS, STRIP_ROWS
from sutja.reading.digit_batch import Mask, are_mnist
from sutja.reading.normalise import DIGIT_BOX_PIXELS, MIN_INK_DEPTH, Gray, Ink, ink_bounds, normalise
from sutja.reading.picture import PictureSource, as_gray
from sutja.reading.quad import PixelBox, upright_box
from sutja.reading.strip import STRIP_DIGIT_ROWS, STRIP_MARGIN_HEIGHTS

SIDE_RANGE_PIXELS = (64, 256)  # longer side to which a picture of one digit is scaled
STRIP_MARGIN_COLUMNS = round(STRIP_MARGIN_HEIGHTS * STRIP_DIGIT_ROWS)  # left and right of a digit's box on a strip
MIN_STRIP_INK = 0.3  # ink, in [0, 1], that a digit's box on a strip holds
MAX_ROW_PIECES = 12  # of ink, to be a row of digits
MIN_ROW_HEIGHT_SHARE, MAX_ROW_GAP_HEIGHTS = 0.6, 1.5  # that they share, and between two, of the highest piece
MAX_SIGN_PIECES = 3  # of ink: the bar of a 5 may stand apart
MIN_FILLED_SHARE = 0.4  # of a picture's height, that a single sign fills
MIN_PIECE_SHARE = 0.08  # of the area of the largest piece of ink; smaller pieces are specks


@dataclass(frozen=True)
class SingleDigit:
    """A digit as `image`, `uint8 (28, 28)`, in MNIST's form.

    `box` is left, top, width and height of its ink in the picture, which consists of so many `pieces`.
    """

    image: Gray
    box: PixelBox
    pieces: int = 1

    @property
    def strip(self) -> NDArray[np.float32]:
        """The digit as a strip `float32 (3, 48, W)` for the line network."""
        if self.has_ink:
            return digit_strip(self.image)
        return np.zeros((STRIP_CHANNELS, STRIP_ROWS, 4 * STRIP_MARGIN_COLUMNS), np.float32)

    @property
    def has_ink(self) -> bool:
        """Whether there is anything that could be a digit."""
        return self.box[2] > 0

    def fills(self, shape: tuple[int, ...]) -> bool:
        """Whether the ink is one sign that fills a picture of that shape, as far as ink alone can tell."""
        return self.has_ink and self.pieces <= MAX_SIGN_PIECES and self.box[3] >= MIN_FILLED_SHARE * shape[0]


def prepare_single_digit(source: PictureSource) -> SingleDigit:
    """Prepare an image `uint8 (28, 28)`, light ink on black, or any picture of a digit.

    Raises `DataError` if it is not a picture.
    """
    gray = as_gray(source)
    ink = gray.astype(np.float32) / np.float32(255) if _is_mnist(gray) else _ink(gray)
    bounds = ink_bounds(ink)
    if bounds is None:
        return SingleDigit(np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8), (0, 0, 0, 0))
    rows, columns = bounds
    edges = np.array([(columns.start, rows.start), (columns.stop, rows.stop)]) * gray.shape[::-1] / ink.shape[::-1]
    box = upright_box(edges, gray.shape)
    pieces, _ = cv2.connectedComponents((ink > MIN_STRIP_INK).astype(np.uint8), connectivity=8)
    return SingleDigit(normalise(ink), box, pieces - 1)


def row_of_pieces(gray: Gray) -> list[PixelBox]:
    """The boxes, from left to right, of all pieces of ink on a picture, if they are two or more in one row."""
    ink = _ink(gray)
    _, _, stats, _ = cv2.connectedComponentsWithStats((ink > MIN_STRIP_INK).astype(np.uint8), connectivity=8)
    if not 1 < len(stats) - 1 <= MAX_ROW_PIECES:
        return []
    scale = np.array(gray.shape[::-1]) / ink.shape[::-1]
    edges = [np.array([(left, top), (left + width, top + height)]) for left, top, width, height, _ in stats[1:]]
    boxes = sorted(upright_box(each * scale, gray.shape) for each in edges)
    return boxes if _is_row(boxes) else []


def _is_row(boxes: Sequence[PixelBox]) -> bool:
    """Whether boxes, from left to right, are of like height and stand close to one another in a row."""
    highest = max(height for _, _, _, height in boxes)
    shared = min(top + height for _, top, _, height in boxes) - max(top for _, top, _, _ in boxes)
    gaps = [right[0] - left[0] - left[2] for left, right in pairwise(boxes)]
    return shared >= MIN_ROW_HEIGHT_SHARE * highest and max(gaps) <= MAX_ROW_GAP_HEIGHTS * highest


def _is_mnist(gray: Gray) -> bool:
    """Whether a picture has MNIST's size and a black border."""
    return gray.shape == (SIDE_PIXELS, SIDE_PIXELS) and bool(are_mnist(gray[None])[0])


def _ink(gray: Gray) -> Ink:
    """The ink of a picture of one digit, `float32 (H, W)` in [0, 1], without specks.

    The digit may fill the picture, so the brightness around a pixel does not tell the paper. Otsu's threshold splits
    the picture, and the part that covers most of its border is paper; a plane fitted to it evens the light.
    """
    if min(gray.shape) < 3:
        return np.zeros(gray.shape, np.float32)
    gray = _in_side_range(_without_repetition(gray))
    threshold, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = gray <= threshold
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    paper = dark if border.mean() > 0.5 else ~dark
    depth = (gray - _plane(gray, paper)) * (1 if paper is dark else -1)
    full = float(np.percentile(depth[~paper], 75)) if not paper.all() else 0.0
    if full < MIN_INK_DEPTH:
        return np.zeros(gray.shape, np.float32)
    ink = np.clip((depth / full - 0.15) / 0.85, 0, 1)
    return np.asarray(ink * _dilated(_main_pieces(ink > 0.3)), np.float32)


def _without_repetition(gray: Gray) -> Gray:
    """Undo an enlargement by pixel repetition."""
    for factor in range(min(gray.shape) // 4, 1, -1):
        if gray.shape[0] % factor == gray.shape[1] % factor == 0:
            blocks = gray.reshape(gray.shape[0] // factor, factor, gray.shape[1] // factor, factor)
            middle = blocks[len(blocks) // 2]  # is enough to tell almost every photograph
            if (middle == middle[:1, :, :1]).all() and (blocks == blocks[:, :1, :, :1]).all():
                return np.ascontiguousarray(blocks[:, 0, :, 0])
    return gray


def _in_side_range(gray: Gray) -> Gray:
    """Scale a picture whose longer side is outside `SIDE_RANGE_PIXELS`."""
    low, high = SIDE_RANGE_PIXELS
    zoom = float(np.clip(1.0, low / max(gray.shape), high / max(gray.shape)))
    if zoom == 1:
        return gray
    size = (max(3, round(gray.shape[1] * zoom)), max(3, round(gray.shape[0] * zoom)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC), np.uint8)


def _plane(gray: Gray, paper: Mask) -> NDArray[np.float64]:
    """The least-squares plane through the brightness of the paper."""
    points = np.argwhere(paper)
    y, x = points[:: max(1, len(points) // 2000)].T
    fit, *_ = np.linalg.lstsq(np.stack([y, x, np.ones(len(y))], axis=1), gray[y, x].astype(np.float64), rcond=None)
    rows, columns = np.ogrid[: gray.shape[0], : gray.shape[1]]
    return np.asarray(fit[0] * rows + fit[1] * columns + fit[2])


def _dilated(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _main_pieces(ink: Mask) -> Mask:
    """The pieces of ink without specks."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    if count < 2:
        return ink
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = np.r_[False, areas >= MIN_PIECE_SHARE * areas.max()]
    return np.asarray(keep[labels])


def digit_strip(image: Gray) -> NDArray[np.float32]:
    """A digit `uint8 (28, 28)` as a strip `float32 (3, 48, W)` for the line network: dark ink on paper."""
    side = round(SIDE_PIXELS * (STRIP_DIGIT_ROWS / DIGIT_BOX_PIXELS))
    ink = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    columns = np.flatnonzero(ink.max(axis=0) > MIN_STRIP_INK)
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, side)
    strip = np.zeros((STRIP_ROWS, right - left + 2 * STRIP_MARGIN_COLUMNS), np.float32)
    top = (STRIP_ROWS - side) // 2
    strip[top : top + side, STRIP_MARGIN_COLUMNS : STRIP_MARGIN_COLUMNS + right - left] = -ink[:, left:right]
    return np.repeat(strip[None], STRIP_CHANNELS, axis=0)


def single_digit_probabilities(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """The probability of each digit `(10,)` to be the only one on a line, from the line network's logits `(T, 19)`.

    The sum over all CTC paths that decode to one digit: blanks, repetitions of the digit, blanks. What the sum lacks of
    1 is the probability of anything else.
    """
    probabilities = softmax(divide_by_temperature(logits, temperature))
    blank = probabilities[:, BLANK]
    blanks_before = np.r_[1.0, np.cumprod(blank)[:-1]]  # (T,), each without its own step
    blanks_after = np.r_[np.cumprod(blank[::-1])[::-1][1:], 1.0]
    total = np.zeros(CLASS_COUNT)
    running = np.zeros(CLASS_COUNT)  # of the paths that end in the digit at this step
    for step in range(len(probabilities)):
        running = (running + blanks_before[step]) * probabilities[step, :CLASS_COUNT]
        total += running * blanks_after[step]
    return total


def combine_probabilities(classifier: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Combine the probabilities `(…, 10)` of the classifier and of the line network; the result is `(…, 10)`.

    Both decide which digit it is, by their normalised geometric mean. The line network decides whether it is a digit,
    by the sum of `line`.
    """
    is_digit = line.sum(axis=-1, keepdims=True)
    mean = np.sqrt(classifier * line / np.where(is_digit > 0, is_digit, 1))
    total = mean.sum(axis=-1, keepdims=True)
    return np.asarray(is_digit * mean / np.where(total > 0, total, 1))


def with_prior_odds(probabilities: NDArray[np.float64], odds: float) -> NDArray[np.float64]:
    """The probabilities `(10,)` of a sign to be each digit, where it is `odds` times as likely to be a digit at all.

    What they lack of 1 is the probability that it is no digit (Bayes' rule).
    """
    total = float(probabilities.sum())
    return np.asarray(odds * probabilities / (odds * total + 1 - total))
