"""Lessons: what a teacher answers to distorted training digits, for smaller networks to learn from.

A teacher that answered to each digit of each batch would make every training as slow as itself. So each digit is
distorted a fixed number of times, always in the same ways, and the teacher answers to these once; whoever learns from
it sees one of these views in each epoch. That teacher and pupil must see the same distortion, and for many epochs, is
found by L. Beyer, X. Zhai, A. Royer, L. Markeeva, R. Anil and A. Kolesnikov, "Knowledge distillation: a good teacher is
patient and consistent", 2022.
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
from sutja.errors import DataError, UsageError
from sutja.files import whole_file
from sutja.randomness import generator
from sutja.training.augment import get_augmentation

BATCH = 500
ANSWERED_AT_ONCE = 100  # what a large network computes of these fits the cache: twice as fast as 500


@dataclass(frozen=True)
class Lessons:
    """A teacher's log-probabilities `float16 (views, N, 10)` on distorted `images uint8 (N, 28, 28)`.

    `held_out` says that the teacher saw no validation digits in its training: only then may a pupil be judged by these.
    `chosen` are the indices of the digits that are learned from, in order; `None` stands for all.
    """

    answers: NDArray[np.float16]
    augmentation: str
    images: Images
    held_out: bool
    chosen: NDArray[np.int64] | None = None

    def view(self, number: int) -> tuple[Tensor, Tensor]:
        """Digits `uint8 (n, 1, 28, 28)` and answers `float32 (n, 10)` of a view; after the last comes the first."""
        number %= len(self.answers)
        pixels = distorted(self.images, self.augmentation, number)
        answers = torch.from_numpy(self.answers[number])
        if self.chosen is not None:
            pixels, answers = pixels[self.chosen], answers[self.chosen]
        return pixels, answers.float()

    def describe(self) -> dict[str, Any]:
        """What a run remembers of the lessons that it had."""
        checksum = hashlib.sha256(self.answers.tobytes()).hexdigest()
        return {"views": len(self.answers), "augmentation": self.augmentation, "sha256": checksum}


def distorted(images: Images, augmentation: str, view: int) -> Tensor:
    """The digits of one view, `uint8 (N, 1, 28, 28)`: always the same for the same number."""
    distort, source = get_augmentation(augmentation), generator(0, "lesson", view)
    pixels = torch.from_numpy(images).unsqueeze(1)
    parts = [distort(pixels[part].float().div_(255), source) for part in batches(len(pixels), BATCH)]
    return torch.cat([part.mul_(255).round_().to(torch.uint8) for part in parts])


def teach(
    networks: Sequence[nn.Module], images: Images, augmentation: str, views: int
) -> Iterator[NDArray[np.float16]]:
    """Yield what some networks together answer to each view of `images uint8 (N, 28, 28)`.

    The answer `float16 (N, 10)` is the logarithm of the mean of their probabilities.
    """
    quick = [_channels_last(network) for network in networks]
    for number in range(views):
        pixels = distorted(images, augmentation, number)
        answers = [_answer(quick, pixels[part]) for part in batches(len(pixels), ANSWERED_AT_ONCE)]
        yield torch.cat(answers).clamp_(min=-100).half().numpy()


def _channels_last(network: nn.Module) -> nn.Module:
    """A copy for evaluation that computes faster on CPUs."""
    return copy.deepcopy(network).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _answer(networks: Sequence[nn.Module], pixels: Tensor) -> Tensor:
    images = pixels.float().div_(255).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        answers = torch.stack([functional.log_softmax(network(images), 1) for network in networks])
    return answers.logsumexp(0) - math.log(len(networks))


def save_lessons(lessons: Lessons, path: Path) -> None:
    """Write lessons as an `.npz` file, whole or not at all; of the digits only their checksum is kept."""
    told = {
        "augmentation": lessons.augmentation,
        "digits": _sha256(lessons.images),
        "held_out": lessons.held_out,
    }
    arrays: dict[str, Any] = {name: np.array(value) for name, value in told.items()}
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, answers=lessons.answers, **arrays)


def load_lessons(path: Path, images: Images) -> Lessons:
    """Read what `save_lessons` wrote of the same digits.

    Raises `UsageError` when there are no such lessons, `DataError` when they are damaged or of other digits.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such lessons: `sutja teach` makes them from finished runs (see docs/protocol.md)")
    try:
        with open_arrays(path) as arrays:
            answers, augmentation, digits = arrays["answers"], str(arrays["augmentation"]), str(arrays["digits"])
            held_out = bool(arrays["held_out"])
    except (KeyError, *READ_ERRORS) as error:
        raise DataError(f"{path}: not lessons, or damaged: {error}") from error
    if answers.dtype != np.float16 or answers.shape[1:] != (len(images), CLASS_COUNT) or not np.isfinite(answers).all():
        raise DataError(f"{path}: not lessons of {len(images):,} digits: {answers.dtype} {answers.shape}")
    if digits != _sha256(images):
        raise DataError(f"{path}: lessons of other digits than those to train on")
    return Lessons(answers, augmentation, images, held_out)


def distillation_loss(logits: Tensor, answers: Tensor, softness: float) -> Tensor:
    """How far a pupil's logits `(N, 10)` are from a teacher's answers, both softened: Kullback-Leibler divergence.

    Multiplied by the square of `softness`, so that gradients keep their size. Source: G. Hinton, O. Vinyals and
    J. Dean, "Distilling the knowledge in a neural network", 2015.
    """
    pupil, teacher = functional.log_softmax(logits / softness, 1), functional.log_softmax(answers / softness, 1)
    return functional.kl_div(pupil, teacher, log_target=True, reduction="batchmean") * softness**2


def _sha256(images: Images) -> str:
    return hashlib.sha256(images.tobytes()).hexdigest()
