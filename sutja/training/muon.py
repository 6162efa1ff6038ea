"""Muon: an optimiser whose steps change a weight matrix equally in all directions.

The averaged gradient of a layer is dominated by a few directions; AdamW follows these and hardly moves in the others.
Muon replaces it by the nearest orthogonal matrix. Source: K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse
and J. Bernstein, "Muon: an optimizer for hidden layers in neural networks", 2024. Steps are scaled to the size of
AdamW's, so that both can share a learning rate: J. Liu and others, "Muon is scalable for LLM training", 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

MOMENTUM = 0.95
ADAMW_BETAS, ADAMW_EPSILON = (0.9, 0.999), 1e-8  # for vectors
ADAMW_STEP_RMS = 0.2  # root mean square of AdamW's steps before the learning rate, as measured by Liu and others
NEWTON_SCHULZ_ITERATIONS = 5
QUINTIC_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # bring singular values between 0 and 1 close to 1 in few iterations


class Muon(Optimizer):
    """Muon for weights with at least two dimensions, where each filter of a convolution is a row; AdamW for all others.

    Both multiply the weights by 1 - `lr`·`weight_decay` in each step.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step against the gradients of the parameters."""
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    weights.mul_(1 - group["lr"] * group["weight_decay"])
                    direction = _muon_direction if weights.dim() > 1 else _adam_direction
                    weights.sub_(direction(weights.grad, self.state[weights]), alpha=group["lr"])


def _muon_direction(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """The step of a matrix or of filters at a learning rate of 1; `state` holds the mean of the gradients."""
    if "momentum" not in state:
        state["momentum"] = torch.zeros_like(gradient)
    momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
    matrix = gradient.lerp(momentum, MOMENTUM).flatten(1)  # Nesterov momentum
    size = ADAMW_STEP_RMS * max(matrix.shape) ** 0.5
    return orthogonal(matrix).mul_(size).view(gradient.shape)


def _adam_direction(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """AdamW's step of a vector at a learning rate of 1; `state` holds the means of gradients and their squares."""
    if "step" not in state:
        state |= {"step": 0, "mean": torch.zeros_like(gradient), "square": torch.zeros_like(gradient)}
    state["step"] += 1
    mean = state["mean"].lerp_(gradient, 1 - ADAMW_BETAS[0]) / (1 - ADAMW_BETAS[0] ** state["step"])
    square = state["square"].lerp_(gradient.square(), 1 - ADAMW_BETAS[1]) / (1 - ADAMW_BETAS[1] ** state["step"])
    step: Tensor = mean / square.sqrt().add_(ADAMW_EPSILON)
    return step


def orthogonal(matrix: Tensor) -> Tensor:
    """Approximate the orthogonal matrix nearest to `matrix (rows, columns)`, of any shape; zeros stay zeros.

    The singular values become 0.7 to 1.2, and the singular vectors stay the same: a Newton-Schulz iteration, which
    needs matrix products only.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    result: Tensor = wide / (wide.norm() + 1e-7)
    first, third, fifth = QUINTIC_COEFFICIENTS
    for _ in range(NEWTON_SCHULZ_ITERATIONS):
        product = result @ result.T
        mixed = torch.addmm(product, product, product, beta=third, alpha=fifth)
        result = torch.addmm(result, mixed, result, beta=first)
    return result if wide is matrix else result.T
