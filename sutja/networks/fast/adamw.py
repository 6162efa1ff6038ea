"""AdamW with PyTorch's state, without `torch.optim`: its first optimiser loads the compiler, which takes a second."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from sutja.networks.fast.library import Kernels, is_plain

MOMENTS = ("exp_avg", "exp_avg_sq")  # PyTorch's names of the means of gradients and of their squares


class AdamW:
    """AdamW in one call for all weights: by the kernels, and where they do not take a tensor, by PyTorch.

    Groups and state have the form of `torch.optim.AdamW`, which can go on with them.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float = 0.001,
        *,
        weight_decay: float,
        kernels: Kernels | None,
    ) -> None:
        """Without `kernels`, PyTorch takes all steps."""
        numbers = {"lr": learning_rate, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": weight_decay}
        self._weights = list(parameters)
        self.param_groups: list[dict[str, Any]] = [{**numbers, "fused": True, "params": self._weights}]
        self.state: dict[Tensor, dict[str, Tensor]] = {}
        self._kernels = kernels
        self._plain: list[int] = []  # addresses of weights and moments that the kernel takes

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self._weights:
            weight.grad = None

    def step(self) -> None:
        """Take one step against the gradients of the parameters; those without a gradient stay."""
        weights = [weight for weight in self._weights if weight.grad is not None]
        states = [self._state(weight) for weight in weights]
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        tensors = [
            tensor
            for weight, state in zip(weights, states, strict=True)
            for tensor in (weight, weight.grad, *(state[name] for name in MOMENTS))
        ]
        number = float(steps[0])
        # PyTorch takes the first step: without it, no run could be repeated to the bit that began before.
        if self._kernels and number > 1 and self._takes(tensors):
            group = self.param_groups[0]
            numbers = (group["lr"], group["weight_decay"], *group["betas"], group["eps"], number)
            self._kernels.take_adamw_step(tensors, numbers)
        else:
            self._take_step_by_pytorch(tensors, steps)

    def _state(self, weight: Tensor) -> dict[str, Tensor]:
        """The number of steps and the moments of a weight, zeros before its first step."""
        state = self.state.get(weight)
        if state is None:
            state = {"step": torch.zeros((), dtype=torch.float32, device=weight.device)}
            state |= {name: torch.zeros_like(weight, memory_format=torch.preserve_format) for name in MOMENTS}
            self.state[weight] = state
        return state

    @torch.no_grad()
    def _take_step_by_pytorch(self, tensors: Sequence[Any], steps: list[Tensor]) -> None:
        """The same call as that of `torch.optim.AdamW(fused=True)`."""
        group = self.param_groups[0]
        weights, gradients, means, squares = (list(tensors[part::4]) for part in range(4))
        torch._fused_adamw_(
            weights, gradients, means, squares, [], steps, lr=group["lr"], beta1=group["betas"][0],
            beta2=group["betas"][1], weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False,
            maximize=False,
        )  # fmt: skip

    def _takes(self, tensors: Sequence[Any]) -> bool:
        """Whether the kernel takes the tensors; if none has moved, only gradients are looked at."""
        if not all(map(is_plain, tensors[1::4])):
            return False
        addresses = [each.data_ptr() for part in (0, 2, 3) for each in tensors[part::4]]
        if addresses != self._plain:
            if not all(map(is_plain, tensors)):
                return False
            self._plain = addresses
        return True

    def state_dict(self) -> dict[str, Any]:
        """The state as `torch.optim.AdamW` has it, with the numbers of the parameters in their places."""
        numbers = {weight: number for number, weight in enumerate(self._weights)}
        groups = [{**group, "params": [*range(len(self._weights))]} for group in self.param_groups]
        return {"state": {numbers[weight]: state for weight, state in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken, of this class or of `torch.optim.AdamW`.

        Raises `ValueError` for the state of other parameters.
        """
        (group,) = copy.deepcopy(state["param_groups"])
        if len(group["params"]) != len(self._weights) or not state["state"].keys() <= set(group["params"]):
            raise ValueError("the state of an optimiser of other parameters")
        weights = dict(zip(group["params"], self._weights, strict=True))
        self.state = {weights[number]: _moved(moments, weights[number]) for number, moments in state["state"].items()}
        self.param_groups = [{**group, "params": self._weights}]


def _moved(state: dict[str, Tensor], weight: Tensor) -> dict[str, Tensor]:
    """A copy of the state of a weight in its precision and on its device."""
    precisions = {"step": torch.float32, **dict.fromkeys(MOMENTS, weight.dtype)}
    return {
        name: torch.clone(state[name]).to(device=weight.device, dtype=precision)
        for name, precision in precisions.items()
    }
