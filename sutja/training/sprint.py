"""Sprints: the shortest training to a mean test accuracy of 99.0 and of 99.5 % on an ordinary processor.

A training run can be followed, resumed and explained; a sprint is only fast. It keeps no records, measures nothing on
the way and may end in the middle of an epoch. The clock runs from before the network is built until the last weight is
set. After that, the test digits are read once.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import batches
from sutja.data.digits import Digits
from sutja.errors import SutjaError, unknown
from sutja.networks.fast.adamw import AdamW
from sutja.networks.fast.engine import accelerated, active_kernels
from sutja.networks.infer import EVALUATION_BATCH_SIZE, scaled, to_tensor
from sutja.networks.model import create
from sutja.randomness import derived_seed, generator
from sutja.reports.tables import Table, percent
from sutja.training.augment import get_augmentation

TEST_TIME_SHIFTS_PIXELS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))  # down and to the right
MIN_LEARNING_RATE_SHARE = 0.02  # of the peak


@dataclass(frozen=True)
class SprintRecipe:
    """How to train for speed, chosen on digits held back from the training set.

    `images` is the number of digits to train on, repetitions included. The learning rate rises linearly to its peak in
    the first `warm_up` of them, a share, and then falls linearly. Each batch is shifted as a whole by up to `shift`
    pixels in each direction, at almost no cost; `augmentation` distorts each digit individually.
    """

    network: str
    images: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.01
    shift: int = 0
    augmentation: str = "none"
    warm_up: float = 0.25


SPRINTS: dict[str, SprintRecipe] = {  # target mean test accuracy in percent → recipe
    "99.0": SprintRecipe("sprint", images=90_000, batch_size=256, learning_rate=0.04, shift=1),
    "99.5": SprintRecipe("sprint-wide", images=600_000, batch_size=256, learning_rate=0.03, augmentation="affine"),
}


@dataclass(frozen=True)
class Sprint:
    """The result of one seed: seconds of training and accuracy on the test digits, in [0, 1]."""

    seed: int
    seconds: float
    accuracy: float


@dataclass(frozen=True)
class SprintSummary:
    """Results over `seeds`: mean accuracy, standard deviation, 95 % interval (`None` for one seed), median seconds."""

    seeds: int
    accuracy: float
    standard_deviation: float | None
    low: float | None
    high: float | None
    seconds: float


def get_sprint(target: str) -> SprintRecipe:
    """The recipe for a target in percent, like "99.0" or "99". Raises `UsageError` for an unknown target."""
    name = f"{target}.0" if target.isdecimal() else target
    if name not in SPRINTS:
        raise unknown("target", target, SPRINTS)
    return SPRINTS[name]


def sprint(recipe: SprintRecipe, train: Digits, test: Digits, seed: int) -> Sprint:
    """Train with one seed, timed, then read the test digits. Raises `SutjaError` when training diverges."""
    network, seconds = train_sprint(recipe, train, seed)
    right = predict_with_shifts(network, to_tensor(test)).argmax(1) == torch.from_numpy(test.labels)
    return Sprint(seed, seconds, right.double().mean().item())


def train_sprint(recipe: SprintRecipe, digits: Digits, seed: int) -> tuple[nn.Module, float]:
    """Train by a recipe; returns the network in evaluation mode and the seconds that it took.

    The same recipe, digits, seed, engine and number of threads give the same weights. Raises `SutjaError` when the
    final loss is not finite.
    """
    images, labels = to_tensor(digits), torch.from_numpy(digits.labels)
    start = time.perf_counter()
    network = create(recipe.network, seed=derived_seed(seed, "weights"))
    fast, kernels = accelerated(network), active_kernels()
    if fast is None:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward, optimiser = fast or network, AdamW(network.parameters(), weight_decay=recipe.weight_decay, kernels=kernels)
    augment, distortion = get_augmentation(recipe.augmentation), generator(seed, "distortion")
    loss = torch.zeros(())
    with kernels.alone() if fast and kernels else nullcontext():
        for number, chosen in enumerate(order(len(labels), recipe, seed)):
            progress = number * recipe.batch_size / recipe.images
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * schedule(progress, recipe.warm_up)
            shift = random_shift(recipe.shift, distortion)
            moved = kernels.gather(images, chosen, shift) if kernels else shifted(images, chosen, shift)
            loss = functional.cross_entropy(forward(augment(moved, distortion)), labels[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    seconds = time.perf_counter() - start
    if not math.isfinite(loss.item()):
        raise SutjaError(f"seed {seed}: the loss is {loss.item()} after {seconds:.1f} s: try another seed")
    return network.eval().to(memory_format=torch.contiguous_format), seconds  # type: ignore[call-overload]


def order(length: int, recipe: SprintRecipe, seed: int) -> list[Tensor]:
    """The batches of a sprint as indices of `length` digits: each digit once an epoch, the last epoch truncated."""
    epochs = range(math.ceil(recipe.images / length))
    shuffled = torch.cat([torch.randperm(length, generator=generator(seed, "order", epoch)) for epoch in epochs])
    return [shuffled[part] for part in batches(recipe.images, recipe.batch_size)]


def random_shift(max_pixels: int, generator: torch.Generator) -> list[int]:
    """A random number of pixels down and to the right, each from `-max_pixels` to `max_pixels`."""
    return torch.randint(-max_pixels, max_pixels + 1, (2,), generator=generator).tolist()


def shifted(images: Tensor, indices: Tensor, shift: Sequence[int]) -> Tensor:
    """The images at `indices` of `uint8 (M, 1, H, W)`, as `float32` in [0, 1], shifted as a whole, as `gather` does."""
    chosen = scaled(images.index_select(0, indices))
    return torch.roll(chosen, tuple(shift), (2, 3)) if any(shift) else chosen


def schedule(progress: float, warm_up: float) -> float:
    """The learning rate at `progress` in [0, 1) as a share of its peak: it rises linearly, then falls linearly."""
    share = progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)
    return max(MIN_LEARNING_RATE_SHARE, share)


def predict_with_shifts(network: nn.Module, images: Tensor) -> Tensor:
    """Test-time augmentation: mean probabilities `(N, 10)` over `uint8 (N, 1, 28, 28)` images and their shifts.

    Each image is shifted by one pixel in each of four directions. The result of an image does not depend on the others,
    so this is part of the classifier and uses no knowledge of the test set.
    """
    forward = accelerated(network) or network
    with torch.inference_mode():
        return torch.cat(
            [_predict(forward, scaled(images[part])) for part in batches(len(images), EVALUATION_BATCH_SIZE)]
        )


def _predict(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    shifted = [network(torch.roll(images, shift, (2, 3))).softmax(1) for shift in TEST_TIME_SHIFTS_PIXELS]
    return torch.stack(shifted).mean(0)


def summarise(sprints: Sequence[Sprint]) -> SprintSummary:
    """Combine the seeds of one target; the interval is Student's t-interval of the mean accuracy."""
    from scipy.stats import t

    accuracies = [each.accuracy for each in sprints]
    mean, seconds = statistics.mean(accuracies), statistics.median(each.seconds for each in sprints)
    if len(sprints) == 1:
        return SprintSummary(1, mean, None, None, None, seconds)
    deviation = statistics.stdev(accuracies)
    half = float(t.ppf(0.975, len(sprints) - 1)) * deviation / math.sqrt(len(sprints))
    return SprintSummary(len(sprints), mean, deviation, mean - half, mean + half, seconds)


def sprint_table(summaries: dict[str, SprintSummary]) -> Table:
    """Sprints by target in percent: mean accuracy with its interval, and median seconds."""
    rows = [
        [
            f"{target} %",
            str(each.seeds),
            percent(each.accuracy, 3),
            "–" if each.standard_deviation is None else f"{100 * each.standard_deviation:.3f}",
            "–" if each.low is None or each.high is None else f"{100 * each.low:.3f} – {100 * each.high:.3f} %",
            f"{each.seconds:.2f} s",
        ]
        for target, each in summaries.items()
    ]
    return Table(["target", "seeds", "mean accuracy", "standard deviation", "95 % interval", "median time"], rows)
