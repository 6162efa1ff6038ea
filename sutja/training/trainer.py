"""Training: `Trainer.fit` yields one record per epoch; between two epochs it can stop and resume.

Each source of randomness (initial weights, order of the digits, distortions, dropout) has a seed of its own, derived
from the recipe's seed and the epoch. No random state has to be kept, and a resumed run ends with the same weights, to
the bit, as one that was never stopped (same machine, same number of threads).
"""

from __future__ import annotations

import copy
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from sutja.data.dataset import Splits
from sutja.data.digits import CLASS_COUNT, Labels
from sutja.errors import SutjaError
from sutja.evaluation.calibration import Calibration
from sutja.evaluation.figures import Figures
from sutja.evaluation.metrics import Logits, Report
from sutja.networks.build import build_network
from sutja.networks.device import choose_device, precision_on
from sutja.networks.fast.adamw import AdamW
from sutja.networks.fast.engine import accelerated, active_kernels
from sutja.networks.fast.library import Kernels, is_plain
from sutja.randomness import derived_seed, seeded
from sutja.recipe import Recipe
from sutja.reports.html import Section
from sutja.runs.epoch import Epoch
from sutja.runs.report import FineTuningReport
from sutja.runs.run import Run
from sutja.training.muon import Muon

STEPS_PER_CHECK = 50  # steps between two looks at whether the loss is finite
WARM_UP_SHARE = 0.25  # part of the steps in which the one-cycle schedule climbs
BatchT = TypeVar("BatchT", bound=Sized)
Optimiser = AdamW | torch.optim.Optimizer


@dataclass(frozen=True)
class Evaluation:
    """What a trained network reaches on each evaluated part, "validation" or "test".

    `summary` says in a clause how well the last part is read. `logits` and `labels` of each part go into `logits.npz`
    and are empty where lines are read; the rest goes into `report.json` (see `RunReport`).
    """

    summary: str
    figures: dict[str, Report | Figures]
    logits: dict[str, Logits] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)
    temperature: float | None = None
    calibration: Calibration | None = None
    min_confidence: float | None = None
    finetuning: FineTuningReport | None = None


