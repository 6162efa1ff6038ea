"""The network that reads lines, from its ONNX file, and from its answer to digits with their confidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import CLASS_COUNT
from sutja.evaluation.calibration import divide_by_temperature
from sutja.evaluation.metrics import softmax
from sutja.models.onnx_classifier import open_session
from sutja.models.open import TrainedModel
from sutja.reading.normalise import LINE_HEIGHT, Ink

BLANK = CLASS_COUNT  # the network's last class: nothing
STRIDE = 4  # columns of the picture for one place of the network's answer
CELLS = 20_000  # columns that are read at once at most, all lines together


@dataclass(frozen=True)
class Spotted:
    """A digit on a line: from which to which column it was seen, and how probable each digit is there, `(10,)`.

    What is missing from 1 is the probability that there is no digit.
    """

    start: float
    stop: float
    probabilities: NDArray[np.float64]

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of that digit."""
        return float(self.probabilities.max())


class LineNetwork:
    """A network with the input `lines`, `float32 (N, 1, 32, W)`, and the output `logits`, `float32 (N, W / 4, 11)`."""

    def __init__(self, path: Path, *, temperature: float = 1.0, sha256: str | None = None, threads: int = 0) -> None:
        """`threads` is how many compute at once; 0 = as many as ONNX Runtime thinks best.

        Raises `ModelFileError` when the file is missing, damaged, not such a network or without that checksum.
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

    @classmethod
    def of(cls, model: TrainedModel, *, threads: int = 0) -> LineNetwork:
        """The network of an opened model; raises `ModelFileError` when it is no line reader or damaged."""
        return cls(model.path, temperature=model.temperature, sha256=model.sha256, threads=threads)

    def read(self, lines: Sequence[Ink]) -> list[list[Spotted]]:
        """The digits of each line `float32 (32, W)`, from left to right."""
        return [spot(chances(logits, self.temperature)) for logits in self.logits(lines)]

    def logits(self, lines: Sequence[Ink]) -> list[NDArray[np.float32]]:
        """The logits `float32 (ceil(W / 4), 11)` of each line `float32 (32, W)`; like widths are read together."""

        def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
            (logits,) = self._session.run(["logits"], {"lines": batch})
            return np.asarray(logits, np.float32)

        return in_batches(lines, run)


def chances(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """How probable each class is at each place, `(T, 11)`, by logits `(T, 11)`."""
    return softmax(divide_by_temperature(logits, temperature))


def in_batches(
    lines: Sequence[Ink], run: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """Let a network `run` from `float32 (N, 1, 32, W)` to `(N, W / 4, 11)` answer to lines of several widths."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].shape[1])
    answers: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(lines)
    for part in _batches(order, lines):
        logits = run(pad([lines[index] for index in part]))
        for index, answer in zip(part, logits, strict=True):
            answers[index] = answer[: -(-lines[index].shape[1] // STRIDE)]
    return answers


def _batches(order: list[int], lines: Sequence[Ink]) -> list[list[int]]:
    """Lines in groups of like width: nothing is more than a quarter wider than the first of its group."""
    groups: list[list[int]] = []
    for index in order:
        width = lines[index].shape[1]
        group = groups[-1] if groups else []
        if not group or width > 1.25 * lines[group[0]].shape[1] + 8 or width * (len(group) + 1) > CELLS:
            groups.append([index])
        else:
            group.append(index)
    return groups


def pad(lines: Sequence[Ink]) -> NDArray[np.float32]:
    """Lines `float32 (32, W)` of several widths as one array `float32 (N, 1, 32, widest)`, with paper on the right."""
    width = -(-max(line.shape[1] for line in lines) // STRIDE) * STRIDE
    batch = np.zeros((len(lines), 1, LINE_HEIGHT, width), np.float32)
    for row, line in zip(batch, lines, strict=True):
        row[0, :, : line.shape[1]] = line
    return batch


def spot(chances: NDArray[np.float64]) -> list[Spotted]:
    """The digits in the probabilities `(T, 11)` of a line: the best class of each place, with repeats counted once.

    The probabilities of a digit are those at the place where it is clearest.
    """
    if not len(chances):
        return []
    best = chances.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    found = []
    for start, stop in pairwise([0, *edges.tolist(), len(best)]):
        digit = best[start]
        if digit != BLANK:
            clearest = start + int(chances[start:stop, digit].argmax())
            found.append(Spotted(start * STRIDE, stop * STRIDE, chances[clearest, :CLASS_COUNT]))
    return found
