"""Muon: an optimiser whose every step changes a matrix of weights in all directions alike.

The gradients of a layer, averaged over some steps, are mostly of a few directions; AdamW follows these and hardly moves
in the others. Muon takes the nearest orthogonal matrix instead. Source: K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista,
L. Newhouse and J. Bernstein, "Muon: an optimizer for hidden layers in neural networks", 2024. That a step is as large
as one of AdamW, so that both can share a learning rate, is from J. Liu and others, "Muon is scalable for LLM training",
2025.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

MOMENTUM = 0.95
BETAS, EPSILON = (0.9, 0.999), 1e-8  # of AdamW, for what is no matrix
ADAMW_STEP = 0.2  # root mean square of AdamW's steps before the learning rate, as measured by Liu and others
ITERATIONS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)  # brings singular values from 0 to 1 near 1 in few iterations


class Muon(Optimizer):
    """Muon for weights of two and more dimensions, where a filter of a convolution is a row; AdamW for all others.

    Both multiply the weights by 1 - `lr`·`weight_decay` at each step.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step against the gradients that the parameters have."""
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    weights.mul_(1 - group["lr"] * group["weight_decay"])
                    find = _muon_direction if weights.dim() > 1 else _adam_direction
                    weights.sub_(find(weights.grad, self.state[weights]), alpha=group["lr"])


def _muon_direction(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """The step of a matrix or of filters at a learning rate of 1; `state` remembers the gradients' mean."""
    if "momentum" not in state:
        state["momentum"] = torch.zeros_like(gradient)
    momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
    matrix = gradient.lerp(momentum, MOMENTUM).flatten(1)  # Nesterov's
    size = ADAMW_STEP * max(matrix.shape) ** 0.5
    return orthogonal(matrix).mul_(size).view(gradient.shape)


def _adam_direction(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """The same of a vector: AdamW's, whose two means `state` remembers."""
    if "step" not in state:
        state |= {"step": 0, "mean": torch.zeros_like(gradient), "square": torch.zeros_like(gradient)}
    state["step"] += 1
    mean = state["mean"].lerp_(gradient, 1 - BETAS[0]) / (1 - BETAS[0] ** state["step"])
    square = state["square"].lerp_(gradient.square(), 1 - BETAS[1]) / (1 - BETAS[1] ** state["step"])
    step: Tensor = mean / square.sqrt().add_(EPSILON)
    return step


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest orthogonal matrix to `matrix (rows, columns)`, of any size; zeros stay zeros.

    Its singular values become 0.7 to 1.2, and their directions stay: a Newton-Schulz iteration, which needs products
    only.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    result: Tensor = wide / (wide.norm() + 1e-7)
    first, third, fifth = QUINTIC
    for _ in range(ITERATIONS):
        product = result @ result.T
        mixed = torch.addmm(product, product, product, beta=third, alpha=fifth)
        result = torch.addmm(result, mixed, result, beta=first)
    return result if wide is matrix else result.T
