"""Light: how bright the paper is around each pixel, and a page on which it is as bright everywhere."""

from __future__ import annotations

import cv2
import numpy as np

from sutja.reading.normalise import FAINTEST, Gray

PAPER = 180  # brightness of evenly lit paper: what is lighter, as noise is, has to have room
COARSE = 256  # pixels of the longer side on which the light is measured


def is_light_on_dark(gray: Gray, paper: Gray) -> bool:
    """Whether the writing is lighter than what it stands on: what differs from its surroundings is mostly lighter."""
    lighter, darker = cv2.subtract(gray, paper), cv2.subtract(paper, gray)
    strong = int(max(FAINTEST, 0.35 * max(int(lighter.max()), int(darker.max()))))
    return bool(np.count_nonzero(lighter > strong) > 1.3 * np.count_nonzero(darker > strong))


def surroundings(gray: Gray) -> Gray:
    """The brightness of the paper around each pixel: the median of a neighbourhood that writing does not fill.

    What was drawn on a screen stands on one colour, which needs no median and stays right around the broadest strokes.
    """
    height, width = gray.shape
    if _is_plain(gray):
        return np.full_like(gray, gray[0, 0])
    coarse = max(1.0, max(gray.shape) / COARSE)
    size = (max(1, round(width / coarse)), max(1, round(height / coarse)))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    near = min(41, max(3, (max(size) // 5) | 1))
    paper = _median_of(np.asarray(small, np.uint8), near)
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _median_of(gray: Gray, near: int) -> Gray:
    """The median around each pixel; beyond the edge the picture is mirrored, or where it is too small, goes on."""
    if min(gray.shape) <= near:
        return np.asarray(cv2.medianBlur(gray, near), np.uint8)
    room = near // 2
    wider = cv2.copyMakeBorder(gray, room, room, room, room, cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.medianBlur(wider, near), np.uint8)[room:-room, room:-room]


def _is_plain(gray: Gray) -> bool:
    """Whether most of a picture and all of its edge have exactly one brightness, as no photograph has."""
    first = gray[0, 0]
    edges = (gray[0], gray[-1], gray[:, 0], gray[:, -1])
    return all((edge == first).all() for edge in edges) and bool(np.count_nonzero(gray == first) > gray.size / 2)


def even_light(gray: Gray, paper: Gray) -> Gray:
    """Divide the light out: `paper` becomes `PAPER` everywhere, `uint8 (H, W)`."""
    return np.asarray(cv2.divide(gray, np.maximum(paper, 8), scale=PAPER), np.uint8)
