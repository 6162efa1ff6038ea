"""Augmentations: random distortions of whole batches, for training digits only.

An augmentation takes images `float32 (N, 1, H, W)` in [0, 1] and a CPU `torch.Generator`, and returns images of the
same shape and range. To add one, add a function here and decorate it with `@augmentation`.

Each geometric distortion moves the places at which pixels are sampled; all are combined into one resampling, which
costs and blurs no more than a single one. Places are in the coordinates of `grid_sample`: (x, y), -1 to 1 across the
image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Generator, Tensor
from torch.nn import functional

from sutja.errors import unknown
from sutja.networks.fast.engine import active_kernels
from sutja.networks.fast.library import MAX_SIDE, is_plain

Augmentation = Callable[[Tensor, Generator], Tensor]
AUGMENTATIONS: dict[str, Augmentation] = {}

MAX_ROTATION_DEGREES = 8.0
MAX_SHIFT_SHARE = 0.06  # of the side of the image
MAX_SCALE_CHANGE = 0.08
MAX_SHEAR = 0.08
ELASTIC_STD = 0.08  # standard deviation of the displacement of control points; the image is 2 wide
CONTROL_POINTS_PER_SIDE = 5

WIDE_SHARE = 0.2  # of the digits
WIDE_FACTOR = 3.0  # times the limits of the affine map
DISTURBED_SHARE = 0.35  # of the digits
EACH_DISTURBANCE_SHARE = 0.4  # of the disturbed digits, for each kind of disturbance
MIN_LEVEL_DIFFERENCE = 0.25  # between the grey levels of paper and ink
LIGHT_STD = 0.3  # standard deviation of the grey levels that light and shadow add
MAX_NOISE_STD = 0.3


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
    return distort(images, affine_matrices(images, generator), None)


@augmentation("elastic")
def elastic(images: Tensor, generator: Generator) -> Tensor:
    """Bend each image by a smooth random displacement field."""
    return distort(images, None, elastic_knots(images, generator))


@augmentation("affine-elastic")
def affine_elastic(images: Tensor, generator: Generator) -> Tensor:
    """Both `affine` and `elastic`, in one resampling."""
    return distort(images, affine_matrices(images, generator), elastic_knots(images, generator))


@augmentation("robust")
def robust(images: Tensor, generator: Generator) -> Tensor:
    """`affine_elastic`, with a wider affine map for some digits and changed light, noise or texture for others.

    For pictures that differ from MNIST's. One digit in five moves up to three times as far, and about one in three is
    disturbed. The rest stays undisturbed: a network that sees only disturbed digits reads clean ones less well.
    """
    wide = 1 + (WIDE_FACTOR - 1) * _some(images, WIDE_SHARE, generator)
    matrices, knots = affine_matrices(images, generator, wide), elastic_knots(images, generator)
    return _disturb_some(distort(images, matrices, knots), generator)


@augmentation("disturbed")
def disturbed(images: Tensor, generator: Generator) -> Tensor:
    """What `robust` adds to `affine_elastic`, for digits that are distorted already, as for distillation targets.

    One digit in five is moved far, about one in three is disturbed, and the rest stays as it is.
    """
    wide = _some(images, WIDE_SHARE, generator)
    distorted = distort(images, affine_matrices(images, generator, WIDE_FACTOR), None)
    moved = torch.where(wide.view(-1, 1, 1, 1).to(images.device), distorted, images)
    return _disturb_some(moved, generator)


def _disturb_some(images: Tensor, generator: Generator) -> Tensor:
    chosen = _some(images, DISTURBED_SHARE, generator)
    if not chosen.any():
        return images
    return images.masked_scatter(chosen.view(-1, 1, 1, 1).to(images.device), disturb(images[chosen], generator))


def _some(images: Tensor, share: float, generator: Generator) -> Tensor:
    """Choose each image with the probability `share`: `bool (N,)`."""
    return torch.rand(len(images), generator=generator) < share


def disturb(images: Tensor, generator: Generator) -> Tensor:
    """Change texture, light and noise of each image, each of these at random; the digit stays where it is."""
    height, width = images.shape[-2:]
    textured = _where(random_filter(images, generator), images, generator)
    light = _where(elastic_shifts(images, generator)[:, :1].view(len(images), 1, height, width), 0, generator)
    lit = _where(random_levels(textured, generator), textured, generator) + LIGHT_STD / ELASTIC_STD * light
    patched = torch.where(_rectangles(lit, generator), random_levels(lit, generator), lit)
    noise = torch.randn(images.shape, generator=generator) * _each(images, generator) * MAX_NOISE_STD
    return (_where(patched, lit, generator) + _where(noise, 0, generator)).clamp_(0, 1)


def random_levels(images: Tensor, generator: Generator) -> Tensor:
    """Give paper and ink of each image random grey levels, at least a quarter apart; the ink may be darker."""
    paper, ink = _each(images, generator), _each(images, generator)
    ink = torch.where((ink - paper).abs() < MIN_LEVEL_DIFFERENCE, torch.where(paper < 0.5, 1.0, 0.0), ink)
    return paper + (ink - paper) * images


def random_filter(images: Tensor, generator: Generator) -> Tensor:
    """Blend each image with its convolution by its own random 3×3 filter: other textures, the same shapes.

    Source: Z. Xu, D. Liu, J. Yang, C. Raffel and M. Niethammer, "Robust and generalizable visual representation
    learning via random convolutions", 2021.
    """
    number = len(images)
    filters = torch.randn(number, 1, 3, 3, generator=generator) / 2
    filtered = functional.conv2d(images.transpose(0, 1), filters, padding=1, groups=number).transpose(0, 1)
    return images.lerp(filtered, _each(images, generator)).clamp_(0, 1)


def _each(images: Tensor, generator: Generator) -> Tensor:
    """A uniform random number in [0, 1) for each image, `(N, 1, 1, 1)`."""
    return torch.rand(len(images), 1, 1, 1, generator=generator)


def _where(changed: Tensor, images: Tensor | float, generator: Generator) -> Tensor:
    """For each image at random the changed one or the one in `images`."""
    return torch.where(_each(changed, generator) < EACH_DISTURBANCE_SHARE, changed, images)


def _rectangles(images: Tensor, generator: Generator) -> Tensor:
    """A random rectangle in each image, `bool (N, 1, H, W)`."""

    def within(pixels: int) -> Tensor:
        ends = torch.rand(len(images), 2, generator=generator).sort(1).values * pixels
        places = torch.arange(pixels)
        return (places >= ends[:, :1]) & (places < ends[:, 1:])

    height, width = images.shape[-2:]
    return within(height).view(-1, 1, height, 1) & within(width).view(-1, 1, 1, width)


def affine_matrices(images: Tensor, generator: Generator, strength: Tensor | float = 1) -> Tensor:
    """A random affine map for each image, `(N, 2, 3)`, from the place of a pixel to that at which it is sampled.

    `strength`, a number or `(N,)`, multiplies the limits of the map.
    """
    number = len(images)

    def uniform(limit: float) -> Tensor:
        return (torch.rand(number, generator=generator) * 2 - 1) * limit * strength

    angle, scale = (
        uniform(math.radians(MAX_ROTATION_DEGREES)),
        1 + torch.stack([uniform(MAX_SCALE_CHANGE), uniform(MAX_SCALE_CHANGE)], 1),
    )
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([cosine, -sine, sine, cosine], 1).view(number, 2, 2)
    shear = torch.eye(2).repeat(number, 1, 1)
    shear[:, 0, 1] = uniform(MAX_SHEAR)
    shift = 2 * torch.stack([uniform(MAX_SHIFT_SHARE), uniform(MAX_SHIFT_SHARE)], 1)
    return torch.cat([rotation @ shear * scale[:, None, :], shift[:, :, None]], 2).to(images.device)


def elastic_knots(images: Tensor, generator: Generator) -> Tensor:
    """Random displacements of 5×5 control points for each image, `(N, 2, 25)`, to be interpolated by cubic B-splines.

    Idea: P. Simard, D. Steinkraus and
    J. Platt, "Best practices for convolutional neural networks applied to visual document analysis", 2003, who smooth a
    random displacement of each pixel with a Gaussian.
    """
    knots = torch.randn(len(images), 2, CONTROL_POINTS_PER_SIDE**2, generator=generator) * ELASTIC_STD
    return knots.to(images.device)


def elastic_shifts(images: Tensor, generator: Generator) -> Tensor:
    """A smooth random displacement for each pixel of each image, `(N, 2, H·W)`: `elastic_knots`, interpolated."""
    return spline_shifts(elastic_knots(images, generator), *images.shape[-2:])


def distort(images: Tensor, matrices: Tensor | None, knots: Tensor | None) -> Tensor:
    """Sample images `(N, 1, H, W)` where `matrices (N, 2, 3)` map them, displaced by `knots (N, 2, 25)`.

    `None` maps or displaces nothing.
    """
    height, width = images.shape[-2:]
    kernels = active_kernels()
    if kernels and height == width <= MAX_SIDE and images.shape[1] == 1 and is_plain(images):
        return kernels.distort(images, matrices, knots, _spline_weights(height))
    unmoved = _coordinates(height, width, images.device)[:2]
    places = unmoved if matrices is None else mapped_places(matrices, height, width)
    return resample(
        images, places.expand(len(images), 2, -1) if knots is None else places + spline_shifts(knots, height, width)
    )


def spline_shifts(knots: Tensor, height: int, width: int) -> Tensor:
    """The displacement of each pixel, `(N, 2, H·W)`, from those of the control points, `knots (N, 2, 25)`."""
    return _combine(knots, _spline_basis(height, width, knots.device))


def mapped_places(matrices: Tensor, height: int, width: int) -> Tensor:
    """The places `(N, 2, H·W)` to which affine `matrices (N, 2, 3)` map the centre of each pixel."""
    return _combine(matrices, _coordinates(height, width, matrices.device))


def _combine(coefficients: Tensor, basis: Tensor) -> Tensor:
    """`(N, 2, K)` times `(K, H·W)` as one matrix product, several times as fast as `N` small products."""
    number, axes, terms = coefficients.shape
    return (coefficients.reshape(number * axes, terms) @ basis).view(number, axes, -1)


def resample(images: Tensor, places: Tensor) -> Tensor:
    """Sample `images` at `places (N, 2, H·W)` with bicubic interpolation; outside the image there is paper."""
    height, width = images.shape[-2:]
    grid = places.view(len(images), 2, height, width).permute(0, 2, 3, 1)
    read = functional.grid_sample(images, grid, mode="bicubic", padding_mode="zeros", align_corners=False)
    return read.clamp_(0, 1)  # bicubic interpolation overshoots


@cache
def _coordinates(height: int, width: int, device: torch.device) -> Tensor:
    """(x, y, 1) of the centre of every pixel, `(3, H·W)`."""
    y, x = torch.meshgrid(_centres(height), _centres(width), indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1).to(device)


def _centres(pixels: int) -> Tensor:
    return (torch.arange(pixels) + 0.5) * 2 / pixels - 1


@cache
def _spline_basis(height: int, width: int, device: torch.device) -> Tensor:
    """The weight of every control point at every pixel, `(25, H·W)`."""
    rows, columns = _spline_weights(height), _spline_weights(width)
    return torch.einsum("yi,xj->ijyx", rows, columns).reshape(CONTROL_POINTS_PER_SIDE**2, -1).to(device)


@cache
def _spline_weights(pixels: int) -> Tensor:
    """The cubic B-spline of every control point at every pixel along one side, `(pixels, 5)`."""
    distance = (
        (_centres(pixels)[:, None] + 1) / 2 * (CONTROL_POINTS_PER_SIDE - 1) - torch.arange(CONTROL_POINTS_PER_SIDE)
    ).abs()
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    return torch.where(distance < 1, near, far)
