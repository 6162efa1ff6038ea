"""Signs of strips from an ONNX file, with ONNX Runtime alone: no PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import (
    BLANK,
    COLUMNS_PER_STEP,
    STRIP_CHANNELS,
    STRIP_ROWS,
    DecodedSign,
    decode_greedy,
    likeliest_digit,
)
from sutja.models.onnx_classifier import open_session

MAX_BATCH_COLUMNS = 20_000  # of all strips of a batch together
PAPER_COLUMNS = 56  # after each strip: as far as the network sees, so that no other strip of a batch changes its logits

StripPixels = Sequence[NDArray[np.floating[Any]]]


class LineNetwork:
    """A network that reads strips, loaded from an ONNX file.

    Its input is `strips`, `float32 (N, 3, 48, W)`, its output `logits`, `float32 (N, W / 4, 19)`. `temperature` divides
    the logits where they are decoded; `logits` returns them as the network gives them.
    """

    def __init__(self, path: Path, *, temperature: float = 1.0, sha256: str | None = None, threads: int = 0) -> None:
        """Load the network; `threads` compute at once, and with 0 ONNX Runtime chooses.

        Raises `ModelFileError` if the file is missing or damaged, is not such a network, or has another checksum.
        """
        self.temperature = temperature
        self._session = open_session(
            path,
            sha256,
            takes=("strips", [STRIP_CHANNELS, STRIP_ROWS, None]),
            gives=("logits", [None, BLANK + 1]),
            kind="lines",
            threads=threads,
        )

    def read(self, strips: StripPixels) -> list[list[DecodedSign]]:
        """The signs, left to right, of each strip `float32 (3, 48, W)`, as `reading.strip.even_light` makes them."""
        return [decode_greedy(logits, self.temperature) for logits in self.logits(strips)]

    def guess(self, strips: StripPixels) -> list[DecodedSign]:
        """The most probable digit of each strip, also where `read` finds no sign."""
        return [likeliest_digit(logits, self.temperature) for logits in self.logits(strips)]

    def logits(self, strips: StripPixels) -> list[NDArray[np.float32]]:
        """The logits `float32 (ceil(W / 4), 19)` of each strip `float32 (3, 48, W)`; similar widths share a batch."""
        return in_batches(strips, self._session.run)


def in_batches(
    strips: StripPixels, run: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The logits of strips of any widths from `run`, which maps `float32 (N, 3, 48, W)` to `(N, W / 4, 19)`."""
    results: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(strips)
    for indices in _batches(strips):
        batch = run(pad_strips([strips[index] for index in indices]))
        for index, logits in zip(indices, batch, strict=True):
            results[index] = logits[: _steps(strips[index].shape[2])]
    return results


def _batches(strips: StripPixels) -> list[list[int]]:
    """Indices of strips in batches; no strip is more than about a quarter wider than the narrowest of its batch."""
    batches: list[list[int]] = []
    for index in sorted(range(len(strips)), key=lambda index: strips[index].shape[2]):
        width = strips[index].shape[2]
        batch = batches[-1] if batches else []
        columns = (width + PAPER_COLUMNS) * (len(batch) + 1)
        if not batch or width > 1.25 * strips[batch[0]].shape[2] + 8 or columns > MAX_BATCH_COLUMNS:
            batches.append([index])
        else:
            batch.append(index)
    return batches


def pad_strips(strips: StripPixels) -> NDArray[np.float32]:
    """Stack strips `float32 (3, 48, W)` into `float32 (N, 3, 48, W)`, padded with paper on the right to whole steps."""
    width = COLUMNS_PER_STEP * _steps(max(strip.shape[2] for strip in strips) + PAPER_COLUMNS)
    batch = np.zeros((len(strips), STRIP_CHANNELS, STRIP_ROWS, width), np.float32)
    for row, strip in zip(batch, strips, strict=True):
        row[:, :, : strip.shape[2]] = strip
    return batch


def _steps(columns: int) -> int:
    """The number of time steps of the logits of a strip."""
    return -(-columns // COLUMNS_PER_STEP)
