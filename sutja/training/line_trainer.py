"""Training of the network that reads lines. Every epoch renders new lines."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Splits, batches
from sutja.errors import UsageError
from sutja.export.half_precision import halved
from sutja.export.lines import (
    PARITY_LINES,
    draw_lines,
    evaluate_lines,
    evaluation_lines,
    export_lines,
    fixed_lines,
)
from sutja.models.ctc import BLANK, decode_greedy
from sutja.models.onnx_line_network import pad_lines
from sutja.networks.infer import infer_lines
from sutja.randomness import derived_seed
from sutja.recipe import Recipe
from sutja.reports.html import Section
from sutja.runs.run import Run
from sutja.synth.lines import RenderedLine, line_maker
from sutja.synth.prefetch import Prefetcher
from sutja.training.trainer import Evaluation, Trainer

LINES_PER_EPOCH = 8192
LINES_PER_CHUNK = 1024  # rendered at once, then sorted by width into batches
MEASURED_LINES = 1000  # on which loss and accuracy are measured after each epoch


@dataclass(frozen=True)
class LineBatch:
    """Lines of like width: `lines`, `float32 (N, 1, 32, W)`, the digits on all of them, and how many on each."""

    lines: Tensor
    digits: Tensor
    lengths: Tensor

    def __len__(self) -> int:
        """The number of lines."""
        return len(self.lines)


class LineTrainer(Trainer[LineBatch]):
    """Trains a line reader on lines that are rendered during the training."""

    max_gradient_norm = 5.0  # one unreadable line can make a huge gradient

    def __init__(self, recipe: Recipe, splits: Splits, *, device: str = "auto") -> None:
        """Raises `UsageError` when the recipe asks for what lines do not have, `DataError` when a digit is missing."""
        if recipe.distillation or recipe.augmentation != "none" or recipe.label_smoothing:
            raise UsageError(f"{recipe.name}: lines have no distillation, augmentation or label smoothing")
        if recipe.hard_example_repeats > 1 or recipe.precision != "float32":
            raise UsageError(f"{recipe.name}: lines have no hard-example sampling, and are trained in float32")
        super().__init__(recipe, device)
        maker = partial(line_maker, splits.train, LINES_PER_CHUNK)
        self._prefetcher = Prefetcher(maker, seed=recipe.seed, purpose="lines")
        weakref.finalize(self, self._prefetcher.close)
        measured = {"train": splits.train, **({} if recipe.protocol == "final" else splits.evaluation_parts)}
        self._measured = {part: fixed_lines(digits, MEASURED_LINES, 0) for part, digits in measured.items()}

    @property
    def examples_per_epoch(self) -> int:
        """The number of lines in an epoch."""
        return LINES_PER_EPOCH

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return LINES_PER_EPOCH // LINES_PER_CHUNK * math.ceil(LINES_PER_CHUNK / self.recipe.batch_size)

    def batches(self, epoch: int) -> Iterator[LineBatch]:
        """Yield lines of like width together, while other processes render the next ones."""
        chunks = LINES_PER_EPOCH // LINES_PER_CHUNK
        for number in range(epoch * chunks, (epoch + 1) * chunks):
            lines = self._prefetcher.take(number, stop=self.recipe.epochs * chunks)
            lines.sort(key=lambda line: line.ink.shape[1])
            parts = list(batches(LINES_PER_CHUNK, self.recipe.batch_size))
            rng = np.random.default_rng(derived_seed(self.recipe.seed, "order of lines", number))
            for index in rng.permutation(len(parts)):
                batch = as_batch(lines[parts[index]])
                yield LineBatch(*(each.to(self.device) for each in (batch.lines, batch.digits, batch.lengths)))

    def loss_on_batch(self, batch: LineBatch) -> Tensor:
        """The CTC loss per digit."""
        return ctc_loss(self.network(batch.lines.contiguous(memory_format=torch.channels_last)), batch)

    def measure(self) -> dict[str, tuple[float, float]]:
        """Mean loss per digit, and the share of lines that are read without any error."""
        return {part: measure_lines(self.averaged, lines) for part, lines in self._measured.items()}

    def evaluate(self, network: nn.Module, splits: Splits) -> Evaluation:
        """Evaluate the network, in half precision as it is published, on rendered lines, and calibrate it."""
        self._evaluated = evaluated = evaluate_lines(halved(network), evaluation_lines(splits))
        part, figures = list(evaluated.figures.items())[-1]
        error = f"{100 * figures.lines.character_error:.2f} % character errors" if figures.lines else ""
        return Evaluation(
            summary=f"{error} in {figures.count:,} lines rendered from {part} digits",
            figures={**evaluated.figures},
            temperature=evaluated.calibration.temperature if evaluated.calibration else 1.0,
            calibration=evaluated.calibration,
            min_confidence=evaluated.min_confidence,
        )

    def export(self, network: nn.Module, path: Path, splits: Splits) -> float:
        """Write the network in half precision as an ONNX file; returns the largest difference of a logit."""
        lines = list(self._evaluated.lines.values())[-1]
        return export_lines(halved(network), path, lines[:PARITY_LINES])

    def sections(self, run: Run, network: nn.Module, splits: Splits, evaluation: Evaluation) -> list[Section]:
        """Draw the figures of the run, and put them into the sections of its report."""
        pictures = draw_lines(run, self._evaluated.lines[run.evaluated_on], self._evaluated.read(run.evaluated_on))
        return [Section("Lines", pictures=pictures)]


def as_batch(lines: Sequence[RenderedLine]) -> LineBatch:
    """Lines as one batch."""
    digits = [int(digit) for line in lines for digit in line.text]
    return LineBatch(
        torch.from_numpy(pad_lines([line.ink for line in lines])),
        torch.tensor(digits, dtype=torch.long),
        torch.tensor([len(line.text) for line in lines]),
    )


def ctc_loss(logits: Tensor, batch: LineBatch) -> Tensor:
    """Connectionist temporal classification: minus the log-probability of all paths that read as the digits, a digit.

    Lines so crowded that no path can read them count nothing.
    """
    places = torch.full((len(logits),), logits.shape[1], dtype=torch.long)
    loss = functional.ctc_loss(
        functional.log_softmax(logits, dim=2).transpose(0, 1),
        batch.digits,
        places,
        batch.lengths,
        blank=BLANK,
        reduction="sum",
        zero_infinity=True,
    )
    return loss / max(1, len(batch.digits))


def measure_lines(network: nn.Module, lines: Sequence[RenderedLine]) -> tuple[float, float]:
    """Mean loss a digit, and the share of lines that are read without any error."""
    answers = infer_lines(network, [line.ink for line in lines])
    loss = sum(
        float(ctc_loss(torch.from_numpy(answer)[None], as_batch([line]))) * max(1, len(line.text))
        for answer, line in zip(answers, lines, strict=True)
    )
    right = sum(read_text(answer) == line.text for answer, line in zip(answers, lines, strict=True))
    return loss / max(1, sum(len(line.text) for line in lines)), right / len(lines)


def read_text(logits: NDArray[np.float32]) -> str:
    """The digits that the logits `(T, 11)` of a line say."""
    return "".join(str(each.digit) for each in decode_greedy(logits))