class Trainer(ABC, Generic[BatchT]):
    """Trains one network: epochs, records, averaged weights, stopping and resuming.

    A subclass says what a batch is and what the loss on it is; and of the trained network how well it reads, how it is
    exported, and what its report shows.
    """

    max_gradient_norm = math.inf  # longer gradients are clipped
    computes_fast = False  # whether the kernels of `networks/fast` may compute the network
    class_count = CLASS_COUNT  # of a network for single digits
    max_final_loss = math.inf  # a training that ends with more has not learned

    def __init__(self, recipe: Recipe, device: str) -> None:
        """Raises `UsageError` when the recipe or `device` names something that is not there."""
        self.recipe = recipe
        self.device = choose_device(device)
        self.precision = precision_on(self.device, recipe.precision)
        network = self._build_network(derived_seed(recipe.seed, "weights")).to(self.device)
        fast = accelerated(network) if self.computes_fast and self.precision == torch.float32 else None
        self.kernels = active_kernels() if fast else None
        if fast is None:  # channels last: a third faster on CPUs
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        self.forward = fast or network  # computes the network
        self.optimiser = _optimiser(recipe, self.network, self.kernels)
        decay = recipe.ema_decay
        self.average = AveragedModel(self.network, multi_avg_fn=_averaging(decay, self.kernels)) if decay else None
        self.records: list[Epoch] = []
        self.best: dict[str, Any] | None = None  # with patience: the weights of the best epoch

    def _build_network(self, seed: int) -> nn.Module:
        """The untrained network."""
        return build_network(self.recipe, seed=seed, class_count=self.class_count)

    @property
    @abstractmethod
    def examples_per_epoch(self) -> int:
        """The number of examples in an epoch."""

    @property
    @abstractmethod
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""

    @abstractmethod
    def batches(self, epoch: int) -> Iterator[BatchT]:
        """Yield the batches of an epoch, counted from 0."""

    @abstractmethod
    def loss_on_batch(self, batch: BatchT) -> Tensor:
        """The loss on a batch, a scalar with its gradient."""

    @abstractmethod
    def measure(self) -> dict[str, tuple[float, float]]:
        """Mean loss and accuracy of the averaged weights on "train" and what else the protocol measures."""

    @abstractmethod
    def evaluate(self, network: nn.Module, splits: Splits) -> Evaluation:
        """Evaluate the trained network on validation and test digits, as far as the protocol goes."""

    @abstractmethod
    def export(self, network: nn.Module, path: Path, splits: Splits) -> float:
        """Write the trained network as an ONNX file; returns the largest difference of a logit from PyTorch's."""

    @abstractmethod
    def sections(self, run: Run, network: nn.Module, splits: Splits, evaluation: Evaluation) -> list[Section]:
        """Draw the figures of the run, and put them into the sections of its report."""

    def provenance(self) -> dict[str, Any]:
        """What `environment.json` records beside versions and data; the precision is the one that was computed in."""
        precision = str(self.precision).removeprefix("torch.")
        engine = "fast" if self.kernels else "torch"
        return {
            "device": str(self.device),
            "threads": torch.get_num_threads(),
            "precision": precision,
            "engine": engine,
        }

    def autocast(self) -> torch.autocast:
        """A context in which the network computes in the precision of the recipe, where the device has it."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)

    def _enter_training_mode(self) -> None:
        self.network.train()

    def _train_epoch(self, epoch: int, on_batch: Callable[[int], None]) -> float:
        """Train on the batches of an epoch, counted from 0; returns the last learning rate."""
        steps, loss, learning_rate = self.steps_per_epoch, torch.zeros(()), 0.0
        self._enter_training_mode()
        for step, batch in enumerate(self.batches(epoch)):
            learning_rate = self._set_learning_rate((epoch * steps + step) / (self.recipe.epochs * steps))
            loss = self.loss_on_batch(batch)
            self._step(loss)
            on_batch(len(batch))
            # Looking at the loss waits for it; on a GPU that would stall the queue, so not at every step.
            if step % STEPS_PER_CHECK == 0 and not math.isfinite(loss.item()):
                break
        if not math.isfinite(loss.item()):
            raise self._diverged(loss.item(), learning_rate)
        return learning_rate

    def fit(self, on_batch: Callable[[int], None] = lambda images: None) -> Iterator[Epoch]:
        """Train the remaining epochs and yield the record of each; `on_batch` is called with the size of each batch.

        Raises `SutjaError` when the loss is not finite, or still absurd after the last epoch.
        """
        while not self.finished:
            start = time.perf_counter()
            number = len(self.records)
            alone = self.kernels.alone() if self.kernels else nullcontext()
            with alone, seeded(derived_seed(self.recipe.seed, "dropout", number)):
                learning_rate = self._train_epoch(number, on_batch)
            rate = self.examples_per_epoch / (time.perf_counter() - start)
            measured = self.measure()
            if not all(math.isfinite(loss) for loss, _ in measured.values()):
                raise self._diverged(measured["train"][0], learning_rate)
            results = {f"{name}_loss": loss for name, (loss, _) in measured.items()}
            results |= {f"{name}_accuracy": accuracy for name, (_, accuracy) in measured.items()}
            seconds = time.perf_counter() - start + (self.records[-1].seconds if self.records else 0)
            record = Epoch(number + 1, seconds, rate, learning_rate, **results)
            self.records.append(record)
            if self.recipe.patience and record.epoch == self.best_epoch:
                self.best = copy.deepcopy(self.averaged.state_dict())
            yield record
        if self.records[-1].train_loss > self.max_final_loss:
            raise self._has_not_learned()

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or `patience` epochs have brought no better validation loss."""
        done = len(self.records)
        waited = self.recipe.patience and done - self.best_epoch >= self.recipe.patience
        return done >= self.recipe.epochs or bool(done and waited)

    @property
    def best_epoch(self) -> int:
        """The epoch with the smallest validation loss; 0 before the first."""
        losses = [record.validation_loss for record in self.records if record.validation_loss is not None]
        return losses.index(min(losses)) + 1 if losses else 0

    @property
    def averaged(self) -> nn.Module:
        """The network that is measured and kept, with averaged weights where the recipe averages them."""
        return self.average.module if self.average else self.network

    def result(self) -> nn.Module:
        """The trained network, on the CPU, in evaluation mode: of the best epoch with `patience`, else of the last."""
        network = copy.deepcopy(self.averaged).to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        if self.best is not None:
            network.load_state_dict(self.best)
        return network.eval()  # type: ignore[no-any-return]

    def state_dict(self) -> dict[str, Any]:
        """The state after the last finished epoch, for `load_state_dict`."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "best": self.best,
            "records": [vars(record) for record in self.records],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume where `state_dict` was taken, with the same recipe.

        Raises `ValueError` and PyTorch's own errors for the state of another training.
        """
        records = [Epoch(**record) for record in state["records"]]
        values = [value for record in records for value in vars(record).values()]
        finite = all(math.isfinite(value) for value in values if value is not None)
        if len(records) > self.recipe.epochs or not finite:
            raise ValueError("records that this recipe cannot have")
        _check_optimiser_state(self.optimiser, state["optimiser"])
        if state["best"] is not None:
            copy.deepcopy(self.averaged).load_state_dict(state["best"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.best = state["best"]
        self.records = records

    def _step(self, loss: Tensor) -> None:
        """Take one step of the optimiser against the gradient of `loss`."""
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self.max_gradient_norm < math.inf:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.max_gradient_norm)
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
            f"{learning_rate:.3g}: {_smaller(learning_rate)}"
        )

    def _has_not_learned(self) -> SutjaError:
        last = self.records[-1]
        return SutjaError(
            f"{self.recipe.name}: has not learned: after epoch {last.epoch} the training loss is {last.train_loss:.4g} "
            f"and the accuracy {last.train_accuracy:.1%}: {_smaller(self.recipe.learning_rate)}"
        )


