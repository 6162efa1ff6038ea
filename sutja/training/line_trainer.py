"""Training of the network that reads lines, on strips of painted documents. Every epoch has new ones."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Splits, batches
from sutja.errors import UsageError
from sutja.export.half_precision import halved
from sutja.export.lines import PARITY_STRIPS, draw_strips, evaluate_lines, evaluation_strips, export_lines
from sutja.models.ctc import BLANK, decode_greedy, encode_text, text_of
from sutja.models.onnx_line_network import pad_strips
from sutja.networks.infer import infer_strips
from sutja.randomness import derived_seed
from sutja.recipe import Recipe
from sutja.reports.html import Section
from sutja.runs.run import Run
from sutja.synth.documents.scenes import BuildPainter
from sutja.synth.prefetch import Prefetcher
from sutja.synth.strips import TrainingStrip, fixed_strips, strip_maker
from sutja.training.trainer import Evaluation, Trainer

STRIPS_PER_EPOCH = 8192
STRIPS_PER_CHUNK = 1024  # made at once, then sorted by width into batches
MEASURED_STRIPS = 1000  # on which loss and accuracy are measured after each epoch
MAX_STRIP_LOSS = 9.0  # minus the log-probability of a strip's signs; above it, the strip is taken for illegible
READING_LOSS = 1.0  # per sign of the training strips, below which a network can read; before, all strips count


@dataclass(frozen=True)
class StripBatch:
    """Strips of like width: `strips`, `float32 (N, 3, 48, W)`, the signs on all of them, and how many on each."""

    strips: Tensor
    signs: Tensor
    lengths: Tensor

    def __len__(self) -> int:
        """The number of strips."""
        return len(self.strips)


class LineTrainer(Trainer[StripBatch]):
    """Trains a line reader on strips that are painted during the training."""

    max_gradient_norm = 5.0  # one unreadable strip can make a huge gradient

    def __init__(self, recipe: Recipe, splits: Splits, *, build: BuildPainter, device: str = "auto") -> None:
        """`build` makes the painter of documents with some digits; it is pickled.

        Raises `UsageError` when the recipe asks for what lines do not have, `DataError` where there are no fonts.
        """
        if recipe.distillation or recipe.augmentation != "none" or recipe.label_smoothing:
            raise UsageError(f"{recipe.name}: lines have no distillation, augmentation or label smoothing")
        if recipe.hard_example_repeats > 1:
            raise UsageError(f"{recipe.name}: lines have no hard-example sampling")
        super().__init__(recipe, device)
        self._build = build
        measured = {"train": splits.train, **({} if recipe.protocol == "final" else splits.evaluation_parts)}
        self._measured = {part: fixed_strips(build(digits), MEASURED_STRIPS, 0) for part, digits in measured.items()}
        maker = partial(strip_maker, build, splits.train, STRIPS_PER_CHUNK)
        self._prefetcher = Prefetcher(maker, seed=recipe.seed, purpose="strips")
        weakref.finalize(self, self._prefetcher.close)

    @property
    def examples_per_epoch(self) -> int:
        """The number of strips in an epoch."""
        return STRIPS_PER_EPOCH

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return STRIPS_PER_EPOCH // STRIPS_PER_CHUNK * math.ceil(STRIPS_PER_CHUNK / self.recipe.batch_size)

    def batches(self, epoch: int) -> Iterator[StripBatch]:
        """Yield strips of like width together, while other processes make the next ones."""
        chunks = STRIPS_PER_EPOCH // STRIPS_PER_CHUNK
        for number in range(epoch * chunks, (epoch + 1) * chunks):
            strips = self._prefetcher.take(number, stop=self.recipe.epochs * chunks)
            strips.sort(key=lambda strip: strip.pixels.shape[2])
            parts = list(batches(STRIPS_PER_CHUNK, self.recipe.batch_size))
            rng = np.random.default_rng(derived_seed(self.recipe.seed, "order of strips", number))
            for index in rng.permutation(len(parts)):
                batch = as_batch(strips[parts[index]])
                yield StripBatch(*(each.to(self.device) for each in (batch.strips, batch.signs, batch.lengths)))

    def loss_on_batch(self, batch: StripBatch) -> Tensor:
        """The CTC loss per sign. Strips that a trained network cannot read at all count nothing.

        On some painted strips nobody could tell the signs, and these few would have most of the gradient (compare the
        small-loss trick of Han et al., "Co-teaching", 2018).
        """
        with self.autocast():
            logits = self.network(batch.strips.contiguous(memory_format=torch.channels_last))
        losses = strip_losses(logits.float(), batch)
        can_read = bool(self.records) and self.records[-1].train_loss < READING_LOSS
        counted = (losses.detach() < (MAX_STRIP_LOSS if can_read else math.inf)).to(losses.dtype)
        return (losses * counted).sum() / (batch.lengths * counted).sum().clamp(min=1)

    def measure(self) -> dict[str, tuple[float, float]]:
        """Mean loss per sign, and the share of strips that are read without any error."""
        return {part: measure_strips(self.averaged, strips) for part, strips in self._measured.items()}

    def evaluate(self, network: nn.Module, splits: Splits) -> Evaluation:
        """Evaluate the network, in half precision as it is published, on painted strips, and calibrate it."""
        self._evaluated = evaluated = evaluate_lines(halved(network), evaluation_strips(splits, self._build))
        part, figures = list(evaluated.figures.items())[-1]
        error = f"{100 * figures.lines.character_error:.2f} % character errors" if figures.lines else ""
        return Evaluation(
            summary=f"{error} in {figures.count:,} strips of documents painted with {part} digits",
            figures={**evaluated.figures},
            temperature=evaluated.calibration.temperature if evaluated.calibration else 1.0,
            calibration=evaluated.calibration,
            min_confidence=evaluated.min_confidence,
        )

    def export(self, network: nn.Module, path: Path, splits: Splits) -> float:
        """Write the network in half precision as an ONNX file; returns the largest difference of a logit."""
        strips = list(self._evaluated.strips.values())[-1]
        return export_lines(halved(network), path, strips[:PARITY_STRIPS])

    def sections(self, run: Run, network: nn.Module, splits: Splits, evaluation: Evaluation) -> list[Section]:
        """Draw the figures of the run, and put them into the sections of its report."""
        pictures = draw_strips(run, self._evaluated.strips[run.evaluated_on], self._evaluated.read(run.evaluated_on))
        return [Section("Lines", pictures=pictures)]


def as_batch(strips: Sequence[TrainingStrip]) -> StripBatch:
    """Strips as one batch."""
    signs = [sign for strip in strips for sign in encode_text(strip.text)]
    return StripBatch(
        torch.from_numpy(pad_strips([strip.pixels for strip in strips])),
        torch.tensor(signs, dtype=torch.long),
        torch.tensor([len(strip.text) for strip in strips]),
    )


def ctc_loss(logits: Tensor, batch: StripBatch) -> Tensor:
    """The loss of a batch per sign, a scalar."""
    return strip_losses(logits, batch).sum() / max(1, len(batch.signs))


def strip_losses(logits: Tensor, batch: StripBatch) -> Tensor:
    """Connectionist temporal classification, `(N,)`: minus the log-probability of all paths that read as the signs.

    Strips so crowded that no path can read them count nothing.
    """
    steps = torch.full((len(logits),), logits.shape[1], dtype=torch.long)
    return functional.ctc_loss(
        functional.log_softmax(logits, dim=2).transpose(0, 1),
        batch.signs,
        steps,
        batch.lengths,
        blank=BLANK,
        reduction="none",
        zero_infinity=True,
    )


def measure_strips(network: nn.Module, strips: Sequence[TrainingStrip]) -> tuple[float, float]:
    """Mean loss per sign, and the share of strips that are read without any error."""
    answers = infer_strips(network, [strip.pixels for strip in strips])
    loss = sum(
        float(ctc_loss(torch.from_numpy(answer)[None], as_batch([strip]))) * max(1, len(strip.text))
        for answer, strip in zip(answers, strips, strict=True)
    )
    right = sum(text_of(decode_greedy(answer)) == strip.text for answer, strip in zip(answers, strips, strict=True))
    return loss / max(1, sum(len(strip.text) for strip in strips)), right / len(strips)
