"""Training of the network that reads lines: on lines that are composed anew for every epoch, no two alike."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Splits, batches
from sutja.errors import UsageError
from sutja.randomness import derived_seed
from sutja.reading.line_network import BLANK, chances, in_batches, pad, spot
from sutja.recipe import Recipe
from sutja.synth.lines import Line, Writer
from sutja.synth.prefetch import Composer
from sutja.training.trainer import Schooling

LINES_AN_EPOCH = 8192
CHUNK = 1024  # lines that are composed at once, then sorted by width into batches
MEASURED = 1000  # lines on which loss and accuracy are measured
GRADIENT = 5.0  # the largest norm of the gradient: one unreadable line can make a huge one


@dataclass(frozen=True)
class Batch:
    """Lines of like width: `lines`, `float32 (N, 1, 32, W)`, the digits on all of them, and how many on each."""

    lines: Tensor
    digits: Tensor
    lengths: Tensor


class LineTraining(Schooling):
    """A line reader in training: from a recipe and digits, epoch by epoch, to finished weights."""

    def __init__(self, recipe: Recipe, splits: Splits, *, device: str = "auto") -> None:
        """Raises `UsageError` when the recipe asks for what lines do not have, `DataError` when a digit is missing."""
        if recipe.teacher or recipe.augmentation != "none" or recipe.label_smoothing:
            raise UsageError(f"{recipe.name}: lines have no teacher, augmentation or label smoothing")
        if recipe.focus > 1 or recipe.precision != "float32":
            raise UsageError(f"{recipe.name}: lines have no focus, and are trained in float32")
        super().__init__(recipe, device)
        self._composer = Composer(splits.train, seed=recipe.seed, size=CHUNK)
        weakref.finalize(self, self._composer.close)
        writers = {name: Writer(digits) for name, digits in splits.judged.items()}
        shown = {"train": Writer(splits.train)} | ({} if recipe.protocol == "final" else writers)
        self._measured = {name: composed(writer, MEASURED, 0) for name, writer in shown.items()}

    @property
    def images_per_epoch(self) -> int:
        """The number of lines in an epoch."""
        return LINES_AN_EPOCH

    def _train_epoch(self, number: int, on_batch: Callable[[int], None]) -> float:
        steps = LINES_AN_EPOCH // CHUNK * math.ceil(CHUNK / self.recipe.batch_size)
        loss, learning_rate = torch.zeros(()), 0.0
        self.network.train()
        for step, batch in enumerate(self._batches(number)):
            progress = min((number + step / steps) / self.recipe.epochs, 0.9999)
            learning_rate = self._set_learning_rate(progress)
            loss = ctc_loss(self.network(batch.lines.contiguous(memory_format=torch.channels_last)), batch)
            self._step(loss, GRADIENT)
            on_batch(len(batch.lines))
            if step % 50 == 0 and not math.isfinite(loss.item()):
                break
        if not math.isfinite(loss.item()):
            raise self._diverged(loss.item(), learning_rate)
        return learning_rate

    def _batches(self, epoch: int) -> Iterator[Batch]:
        """The lines of an epoch; the next are composed by another process while these are learned."""
        an_epoch = LINES_AN_EPOCH // CHUNK
        for number in range(epoch * an_epoch, (epoch + 1) * an_epoch):
            follows = number + 1 < self.recipe.epochs * an_epoch
            lines = self._composer.take(number, then=number + 1 if follows else None)
            lines.sort(key=lambda line: line.ink.shape[1])
            parts = list(batches(CHUNK, self.recipe.batch_size))
            rng = np.random.default_rng(derived_seed(self.recipe.seed, "order of lines", number))
            for index in rng.permutation(len(parts)):
                batch = as_batch(lines[parts[index]])
                yield Batch(*(each.to(self.device) for each in (batch.lines, batch.digits, batch.lengths)))

    def _measure(self) -> dict[str, tuple[float, float]]:
        return {name: measure_lines(self.kept, lines) for name, lines in self._measured.items()}


def composed(writer: Writer, count: int, seed: int) -> list[Line]:
    """So many lines, the same for the same seed."""
    return list(writer.lines(np.random.default_rng(derived_seed(seed, "measured lines")), count))


def as_batch(lines: Sequence[Line]) -> Batch:
    """Lines as one batch."""
    digits = [int(digit) for line in lines for digit in line.text]
    return Batch(
        torch.from_numpy(pad([line.ink for line in lines])),
        torch.tensor(digits, dtype=torch.long),
        torch.tensor([len(line.text) for line in lines]),
    )


def ctc_loss(logits: Tensor, batch: Batch) -> Tensor:
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


def infer_lines(network: nn.Module, lines: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """The logits `(W / 4, 11)` of each line `float32 (32, W)`, in evaluation mode."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network(torch.from_numpy(batch).to(device)).cpu().numpy(), np.float32)

    with torch.inference_mode():
        answers = in_batches(lines, run)
    network.train(was_training)
    return answers


def measure_lines(network: nn.Module, lines: Sequence[Line]) -> tuple[float, float]:
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
    return "".join(str(each.digit) for each in spot(chances(logits, 1.0)))
