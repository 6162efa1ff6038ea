"""Distillation targets: a teacher's outputs on distorted training digits, from which smaller networks learn.

Running the teacher on every batch would make every training as slow as the teacher's own. Instead, each digit is
distorted a fixed number of times, always in the same ways, and the teacher's outputs on these views are stored once; a
student sees one view per epoch. Teacher and student must see the same distortion, over many epochs: L. Beyer, X. Zhai,
A. Royer, L. Markeeva, R. Anil and A. Kolesnikov, "Knowledge distillation: a good teacher is patient and consistent",
2022.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import batches
from sutja.data.digits import CLASS_COUNT, Images
from sutja.data.formats import READ_ERRORS
from sutja.data.formats.arrays import open_arrays
from sutja.environment import TargetsSource
from sutja.errors import DataError, UsageError
from sutja.files import whole_file
from sutja.randomness import generator
from sutja.training.augment import get_augmentation

DISTORTION_BATCH_SIZE = 500
TEACHER_BATCH_SIZE = 100  # activations of a large network fit the cache: twice as fast as 500
MIN_LOG_PROBABILITY = -100.0  # within the range of float16


@dataclass(frozen=True)
class DistillationTargets:
    """A teacher's `log_probabilities float16 (views, N, 10)` on distorted `images uint8 (N, 28, 28)`.

    `validation_unseen` says that the teacher was trained without the validation digits: only then may they evaluate a
    student. `chosen` are the indices of the digits to train on, in order; `None` stands for all.
    """

    log_probabilities: NDArray[np.float16]
    augmentation: str
    images: Images
    validation_unseen: bool
    chosen: NDArray[np.int64] | None = None

    def view(self, number: int) -> tuple[Tensor, Tensor]:
        """Digits `uint8 (n, 1, 28, 28)` and log-probabilities `float32 (n, 10)` of a view, modulo their number."""
        number %= len(self.log_probabilities)
        pixels = distorted(self.images, self.augmentation, number)
        log_probabilities = torch.from_numpy(self.log_probabilities[number])
        if self.chosen is not None:
            pixels, log_probabilities = pixels[self.chosen], log_probabilities[self.chosen]
        return pixels, log_probabilities.float()

    def describe(self) -> TargetsSource:
        """The record of the targets in a run's `environment.json`."""
        checksum = hashlib.sha256(self.log_probabilities.tobytes()).hexdigest()
        return TargetsSource(len(self.log_probabilities), self.augmentation, checksum)


def distorted(images: Images, augmentation: str, view: int) -> Tensor:
    """The digits of one view, `uint8 (N, 1, 28, 28)`: the same number always gives the same distortions."""
    distort, source = get_augmentation(augmentation), generator(0, "lesson", view)
    pixels = torch.from_numpy(images).unsqueeze(1)
    parts = [distort(pixels[part].float().div_(255), source) for part in batches(len(pixels), DISTORTION_BATCH_SIZE)]
    return torch.cat([part.mul_(255).round_().to(torch.uint8) for part in parts])


def distil(
    networks: Sequence[nn.Module], images: Images, augmentation: str, views: int
) -> Iterator[NDArray[np.float16]]:
    """Yield the targets `float16 (N, 10)` of each view of `images uint8 (N, 28, 28)`.

    They are the logarithm of the mean of the probabilities of all `networks`, which together are the teacher.
    """
    teachers = [_channels_last(network) for network in networks]
    for number in range(views):
        pixels = distorted(images, augmentation, number)
        parts = [_mean_log_probabilities(teachers, pixels[part]) for part in batches(len(pixels), TEACHER_BATCH_SIZE)]
        yield torch.cat(parts).clamp_(min=MIN_LOG_PROBABILITY).half().numpy()


def _channels_last(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode, in the memory format that is faster on CPUs."""
    return copy.deepcopy(network).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _mean_log_probabilities(networks: Sequence[nn.Module], pixels: Tensor) -> Tensor:
    images = pixels.float().div_(255).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        log_probabilities = torch.stack([functional.log_softmax(network(images), 1) for network in networks])
    return log_probabilities.logsumexp(0) - math.log(len(networks))


def save_targets(targets: DistillationTargets, path: Path) -> None:
    """Write targets as an `.npz` file, whole or not at all; it holds a checksum of the digits in their place."""
    values = {
        "augmentation": targets.augmentation,
        "digits": _sha256(targets.images),
        "validation_unseen": targets.validation_unseen,
    }
    arrays: dict[str, Any] = {name: np.array(value) for name, value in values.items()}
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, log_probabilities=targets.log_probabilities, **arrays)


def load_targets(path: Path, images: Images, class_count: int = CLASS_COUNT) -> DistillationTargets:
    """Load the targets that `save_targets` wrote for these `images` and this number of classes.

    Raises `UsageError` when there is no such file, `DataError` when it is damaged or belongs to other digits.
    """
    if not path.is_file():
        raise UsageError(
            f"{path}: no such distillation targets: `sutja distil` makes them from finished runs (see docs/protocol.md)"
        )
    try:
        with open_arrays(path) as arrays:
            values, augmentation = arrays["log_probabilities"], str(arrays["augmentation"])
            digits, validation_unseen = str(arrays["digits"]), bool(arrays["validation_unseen"])
    except (KeyError, *READ_ERRORS) as error:
        raise DataError(f"{path}: not distillation targets, or damaged: {error}") from error
    if values.dtype != np.float16 or values.shape[1:] != (len(images), class_count) or not np.isfinite(values).all():
        raise DataError(f"{path}: not distillation targets of {len(images):,} digits: {values.dtype} {values.shape}")
    if not len(values):
        raise DataError(f"{path}: distillation targets without views")
    if digits != _sha256(images):
        raise DataError(f"{path}: distillation targets of other digits than those to train on")
    return DistillationTargets(values, augmentation, images, validation_unseen)


def distillation_loss(logits: Tensor, targets: Tensor, temperature: float) -> Tensor:
    """The Kullback-Leibler divergence of a student's `logits (N, 10)` from a teacher's `targets (N, 10)`.

    `targets` are logits or log-probabilities; `temperature` divides both sides. The result is multiplied by its square
    so that gradients keep their scale. Source: G. Hinton, O. Vinyals and J. Dean, "Distilling the knowledge in a neural
    network", 2015.
    """
    student = functional.log_softmax(logits / temperature, 1)
    teacher = functional.log_softmax(targets / temperature, 1)
    return functional.kl_div(student, teacher, log_target=True, reduction="batchmean") * temperature**2


def _sha256(images: Images) -> str:
    return hashlib.sha256(images.tobytes()).hexdigest()
