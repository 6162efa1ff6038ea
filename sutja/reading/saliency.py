"""Saliency by occlusion: which parts of a digit support the classifier's prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import SIDE_PIXELS
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax
from sutja.reading.normalise import Gray

PATCH_PIXELS = 6  # side of the square that is covered
STRIDE_PIXELS = 2  # from one patch to the next
MIN_FULL_SCALE_LOG_ODDS = 1.0  # smallest change of the log-odds that maps to a saliency of ±1


@dataclass(frozen=True)
class Saliency:
    """The `probabilities (10,)` of a digit, and the saliency `values`, `float32 (28, 28)` in [-1, 1].

    Values are positive where ink or paper supports the most probable digit, and negative where it contradicts it.
    """

    probabilities: NDArray[np.float64]
    values: NDArray[np.float32]


def occlusion_saliency(
    logits: Callable[[NDArray[np.uint8]], NDArray[np.float32]], image: Gray, temperature: float = 1.0
) -> Saliency:
    """The saliency of an image `uint8 (28, 28)` for a network that maps images `uint8 (N, 28, 28)` to `logits`.

    Paper covers one patch at a time; the loss of the predicted digit's log-odds is averaged over the patches that cover
    a pixel (occlusion: Zeiler and Fergus, 2014, section 4.2). Patches without ink are skipped, since covering them
    changes nothing.
    """
    offsets = range(0, SIDE_PIXELS - PATCH_PIXELS + 1, STRIDE_PIXELS)
    patches = [np.s_[top : top + PATCH_PIXELS, left : left + PATCH_PIXELS] for top in offsets for left in offsets]
    patches = [patch for patch in patches if image[patch].any()]
    covered = np.repeat(image[None], len(patches) + 1, axis=0)  # (1 + patches, 28, 28), the first one uncovered
    for each, patch in zip(covered[1:], patches, strict=True):
        each[patch] = 0
    answers = logits(covered)
    odds = _log_odds(answers, int(answers[0].argmax()))
    loss, count = np.zeros((SIDE_PIXELS, SIDE_PIXELS)), np.zeros((SIDE_PIXELS, SIDE_PIXELS))
    for change, patch in zip(odds[0] - odds[1:], patches, strict=True):
        loss[patch] += change
        count[patch] += 1
    mean = loss / np.maximum(count, 1)
    values = mean / max(MIN_FULL_SCALE_LOG_ODDS, float(np.abs(mean).max()))
    return Saliency(softmax(divide_by_temperature(answers[:1], temperature))[0], values.astype(np.float32))


def _log_odds(logits: NDArray[np.float32], digit: int) -> NDArray[np.float64]:
    """The log-odds `(N,)` of a digit against all others, from logits `(N, 10)`."""
    others = np.delete(logits, digit, axis=1).astype(np.float64)
    highest = others.max(axis=1)
    return np.asarray(logits[:, digit] - highest - np.log(np.exp(others - highest[:, None]).sum(axis=1)))
