"""The stock idiom of PyTorch tutorials: each image passes through PIL and transforms, and a DataLoader collates them.

`StockDataset`, `ToTensor` and `Normalize` perform the tensor operations of their counterparts in torchvision but omit
most checks, so this is slightly faster than the original. `throughput.py` and `sprint.py` measure against it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from sutja.data.digits import Digits
from sutja.networks.model import MNIST_MEAN, MNIST_STANDARD_DEVIATION


class ToTensor:
    """Convert a PIL image to a tensor `float32 (channels, height, width)` in [0, 1]."""

    def __call__(self, picture: Image.Image) -> Tensor:
        """Copy the pixels, move the channels to the front, and scale."""
        array = np.array(picture, {"I": np.int32, "F": np.float32}.get(picture.mode, np.uint8), copy=True)
        tensor = torch.from_numpy(array).view(picture.size[1], picture.size[0], len(picture.getbands()))
        return tensor.permute((2, 0, 1)).contiguous().to(torch.get_default_dtype()).div(255)


class Normalize:
    """Subtract the mean and divide by the standard deviation of each channel."""

    def __init__(self, mean: tuple[float, ...], standard_deviation: tuple[float, ...]) -> None:
        self.mean = mean
        self.standard_deviation = standard_deviation

    def __call__(self, tensor: Tensor) -> Tensor:
        """Return a normalised copy of a tensor `(channels, height, width)`."""
        tensor = tensor.clone()
        mean = torch.as_tensor(self.mean, dtype=tensor.dtype, device=tensor.device)
        scale = torch.as_tensor(self.standard_deviation, dtype=tensor.dtype, device=tensor.device)
        if (scale == 0).any():
            raise ValueError("a standard deviation of 0")
        return tensor.sub_(mean.view(-1, 1, 1)).div_(scale.view(-1, 1, 1))


class StockDataset(TorchDataset[tuple[Tensor, int]]):
    """A data set that converts one digit at a time through a PIL image and the transforms."""

    def __init__(self, digits: Digits) -> None:
        self.images = torch.from_numpy(digits.images)
        self.labels = torch.from_numpy(digits.labels)
        self.transforms = (ToTensor(), Normalize((MNIST_MEAN,), (MNIST_STANDARD_DEVIATION,)))

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """The image `float32 (1, 28, 28)` and the label of one digit."""
        image: Any = Image.fromarray(self.images[index].numpy())
        for transform in self.transforms:
            image = transform(image)
        return image, int(self.labels[index])


class StockLeNet5(nn.Module):
    """LeNet-5 as tutorials write it, with 61,706 parameters; the data set normalises."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images `(N, 1, 28, 28)` to logits `(N, 10)`."""
        hidden = functional.max_pool2d(functional.relu(self.conv1(images)), 2)
        hidden = functional.max_pool2d(functional.relu(self.conv2(hidden)), 2)
        hidden = functional.relu(self.fc1(torch.flatten(hidden, 1)))
        return self.fc3(functional.relu(self.fc2(hidden)))  # type: ignore[no-any-return]


def train_stock(digits: Digits) -> None:
    """Train a new network for one epoch with Adam and batches of 64."""
    network = StockLeNet5()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for images, labels in DataLoader(StockDataset(digits), batch_size=64, shuffle=True):
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
