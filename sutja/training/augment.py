"""Distortions of whole batches, for training digits only.

An augmentation takes images `float32 (N, 1, H, W)` in [0, 1] and a CPU `torch.Generator`, and gives images of the same
shape and range. Adding one is adding one function here, with `@augmentation` above it.

All of them move the place from which each pixel is read, and read once: combining distortions costs and blurs no more
than one. Places are in the coordinates of `grid_sample`: (x, y) from -1 to 1 across the image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Generator, Tensor
from torch.nn import functional

from sutja.errors import unknown

Augmentation = Callable[[Tensor, Generator], Tensor]
AUGMENTATIONS: dict[str, Augmentation] = {}

DEGREES = 8.0  # rotation, up to, in either direction
SHIFT = 0.06  # of the side of the image
SCALE = 0.08
SHEAR = 0.08
ELASTIC = 0.08  # deviation of the control points' displacement; the image is 2 wide
KNOTS = 5  # control points a side

WIDE_SHARE, WIDER = 0.2, 3.0  # of the digits, and how much farther they are moved
DISTURBED_SHARE = 0.35
CHANGED_SHARE = 0.4  # of the disturbed digits, for each kind of disturbance
LEVELS_APART = 0.25
CLOUDS, NOISE = 0.3, 0.3  # deviations of light and noise, up to


def augmentation(name: str) -> Callable[[Augmentation], Augmentation]:
    """Register a function under the name that recipes use."""

    def register(function: Augmentation) -> Augmentation:
        AUGMENTATIONS[name] = function
        return function

    return register


def get_augmentation(name: str) -> Augmentation:
    """The registered function of that name. Raises `UsageError` for an unknown one."""
    if name not in AUGMENTATIONS:
        raise unknown("augmentation", name, AUGMENTATIONS)
    return AUGMENTATIONS[name]


@augmentation("none")
def unchanged(images: Tensor, generator: Generator) -> Tensor:
    """The images as they are."""
    return images


@augmentation("affine")
def affine(images: Tensor, generator: Generator) -> Tensor:
    """Rotate, shift, scale and shear each image by its own random amounts."""
    return resample(images, affine_places(images, generator))


@augmentation("elastic")
def elastic(images: Tensor, generator: Generator) -> Tensor:
    """Bend each image as if it were drawn on rubber."""
    unmoved = _coordinates(*images.shape[-2:], images.device)[:2]
    return resample(images, unmoved + elastic_shifts(images, generator))


@augmentation("affine-elastic")
def affine_elastic(images: Tensor, generator: Generator) -> Tensor:
    """Both `affine` and `elastic`, in one resampling."""
    return resample(images, affine_places(images, generator).add_(elastic_shifts(images, generator)))


@augmentation("robust")
def robust(images: Tensor, generator: Generator) -> Tensor:
    """`affine_elastic`, much wider for some digits, and another light, noise or texture for others.

    Made for pictures unlike MNIST's. One digit in five is moved up to three times as far, and about one in three is
    disturbed; the rest looks as it did: a network that sees only disturbed digits reads good ones less well.
    """
    wide = 1 + (WIDER - 1) * _some(images, WIDE_SHARE, generator)
    places = affine_places(images, generator, wide).add_(elastic_shifts(images, generator))
    return _disturb_some(resample(images, places), generator)


@augmentation("disturbed")
def disturbed(images: Tensor, generator: Generator) -> Tensor:
    """What `robust` does beyond `affine_elastic`, for digits that were moved already, as those of lessons are.

    One digit in five is moved far, about one in three is disturbed, and the rest stays as it is.
    """
    wide = _some(images, WIDE_SHARE, generator)
    places = affine_places(images, generator, WIDER)
    moved = torch.where(wide.view(-1, 1, 1, 1).to(images.device), resample(images, places), images)
    return _disturb_some(moved, generator)


def _disturb_some(images: Tensor, generator: Generator) -> Tensor:
    chosen = _some(images, DISTURBED_SHARE, generator)
    if not chosen.any():
        return images
    return images.masked_scatter(chosen.view(-1, 1, 1, 1).to(images.device), disturb(images[chosen], generator))


def _some(images: Tensor, share: float, generator: Generator) -> Tensor:
    """Which images are chosen when each is with the probability `share`, `bool (N,)`."""
    return torch.rand(len(images), generator=generator) < share


def disturb(images: Tensor, generator: Generator) -> Tensor:
    """Change texture, light and noise of each image, each of them or not at random; the digit stays where it is."""
    height, width = images.shape[-2:]
    textured = _where(random_filter(images, generator), images, generator)
    light = _where(elastic_shifts(images, generator)[:, :1].view(len(images), 1, height, width), 0, generator)
    lit = _where(random_levels(textured, generator), textured, generator) + CLOUDS / ELASTIC * light
    patched = torch.where(_rectangles(lit, generator), random_levels(lit, generator), lit)
    noise = torch.randn(images.shape, generator=generator) * _each(images, generator) * NOISE
    return (_where(patched, lit, generator) + _where(noise, 0, generator)).clamp_(0, 1)


def random_levels(images: Tensor, generator: Generator) -> Tensor:
    """Give paper and ink of each image grey levels of its own, at least a quarter apart; the ink may be the darker."""
    paper, ink = _each(images, generator), _each(images, generator)
    ink = torch.where((ink - paper).abs() < LEVELS_APART, torch.where(paper < 0.5, 1.0, 0.0), ink)
    return paper + (ink - paper) * images


def random_filter(images: Tensor, generator: Generator) -> Tensor:
    """Mix each image with its convolution by a random 3×3 filter of its own: other textures, the same shapes.

    Source: Z. Xu, D. Liu, J. Yang, C. Raffel and M. Niethammer, "Robust and generalizable visual representation
    learning via random convolutions", 2021.
    """
    number = len(images)
    filters = torch.randn(number, 1, 3, 3, generator=generator) / 2
    answers = functional.conv2d(images.transpose(0, 1), filters, padding=1, groups=number).transpose(0, 1)
    return images.lerp(answers, _each(images, generator)).clamp_(0, 1)


def _each(images: Tensor, generator: Generator) -> Tensor:
    """A random number from 0 to 1 for each image, `(N, 1, 1, 1)`."""
    return torch.rand(len(images), 1, 1, 1, generator=generator)


def _where(changed: Tensor, images: Tensor | float, generator: Generator) -> Tensor:
    """The changed images, or at random those from before."""
    return torch.where(_each(changed, generator) < CHANGED_SHARE, changed, images)


def _rectangles(images: Tensor, generator: Generator) -> Tensor:
    """A rectangle in each image, `bool (N, 1, H, W)`: each side spans between two random places."""

    def within(pixels: int) -> Tensor:
        ends = torch.rand(len(images), 2, generator=generator).sort(1).values * pixels
        places = torch.arange(pixels)
        return (places >= ends[:, :1]) & (places < ends[:, 1:])

    height, width = images.shape[-2:]
    return within(height).view(-1, 1, height, 1) & within(width).view(-1, 1, 1, width)


def affine_places(images: Tensor, generator: Generator, strength: Tensor | float = 1) -> Tensor:
    """For each image of a batch and each pixel the place to read from, `(N, 2, H·W)`, by a random affine map.

    `strength (N,)` multiplies the limits of each image.
    """
    number = len(images)

    def uniform(limit: float) -> Tensor:
        return (torch.rand(number, generator=generator) * 2 - 1) * limit * strength

    angle, scale = uniform(math.radians(DEGREES)), 1 + torch.stack([uniform(SCALE), uniform(SCALE)], 1)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([cosine, -sine, sine, cosine], 1).view(number, 2, 2)
    shear = torch.eye(2).repeat(number, 1, 1)
    shear[:, 0, 1] = uniform(SHEAR)
    shift = 2 * torch.stack([uniform(SHIFT), uniform(SHIFT)], 1)
    matrices = torch.cat([rotation @ shear * scale[:, None, :], shift[:, :, None]], 2)  # (N, 2, 3)
    return mapped_places(matrices.to(images.device), *images.shape[-2:])


def elastic_shifts(images: Tensor, generator: Generator) -> Tensor:
    """For each image of a batch and each pixel a smooth random displacement, `(N, 2, H·W)`.

    Random displacements of 5×5 control points, joined by cubic B-splines. The idea is that of P. Simard, D. Steinkraus
    and J. Platt, "Best practices for convolutional neural networks applied to visual document analysis", 2003, where
    a Gaussian smooths one random displacement a pixel.
    """
    knots = torch.randn(len(images), 2, KNOTS * KNOTS, generator=generator) * ELASTIC
    return spline_shifts(knots.to(images.device), *images.shape[-2:])


def spline_shifts(knots: Tensor, height: int, width: int) -> Tensor:
    """The displacement of each pixel, `(N, 2, H·W)`, where those of the control points are `knots (N, 2, 25)`."""
    return _combine(knots, _spline_basis(height, width, knots.device))


def mapped_places(matrices: Tensor, height: int, width: int) -> Tensor:
    """The places `(N, 2, H·W)` to which matrices `(N, 2, 3)` of x, y and 1 bring the middle of each pixel."""
    return _combine(matrices, _coordinates(height, width, matrices.device))


def _combine(coefficients: Tensor, basis: Tensor) -> Tensor:
    """`(N, 2, K)` times `(K, H·W)` as one matrix product, several times as fast as `N` small ones."""
    number, axes, terms = coefficients.shape
    return (coefficients.reshape(number * axes, terms) @ basis).view(number, axes, -1)


def resample(images: Tensor, places: Tensor) -> Tensor:
    """Read `images` at `places (N, 2, H·W)`, bicubically, with paper around the image."""
    height, width = images.shape[-2:]
    grid = places.view(len(images), 2, height, width).permute(0, 2, 3, 1)
    read = functional.grid_sample(images, grid, mode="bicubic", padding_mode="zeros", align_corners=False)
    return read.clamp_(0, 1)  # bicubic interpolation overshoots


@cache
def _coordinates(height: int, width: int, device: torch.device) -> Tensor:
    """(x, y, 1) of every pixel's middle, `(3, H·W)`."""
    y, x = torch.meshgrid(_middles(height), _middles(width), indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1).to(device)


def _middles(pixels: int) -> Tensor:
    return (torch.arange(pixels) + 0.5) * 2 / pixels - 1


@cache
def _spline_basis(height: int, width: int, device: torch.device) -> Tensor:
    """How much every control point counts at every pixel, `(KNOTS², H·W)`."""
    rows, columns = _spline_weights(height), _spline_weights(width)
    return torch.einsum("yi,xj->ijyx", rows, columns).reshape(KNOTS * KNOTS, -1).to(device)


def _spline_weights(pixels: int) -> Tensor:
    """The cubic B-spline of every control point at every pixel along one side, `(pixels, KNOTS)`."""
    distance = ((_middles(pixels)[:, None] + 1) / 2 * (KNOTS - 1) - torch.arange(KNOTS)).abs()
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    return torch.where(distance < 1, near, far)
