"""Training: `Training.fit` yields one record an epoch, and everything needed to stop and go on lies between two.

Each source of randomness (initial weights, order of the digits, distortions, dropout) has a seed of its own, derived
from the recipe's seed and the epoch. So nothing random has to be kept to resume, and a resumed run ends with the same
weights, to the bit, as one that was never stopped (same machine, same number of threads).
"""

from __future__ import annotations

import copy
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from sutja.data.dataset import Splits, batches, stratified_split
from sutja.data.digits import Digits
from sutja.errors import SutjaError, UsageError, unknown
from sutja.networks.build import build_network
from sutja.randomness import derived_seed, generator, seeded
from sutja.recipe import Recipe
from sutja.training.augment import get_augmentation
from sutja.training.distillation import Lessons, distillation_loss
from sutja.training.hard_examples import Focus
from sutja.training.muon import Muon

EVALUATION_BATCH = 500  # fits the cache of an ordinary CPU; larger ones are slower
TRAINING_SAMPLE = 10_000  # training digits on which loss and accuracy are measured after each epoch: as many as in test
DEVICES = ("auto", "cpu", "cuda", "mps")
WARM_UP = 0.25  # part of the steps in which the one-cycle schedule climbs


@dataclass(frozen=True)
class Epoch:
    """One row of a run's curves. Losses are mean cross-entropies in nats, accuracies lie in [0, 1].

    All are measured after the epoch, without dropout and distortion, with the weights that would be kept: the averaged
    ones where the recipe averages. `train_…` is measured on 10,000 training digits, always the same ones. What the
    protocol of the recipe does not look at after an epoch is `None`. `seconds` counts from the start of the training,
    interruptions left out; `learning_rate` is that of the last step.
    """

    epoch: int
    seconds: float
    images_per_second: float
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None


