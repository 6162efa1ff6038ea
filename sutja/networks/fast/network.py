"""A PyTorch network computed by the kernels, with its gradient."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn
from torch._utils import _unflatten_dense_tensors
from torch.autograd.function import once_differentiable

from sutja.networks.fast.library import InputStructure, Kernels, LayerStructure, WeightsStructure, is_plain
from sutja.networks.fast.plan import Plan
from sutja.networks.model import MNIST_MEAN, MNIST_STANDARD_DEVIATION

SEED_LIMIT = 2**31


class FastNetwork:
    """Calls the kernels with the weights that `network` has at that moment.

    Images that the kernels do not take, such as those on a GPU, are given to `network` itself.
    """

    def __init__(self, network: nn.Module, plan: Plan, kernels: Kernels) -> None:
        """`plan` is that of `network`."""
        self.network, self.plan, self.kernels = network, plan, kernels
        self.parameters = plan.parameters
        self.layers = (LayerStructure * len(plan.layers))(*[layer.structure() for layer in plan.layers])
        self._addresses: list[int] = []  # of the parameters, when `_weights` was made
        self._weights = (WeightsStructure * len(plan.layers))()
        self._workspaces: dict[tuple[int, int], list[Tensor]] = defaultdict(list)

    def __call__(self, images: Tensor) -> Tensor:
        """Logits `(N, classes)` of images `float32 (N, 1, 28, 28)` in [0, 1], or `uint8` as MNIST stores them."""
        parameters = self.parameters
        if not (_takes(images) and self.find_weights()) or self._has_fixed_norm():
            floats = images.float() / 255 if images.dtype == torch.uint8 else images
            return self.network(floats)  # type: ignore[no-any-return]
        threads = self.kernels.threads
        if torch.is_grad_enabled() and any(each.requires_grad for each in parameters):
            return _Logits.apply(self, images, threads, *parameters)  # type: ignore[no-any-return, no-untyped-call]
        logits, workspace = self.forward(images, threads)
        self.release(workspace, len(images), threads)
        return logits

    def forward(self, images: Tensor, threads: int) -> tuple[Tensor, Tensor]:
        """Logits of images, and the workspace with all activations; `find_weights` comes before."""
        training = self.network.training
        workspace = self._workspace(len(images), threads)
        logits = torch.empty(len(images), self.plan.layers[-1].fields["outputs"])
        seed = int(torch.randint(SEED_LIMIT, ())) if training and self._drops else 0
        self.kernels.forward(
            self.layers, len(self.layers), self._weights, ctypes.byref(self._input(images)), threads,
            workspace.data_ptr(), logits.data_ptr(), seed, training,
        )  # fmt: skip
        if training:
            self._count_batch()
        return logits, workspace

    def backward(self, workspace: Tensor, gradient: Tensor, threads: int) -> tuple[Tensor, ...]:
        """The gradients of all parameters from that of the logits."""
        parameters = self.parameters
        gradient = gradient.contiguous()
        flat = torch.empty(sum(each.numel() for each in parameters))
        self.kernels.backward(
            self.layers, len(self.layers), self._weights, len(gradient), threads,
            workspace.data_ptr(), gradient.data_ptr(), flat.data_ptr(),
        )  # fmt: skip
        return tuple(_unflatten_dense_tensors(flat, parameters))  # type: ignore[no-untyped-call]

    def release(self, workspace: Tensor, images: int, threads: int) -> None:
        """Let a later batch of as many images use the workspace."""
        self._workspaces[images, threads].append(workspace)

    def _has_fixed_norm(self) -> bool:
        """Whether gradients are wanted through a batch normalisation by fixed averages: not for the kernels."""
        has_norm = any(layer.norm is not None for layer in self.plan.layers)
        return has_norm and not self.network.training and torch.is_grad_enabled()

    @property
    def _drops(self) -> bool:
        return any(layer.fields["dropout"] for layer in self.plan.layers)

    def find_weights(self) -> bool:
        """Tell the kernels where the weights are, after they have moved; `False` where they cannot be read."""
        addresses = [parameter.data_ptr() for parameter in self.parameters]
        if addresses != self._addresses:
            if not all(map(is_plain, self.parameters)):
                return False
            self._weights[:] = [_addresses(layer) for layer in self.plan.layers]
            self._addresses = addresses
        return True

    def _workspace(self, images: int, threads: int) -> Tensor:
        free = self._workspaces[images, threads]
        if free:
            return free.pop()
        # Zeros: the kernels never write the padding of a convolution.
        return torch.zeros(self.kernels.workspace_floats(self.layers, len(self.layers), self._weights, images, threads))

    def _input(self, images: Tensor) -> InputStructure:
        side, start = self.plan.stop - self.plan.start, self.plan.start
        is_bytes = images.dtype == torch.uint8
        return InputStructure(
            pixels=images.data_ptr(), indices=None, count=len(images), bytes=is_bytes,
            height=images.shape[2], width=images.shape[3], top=start, left=start, high=side, wide=side,
            factor=1 / MNIST_STANDARD_DEVIATION / (255 if is_bytes else 1),
            offset=-MNIST_MEAN / MNIST_STANDARD_DEVIATION,
        )  # fmt: skip

    def _count_batch(self) -> None:
        for layer in self.plan.layers:
            if layer.norm is not None and layer.norm.num_batches_tracked is not None:
                layer.norm.num_batches_tracked.add_(1)  # `+=` would register the buffer again


def _takes(images: Tensor) -> bool:
    usual = images.dim() == 4 and images.shape[1:] == (1, 28, 28) and len(images) > 0 and images.is_contiguous()
    return usual and images.device.type == "cpu" and images.dtype in (torch.float32, torch.uint8)


def _addresses(layer: Any) -> WeightsStructure:
    module, norm = layer.module, layer.norm
    bias = None if module.bias is None else module.bias.data_ptr()
    if norm is None:
        return WeightsStructure(module.weight.data_ptr(), bias)
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    return WeightsStructure(module.weight.data_ptr(), bias, *[each.data_ptr() for each in tensors])


class _Logits(torch.autograd.Function):
    """The logits of a batch; the gradient is that of the parameters, the images have none."""

    @staticmethod
    def forward(ctx: Any, network: FastNetwork, images: Tensor, threads: int, *parameters: Tensor) -> Tensor:
        logits, workspace = network.forward(images, threads)
        ctx.save_for_backward(*parameters)
        ctx.network, ctx.workspace, ctx.threads = network, workspace, threads
        return logits

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        _ = ctx.saved_tensors  # PyTorch raises if the parameters have changed since the forward pass
        gradients = ctx.network.backward(ctx.workspace, gradient, ctx.threads)
        ctx.network.release(ctx.workspace, len(gradient), ctx.threads)
        del ctx.workspace  # another backward pass would find the activations of a later batch
        return (None, None, None, *gradients)
