"""The networks: images `float32 (N, 1, 28, 28)` in [0, 1] → logits `float32 (N, 10)`.

To add one, add a function or class here and decorate it with `@network`: the tests, the command line and every table
find it by this registration. Each network standardises its input itself, by `Normalise`, so no caller can forget to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sutja.errors import SutjaError, unknown
from sutja.randomness import seeded

MNIST_MEAN = 0.1307  # of the pixels of the 60,000 training images, scaled to [0, 1]
MNIST_STANDARD_DEVIATION = 0.3081

Builder = Callable[[float], nn.Module]
NETWORKS: dict[str, Builder] = {}


def network(name: str, *, parameters: int) -> Callable[[Builder], Builder]:
    """Register a function from dropout rate to network under a public `name`, and assert its parameter count."""

    def register(build: Builder) -> Builder:
        def build_counted(dropout: float) -> nn.Module:
            module = build(dropout)
            counted = count_parameters(module)
            if counted != parameters:
                raise SutjaError(f"network {name}: has {counted:,} parameters, not the {parameters:,} that it declares")
            return module

        NETWORKS[name] = build_counted
        return build

    return register


def create(name: str, *, seed: int, dropout: float = 0.0) -> nn.Module:
    """The network `name` with initial weights that depend on `seed` alone. Raises `UsageError` for an unknown name."""
    if name not in NETWORKS:
        raise unknown("network", name, NETWORKS)
    with seeded(seed):
        return NETWORKS[name](dropout)


class Normalise(nn.Module):
    """Standardise pixels with MNIST's mean and standard deviation; the shape stays the same."""

    def forward(self, images: Tensor) -> Tensor:
        """Pixels in [0, 1] → pixels with a mean of 0 and a standard deviation of 1 over MNIST."""
        return (images - MNIST_MEAN) / MNIST_STANDARD_DEVIATION


class Crop(nn.Module):
    """Rows and columns `start` to `stop - 1` of an image."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.kept = slice(start, stop)

    def forward(self, images: Tensor) -> Tensor:
        """Images `(N, C, H, W)` → `(N, C, stop - start, stop - start)`."""
        return images[:, :, self.kept, self.kept]


@network("lenet5", parameters=61_706)
class LeNet5(nn.Sequential):
    """LeNet-5 with ReLU, max-pooling and softmax outputs instead of sigmoid, trained subsampling and RBF outputs.

    Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
    Pooling before the ReLU gives the same result with a quarter of the work.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__(
            Normalise(),
            nn.Conv2d(1, 6, kernel_size=5, padding=2),  # C1: (N, 6, 28, 28), 156 parameters
            nn.MaxPool2d(2),  # S2: (N, 6, 14, 14)
            nn.ReLU(),
            nn.Conv2d(6, 16, kernel_size=5),  # C3: (N, 16, 10, 10), 2,416 parameters
            nn.MaxPool2d(2),  # S4: (N, 16, 5, 5)
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(400, 120),  # C5: (N, 120), 48,120 parameters
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(120, 84),  # F6: (N, 84), 10,164 parameters
            nn.ReLU(),
            nn.Linear(84, 10),  # (N, 10), 850 parameters
        )


