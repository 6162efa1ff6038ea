"""Fine-tuning: a trained network learns a few corrected digits and forgets none of the others.

Each batch has corrected digits, distorted differently each time; MNIST's digits in the same writer's style
(`writer_style.py`); and MNIST's digits to keep: some distorted, some of the hardest as they are. On the last two the
start network is its own teacher (Z. Li and D. Hoiem, "Learning without forgetting", 2016): it may change where it was
wrong, and is held where it was right. Batch normalisation keeps its statistics, since a few digits have none.

Where it still reads MNIST's digits worse in the end, its weights are moved back towards the start (M. Wortsman et al.,
"Robust fine-tuning of zero-shot models", 2022) until it does not. How far is found on training digits, which the start
network once knew by heart: the test digits have no part in it.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Splits, stratified_split
from sutja.data.digits import Digits
from sutja.networks.infer import infer, scaled, to_tensor
from sutja.randomness import derived_seed, generator
from sutja.recipe import Recipe
from sutja.reports.html import Section
from sutja.reports.tables import finetuning_table
from sutja.runs.report import ErrorsBeforeAfter, FineTuningReport
from sutja.runs.run import Run
from sutja.training.augment import get_augmentation
from sutja.training.digit_trainer import SingleDigitTrainer
from sutja.training.distillation import distillation_loss
from sutja.training.finetuning.task import Task
from sutja.training.finetuning.writer_style import WriterStyle
from sutja.training.trainer import Evaluation

BATCHES_PER_EPOCH = 50
PROBE_DIGITS = 20_000  # training digits that show how much was forgotten
HALVINGS = 5  # of the interval in which the step from start to trained weights is searched
SURE_PROBABILITY = 0.999  # of the right class: no network between two such sure ones is tried on the digit
MAX_FORGOTTEN_SHARE = 0.0005  # of the probe digits: the allowed increase in errors
STYLED_DIGITS = 6000  # training digits that are rendered in the style of the corrected ones
HARD_DIGITS = 2000  # the hardest digits outside the probe; every batch has some of them
KEPT_WEIGHT = 3  # of a digit to keep in the loss, against a digit to learn
KEPT_AUGMENTATION = "robust"  # of the digits to keep


@dataclass(frozen=True)
class FineTuningBatch:
    """Digits to learn, with their labels, and digits of MNIST to keep, with labels and the start network's answers."""

    learned: Tensor
    learned_labels: Tensor
    kept: Tensor
    kept_labels: Tensor
    targets: Tensor

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.learned) + len(self.kept)


