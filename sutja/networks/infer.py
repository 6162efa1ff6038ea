"""Inference with PyTorch, on digits, strips and pages."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import batches
from sutja.data.digits import Digits
from sutja.models.onnx_line_network import StripPixels, in_batches
from sutja.networks.fast.engine import accelerated

EVALUATION_BATCH_SIZE = 500  # fits the cache of an ordinary CPU; larger batches are slower


def infer(network: nn.Module, images: Tensor) -> Tensor:
    """The logits `(N, 10)` of `uint8 (N, 1, 28, 28)` images, in evaluation mode; the mode is restored."""
    was_training = network.training
    network.eval()
    fast = accelerated(network)
    with torch.inference_mode():
        parts = [images[part] for part in batches(len(images), EVALUATION_BATCH_SIZE)]
        logits = torch.cat([fast(part) if fast else network(scaled(part)) for part in parts])
    network.train(was_training)
    return logits


def scaled(images: Tensor) -> Tensor:
    """Images `uint8 (N, 1, 28, 28)` as `float32` in [0, 1]."""
    return images.float().div_(255)


def to_tensor(digits: Digits) -> Tensor:
    """The images of `digits` as `uint8 (N, 1, 28, 28)`."""
    return torch.from_numpy(digits.images).unsqueeze(1)


def loss_and_accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of a network on `uint8 (N, 1, 28, 28)` images."""
    logits = infer(network, images)
    loss = functional.cross_entropy(logits, labels).item()
    return loss, (logits.argmax(1) == labels).float().mean().item()


def infer_strips(network: nn.Module, strips: StripPixels) -> list[NDArray[np.float32]]:
    """The logits `(W / 4, 19)` of each strip `float32 (3, 48, W)`, in evaluation mode."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network(torch.from_numpy(batch).to(device)).cpu().numpy(), np.float32)

    with torch.inference_mode():
        logits = in_batches(strips, run)
    network.train(was_training)
    return logits


def infer_pages(network: nn.Module, pictures: Tensor) -> Tensor:
    """The maps `float32 (N, 9, H / 4, W / 4)` of pictures `uint8 (N, 3, H, W)`, on the CPU, in evaluation mode."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        maps: Tensor = network(pictures.to(device)).float().cpu()
    network.train(was_training)
    return maps