def _smaller(learning_rate: float) -> str:
    return f"try a smaller learning rate, for example --set learning_rate={learning_rate / 4:.2g}"


def _optimiser(recipe: Recipe, network: nn.Module, kernels: Kernels | None) -> Optimiser:
    parameters = network.parameters()
    if recipe.optimiser == "adamw":
        return AdamW(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay, kernels=kernels)
    if recipe.optimiser == "muon":
        return Muon(parameters, recipe.learning_rate, recipe.weight_decay)
    return torch.optim.SGD(
        parameters, recipe.learning_rate, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay
    )


def _check_optimiser_state(optimiser: Optimiser, state: dict[str, Any]) -> None:
    """Raises `ValueError` when a moment has not the shape of its parameter: PyTorch would read beyond its end."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for number, moments in state["state"].items():
        for moment in moments.values():
            if isinstance(moment, Tensor) and moment.dim() and moment.shape != parameters[number].shape:
                raise ValueError("an optimiser's moment of another shape than its parameter")


def _averaging(
    decay: float, kernels: Kernels | None
) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """An exponential moving average that remembers less at the start, so that it soon leaves the initial weights."""

    @torch.no_grad()
    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        share = max(1 - decay, 9 / (10 + int(steps)))
        if kernels and all(map(is_plain, [*averaged, *current])):
            kernels.average(averaged, current, share)
        else:
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
    if recipe.schedule == "one-cycle" and progress < WARM_UP_SHARE:
        climbed = (1 - math.cos(math.pi * progress / WARM_UP_SHARE)) / 2
        return recipe.learning_rate * (1 / 25 + (1 - 1 / 25) * climbed)
    start = WARM_UP_SHARE if recipe.schedule == "one-cycle" else 0
    return recipe.learning_rate * (1 + math.cos(math.pi * (progress - start) / (1 - start))) / 2