@network("mlp", parameters=61_676)
class CustomMLP(nn.Sequential):
    """A multilayer perceptron with 30 parameters fewer than LeNet-5, so that a comparison is of architectures alone."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__(
            Normalise(),
            nn.Flatten(),  # (N, 784)
            nn.Linear(784, 72),  # (N, 72), 56,520 parameters
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(72, 62),  # (N, 62), 4,526 parameters
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(62, 10),  # (N, 10), 630 parameters
        )


@network("perceptron", parameters=7_850)
def perceptron(dropout: float) -> nn.Module:
    """One layer: each class has a weight for each pixel; with softmax outputs, multinomial logistic regression.

    Source: F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the
    brain", 1958, with a threshold instead of softmax.
    """
    return nn.Sequential(
        Normalise(),
        nn.Flatten(),  # (N, 784)
        nn.Dropout(dropout),
        nn.Linear(784, 10),  # (N, 10), 7,850 parameters
    )


@network("mlp-pooled", parameters=59_870)
def mlp_pooled(dropout: float) -> nn.Module:
    """A multilayer perceptron on the centre at half the resolution: fewer pixels, but three times the hidden units."""
    return nn.Sequential(
        Crop(2, 26),  # (N, 1, 24, 24): MNIST's digits seldom extend further
        Normalise(),
        nn.AvgPool2d(2),  # (N, 1, 12, 12)
        nn.Flatten(),  # (N, 144)
        nn.Linear(144, 230),  # (N, 230), 33,350 parameters
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(230, 110),  # (N, 110), 25,410 parameters
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(110, 10),  # (N, 10), 1,110 parameters
    )


def convolution(inputs: int, outputs: int, size: int, *, padding: int = 0, pool: bool = False) -> list[nn.Module]:
    """A convolution, then 2×2 max-pooling if `pool`, batch normalisation and ReLU.

    The convolution has no bias: the shift of the batch normalisation replaces it.
    """
    return [
        nn.Conv2d(inputs, outputs, size, padding=padding, bias=False),
        *([nn.MaxPool2d(2)] if pool else []),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def four_convolutions(widths: tuple[int, int, int, int], dropout: float) -> nn.Module:
    """Four convolutions with `widths` channels and a linear layer on all positions, without global average pooling."""
    first, second, third, fourth = widths
    return nn.Sequential(
        Normalise(),
        *convolution(1, first, 5, pool=True),  # (N, first, 12, 12)
        *convolution(first, second, 3),  # (N, second, 10, 10)
        *convolution(second, third, 3, pool=True),  # (N, third, 4, 4)
        *convolution(third, fourth, 3),  # (N, fourth, 2, 2)
        nn.Flatten(),  # (N, 4·fourth)
        nn.Dropout(dropout),
        nn.Linear(4 * fourth, 10),  # (N, 10)
    )


@network("convnet4", parameters=111_786)
def convnet4(dropout: float) -> nn.Module:
    """Four convolutions, 3.9 million multiply-adds per image."""
    return four_convolutions((32, 48, 64, 112), dropout)


@network("convnet4-narrow", parameters=64_538)
def convnet4_narrow(dropout: float) -> nn.Module:
    """Like `convnet4`, with 1.7 million multiply-adds per image."""
    return four_convolutions((16, 32, 48, 96), dropout)


class ColumnEnsemble(nn.Module):
    """An ensemble of columns, networks without shared weights: the log of the mean of their probabilities.

    In training, each column sees its own part of the batch: an epoch takes as long as with one column, the columns
    become different, and M columns need M times the epochs of one. Idea: D. Cireşan, U. Meier and J. Schmidhuber,
    "Multi-column deep neural networks for image classification", 2012.
    """

    def __init__(self, columns: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(columns)  # the name of their weights in files

    def forward(self, images: Tensor) -> Tensor:
        """Images `(N, 1, 28, 28)` → logits `(N, 10)`."""
        if self.training:
            parts = images.chunk(len(self.members))  # fewer where there are fewer images than members
            return torch.cat([member(part) for member, part in zip(self.members, parts, strict=False)])
        return log_mean_probabilities(self.members, images, -math.log(len(self.members)))


def log_mean_probabilities(members: Iterable[nn.Module], images: Tensor, log_weights: Tensor | float) -> Tensor:
    """The log of the weighted mean of the probabilities of M networks, `(N, 10)`.

    `log_weights` are the logarithms of their weights, `(M, 1, 1)`, or one for all.
    """
    log_probabilities = torch.stack([member(images).log_softmax(dim=1) for member in members])  # (M, N, 10)
    return torch.logsumexp(log_probabilities + log_weights, dim=0)


@network("convnet5-pair", parameters=830_036)
def convnet5_pair(dropout: float) -> nn.Module:
    """Two columns of five convolutions, together 17 million multiply-adds per image, most of them on small maps."""
    return nn.Sequential(Normalise(), ColumnEnsemble([five_convolutions(dropout) for _ in range(2)]))


def five_convolutions(dropout: float) -> nn.Module:
    """Like `four_convolutions`, with one more on the smaller maps: 415,018 parameters.

    Standardised pixels `(N, 1, 28, 28)` → logits `(N, 10)`.
    """
    return nn.Sequential(
        *convolution(1, 32, 5, pool=True),  # (N, 32, 12, 12)
        *convolution(32, 64, 3),  # (N, 64, 10, 10)
        *convolution(64, 96, 3, pool=True),  # (N, 96, 4, 4)
        *convolution(96, 128, 3, padding=1),  # (N, 128, 4, 4)
        *convolution(128, 192, 3),  # (N, 192, 2, 2)
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(4 * 192, 10),  # (N, 10)
    )


@network("tiny", parameters=5_850)
def tiny(dropout: float) -> nn.Module:
    """A small network of four convolutions, with at most 6,200 parameters."""
    return four_convolutions((8, 12, 16, 16), dropout)


class Flatten(nn.Module):
    """Like `nn.Flatten`, but with channels last: no copy where they are last in memory."""

    def forward(self, images: Tensor) -> Tensor:
        """Images `(N, C, H, W)` → `(N, H·W·C)`."""
        return images.permute(0, 2, 3, 1).flatten(1)


class StridedCNN(nn.Sequential):
    """Two 5×5 convolutions of stride 2, with batch normalisation and without pooling: trains quickly.

    It sees the central `side`×`side` pixels, 21 or 25: nearly all ink is in 21×21, where the second convolution has 3×3
    outputs; of 25×25 it has 4×4. Pooling would cost as much as the convolutions.
    """

    def __init__(self, first: int, second: int, *, side: int, dropout: float) -> None:
        output_side = {21: 3, 25: 4}[side]
        start = (28 - side + 1) // 2
        super().__init__(
            Crop(start, start + side),
            Normalise(),
            nn.Conv2d(1, first, kernel_size=5, stride=2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            nn.Conv2d(first, second, kernel_size=5, stride=2, bias=False),  # (N, second, output_side, output_side)
            nn.BatchNorm2d(second),
            nn.ReLU(),
            Flatten(),
            nn.Dropout(dropout),
            nn.Linear(output_side * output_side * second, 10),
        )


@network("sprint", parameters=16_186)
def sprint_network(dropout: float) -> nn.Module:
    """The network of the sprint to 99.0 %."""
    return StridedCNN(16, 32, side=21, dropout=dropout)


@network("sprint-wide", parameters=62_442)
def wide_sprint_network(dropout: float) -> nn.Module:
    """The network of the sprint to 99.5 %."""
    return StridedCNN(32, 64, side=25, dropout=dropout)


@dataclass(frozen=True)
class NetworkSize:
    """Trained parameters, multiply-adds for one image, and bytes of the parameters as float32."""

    parameters: int
    multiply_adds: int
    bytes: int


def measure_size(module: nn.Module, example: Tensor | None = None) -> NetworkSize:
    """Count the parameters of a network, and the multiply-adds of its convolutions and linear layers for one image.

    `example` is the image, by default 28×28 pixels.
    """
    if example is None:
        example = torch.zeros(1, 1, 28, 28)
    multiply_adds = 0

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal multiply_adds
        weight = layer.get_parameter("weight")  # (outputs, inputs, …): each output takes inputs·… multiply-adds
        multiply_adds += output.numel() * weight[0].numel()

    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    was_training = module.training
    with torch.inference_mode():
        module.eval()(example)
    module.train(was_training)
    for hook in hooks:
        hook.remove()
    parameters = count_parameters(module)
    return NetworkSize(parameters, multiply_adds, 4 * parameters)


def count_parameters(module: nn.Module) -> int:
    """The number of trained parameters."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
