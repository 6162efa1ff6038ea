"""AdamW in one call for all weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sutja.networks.fast.library import Kernels, is_plain


def adamw(
    parameters: Any, learning_rate: float = 0.001, *, weight_decay: float, kernels: Kernels | None
) -> torch.optim.AdamW:
    """AdamW by the kernels. Without kernels, PyTorch's AdamW does the step."""
    if kernels is None:
        return torch.optim.AdamW(parameters, learning_rate, weight_decay=weight_decay, fused=True)
    return FastAdamW(parameters, learning_rate, weight_decay=weight_decay, kernels=kernels)


class FastAdamW(torch.optim.AdamW):
    """PyTorch's AdamW, with the same state, whose step is one call; where it cannot be, PyTorch takes the step."""

    def __init__(self, parameters: Any, learning_rate: float, *, weight_decay: float, kernels: Kernels) -> None:
        """`parameters` as PyTorch's optimisers take them."""
        super().__init__(parameters, learning_rate, weight_decay=weight_decay, fused=True)
        self._kernels = kernels
        self._plain: list[int] = []  # addresses of weights and moments that the kernel takes

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients; PyTorch's own method takes six times as long to do so."""
        if not set_to_none:
            super().zero_grad(set_to_none)
            return
        for group in self.param_groups:
            for weight in group["params"]:
                weight.grad = None

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Take one step against the gradients of the parameters."""
        tensors = [self._tensors(group) for group in self.param_groups]
        # PyTorch takes the first step, which makes the state, and all where the kernel does not take a tensor.
        if closure is not None or not all(map(self._takes, tensors)):
            return super().step(closure)
        for group, of_group in zip(self.param_groups, tensors, strict=True):
            steps = [self.state[weight]["step"] for weight in group["params"] if weight.grad is not None]
            torch._foreach_add_(steps, 1)
            numbers = (group["lr"], group["weight_decay"], *group["betas"], group["eps"], float(steps[0]))
            self._kernels.take_adamw_step(of_group, numbers)
        return None

    def _takes(self, tensors: list[Tensor | None]) -> bool:
        """Whether the kernel takes the tensors of a group; if none has moved, only gradients are looked at."""
        if not all(map(is_plain, tensors[1::4])):
            return False
        addresses = [each.data_ptr() if each is not None else 0 for part in (0, 2, 3) for each in tensors[part::4]]
        if addresses != self._plain:
            if not all(map(is_plain, tensors)):
                return False
            self._plain = addresses
        return True

    def _tensors(self, group: dict[str, Any]) -> list[Tensor | None]:
        """Weights, gradients and both moments, which are `None` before the first step."""
        tensors: list[Tensor | None] = []
        for weight in group["params"]:
            if weight.grad is not None:
                state = self.state[weight]
                tensors += (weight, weight.grad, state.get("exp_avg"), state.get("exp_avg_sq"))
        return tensors
