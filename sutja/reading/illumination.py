"""Illumination: estimate the brightness of the paper around each pixel, and divide it out."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.reading.normalise import MIN_INK_DEPTH, Gray

PAPER_LEVEL = 180  # grey level of paper after `flatten_light`, with room for noise that is lighter
COARSE_SIDE_PIXELS = 256  # longer side of the reduced picture on which light is measured
MIN_CLEAR_SHARE = 0.35  # of the largest difference from paper
MIN_LIGHT_MAJORITY = 1.3  # clearly lighter pixels per clearly darker one of a picture with light ink


def is_light_on_dark(gray: Gray, paper: Gray) -> bool:
    """Whether writing is lighter than its background: most pixels that differ clearly from `paper` are lighter."""
    lighter, darker = cv2.subtract(gray, paper), cv2.subtract(paper, gray)
    clear = int(max(MIN_INK_DEPTH, MIN_CLEAR_SHARE * max(int(lighter.max()), int(darker.max()))))
    return bool(np.count_nonzero(lighter > clear) > MIN_LIGHT_MAJORITY * np.count_nonzero(darker > clear))


def estimate_paper(gray: Gray) -> Gray:
    """The brightness of the paper around each pixel: the median of a neighbourhood that writing does not fill.

    Drawings on a plain screen have a background of a single value; it is returned as it is, since no median is right
    around the broadest strokes.
    """
    height, width = gray.shape
    if _has_plain_background(gray):
        return np.full_like(gray, gray[0, 0])
    coarse = max(1.0, max(gray.shape) / COARSE_SIDE_PIXELS)
    size = (max(1, round(width / coarse)), max(1, round(height / coarse)))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    kernel = min(41, max(3, (max(size) // 5) | 1))
    paper = _median(np.asarray(small, np.uint8), kernel)
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _median(gray: Gray, kernel: int) -> Gray:
    """The median around each pixel; the border is mirrored, or replicated if the picture is too small for that."""
    if min(gray.shape) <= kernel:
        return np.asarray(cv2.medianBlur(gray, kernel), np.uint8)
    pad = kernel // 2
    padded = cv2.copyMakeBorder(gray, pad, pad, pad, pad, cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.medianBlur(padded, kernel), np.uint8)[pad:-pad, pad:-pad]


def _has_plain_background(gray: Gray) -> bool:
    """Whether most of a picture and its whole border have exactly one value, as in no photograph."""
    first = gray[0, 0]
    edges = (gray[0], gray[-1], gray[:, 0], gray[:, -1])
    return all((edge == first).all() for edge in edges) and bool(np.count_nonzero(gray == first) > gray.size / 2)


def flatten_light(gray: Gray, paper: Gray) -> Gray:
    """Divide by the paper's brightness: `paper` becomes `PAPER_LEVEL` everywhere, `uint8 (H, W)`."""
    return np.asarray(cv2.divide(gray, np.maximum(paper, 8), scale=PAPER_LEVEL), np.uint8)
