"""Training of networks that read single digits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Splits, batches, stratified_split
from sutja.data.digits import Digits
from sutja.evaluation.metrics import evaluate
from sutja.export.onnx import export_onnx
from sutja.networks.infer import infer, loss_and_accuracy, scaled, to_tensor
from sutja.randomness import generator
from sutja.recipe import Recipe
from sutja.reports import plots
from sutja.reports.html import Plot, Section
from sutja.reports.pages import curves_section, evaluation_sections, inside_section, network_sections
from sutja.runs.run import Run
from sutja.training.augment import get_augmentation
from sutja.training.distillation import DistillationTargets, distillation_loss
from sutja.training.hard_examples import HardExampleSampler
from sutja.training.trainer import BatchT, Evaluation, Trainer

DRAWN_EPOCHS = 5  # of distortions in the picture
MEASURED_DIGITS = 10_000  # training digits on which loss and accuracy are measured after each epoch, as many as in test


class SingleDigitTrainer(Trainer[BatchT]):
    """What trainings of networks for single digits share: how they are measured, evaluated, exported and described."""

    def __init__(self, recipe: Recipe, splits: Splits, *, device: str = "auto") -> None:
        """Raises `UsageError` when the recipe or `device` names something that is not there."""
        self.class_count = len(splits.train.class_names)
        self.max_final_loss = 2 * math.log(max(self.class_count, 2))  # twice that of guessing
        super().__init__(recipe, device)
        self.augment = get_augmentation(recipe.augmentation)
        self._images, self._labels = self._on_device(splits.train)
        measured = {"train": _sample(splits.train), **({} if recipe.protocol == "final" else splits.evaluation_parts)}
        self._measured = {part: self._on_device(digits) for part, digits in measured.items()}

    def measure(self) -> dict[str, tuple[float, float]]:
        """Mean loss and accuracy of the averaged weights on "train" and what else the protocol measures."""
        return {part: loss_and_accuracy(self.averaged, *digits) for part, digits in self._measured.items()}

    def evaluate(self, network: nn.Module, splits: Splits) -> Evaluation:
        """Evaluate the trained network on validation and test digits, as far as the protocol goes."""
        logits = {part: infer(network, to_tensor(digits)).numpy() for part, digits in splits.evaluation_parts.items()}
        labels = {part: digits.labels for part, digits in splits.evaluation_parts.items()}
        reports = {part: evaluate(logits[part], labels[part]) for part in logits}
        part, report = list(reports.items())[-1]
        summary = f"{report.errors} errors in {report.count:,} {part} digits"
        return Evaluation(summary, {**reports}, logits, labels)

    def export(self, network: nn.Module, path: Path, splits: Splits) -> float:
        """Write the trained network as an ONNX file; returns the largest difference of a logit from PyTorch's."""
        return export_onnx(network, path, splits.train)

    def sections(self, run: Run, network: nn.Module, splits: Splits, evaluation: Evaluation) -> list[Section]:
        """Draw the figures of the run, and put them into the sections of its report."""
        digits = splits.evaluation_parts[run.evaluated_on]
        reports = {part: evaluate(evaluation.logits[part], evaluation.labels[part]) for part in evaluation.logits}
        return [
            inside_section([(self.recipe.title, network)], digits),
            curves_section(run, self.recipe.title, self._measured_on),
            *evaluation_sections(digits, evaluation.logits[run.evaluated_on], reports),
            *network_sections(network, digits),
            *self._augmentation_sections(splits.train),
        ]

    @property
    def _measured_on(self) -> str:
        """What the curves of the training digits are measured on."""
        return "on training data over 10,000 digits"

    def _augmentation_sections(self, digits: Digits) -> list[Section]:
        """The distortions, for a recipe that has some."""
        if self.recipe.augmentation == "none":
            return []
        figure = plot_augmentation(digits, self.recipe.augmentation)
        caption = (
            f"Training digits, and what “{self.recipe.augmentation}” makes of them in five epochs: the network never "
            "sees the same picture twice, and learns what a digit has in common with its distortions."
        )
        return [Section("Augmentation", pictures=[Plot(figure, "augmentation", caption)])]

    def _on_device(self, digits: Digits) -> tuple[Tensor, Tensor]:
        return to_tensor(digits).to(self.device), torch.from_numpy(digits.labels).to(self.device)


@dataclass(frozen=True)
class DigitBatch:
    """Distorted `images float32 (N, 1, 28, 28)`, the `indices` of their digits, and a teacher's `targets (N, 10)`."""

    images: Tensor
    indices: Tensor
    targets: Tensor | None

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.images)