class FineTuner(SingleDigitTrainer[FineTuningBatch]):
    """Trains a network further on a `Task`. An epoch has 50 batches; `train_…` is measured on the corrections."""

    def __init__(
        self,
        recipe: Recipe,
        splits: Splits,
        task: Task,
        *,
        device: str = "auto",
        on_search_step: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """`on_search_step` is called with the steps of the search for the writer's style that are done, and of all.

        Raises `UsageError` when the recipe or `device` names something that is not there.
        """
        super().__init__(recipe, splits, device=device)
        self.task = task
        for network in (self.network, self.averaged):
            network.load_state_dict(task.network.state_dict())
        self._teacher = copy.deepcopy(self.network).eval()
        self._corrected = self._measured["train"] = self._on_device(task.corrected)
        self.kept_step = 1.0  # how far the final weights lie from the start's to the trained ones, in [0, 1]
        self._probe, rest = _parted(splits.train, PROBE_DIGITS)
        hard, labels = _hardest(rest, task.network, HARD_DIGITS)
        self._hard = hard.to(self.device), labels.to(self.device)
        style = WriterStyle(task.corrected, splits.train, task.network, on_search_step)
        self._styled = self._in_style(style, splits.train)
        self._distort_kept = get_augmentation(KEPT_AUGMENTATION)

    def result(self) -> nn.Module:
        """The fine-tuned network, on the CPU, in evaluation mode: moved back to the start until it forgets nothing."""
        start, trained = self.task.network, super().result()
        before, after = (infer(each, to_tensor(self._probe)) for each in (start, trained))
        labels = torch.from_numpy(self._probe.labels)
        unsure = ~(_surely_right(before, labels) & _surely_right(after, labels))
        open_digits = self._probe.take(np.flatnonzero(unsure.numpy()))
        allowed = int((before.argmax(1) != labels).sum()) + MAX_FORGOTTEN_SHARE * len(labels)
        self.kept_step, too_far = 0.0, 2.0  # the first step tried is the whole one
        for _ in range(HALVINGS):
            step = (self.kept_step + too_far) / 2
            if _errors(_between(start, trained, step), open_digits) <= allowed:
                self.kept_step = step
            else:
                too_far = step
            if self.kept_step == 1:
                break
        return _between(start, trained, self.kept_step)

    @property
    def examples_per_epoch(self) -> int:
        """The number of digits in the batches of an epoch."""
        return BATCHES_PER_EPOCH * self.recipe.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return BATCHES_PER_EPOCH

    def batches(self, epoch: int) -> Iterator[FineTuningBatch]:
        """Yield batches of corrected digits, digits in their style, and digits of MNIST to keep."""
        recipe, size = self.recipe, self.recipe.batch_size
        order, distortion = (generator(recipe.seed, purpose, epoch) for purpose in ("order", "distortion"))
        tuning = recipe.finetuning
        assert tuning
        corrected_count = max(1, round(tuning.corrected_share * size))
        styled_count = round(tuning.styled_share * (size - corrected_count))
        for _ in range(BATCHES_PER_EPOCH):
            corrected, labels = _drawn(*self._corrected, corrected_count, order)
            styled, styled_labels = _drawn(*self._styled, styled_count, order)
            kept, kept_labels = self._kept_digits(max(1, size - corrected_count - styled_count), order, distortion)
            with torch.no_grad():
                targets = functional.log_softmax(self._teacher(kept), 1)
            learned = self.augment(torch.cat([corrected, styled]), distortion)
            yield FineTuningBatch(learned, torch.cat([labels, styled_labels]), kept, kept_labels, targets)

    def loss_on_batch(self, batch: FineTuningBatch) -> Tensor:
        """Cross-entropy on what is to be learned, distillation from the start network on what is to be kept."""
        distillation, smoothing = self.recipe.distillation, self.recipe.label_smoothing
        assert distillation
        images = torch.cat([batch.learned, batch.kept]).contiguous(memory_format=torch.channels_last)
        logits, kept_logits = self.network(images).split([len(batch.learned), len(batch.kept)])
        learned = functional.cross_entropy(logits, batch.learned_labels, label_smoothing=smoothing)
        kept = functional.cross_entropy(kept_logits, batch.kept_labels, label_smoothing=smoothing)
        distilled = distillation_loss(kept_logits, batch.targets, distillation.temperature)
        kept = torch.lerp(kept, distilled, distillation.weight)
        return torch.lerp(kept, learned, len(batch.learned) / (len(batch.learned) + KEPT_WEIGHT * len(batch.kept)))

    def evaluate(self, network: nn.Module, splits: Splits) -> Evaluation:
        """Evaluate the network on validation and test digits, and count the errors before and after fine-tuning."""
        evaluation = super().evaluate(network, splits)
        finetuning = FineTuningReport(self.kept_step, self._before_and_after(network, splits, evaluation))
        # Without validation digits that the network has not seen there is nothing to fit a temperature on.
        temperature = None if "validation" in splits.evaluation_parts else self.task.start.temperature
        return dataclasses.replace(evaluation, temperature=temperature, finetuning=finetuning)

    def sections(self, run: Run, network: nn.Module, splits: Splits, evaluation: Evaluation) -> list[Section]:
        """Draw the figures of the run, and put them into the sections of its report, what was learned first."""
        errors = evaluation.finetuning.errors if evaluation.finetuning else {}
        learned = Section("Errors before and after", table=finetuning_table(errors))
        return [learned, *super().sections(run, network, splits, evaluation)]

    def provenance(self) -> dict[str, Any]:
        """What `environment.json` records of this training, the start network and the corrections among it."""
        return {**super().provenance(), **self.task.describe()}

    @property
    def _measured_on(self) -> str:
        return "the training data are the corrections"

    def _enter_training_mode(self) -> None:
        self.network.eval()  # the statistics of batch normalisation stay: a few digits have none

    def _before_and_after(
        self, network: nn.Module, splits: Splits, evaluation: Evaluation
    ) -> dict[str, ErrorsBeforeAfter]:
        """How many corrections, and digits of each part, the start network and the fine-tuned one misread."""
        start, corrected = self.task.network, self.task.corrected
        after = {part: figures.errors for part, figures in evaluation.figures.items()}
        after = {"corrections": _errors(network, corrected), **after}
        return {
            part: ErrorsBeforeAfter(len(digits), _errors(start, digits), after[part])
            for part, digits in {"corrections": corrected, **splits.evaluation_parts}.items()
        }

    def _in_style(self, style: WriterStyle, digits: Digits) -> tuple[Tensor, Tensor]:
        """Digits of MNIST in the style of the writer, with their labels."""
        rng = np.random.default_rng(derived_seed(self.recipe.seed, "style"))
        return self._on_device(style.render(digits.take(rng.permutation(len(digits))[:STYLED_DIGITS]), rng))

    def _kept_digits(self, count: int, order: torch.Generator, distortion: torch.Generator) -> tuple[Tensor, Tensor]:
        """Digits of MNIST to keep: half of them distorted, half of them the hardest, which are forgotten first."""
        any_digits, labels = _drawn(self._images, self._labels, count - count // 2, order)
        hard, hard_labels = _drawn(*self._hard, count // 2, order)
        return torch.cat([self._distort_kept(any_digits, distortion), hard]), torch.cat([labels, hard_labels])


def _drawn(images: Tensor, labels: Tensor, count: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """So many digits at random, `float32 (count, 1, 28, 28)` in [0, 1], with their labels."""
    chosen = torch.randint(len(labels), (count,), generator=source).to(labels.device)
    return scaled(images[chosen]), labels[chosen]


def _parted(digits: Digits, count: int) -> tuple[Digits, Digits]:
    """So many of the digits, every class with its share, and the others; of fewer digits all, both times."""
    if len(digits) <= count:
        return digits, digits
    others, chosen = stratified_split(digits.labels, count)
    return digits.take(chosen), digits.take(others)


def _hardest(digits: Digits, network: nn.Module, count: int) -> tuple[Tensor, Tensor]:
    """The digits of whose label the network is least sure, at most so many, with their labels."""
    images, labels = to_tensor(digits), torch.from_numpy(digits.labels)
    sure = infer(network, images).softmax(1).gather(1, labels[:, None]).squeeze(1)
    chosen = sure.argsort()[:count]
    return images[chosen], labels[chosen]


def _between(before: nn.Module, after: nn.Module, part: float) -> nn.Module:
    """A network whose weights are that part of the way between those of two others."""
    network = copy.deepcopy(after)
    weights = before.state_dict()
    mixed = {
        name: torch.lerp(weights[name], each, part) if each.is_floating_point() else each
        for name, each in after.state_dict().items()
    }
    network.load_state_dict(mixed)
    return network


def _surely_right(logits: Tensor, labels: Tensor) -> Tensor:
    """Which digits are read right without a doubt, `bool (N,)`; by all networks between two that do so, it is taken."""
    return logits.softmax(1).gather(1, labels[:, None]).squeeze(1) > SURE_PROBABILITY


def _errors(network: nn.Module, digits: Digits) -> int:
    if not len(digits):
        return 0
    return int((infer(network, to_tensor(digits)).argmax(1).numpy() != digits.labels).sum())