class Schooling(ABC):
    """What every training has in common: epochs, records, the average of the weights, stopping and going on."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        """Raises `UsageError` when the recipe or `device` names something that is not there."""
        self.recipe = recipe
        self.device = choose_device(device)
        # Channels last: a third faster on CPUs.
        network = build_network(recipe, seed=derived_seed(recipe.seed, "weights"))
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = _optimiser(recipe, self.network)
        self.average = AveragedModel(self.network, multi_avg_fn=_averaging(recipe.ema)) if recipe.ema else None
        self.records: list[Epoch] = []
        self.best: dict[str, Any] | None = None  # with patience: weights of the epoch with the best validation loss

    @property
    @abstractmethod
    def images_per_epoch(self) -> int:
        """The number of examples in an epoch."""

    @abstractmethod
    def _train_epoch(self, number: int, on_batch: Callable[[int], None]) -> float:
        """Train for one epoch; returns the last learning rate."""

    @abstractmethod
    def _measure(self) -> dict[str, tuple[float, float]]:
        """Loss and accuracy of the weights that would be kept on each measured part."""

    def fit(self, on_batch: Callable[[int], None] = lambda images: None) -> Iterator[Epoch]:
        """Train the epochs that are left and yield the record of each; `on_batch` hears how many images were trained.

        Raises `SutjaError` when the loss is not finite.
        """
        while not self.finished:
            start = time.perf_counter()
            number = len(self.records)
            with seeded(derived_seed(self.recipe.seed, "dropout", number)):
                learning_rate = self._train_epoch(number, on_batch)
            rate = self.images_per_epoch / (time.perf_counter() - start)
            measured = self._measure()
            if not all(math.isfinite(loss) for loss, _ in measured.values()):
                raise self._diverged(measured["train"][0], learning_rate)
            results = {f"{name}_loss": loss for name, (loss, _) in measured.items()}
            results |= {f"{name}_accuracy": accuracy for name, (_, accuracy) in measured.items()}
            seconds = time.perf_counter() - start + (self.records[-1].seconds if self.records else 0)
            record = Epoch(number + 1, seconds, rate, learning_rate, **results)
            self.records.append(record)
            if self.recipe.patience and record.epoch == self.best_epoch:
                self.best = copy.deepcopy(self.kept.state_dict())
            yield record

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or as many as `patience` allows have passed without a better one."""
        done = len(self.records)
        waited = self.recipe.patience and done - self.best_epoch >= self.recipe.patience
        return done >= self.recipe.epochs or bool(done and waited)

    @property
    def best_epoch(self) -> int:
        """The epoch with the smallest validation loss; 0 before the first."""
        losses = [record.validation_loss for record in self.records if record.validation_loss is not None]
        return losses.index(min(losses)) + 1 if losses else 0

    @property
    def kept(self) -> nn.Module:
        """The network that is measured and, after the last epoch, kept: the average where there is one."""
        return self.average.module if self.average else self.network

    def result(self) -> nn.Module:
        """The trained network, on the CPU, in evaluation mode: of the best epoch with `patience`, else of the last."""
        network = copy.deepcopy(self.kept).to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        if self.best is not None:
            network.load_state_dict(self.best)
        return network.eval()  # type: ignore[no-any-return]

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs to go on after the last finished epoch."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "best": self.best,
            "records": [vars(record) for record in self.records],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to where `state_dict` was taken, with the same recipe.

        Raises `ValueError` and the errors of PyTorch when the state is not of this training.
        """
        records = [Epoch(**record) for record in state["records"]]
        values = [value for record in records for value in vars(record).values()]
        finite = all(math.isfinite(value) for value in values if value is not None)
        if len(records) > self.recipe.epochs or not finite:
            raise ValueError("records that this recipe cannot have")
        _check_optimiser_state(self.optimiser, state["optimiser"])
        if state["best"] is not None:
            copy.deepcopy(self.kept).load_state_dict(state["best"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.best = state["best"]
        self.records = records

    def _step(self, loss: Tensor, largest: float = math.inf) -> None:
        """One step of the optimiser against the gradient of `loss`, which is cut to the norm `largest`."""
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if largest < math.inf:
            nn.utils.clip_grad_norm_(self.network.parameters(), largest)
        self.optimiser.step()
        if self.average:
            self.average.update_parameters(self.network)

    def _set_learning_rate(self, progress: float) -> float:
        """Set and return the learning rate at `progress` in [0, 1) of the whole training."""
        learning_rate = scheduled(self.recipe, progress)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        return learning_rate

    def _diverged(self, loss: float, learning_rate: float) -> SutjaError:
        return SutjaError(
            f"{self.recipe.name}: the loss is {loss} in epoch {len(self.records) + 1} at the learning rate "
            f"{learning_rate:.3g}: try a smaller one, for example --set learning_rate={learning_rate / 4:.2g}"
        )


class Training(Schooling):
    """A network in training: from a recipe and digits, epoch by epoch, to finished weights."""

    def __init__(self, recipe: Recipe, splits: Splits, *, device: str = "auto", lessons: Lessons | None = None) -> None:
        """`lessons` are those of the recipe's teacher on the digits to train on.

        Raises `UsageError` when the recipe or `device` names something that is not there.
        """
        super().__init__(recipe, device)
        self.augment = get_augmentation(recipe.augmentation)
        self.lessons = lessons
        shown = {} if recipe.protocol == "final" else splits.judged
        self._measured = {"train": _on_device(_sample(splits.train), self.device)}
        self._measured |= {name: _on_device(digits, self.device) for name, digits in shown.items()}
        self._images, self._labels = _on_device(splits.train, self.device)
        self.focus = Focus(len(self._labels), recipe.focus, self.device) if recipe.focus > 1 else None
        self.precision = precision_on(self.device, recipe.precision)

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs to go on after the last finished epoch."""
        return {**super().state_dict(), "focus": self.focus.state_dict() if self.focus else None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to where `state_dict` was taken, with the same recipe.

        Raises `ValueError` and the errors of PyTorch when the state is not of this training.
        """
        super().load_state_dict(state)
        if self.focus:
            self.focus.load_state_dict(state["focus"])

    @property
    def images_per_epoch(self) -> int:
        """The number of training digits."""
        return len(self._labels)

    def _measure(self) -> dict[str, tuple[float, float]]:
        return {name: measure(self.kept, *digits) for name, digits in self._measured.items()}

    def _train_epoch(self, number: int, on_batch: Callable[[int], None]) -> float:
        """Train on every digit once, with `focus` on some more often than on others; returns the last learning rate."""
        recipe = self.recipe
        order = self._order(generator(recipe.seed, "order", number)).to(self.device)
        distortion = generator(recipe.seed, "distortion", number)
        images, answers = self._lesson(number)
        steps = math.ceil(len(order) / recipe.batch_size)
        loss = torch.zeros(())
        learning_rate = 0.0
        self.network.train()
        for step, part in enumerate(batches(len(order), recipe.batch_size)):
            learning_rate = self._set_learning_rate((number * steps + step) / (recipe.epochs * steps))
            chosen = order[part]
            batch = self.augment(scaled(images[chosen]), distortion)
            loss = self._train_batch(batch, chosen, None if answers is None else answers[chosen])
            on_batch(len(batch))
            # Looking at the loss waits for it; on a GPU that would stop the queue, so not at every step.
            if step % 50 == 0 and not math.isfinite(loss.item()):
                break
        if not math.isfinite(loss.item()):
            raise self._diverged(loss.item(), learning_rate)
        return learning_rate

    def _order(self, source: torch.Generator) -> Tensor:
        """Which digits come one after the other in an epoch, `int64 (N,)`."""
        return self.focus.order(source) if self.focus else torch.randperm(len(self._labels), generator=source)

    def _lesson(self, number: int) -> tuple[Tensor, Tensor | None]:
        """The digits of an epoch and what the teacher answers to them, where there is one."""
        if self.lessons is None:
            return self._images, None
        images, answers = self.lessons.view(number)
        return images.to(self.device), answers.to(self.device)

    def _train_batch(self, images: Tensor, chosen: Tensor, answers: Tensor | None) -> Tensor:
        """One step of the optimiser, with distorted images of the digits `chosen`; returns the loss before it."""
        labels = self._labels[chosen]
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            logits = self.network(images.contiguous(memory_format=torch.channels_last)).float()
        if self.focus:
            self.focus.learn(chosen, functional.cross_entropy(logits.detach(), labels, reduction="none"))
        loss = functional.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
        if answers is not None:
            loss = torch.lerp(loss, distillation_loss(logits, answers, self.recipe.softness), self.recipe.teaching)
        self._step(loss)
        return loss.detach()


def _optimiser(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    parameters = network.parameters()
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    if recipe.optimiser == "muon":
        return Muon(parameters, recipe.learning_rate, recipe.weight_decay)
    return torch.optim.SGD(
        parameters, recipe.learning_rate, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay
    )


def _check_optimiser_state(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Raises `ValueError` when a moment has not the shape of its parameter: PyTorch would read beyond its end."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for number, moments in state["state"].items():
        for moment in moments.values():
            if isinstance(moment, Tensor) and moment.dim() and moment.shape != parameters[number].shape:
                raise ValueError("an optimiser's moment of another shape than its parameter")


def _averaging(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """An exponential moving average that remembers less at the start, so that it soon leaves the initial weights."""

    @torch.no_grad()
    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        share = max(1 - decay, 9 / (10 + int(steps)))
        for mean, weight in zip(averaged, current, strict=True):
            mean.lerp_(weight, share)

    return average


def scheduled(recipe: Recipe, progress: float) -> float:
    """The learning rate at `progress` in [0, 1) of the whole training.

    "one-cycle" climbs from 1/25 of the peak and falls to nearly nothing, both along a cosine (L. Smith, "Super-
    convergence", 2017); "cosine" only falls; "constant" stays.
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if recipe.schedule == "one-cycle" and progress < WARM_UP:
        climbed = (1 - math.cos(math.pi * progress / WARM_UP)) / 2
        return recipe.learning_rate * (1 / 25 + (1 - 1 / 25) * climbed)
    start = WARM_UP if recipe.schedule == "one-cycle" else 0
    return recipe.learning_rate * (1 + math.cos(math.pi * (progress - start) / (1 - start))) / 2


def measure(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of a network on `uint8 (N, 1, 28, 28)` images."""
    logits = infer(network, images)
    loss = functional.cross_entropy(logits, labels).item()
    return loss, (logits.argmax(1) == labels).float().mean().item()


def infer(network: nn.Module, images: Tensor) -> Tensor:
    """The logits `(N, 10)` of `uint8 (N, 1, 28, 28)` images, in evaluation mode; the mode is put back afterwards."""
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        logits = torch.cat([network(scaled(images[part])) for part in batches(len(images), EVALUATION_BATCH)])
    network.train(was_training)
    return logits


def scaled(images: Tensor) -> Tensor:
    """Images `uint8 (N, 1, 28, 28)` as `float32` in [0, 1]."""
    return images.float().div_(255)


def to_tensor(digits: Digits) -> Tensor:
    """The images of some digits as `uint8 (N, 1, 28, 28)`."""
    return torch.from_numpy(digits.images).unsqueeze(1)


def _on_device(digits: Digits, device: torch.device) -> tuple[Tensor, Tensor]:
    return to_tensor(digits).to(device), torch.from_numpy(digits.labels).to(device)


def _sample(digits: Digits) -> Digits:
    if len(digits) <= TRAINING_SAMPLE:
        return digits
    return digits.take(stratified_split(digits.labels, TRAINING_SAMPLE)[1])


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" takes a GPU where there is one. Raises `UsageError` when it is not there."""
    if name not in DEVICES:
        raise unknown("device", name, DEVICES)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[name]:
        raise UsageError(f"device {name}: there is none on this machine; --device auto takes what there is")
    return torch.device(name)


def precision_on(device: torch.device, name: str) -> torch.dtype:
    """The type in which a training of that precision computes: bfloat16 only where the device has instructions for it.

    Elsewhere it would be several times slower than float32, not faster.
    """
    native = {"cpu": torch.cpu.get_capabilities().get("avx512_bf16", False), "cuda": True, "mps": False}
    return torch.bfloat16 if name == "bfloat16" and native[device.type] else torch.float32
