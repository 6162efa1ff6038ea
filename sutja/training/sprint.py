"""Sprints: the shortest training to a mean test accuracy of 99.0 and of 99.5 % on an ordinary processor.

A training run is made to be followed, resumed and explained; a sprint is made to be over. It keeps no records, measures
nothing on its way and may end in the middle of an epoch. The clock runs from before the network is built until the
last weight is set. The test digits are read once, after that.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import batches
from sutja.data.digits import Digits
from sutja.errors import SutjaError, unknown
from sutja.networks.infer import EVALUATION_BATCH_SIZE, scaled, to_tensor
from sutja.networks.model import create
from sutja.randomness import derived_seed, generator
from sutja.reports.tables import Table, percent
from sutja.training.augment import get_augmentation

VIEWS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))  # pixels down and to the right by which digits are shifted


@dataclass(frozen=True)
class SprintRecipe:
    """How to train for speed: everything that decides it, frozen on digits held back from the training set.

    `images` is how many digits are trained, counted each time. The learning rate climbs to its peak in the first
    `warm_up` of them and falls to nothing, both along a line. Each batch as a whole is shifted by up to `shift` pixels
    in each direction, which costs nearly nothing; `augmentation` distorts each digit in its own way.
    """

    network: str
    images: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.01
    shift: int = 0
    augmentation: str = "none"
    warm_up: float = 0.25


SPRINTS: dict[str, SprintRecipe] = {  # by the mean test accuracy that they aim at, in percent
    "99.0": SprintRecipe("sprint", images=90_000, batch_size=256, learning_rate=0.04, shift=1),
    "99.5": SprintRecipe("sprint-wide", images=600_000, batch_size=256, learning_rate=0.03, augmentation="affine"),
}


@dataclass(frozen=True)
class Sprint:
    """What one seed reached: the seconds of training and the accuracy on the test digits, in [0, 1]."""

    seed: int
    seconds: float
    accuracy: float


@dataclass(frozen=True)
class SprintSummary:
    """Several seeds together: mean accuracy, its deviation and 95 % interval, `None` for one seed; median seconds."""

    seeds: int
    accuracy: float
    deviation: float | None
    low: float | None
    high: float | None
    seconds: float


def get_sprint(target: str) -> SprintRecipe:
    """The frozen recipe for a target in percent, as "99.0" or "99". Raises `UsageError` when there is none."""
    name = f"{target}.0" if target.isdecimal() else target
    if name not in SPRINTS:
        raise unknown("target", target, SPRINTS)
    return SPRINTS[name]


def sprint(recipe: SprintRecipe, train: Digits, test: Digits, seed: int) -> Sprint:
    """Train with one seed against the clock, then read the test digits. Raises `SutjaError` when training diverges."""
    network, seconds = train_sprint(recipe, train, seed)
    right = read_shifted(network, to_tensor(test)).argmax(1) == torch.from_numpy(test.labels)
    return Sprint(seed, seconds, right.double().mean().item())


def train_sprint(recipe: SprintRecipe, digits: Digits, seed: int) -> tuple[nn.Module, float]:
    """A network trained by the recipe, in evaluation mode, and the seconds that it took.

    The same recipe, digits, seed and number of threads give the same weights. Raises `SutjaError` when the loss is not
    finite at the end.
    """
    images, labels = to_tensor(digits), torch.from_numpy(digits.labels)
    start = time.perf_counter()
    network = create(recipe.network, seed=derived_seed(seed, "weights")).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay, fused=True)
    augment, distortion = get_augmentation(recipe.augmentation), generator(seed, "distortion")
    loss = torch.zeros(())
    for number, chosen in enumerate(order(len(labels), recipe, seed)):
        progress = number * recipe.batch_size / recipe.images
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * schedule(progress, recipe.warm_up)
        batch = shifted(scaled(images.index_select(0, chosen)), recipe.shift, distortion)
        loss = functional.cross_entropy(network(augment(batch, distortion)), labels[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    seconds = time.perf_counter() - start
    if not math.isfinite(loss.item()):
        raise SutjaError(f"seed {seed}: the loss is {loss.item()} after {seconds:.1f} s: try another seed")
    return network.eval().to(memory_format=torch.contiguous_format), seconds


def order(length: int, recipe: SprintRecipe, seed: int) -> list[Tensor]:
    """The batches of a sprint as indices of `length` digits: each digit once an epoch, the last epoch cut short."""
    epochs = range(math.ceil(recipe.images / length))
    shuffled = torch.cat([torch.randperm(length, generator=generator(seed, "order", epoch)) for epoch in epochs])
    return [shuffled[part] for part in batches(recipe.images, recipe.batch_size)]


def shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """The whole batch shifted by one random number of pixels down and one to the right, from `-most` to `most`."""
    pixels = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    return torch.roll(images, pixels, (2, 3)) if any(pixels) else images


def schedule(progress: float, warm_up: float) -> float:
    """The share of the peak learning rate at `progress` in [0, 1): up along a line, down along a line."""
    return max(0.02, progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up))


def read_shifted(network: nn.Module, images: Tensor) -> Tensor:
    """Mean probabilities `(N, 10)` of `uint8 (N, 1, 28, 28)` images, read as they are and shifted by a pixel each way.

    Each image is read on its own, so this is a part of the classifier and no knowledge of the test set.
    """
    with torch.inference_mode():
        return torch.cat([_read(network, scaled(images[part])) for part in batches(len(images), EVALUATION_BATCH_SIZE)])


def _read(network: nn.Module, images: Tensor) -> Tensor:
    views = [network(torch.roll(images, shift, (2, 3))).softmax(1) for shift in VIEWS]
    return torch.stack(views).mean(0)


def summarise(sprints: Sequence[Sprint]) -> SprintSummary:
    """Bring the seeds of one target together; the interval is Student's, of the mean over all possible seeds."""
    from scipy.stats import t

    accuracies = [each.accuracy for each in sprints]
    mean, seconds = statistics.mean(accuracies), statistics.median(each.seconds for each in sprints)
    if len(sprints) == 1:
        return SprintSummary(1, mean, None, None, None, seconds)
    deviation = statistics.stdev(accuracies)
    half = float(t.ppf(0.975, len(sprints) - 1)) * deviation / math.sqrt(len(sprints))
    return SprintSummary(len(sprints), mean, deviation, mean - half, mean + half, seconds)


def sprint_table(spreads: dict[str, SprintSummary]) -> Table:
    """Sprints by their target in percent: mean accuracy with its interval, and median seconds."""
    rows = [
        [
            f"{target} %",
            str(spread.seeds),
            percent(spread.accuracy, 3),
            "–" if spread.deviation is None else f"{100 * spread.deviation:.3f}",
            "–" if spread.low is None or spread.high is None else f"{100 * spread.low:.3f} – {100 * spread.high:.3f} %",
            f"{spread.seconds:.2f} s",
        ]
        for target, spread in spreads.items()
    ]
    return Table(["target", "seeds", "mean accuracy", "standard deviation", "95 % interval", "median time"], rows)
