"""Teach a trained network a few corrected digits without letting it forget the others.

Each batch is partly corrected digits, distorted anew each time, partly MNIST's digits in the style of these
(`style.py`), and partly MNIST's in all lights and the hardest of MNIST's as they are. On the last two the network as it
was is its own teacher (Z. Li and D. Hoiem, "Learning without forgetting", 2016): it may change where it was wrong, and
is held where it was right. The statistics of batch normalisation stay those of its first training, for a few digits
have none.

If it reads MNIST's digits worse in the end all the same, it goes back towards what it was, weight by weight
(M. Wortsman et al., "Robust fine-tuning of zero-shot models", 2022), until it does not. That is found with training
digits, which it once knew by heart: the test digits have no part in it.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Splits, stratified_split
from sutja.data.digits import Digits
from sutja.errors import UsageError
from sutja.randomness import derived_seed, generator
from sutja.recipe import CORRECTED, GIVEN, Recipe
from sutja.training.augment import get_augmentation
from sutja.training.distillation import distillation_loss
from sutja.training.finetuning.writer_style import Style
from sutja.training.trainer import Training, infer, scaled, to_tensor

BATCHES_AN_EPOCH = 50
TRIED = 20_000  # training digits by which it is found how much was forgotten
HALVINGS = 5
SURELY = 0.999
MOST_FORGOTTEN = 0.0005  # of the tried digits: so many more may be read wrongly than before
STYLED = 6000  # training digits that are written in the style of the corrected ones
HARD = 2000  # digits, of those that are not tried the hardest to read; every batch has some of them
HELD = 3  # how many other digits of a batch one that must not be forgotten counts as much as
KEPT_AUGMENTATION = "robust"  # of MNIST's digits: what the network is held to, it is held to in all lights


@dataclass(frozen=True, eq=False)
class Start:
    """A trained network to begin with: its name, the SHA-256 of its weights, and what it was trained by and on.

    `temperature` divides its logits where probabilities are made of them.
    """

    name: str
    sha256: str
    recipe: Recipe
    data_sha256: str
    network: nn.Module
    temperature: float


@dataclass(frozen=True, eq=False)
class Task:
    """Teach a network of before, `start`, the digits `corrected` of the folder `name`."""

    start: Start
    name: str
    corrected: Digits

    @property
    def sha256(self) -> str:
        """The checksum of the corrected pixels and labels."""
        digest = hashlib.sha256(self.corrected.images.tobytes())
        digest.update(self.corrected.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    def recipe(self, settings: dict[str, str] | None = None) -> Recipe:
        """The recipe for it, with some fields set from words.

        The protocol is that of the network of before: validation digits that it has seen judge nothing. Raises
        `UsageError` for settings that cannot be.
        """
        values: dict[str, Any] = {
            "model": self.start.recipe.model,
            "protocol": self.start.recipe.protocol,
            "start": f"{self.start.name}@{self.start.sha256}",
            "corrections": f"{self.name}-{len(self.corrected)}@{self.sha256}",
        }
        for field in settings or {}:
            if field in (*GIVEN, "teacher", "focus", "precision"):
                raise UsageError(f"{field} cannot be set with --from: it is as the network that it begins with has it")
        return dataclasses.replace(CORRECTED.with_settings(settings or {}), **values)

    def describe(self) -> dict[str, Any]:
        """What a run remembers of it."""
        return {
            "start": {"name": self.start.name, "sha256": self.start.sha256, "recipe": vars(self.start.recipe)},
            "corrections": {"name": self.name, "digits": len(self.corrected), "sha256": self.sha256},
        }

    def before_and_after(self, network: nn.Module, splits: Splits, after: dict[str, int]) -> dict[str, dict[str, int]]:
        """How many digits the network of before and `network` read wrongly: of the corrected ones and each part.

        `after` has the errors of `network` on each part.
        """
        parts = {"corrections": self.corrected, **splits.judged}
        after = {"corrections": _errors(network, self.corrected), **after}
        return {
            part: {"count": len(digits), "before": _errors(self.start.network, digits), "after": after[part]}
            for part, digits in parts.items()
        }


class Correcting(Training):
    """A trained network that is taught a `Task`. An epoch is 50 batches; `train_…` is measured on the corrections."""

    def __init__(self, recipe: Recipe, splits: Splits, task: Task, *, device: str = "auto") -> None:
        """Raises `UsageError` when the recipe or `device` names something that is not there."""
        super().__init__(recipe, splits, device=device)
        self.task = task
        for network in (self.network, self.kept):
            network.load_state_dict(task.start.network.state_dict())
        self._teacher = copy.deepcopy(self.network).eval()
        self._corrected = (
            to_tensor(task.corrected).to(self.device),
            torch.from_numpy(task.corrected.labels).to(self.device),
        )
        self._measured["train"] = self._corrected
        self.learned = 1.0  # the part of the way from the weights of before that is kept in the end
        self._tried, rest = _parted(splits.train, TRIED)
        hard, labels = _hardest(rest, task.start.network, HARD)
        self._hard = hard.to(self.device), labels.to(self.device)
        self._styled = self._in_style(Style(task.corrected, splits.train, task.start.network), splits.train)
        self._distort_kept = get_augmentation(KEPT_AUGMENTATION)

    def result(self) -> nn.Module:
        """The taught network, on the CPU, in evaluation mode: as much of what it learned as lets it forget nothing."""
        start, taught = self.task.start.network, super().result()
        before, after = (infer(each, to_tensor(self._tried)) for each in (start, taught))
        labels = torch.from_numpy(self._tried.labels)
        open_digits = self._tried.take(np.flatnonzero(~(_surely(before, labels) & _surely(after, labels)).numpy()))
        allowed = int((before.argmax(1) != labels).sum()) + MOST_FORGOTTEN * len(labels)
        self.learned, too_much = 0.0, 2.0  # the first to be tried is all of it
        for _ in range(HALVINGS):
            part = (self.learned + too_much) / 2
            if _errors(_between(start, taught, part), open_digits) <= allowed:
                self.learned = part
            else:
                too_much = part
            if self.learned == 1:
                break
        return _between(start, taught, self.learned)

    @property
    def images_per_epoch(self) -> int:
        """The number of digits in the batches of an epoch."""
        return BATCHES_AN_EPOCH * self.recipe.batch_size

    def _train_epoch(self, number: int, on_batch: Callable[[int], None]) -> float:
        recipe = self.recipe
        order, distortion = (generator(recipe.seed, purpose, number) for purpose in ("order", "distortion"))
        self.network.eval()
        loss, learning_rate = torch.zeros(()), 0.0
        for step in range(BATCHES_AN_EPOCH):
            progress = (number + step / BATCHES_AN_EPOCH) / recipe.epochs
            learning_rate = self._set_learning_rate(min(progress, 0.9999))
            loss = self._taught(order, distortion)
            self._step(loss)
            on_batch(recipe.batch_size)
        if not math.isfinite(loss.item()):
            raise self._diverged(loss.item(), learning_rate)
        return learning_rate

    def _taught(self, order: torch.Generator, distortion: torch.Generator) -> Tensor:
        """The loss on the next batch: corrected digits, and digits of MNIST with what the teacher says of them."""
        recipe, size = self.recipe, self.recipe.batch_size
        own = max(1, round(recipe.share * size))
        alike = round(recipe.styled * (size - own))
        corrected, labels = _drawn(*self._corrected, own, order)
        styled, styled_labels = _drawn(*self._styled, alike, order)
        kept, kept_labels = self._kept_digits(max(1, size - own - alike), order, distortion)
        with torch.no_grad():
            answers = functional.log_softmax(self._teacher(kept), 1)
        new = self.augment(torch.cat([corrected, styled]), distortion)
        batch = torch.cat([new, kept]).contiguous(memory_format=torch.channels_last)
        logits, kept_logits = self.network(batch).split([len(new), len(kept)])
        smoothing = recipe.label_smoothing
        learned = functional.cross_entropy(logits, torch.cat([labels, styled_labels]), label_smoothing=smoothing)
        held = functional.cross_entropy(kept_logits, kept_labels, label_smoothing=smoothing)
        held = torch.lerp(held, distillation_loss(kept_logits, answers, recipe.softness), recipe.teaching)
        return torch.lerp(held, learned, len(new) / (len(new) + HELD * len(kept)))

    def _in_style(self, style: Style, digits: Digits) -> tuple[Tensor, Tensor]:
        """Digits of MNIST as the writer would have written them, with their labels."""
        rng = np.random.default_rng(derived_seed(self.recipe.seed, "style"))
        styled = style.written(digits.take(rng.permutation(len(digits))[:STYLED]), rng)
        return to_tensor(styled).to(self.device), torch.from_numpy(styled.labels).to(self.device)

    def _kept_digits(self, count: int, order: torch.Generator, distortion: torch.Generator) -> tuple[Tensor, Tensor]:
        """Digits of MNIST in all lights, and as many hard ones as they are: what is forgotten first."""
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


def _surely(logits: Tensor, labels: Tensor) -> Tensor:
    """Which digits are read right without a doubt, `bool (N,)`; by all networks between two that do so, it is taken."""
    return logits.softmax(1).gather(1, labels[:, None]).squeeze(1) > SURELY


def _errors(network: nn.Module, digits: Digits) -> int:
    if not len(digits):
        return 0
    return int((infer(network, to_tensor(digits)).argmax(1).numpy() != digits.labels).sum())
