"""How a writer's digits differ from those of a training set, and training digits in that writer's style.

Twenty corrected digits are too few to learn a hand from, but enough to see how much it slants, how narrow it is and how
thick its pen: from the ink's covariance matrices and mean. Thousands of training digits, written so, teach the rest.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from sutja.augment import affine_resampled, elastic_shifts
from sutja.digits import CLASSES, SIDE, Digits

MEASURED = 5000  # training digits that show what is usual
TRIED = 500  # of them, on which strokes are tried
BLUR = 0.5  # square pixels added to each variance: a digit that is one straight line has a shape, too
NARROWEST, WIDEST = 0.3, 3.0  # how much a style may change a length
CAUTION = 4  # so many digits as usual are counted with the corrected ones
APART = 0.5  # how far the digits of a style are from its mean, in parts of how far the corrected ones are
BEND = 0.7  # of the elastic distortion that other training has
PEN = 0.6, 1.4  # how much of the change of the strokes, from and to
MOST = 0.6, 1.2  # the same of slant and width


class Style:
    """What makes training digits look as one writer's: as an augmentation, `(images, generator) → images`."""

    def __init__(self, corrected: Digits, usual: Digits) -> None:
        """`corrected` are digits of the writer, N ≥ 1, `usual` those of a training set; both have ink."""
        usual = Digits(usual.images[:MEASURED], usual.labels[:MEASURED])
        shapes, means = _class_means(usual)
        own = _covariances(_as_float(corrected))
        labels = torch.from_numpy(corrected.labels)
        maps = torch.linalg.cholesky(own) @ torch.linalg.inv(torch.linalg.cholesky(shapes[labels]))  # (N, 2, 2): y, x
        trust = len(corrected) / (len(corrected) + CAUTION)
        mean = maps.mean(0)
        self.maps = torch.eye(2) + trust * (_bounded(mean + APART * (maps - mean)) - torch.eye(2))
        longer = float(torch.linalg.det(mean).abs().clamp(min=1e-3).sqrt())
        self.pen = float((_as_float(corrected).mean((1, 2)) / means[labels]).mean()) / longer
        self.stroke = trust * _needed_stroke(_as_float(usual)[:TRIED], self.pen)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Images `float32 (N, 1, 28, 28)` in [0, 1] as the writer would have written them, each a little otherwise."""
        number = len(images)
        if number == 0:
            return images
        maps = self.maps[torch.randint(len(self.maps), (number,), generator=generator)]
        maps = torch.eye(2) + _between(MOST, number, generator).view(-1, 1, 1) * (maps - torch.eye(2))
        stroke = self.stroke * _between(PEN, number, generator).view(-1, 1, 1, 1)
        thick = with_stroke(images, stroke.to(images.device))
        places = torch.linalg.inv(maps).flip(1, 2)  # where to read: x, y
        return affine_resampled(thick, places, BEND * elastic_shifts(images, generator))


def with_stroke(images: Tensor, change: Tensor) -> Tensor:
    """Images with thicker strokes, by up to two pixels a side for a `change` of 2, or thinner for a negative one."""
    for part in (change.clamp(-1, 1), (change - 1).clamp(0, 1)):
        thicker, thinner = functional.max_pool2d(images, 3, 1, 1), -functional.max_pool2d(-images, 3, 1, 1)
        images = images.lerp(torch.where(part > 0, thicker, thinner), part.abs())
    return images


def _needed_stroke(images: Tensor, ink: float) -> float:
    """The change of stroke that gives images `(N, 28, 28)` so many times their ink."""
    images = images.unsqueeze(1)
    changes = torch.linspace(-0.6, 1.5, 22)
    found = [float(with_stroke(images, each.view(1, 1, 1, 1)).mean() / images.mean()) for each in changes]
    nearest = min(range(len(found)), key=lambda place: abs(found[place] - ink))
    return float(changes[nearest])


def _class_means(digits: Digits) -> tuple[Tensor, Tensor]:
    """The covariance `(10, 2, 2)` and the mean ink `(10,)` of each class; of one that is missing, those of all."""
    images, labels = _as_float(digits), torch.from_numpy(digits.labels)
    shapes, inks = _covariances(images), images.mean((1, 2))
    chosen = [labels == label if bool((labels == label).any()) else labels >= 0 for label in range(CLASSES)]
    return torch.stack([shapes[each].mean(0) for each in chosen]), torch.stack([inks[each].mean() for each in chosen])


def _covariances(images: Tensor) -> Tensor:
    """The covariance of the places of ink, y and x in pixels, `(N, 2, 2)`, of images `(N, 28, 28)`."""
    ink = images.flatten(1) + 1e-6
    ink = ink / ink.sum(1, keepdim=True)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    places = torch.stack([y, x]).flatten(1).float()  # (2, 784)
    apart = places - (ink @ places.T)[:, :, None]  # (N, 2, 784)
    return (apart * ink[:, None]) @ apart.mT + BLUR * torch.eye(2)


def _bounded(maps: Tensor) -> Tensor:
    """Maps `(N, 2, 2)` that make no length less than 0.3 or more than 3 times itself."""
    left, lengths, right = torch.linalg.svd(maps)
    return torch.as_tensor(left @ torch.diag_embed(lengths.clamp(NARROWEST, WIDEST)) @ right)


def _between(limits: tuple[float, float], number: int, generator: Generator) -> Tensor:
    low, high = limits
    return low + (high - low) * torch.rand(number, generator=generator)


def _as_float(digits: Digits) -> Tensor:
    return torch.from_numpy(digits.images).float() / 255
