"""Digits of whole lines from an ONNX file, with ONNX Runtime alone: no PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sutja.models.ctc import BLANK, COLUMNS_PER_STEP, LINE_HEIGHT, DecodedDigit, decode_greedy
from sutja.models.onnx_classifier import open_session

MAX_BATCH_COLUMNS = 20_000  # of all lines of a batch together

Lines = Sequence[NDArray[np.float32]]


class LineNetwork:
    """A network that reads lines, loaded from an ONNX file.

    Its input is `lines`, `float32 (N, 1, 32, W)`, its output `logits`, `float32 (N, W / 4, 11)`. `temperature` divides
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
            takes=("lines", [1, LINE_HEIGHT, None]),
            gives=("logits", [None, BLANK + 1]),
            kind="lines",
            threads=threads,
        )

    def read(self, lines: Lines) -> list[list[DecodedDigit]]:
        """The digits, left to right, of each line `float32 (32, W)` with ink in [0, 1]."""
        return [decode_greedy(logits, self.temperature) for logits in self.logits(lines)]

    def logits(self, lines: Lines) -> list[NDArray[np.float32]]:
        """The logits `float32 (ceil(W / 4), 11)` of each line `float32 (32, W)`; similar widths share a batch."""
        return in_batches(lines, self._session.run)


def in_batches(lines: Lines, run: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """The logits of lines of any widths from `run`, which maps `float32 (N, 1, 32, W)` to `(N, W / 4, 11)`."""
    results: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(lines)
    for indices in _batches(lines):
        batch = run(pad_lines([lines[index] for index in indices]))
        for index, logits in zip(indices, batch, strict=True):
            results[index] = logits[: _steps(lines[index].shape[1])]
    return results


def _batches(lines: Lines) -> list[list[int]]:
    """Indices of lines in batches; no line is more than about a quarter wider than the narrowest of its batch."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lines)), key=lambda index: lines[index].shape[1]):
        width = lines[index].shape[1]
        batch = batches[-1] if batches else []
        if not batch or width > 1.25 * lines[batch[0]].shape[1] + 8 or width * (len(batch) + 1) > MAX_BATCH_COLUMNS:
            batches.append([index])
        else:
            batch.append(index)
    return batches


def pad_lines(lines: Lines) -> NDArray[np.float32]:
    """Stack lines `float32 (32, W)` into `float32 (N, 1, 32, W)`, padded with paper on the right to whole steps."""
    width = COLUMNS_PER_STEP * _steps(max(line.shape[1] for line in lines))
    batch = np.zeros((len(lines), 1, LINE_HEIGHT, width), np.float32)
    for row, line in zip(batch, lines, strict=True):
        row[0, :, : line.shape[1]] = line
    return batch


def _steps(columns: int) -> int:
    """The number of time steps of the logits of a line."""
    return -(-columns // COLUMNS_PER_STEP)
