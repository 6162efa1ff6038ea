"""The distortion between a writer's digits and those that a network reads, found with the network itself.

All images are resampled by one transformation: a matrix of x and y, and displacements of control points. It is
optimised until the network reads the digits right, their width, height and slant are those of their class, and the
distortion is small. The idea is that of M. Jaderberg et al., "Spatial transformer networks", 2015, with one
transformation for all images, and with a network that stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS, Digits
from sutja.networks.infer import scaled, to_tensor
from sutja.randomness import generator
from sutja.training.augment import CONTROL_POINTS_PER_SIDE, elastic_shifts, mapped_places, resample, spline_shifts

START_DEGREES = (-50, -25, 0, 25, 50)  # rotations from which the search starts
SEARCH_STEPS = 150  # from each of them
COST_TOLERANCE = 0.15  # nats per digit: warps that cost this little more than the best are as likely
LEARNING_RATE = 0.03
DIGITS_PER_STEP = 24
PRIOR_DIGITS = 6  # the weight, in digits, of the assumption that nothing is distorted
KNOT_SCALE = 0.15  # usual displacement of a control point; the image is 2 wide
LOG_STRETCH_SCALE = 0.5  # usual logarithm of a stretch
ROTATION_SCALE_RADIANS = 1.2  # usual rotation
JITTER_SHIFT, JITTER_ELASTIC_SHARE = 0.06, 0.5  # what must not matter: a shift, and half an elastic distortion
SHAPE_WEIGHT = 0.3  # of the shape in the cost, against the network's loss
MIN_MOMENT_DEVIATION = 0.1  # square pixels: no class varies less than this in a second moment
LABEL_SMOOTHING = 0.02  # a digit that is read right need not be read with more and more confidence
INVERSION_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Shapes:
    """The usual shape of each class: mean and standard deviation of the second moments of its digits, `(10, 3)`."""

    mean: Tensor
    standard_deviation: Tensor

    @staticmethod
    def of(digits: Digits) -> Shapes:
        """The shapes of a training set. A class that is missing gets those of all digits."""
        moments, labels = second_moments(scaled(to_tensor(digits))), torch.from_numpy(digits.labels)
        chosen = [labels == label if bool((labels == label).any()) else labels >= 0 for label in range(CLASS_COUNT)]
        mean = torch.stack([moments[each].mean(0) for each in chosen])
        standard_deviation = torch.stack([moments[each].std(0, correction=0) for each in chosen])
        return Shapes(mean, standard_deviation.clamp(min=MIN_MOMENT_DEVIATION))

    def distance(self, images: Tensor, labels: Tensor) -> Tensor:
        """The distance of images `(N, 1, 28, 28)` from the usual shape of their class, `(N,)`: Huber's loss."""
        apart = (second_moments(images) - self.mean[labels]) / self.standard_deviation[labels]
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


@dataclass(frozen=True, eq=False)
class Warp:
    """S transformations: `matrices (S, 2, 2)` of x and y, and displacements of control points, `knots (S, 2, 25)`."""

    matrices: Tensor
    knots: Tensor

    def places(self) -> Tensor:
        """For each pixel the place that is sampled, `(S, 2, 784)`, from -1 to 1 across the image."""
        straight = mapped_places(functional.pad(self.matrices, (0, 1)), SIDE_PIXELS, SIDE_PIXELS)
        return straight + spline_shifts(self.knots, SIDE_PIXELS, SIDE_PIXELS)

    def inverse_places(self) -> Tensor:
        """The places to sample in a warped image to undo the warp, `(S, 2, 784)`, by fixed-point iteration."""
        shifts = spline_shifts(self.knots, SIDE_PIXELS, SIDE_PIXELS)
        pixels = mapped_places(torch.eye(2, 3).expand(len(self.matrices), 2, 3), SIDE_PIXELS, SIDE_PIXELS)
        back = torch.linalg.inv(self.matrices)
        places = torch.as_tensor(back @ pixels)
        for _ in range(INVERSION_ROUNDS):
            places = places.lerp(back @ (pixels - _interpolate(shifts, places)), 0.5)
        return places

    def with_scaled_knots(self, factor: float) -> Warp:
        """The same warps with the displacements of their control points multiplied by `factor`."""
        return Warp(self.matrices, factor * self.knots)

    def penalty(self) -> Tensor:
        """How unusual each warp is, `(S,)`: 0 for the identity, about 3 for a usual warp."""
        (a, b), (c, d) = self.matrices.permute(1, 2, 0)
        rotation = torch.atan2(c - b, a + d) / ROTATION_SCALE_RADIANS
        stretch = torch.linalg.svdvals(self.matrices).clamp(min=0.05).log() / LOG_STRETCH_SCALE
        bends = (self.knots / KNOT_SCALE).square().mean((1, 2))
        return torch.as_tensor(bends + stretch.square().mean(1) + rotation.square())


