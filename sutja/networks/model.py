"""The networks. Each takes images `float32 (N, 1, 28, 28)` in [0, 1] and gives logits `float32 (N, 10)`.

Adding one is adding one function or class here, with `@network` above it: the tests, the command line and every table
take it from there. Mean and deviation are subtracted inside, by `Normalise`, so that no caller can forget it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sutja.errors import unknown
from sutja.randomness import seeded

MEAN, DEVIATION = 0.1307, 0.3081  # of the pixels of MNIST's 60,000 training images, scaled to [0, 1]

Builder = Callable[[float], nn.Module]
NETWORKS: dict[str, Builder] = {}


def network(name: str, *, parameters: int) -> Callable[[Builder], Builder]:
    """Register what builds a network from a dropout rate under a public `name`; hold it to its parameter count."""

    def register(build: Builder) -> Builder:
        def build_counted(dropout: float) -> nn.Module:
            module = build(dropout)
            counted = count_parameters(module)
            assert counted == parameters, f"{name} has {counted:,} parameters, not the {parameters:,} it declares"
            return module

        NETWORKS[name] = build_counted
        return build

    return register


def create(name: str, *, seed: int, dropout: float = 0.0) -> nn.Module:
    """Build the network `name`; its initial weights depend on `seed` alone. Raises `UsageError` for an unknown name."""
    if name not in NETWORKS:
        raise unknown("network", name, NETWORKS)
    with seeded(seed):
        return NETWORKS[name](dropout)


class Normalise(nn.Module):
    """Subtract MNIST's mean and divide by its deviation; shape stays."""

    def forward(self, images: Tensor) -> Tensor:
        """Pixels in [0, 1] to pixels of mean 0 and deviation 1."""
        return (images - MEAN) / DEVIATION


class Crop(nn.Module):
    """The rows and columns from `start` to before `stop`."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.seen = slice(start, stop)

    def forward(self, images: Tensor) -> Tensor:
        """Images `(N, C, H, W)` to `(N, C, stop - start, stop - start)`."""
        return images[:, :, self.seen, self.seen]


@network("lenet5", parameters=61_706)
class LeNet5(nn.Sequential):
    """LeNet-5 as it is built today: ReLU and max-pooling instead of sigmoid and trained subsampling, softmax outputs.

    Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998. The
    pooling comes before the ReLU: the result is the same, with a quarter of the work.
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
    """A multilayer perceptron with 30 parameters fewer than LeNet-5, so that only the architecture is compared."""

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


@network("mlp-pooled", parameters=59_870)
def mlp_pooled(dropout: float) -> nn.Module:
    """A perceptron that sees the middle at half the resolution: fewer pixels, but three times as many hidden units."""
    return nn.Sequential(
        Crop(2, 26),  # (N, 1, 24, 24): MNIST's digits seldom reach further
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
    """A convolution, batch normalisation and ReLU; with `pool` the largest of each 2×2 before these.

    The normalisation's shift takes the place of the convolution's bias.
    """
    return [
        nn.Conv2d(inputs, outputs, size, padding=padding, bias=False),
        *([nn.MaxPool2d(2)] if pool else []),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def four_convolutions(widths: tuple[int, int, int, int], dropout: float) -> nn.Module:
    """Four convolutions of so many channels and one linear layer, which keeps the places: no average over them."""
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


@network("convnet", parameters=111_786)
def convnet(dropout: float) -> nn.Module:
    """A large one: 3.9 million multiply-adds an image."""
    return four_convolutions((32, 48, 64, 112), dropout)


class Committee(nn.Module):
    """Networks that share nothing and answer together: the log of the mean of their probabilities.

    In training each of them reads its own part of the batch, so an epoch takes no longer than with one of them, they
    grow different, and each is as good as if it were alone after as many epochs as there are members. Source of the
    idea: D. Cireşan, U. Meier and J. Schmidhuber, "Multi-column deep neural networks for image classification", 2012.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        """Images `(N, 1, 28, 28)` to logits `(N, 10)`."""
        if self.training:
            parts = images.chunk(len(self.members))  # fewer where there are fewer images than members
            return torch.cat([member(part) for member, part in zip(self.members, parts, strict=False)])
        return mixture(self.members, images, -math.log(len(self.members)))


def mixture(members: Iterable[nn.Module], images: Tensor, log_weights: Tensor | float) -> Tensor:
    """The log of the weighted mean of the probabilities of some networks, `(N, 10)`.

    `log_weights` are the logarithms of their weights, `(M, 1, 1)`, or that of each of them.
    """
    answers = torch.stack([member(images).log_softmax(dim=1) for member in members])  # (M, N, 10)
    return torch.logsumexp(answers + log_weights, dim=0)


@network("convnet-pair", parameters=830_036)
def convnet_pair(dropout: float) -> nn.Module:
    """The largest: two networks, together 17 million multiply-adds an image, most of them where maps are small."""
    return nn.Sequential(Normalise(), Committee([five_convolutions(dropout) for _ in range(2)]))


def five_convolutions(dropout: float) -> nn.Module:
    """As `four_convolutions`, with one more where maps are smallest: 415,018 parameters.

    It takes pixels `(N, 1, 28, 28)` that `Normalise` has been at, and gives logits `(N, 10)`.
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
    """The same in small: at most 6,200 parameters."""
    return four_convolutions((8, 12, 16, 16), dropout)


class Flatten(nn.Module):
    """As `nn.Flatten`, but channels last: where the channels lie last in memory, nothing has to be moved."""

    def forward(self, images: Tensor) -> Tensor:
        """Images `(N, C, H, W)` to `(N, H·W·C)`."""
        return images.permute(0, 2, 3, 1).flatten(1)


class StridedCNN(nn.Sequential):
    """Two 5×5 convolutions of every other place, with BatchNorm and without pooling: made to be trained quickly.

    Only the middle `side`×`side` pixels are seen, 21 or 25: nearly all ink is in 21×21, and the second convolution has
    3×3 places there, 4×4 in 25×25. Pooling would cost as much as the convolutions.
    """

    def __init__(self, first: int, second: int, *, side: int, dropout: float) -> None:
        places = {21: 3, 25: 4}[side]
        start = (28 - side + 1) // 2
        super().__init__(
            Crop(start, start + side),
            Normalise(),
            nn.Conv2d(1, first, kernel_size=5, stride=2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            nn.Conv2d(first, second, kernel_size=5, stride=2, bias=False),  # (N, second, places, places)
            nn.BatchNorm2d(second),
            nn.ReLU(),
            Flatten(),
            nn.Dropout(dropout),
            nn.Linear(places * places * second, 10),
        )


@network("sprint", parameters=16_186)
def sprint_network(dropout: float) -> nn.Module:
    """What the sprint to 99.0 % trains."""
    return StridedCNN(16, 32, side=21, dropout=dropout)


@network("sprint-wide", parameters=62_442)
def wide_sprint_network(dropout: float) -> nn.Module:
    """What the sprint to 99.5 % trains."""
    return StridedCNN(32, 64, side=25, dropout=dropout)


@dataclass(frozen=True)
class Size:
    """How large a network is: trained parameters, multiply-adds for one image, bytes of its parameters as float32."""

    parameters: int
    multiply_adds: int
    bytes: int


def measure(module: nn.Module, example: Tensor | None = None) -> Size:
    """Count the parameters of a network, and the multiply-adds of its convolutions and linear layers for one image.

    The image is `example`, by default one of 28×28 pixels.
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
    return Size(parameters, multiply_adds, 4 * parameters)


def count_parameters(module: nn.Module) -> int:
    """The number of trained parameters."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
