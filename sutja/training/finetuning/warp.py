"""The distortion that separates some digits from those that a network reads, sought with the network itself.

Each of the images is read at places that are the same for all: a matrix of x and y, and displacements between control
points, as of a sheet of rubber. They are sought so that the network reads the digits right, that these are as wide, as
high and as slanted as others of their class, and that little is distorted. The idea is that of M. Jaderberg et al.,
"Spatial transformer networks", 2015, with one transformation for all images, and with a network that is not changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits
from sutja.randomness import generator
from sutja.training.augment import KNOTS, elastic_shifts, mapped_places, resample, spline_shifts

TURNS = (-50, -25, 0, 25, 50)  # degrees from which the search begins
STEPS = 150  # from each of them
NEARLY = 0.15  # in nats a digit: warps that cost so little more than the best are as likely
LEARNING_RATE = 0.03
BATCH = 24  # digits a step
DOUBT = 6  # so many digits speak for "not distorted"
BENT = 0.15  # usual deviation of a control point's displacement; the image is 2 wide
STRETCHED = 0.5  # of the logarithm of a length
TURNED = 1.2  # of an angle, in radians
SHIFTED, SHAKEN = 0.06, 0.5  # what must not matter: a shift, and this part of training's elastic distortion
SHAPELY = 0.3  # how much the shape counts beside what the network says
ALIKE = 0.1  # square pixels: no class is taken for more alike in a second moment
SMOOTHING = 0.02  # of the labels: digits that are read need not be read ever more surely
ROUNDS = 20  # of the inversion


@dataclass(frozen=True, eq=False)
class Shapes:
    """How the digits of each class are usually shaped: mean and deviation of their second moments, `(10, 3)`."""

    mean: Tensor
    deviation: Tensor

    @staticmethod
    def of(digits: Digits) -> Shapes:
        """The shapes of a training set; of a class that is missing, those of all digits."""
        moments, labels = second_moments(as_images(digits)), torch.from_numpy(digits.labels)
        chosen = [labels == label if bool((labels == label).any()) else labels >= 0 for label in range(CLASS_COUNT)]
        mean = torch.stack([moments[each].mean(0) for each in chosen])
        deviation = torch.stack([moments[each].std(0, correction=0) for each in chosen])
        return Shapes(mean, deviation.clamp(min=ALIKE))

    def distance(self, images: Tensor, labels: Tensor) -> Tensor:
        """How far images `(N, 1, 28, 28)` are from the usual shape of their class, `(N,)`: Huber's loss of moments."""
        apart = (second_moments(images) - self.mean[labels]) / self.deviation[labels]
        return functional.smooth_l1_loss(apart, torch.zeros_like(apart), reduction="none").sum(1)


def second_moments(images: Tensor) -> Tensor:
    """The covariance of the places of ink, yy, xy and xx in square pixels, `(N, 3)`, of images `(N, 1, 28, 28)`."""
    ink = images.flatten(1) + 1e-6
    ink = ink / ink.sum(1, keepdim=True)
    places = (
        torch.stack(torch.meshgrid(torch.arange(SIDE_PIXELS), torch.arange(SIDE_PIXELS), indexing="ij"))
        .flatten(1)
        .float()
    )
    y, x = (places - (ink @ places.T)[:, :, None]).unbind(1)  # (N, 784) each
    return torch.stack([(ink * y * y).sum(1), (ink * x * y).sum(1), (ink * x * x).sum(1)], 1)


def as_images(digits: Digits) -> Tensor:
    """Digits as images `float32 (N, 1, 28, 28)` in [0, 1]."""
    return (torch.from_numpy(digits.images).float() / 255).view(-1, 1, SIDE_PIXELS, SIDE_PIXELS)