class DigitTrainer(SingleDigitTrainer[DigitBatch]):
    """Trains a network for single digits on labels and, where the recipe has a teacher, on distillation targets."""

    computes_fast = True

    def __init__(
        self, recipe: Recipe, splits: Splits, *, device: str = "auto", targets: DistillationTargets | None = None
    ) -> None:
        """`targets` are those of the recipe's teacher on the digits to train on.

        Raises `UsageError` when the recipe or `device` names something that is not there.
        """
        super().__init__(recipe, splits, device=device)
        self.targets = targets
        repeats = recipe.hard_example_repeats
        self.sampler = HardExampleSampler(len(self._labels), repeats, self.device) if repeats > 1 else None

    def state_dict(self) -> dict[str, Any]:
        """The state after the last finished epoch, for `load_state_dict`."""
        return {**super().state_dict(), "sampler": self.sampler.state_dict() if self.sampler else None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume where `state_dict` was taken, with the same recipe.

        Raises `ValueError` and PyTorch's own errors for the state of another training.
        """
        super().load_state_dict(state)
        if self.sampler:
            self.sampler.load_state_dict(state["sampler"])

    @property
    def examples_per_epoch(self) -> int:
        """The number of training digits."""
        return len(self._labels)

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return math.ceil(len(self._labels) / self.recipe.batch_size)

    def batches(self, epoch: int) -> Iterator[DigitBatch]:
        """Yield every digit once, distorted; with hard-example sampling some digits more often than others."""
        recipe = self.recipe
        order = self._order(generator(recipe.seed, "order", epoch)).to(self.device)
        distortion = generator(recipe.seed, "distortion", epoch)
        images, targets = self._images_and_targets(epoch)
        for part in batches(len(order), recipe.batch_size):
            indices = order[part]
            distorted = self.augment(self._pick(images, indices), distortion)
            yield DigitBatch(distorted, indices, None if targets is None else targets[indices])

    def loss_on_batch(self, batch: DigitBatch) -> Tensor:
        """Cross-entropy with the labels, mixed with the distillation loss where there are targets."""
        labels, recipe = self._labels[batch.indices], self.recipe
        with self.autocast():
            logits = self.forward(self._in_layout(batch.images)).float()
        if self.sampler:
            self.sampler.update(batch.indices, functional.cross_entropy(logits.detach(), labels, reduction="none"))
        loss = functional.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        if batch.targets is not None:
            assert recipe.distillation
            distilled = distillation_loss(logits, batch.targets, recipe.distillation.temperature)
            loss = torch.lerp(loss, distilled, recipe.distillation.weight)
        return loss

    def _pick(self, images: Tensor, indices: Tensor) -> Tensor:
        """The images at `indices`, as `float32` in [0, 1]."""
        return self.kernels.gather(images, indices) if self.kernels else scaled(images[indices])

    def _in_layout(self, images: Tensor) -> Tensor:
        """The images in the layout in which they are computed."""
        return images.contiguous() if self.kernels else images.contiguous(memory_format=torch.channels_last)

    def provenance(self) -> dict[str, Any]:
        """What `environment.json` records of this training, the distillation targets among it."""
        return {**super().provenance(), **({"distillation_targets": self.targets.describe()} if self.targets else {})}

    def _order(self, source: torch.Generator) -> Tensor:
        """The indices of the digits of an epoch in random order, `int64 (N,)`."""
        return self.sampler.order(source) if self.sampler else torch.randperm(len(self._labels), generator=source)

    def _images_and_targets(self, epoch: int) -> tuple[Tensor, Tensor | None]:
        """The digits of an epoch, and what the teacher answers to them, where there is one."""
        if self.targets is None:
            return self._images, None
        images, targets = self.targets.view(epoch)
        return images.to(self.device), targets.to(self.device)


def plot_augmentation(digits: Digits, name: str) -> Figure:
    """What the distortion `name` makes of one digit of each class, several times."""
    images = digits.images[digits.first_of_each_class()]
    batch = scaled(torch.from_numpy(images).unsqueeze(1))
    distort = get_augmentation(name)
    rows = {
        f"epoch {epoch}": distort(batch, generator(epoch, name)).numpy()[:, 0] for epoch in range(1, DRAWN_EPOCHS + 1)
    }
    return plots.plot_distortions(images, rows)


def _sample(digits: Digits) -> Digits:
    """The training digits that are measured after each epoch: every class has its share."""
    if len(digits) <= MEASURED_DIGITS:
        return digits
    return digits.take(stratified_split(digits.labels, MEASURED_DIGITS)[1])
