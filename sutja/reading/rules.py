"""Rules: the printed lines of ruled and squared paper and of tables, which are no writing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.reading.ink import Mask, usual_height, where_ink


def find_rules(ink: Mask) -> Mask:
    """The pixels of ruled and table lines, without those where writing crosses them."""
    height, width = ink.shape
    # First the longest, then, with the writing's height known, those longer than any digit.
    rules = _straight(ink, round(max(0.5 * width, 1.2 * height)))
    tall = usual_height(ink & ~rules)
    if tall == 0:
        return rules
    rules |= _straight(ink & ~rules, round(max(1.8 * tall, 20)))
    upright = _straight(np.ascontiguousarray((ink & ~rules).T), round(max(2.2 * tall, 20))).T
    return rules | upright


def _straight(ink: Mask, length: int) -> Mask:
    """The pixels of level lines that are thin and at least so long, also a little sloping."""
    _, columns = where_ink(ink)
    if length > columns.stop - columns.start or length < 3:
        return np.zeros(ink.shape, np.bool_)
    pixels = ink.astype(np.uint8)
    thick = np.asarray(cv2.dilate(pixels, np.ones((3, 1), np.uint8)), np.uint8)
    whole = (_run_sums(thick, length) == length).astype(np.uint8)  # the middles of unbroken runs
    if not whole.any():
        return np.zeros(ink.shape, np.bool_)
    runs = (_run_sums(whole[:, ::-1], length)[:, ::-1] > 0).astype(np.uint8) & pixels
    # Nothing as thick as it is long, and not what goes on above and below: there a stroke crosses the rule.
    thickness = max(3, length // 6)
    block = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((thickness, thickness), np.uint8))
    runs &= ~np.asarray(cv2.dilate(block, np.ones((3, 3), np.uint8)), np.uint8)
    crossing = cv2.morphologyEx(pixels & ~runs, cv2.MORPH_CLOSE, np.ones((thickness + 2, 1), np.uint8))
    return (runs & ~np.asarray(crossing, np.uint8)).astype(np.bool_)


def _run_sums(pixels: NDArray[np.uint8], length: int) -> NDArray[np.float32]:
    """For each pixel the sum of a row of so many around it; much faster than erosion by a long line."""
    sums = cv2.boxFilter(pixels, cv2.CV_32F, (length, 1), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums)