def find_warps(
    digits: Digits, usual: Shapes, network: nn.Module, on_step: Callable[[int, int], None] = lambda done, total: None
) -> Warp:
    """Find the warps after which `network` reads `digits`, N ≥ 1, right and their shapes are usual.

    A few digits rarely settle it: the result holds the best warp of several starts and all that are about as good,
    S ≥ 1. `network` is in evaluation mode and stays as it is. The same images give the same warps. `on_step` is called
    with the number of steps that are done, and of all.
    """
    labels = torch.from_numpy(digits.labels)
    search = _Search(scaled(to_tensor(digits)), labels, usual, network, generator(0, "registration"))
    angles = torch.tensor(START_DEGREES) * math.pi / 180
    turned = torch.stack([angles.cos(), -angles.sin(), angles.sin(), angles.cos()], 1).view(-1, 2, 2)
    found, costs = search.improve(Warp(turned, torch.zeros(len(START_DEGREES), 2, CONTROL_POINTS_PER_SIDE**2)), on_step)
    good = costs <= costs.min() + COST_TOLERANCE
    return Warp(found.matrices[good], found.knots[good])


@dataclass(frozen=True, eq=False)
class _Search:
    images: Tensor
    labels: Tensor
    usual: Shapes
    network: nn.Module
    source: Generator

    def improve(self, warp: Warp, on_step: Callable[[int, int], None]) -> tuple[Warp, Tensor]:
        """Optimise warps by Adam (D. Kingma and J. Ba, 2015); returns them and their mean costs `(S,)`."""
        matrices, knots = warp.matrices.clone().requires_grad_(), warp.knots.clone().requires_grad_()
        optimiser = torch.optim.Adam([matrices, knots], lr=LEARNING_RATE)
        mean = torch.zeros(len(matrices))
        for step in range(SEARCH_STEPS):
            for group in optimiser.param_groups:
                group["lr"] = LEARNING_RATE * (1 - step / SEARCH_STEPS)
            cost = self._cost(Warp(matrices, knots))
            optimiser.zero_grad()
            (matrices.grad, knots.grad) = torch.autograd.grad(cost.sum(), (matrices, knots))
            optimiser.step()
            mean = mean.lerp(cost.detach(), 0.1 if step else 1.0)
            on_step(step + 1, SEARCH_STEPS)
        return Warp(matrices.detach(), knots.detach()), mean

    def _cost(self, warp: Warp) -> Tensor:
        """The loss of the network and of the shapes after each warp, with the penalty of the warp, `(S,)`."""
        count, warps = min(DIGITS_PER_STEP, len(self.labels)), len(warp.matrices)
        chosen = torch.randperm(len(self.labels), generator=self.source)[:count].repeat(warps)
        images, labels = self.images[chosen], self.labels[chosen]
        moved = JITTER_SHIFT * torch.randn(len(images), 2, 1, generator=self.source)
        moved = moved + JITTER_ELASTIC_SHARE * elastic_shifts(images, self.source)
        read = resample(images, warp.places().repeat_interleave(count, 0) + moved)
        against = functional.cross_entropy(
            self.network(read), labels, reduction="none", label_smoothing=LABEL_SMOOTHING
        )
        against = against + SHAPE_WEIGHT * self.usual.distance(read, labels)
        return against.view(warps, count).mean(1) + PRIOR_DIGITS / len(self.labels) * warp.penalty()


def _interpolate(shifts: Tensor, places: Tensor) -> Tensor:
    """Interpolate the displacements `(S, 2, 784)` of the pixels at `places (S, 2, 784)`."""
    grid = places.mT.reshape(len(places), SIDE_PIXELS, SIDE_PIXELS, 2)
    field = shifts.view(len(shifts), 2, SIDE_PIXELS, SIDE_PIXELS)
    return functional.grid_sample(field, grid, padding_mode="border", align_corners=False).flatten(2)