@dataclass(frozen=True, eq=False)
class Warp:
    """Where images are read: `matrices (S, 2, 2)` of x and y and `knots (S, 2, 25)`, for S warps at once."""

    matrices: Tensor
    knots: Tensor

    def places(self) -> Tensor:
        """For each pixel the place to read, `(S, 2, 784)`, from -1 to 1 across the image."""
        straight = mapped_places(functional.pad(self.matrices, (0, 1)), SIDE_PIXELS, SIDE_PIXELS)
        return straight + spline_shifts(self.knots, SIDE_PIXELS, SIDE_PIXELS)

    def inverse_places(self) -> Tensor:
        """The places at which a warped image is read to have it as it was, `(S, 2, 784)`: by fixed-point iteration."""
        shifts = spline_shifts(self.knots, SIDE_PIXELS, SIDE_PIXELS)
        pixels = mapped_places(torch.eye(2, 3).expand(len(self.matrices), 2, 3), SIDE_PIXELS, SIDE_PIXELS)
        back = torch.linalg.inv(self.matrices)
        places = torch.as_tensor(back @ pixels)
        for _ in range(ROUNDS):
            places = places.lerp(back @ (pixels - _read(shifts, places)), 0.5)
        return places

    def bent_less(self, part: float) -> Warp:
        """The same with only this part of the bends."""
        return Warp(self.matrices, part * self.knots)

    def strangeness(self) -> Tensor:
        """How unusual each of them is, `(S,)`: 0 where nothing is warped, and about 3 for a usual warp."""
        (a, b), (c, d) = self.matrices.permute(1, 2, 0)
        turned = torch.atan2(c - b, a + d) / TURNED
        stretched = torch.linalg.svdvals(self.matrices).clamp(min=0.05).log() / STRETCHED
        return torch.as_tensor((self.knots / BENT).square().mean((1, 2)) + stretched.square().mean(1) + turned.square())


def find_warps(digits: Digits, usual: Shapes, network: nn.Module) -> Warp:
    """The warps through which `network` reads `digits`, N ≥ 1, rightly, and their shapes are usual.

    Few digits seldom tell for sure: of the best that is found from several turns, S ≥ 1 that are about as good.
    `network` gives logits, is in evaluation mode, and stays as it is. The same images give the same warps.
    """
    labels = torch.from_numpy(digits.labels)
    search = _Search(as_images(digits), labels, usual, network, generator(0, "registration"))
    angles = torch.tensor(TURNS) * math.pi / 180
    turned = torch.stack([angles.cos(), -angles.sin(), angles.sin(), angles.cos()], 1).view(-1, 2, 2)
    found, costs = search.improve(Warp(turned, torch.zeros(len(TURNS), 2, KNOTS * KNOTS)))
    good = costs <= costs.min() + NEARLY
    return Warp(found.matrices[good], found.knots[good])


@dataclass(frozen=True, eq=False)
class _Search:
    images: Tensor
    labels: Tensor
    usual: Shapes
    network: nn.Module
    source: Generator

    def improve(self, warp: Warp) -> tuple[Warp, Tensor]:
        """Better warps by Adam (D. Kingma and J. Ba, 2015), and what each costs, `(S,)`, in the last steps' mean."""
        matrices, knots = warp.matrices.clone().requires_grad_(), warp.knots.clone().requires_grad_()
        optimiser = torch.optim.Adam([matrices, knots], lr=LEARNING_RATE)
        mean = torch.zeros(len(matrices))
        for step in range(STEPS):
            for group in optimiser.param_groups:
                group["lr"] = LEARNING_RATE * (1 - step / STEPS)
            cost = self._cost(Warp(matrices, knots))
            optimiser.zero_grad()
            (matrices.grad, knots.grad) = torch.autograd.grad(cost.sum(), (matrices, knots))
            optimiser.step()
            mean = mean.lerp(cost.detach(), 0.1 if step else 1.0)
        return Warp(matrices.detach(), knots.detach()), mean

    def _cost(self, warp: Warp) -> Tensor:
        """What the network says against the labels through each warp, and how strange the warp is, `(S,)`."""
        count, warps = min(BATCH, len(self.labels)), len(warp.matrices)
        chosen = torch.randperm(len(self.labels), generator=self.source)[:count].repeat(warps)
        images, labels = self.images[chosen], self.labels[chosen]
        moved = SHIFTED * torch.randn(len(images), 2, 1, generator=self.source)
        moved = moved + SHAKEN * elastic_shifts(images, self.source)
        read = resample(images, warp.places().repeat_interleave(count, 0) + moved)
        against = functional.cross_entropy(self.network(read), labels, reduction="none", label_smoothing=SMOOTHING)
        against = against + SHAPELY * self.usual.distance(read, labels)
        return against.view(warps, count).mean(1) + DOUBT / len(self.labels) * warp.strangeness()


def _read(shifts: Tensor, places: Tensor) -> Tensor:
    """Displacements `(S, 2, 784)` of pixels, between pixels: at places `(S, 2, 784)`."""
    grid = places.mT.reshape(len(places), SIDE_PIXELS, SIDE_PIXELS, 2)
    field = shifts.view(len(shifts), 2, SIDE_PIXELS, SIDE_PIXELS)
    return functional.grid_sample(field, grid, padding_mode="border", align_corners=False).flatten(2)
