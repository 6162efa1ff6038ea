"""How a writer's digits differ from those of a training set, and training digits in that writer's style.

Twenty corrected digits are too few to learn a hand from, but enough to find out how it turns, slants, stretches and
bends what it writes (`registration.py`), and how thick its pen is. Thousands of training digits, written so, teach the
rest.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from sutja.augment import affine_places, elastic_shifts, resample
from sutja.digits import CLASSES, Digits
from sutja.registration import Shapes, as_images, find_warps

MEASURED = 5000  # training digits that show what shapes and how much ink are usual
TRIED = 500  # of them, on which strokes are tried
DOUBT = 4  # so many digits speak for a usual pen
WARPED, PEN = (0.8, 1.6), (0.6, 1.4)  # how much of a warp, and of the change of the strokes, from and to


class Style:
    """What makes training digits look as one writer's: as an augmentation, `(images, generator) → images`."""

    def __init__(self, corrected: Digits, usual: Digits, network: nn.Module) -> None:
        """`corrected` are digits of the writer, N ≥ 1, `usual` those of a training set, which `network` reads."""
        images, labels = as_images(corrected), torch.from_numpy(corrected.labels)
        usual = Digits(usual.images[:MEASURED], usual.labels[:MEASURED])
        warps = find_warps(corrected, Shapes.of(usual), network)
        self.shifts = warps.inverse_places() - affine_places(images[:1], Generator(), 0)  # (S, 2, 784)
        straight = torch.cat([resample(images, each.expand(len(images), -1, -1)) for each in warps.places()])
        change = _stroke_change(straight, labels.repeat(len(self.shifts)), usual)
        self.stroke = len(images) / (len(images) + DOUBT) * change

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Images `float32 (N, 1, 28, 28)` in [0, 1] as the writer would have written them, each a little otherwise."""
        number = len(images)
        if number == 0:
            return images
        stroke = self.stroke * _between(PEN, number, generator).view(-1, 1, 1, 1)
        shifts = self.shifts[torch.randint(len(self.shifts), (number,), generator=generator)]
        shifts = _between(WARPED, number, generator).view(-1, 1, 1) * shifts
        thick = with_stroke(images, stroke.to(images.device))
        places = affine_places(images, generator) + elastic_shifts(images, generator)
        return resample(thick, places + shifts.to(images.device))


def with_stroke(images: Tensor, change: Tensor) -> Tensor:
    """Images with thicker strokes, by up to two pixels a side for a `change` of 2, or thinner for a negative one."""
    for part in (change.clamp(-1, 1), (change - 1).clamp(0, 1)):
        thicker, thinner = functional.max_pool2d(images, 3, 1, 1), -functional.max_pool2d(-images, 3, 1, 1)
        images = images.lerp(torch.where(part > 0, thicker, thinner), part.abs())
    return images


def _stroke_change(images: Tensor, labels: Tensor, usual: Digits) -> float:
    """The change of stroke that gives usual digits as much ink as images `(N, 1, 28, 28)` have."""
    wanted = float((images.mean((1, 2, 3)) / _class_means(usual)[labels]).mean())
    tried = as_images(usual)[:TRIED]
    changes = torch.linspace(-0.6, 1.5, 22)
    found = torch.stack([with_stroke(tried, each.view(1, 1, 1, 1)).mean() / tried.mean() for each in changes])
    return float(changes[(found - wanted).abs().argmin()])


def _class_means(digits: Digits) -> Tensor:
    """The mean ink of each class, `(10,)`; of one that is missing, that of all."""
    inks, labels = as_images(digits).mean((1, 2, 3)), torch.from_numpy(digits.labels)
    chosen = [labels == label if bool((labels == label).any()) else labels >= 0 for label in range(CLASSES)]
    return torch.stack([inks[each].mean() for each in chosen])


def _between(limits: tuple[float, float], number: int, generator: Generator) -> Tensor:
    low, high = limits
    return low + (high - low) * torch.rand(number, generator=generator)
