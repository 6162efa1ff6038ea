"""Where a network looks: which parts of a digit speak for what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax
from sutja.reading.normalise import Gray

PATCH = 6  # pixels of the side of what is covered
STEP = 2  # pixels from one place of it to the next
FAINTEST = 1.0  # change of the log-odds below which nothing is worth full colour


@dataclass(frozen=True)
class Look:
    """What a network says of a digit, `probabilities (10,)`, and where it looked.

    `saliency`, `float32 (28, 28)` in [-1, 1], is positive where ink or paper speaks for the digit that is told, and
    negative where it speaks against it.
    """

    probabilities: NDArray[np.float64]
    saliency: NDArray[np.float32]


def look(logits: Callable[[NDArray[np.uint8]], NDArray[np.float32]], image: Gray, temperature: float = 1.0) -> Look:
    """Look where `logits` of images `uint8 (N, 28, 28)` come from in one of them.

    Paper covers the image place by place; what the log-odds of the digit lose by it is shared by the pixels that were
    covered (occlusion: Zeiler and Fergus, 2014, section 4.2). Where there is no ink, covering changes nothing.
    """
    places = [
        (top, left)
        for top in range(0, SIDE_PIXELS - PATCH + 1, STEP)
        for left in range(0, SIDE_PIXELS - PATCH + 1, STEP)
    ]
    places = [(top, left) for top, left in places if image[top : top + PATCH, left : left + PATCH].any()]
    covered = np.repeat(image[None], len(places) + 1, axis=0)
    for picture, (top, left) in zip(covered[1:], places, strict=True):
        picture[top : top + PATCH, left : left + PATCH] = 0
    answers = logits(covered)
    odds = _log_odds(answers, int(answers[0].argmax()))
    lost, times = np.zeros((SIDE_PIXELS, SIDE_PIXELS)), np.zeros((SIDE_PIXELS, SIDE_PIXELS))
    for change, (top, left) in zip(odds[0] - odds[1:], places, strict=True):
        lost[top : top + PATCH, left : left + PATCH] += change
        times[top : top + PATCH, left : left + PATCH] += 1
    mean = lost / np.maximum(times, 1)
    saliency = mean / max(FAINTEST, float(np.abs(mean).max()))
    return Look(softmax(divide_by_temperature(answers[:1], temperature))[0], saliency.astype(np.float32))


def _log_odds(logits: NDArray[np.float32], digit: int) -> NDArray[np.float64]:
    """The logarithm of a digit's probability over that of all others together, for logits `(N, 10)`: `(N,)`."""
    others = np.delete(logits, digit, axis=1).astype(np.float64)
    highest = others.max(axis=1)
    return np.asarray(logits[:, digit] - highest - np.log(np.exp(others - highest[:, None]).sum(axis=1)))
