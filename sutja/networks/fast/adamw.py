"""AdamW with PyTorch's state, without `torch.optim`: its first optimiser loads the compiler, which takes a second."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from sutja.networks.fast.library import AdamWArguments, Kernels, is_plain

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
        self._steps = [0.0] * len(self._weights)
        self._moments: list[list[Tensor] | None] = [None] * len(self._weights)  # none before the first step
        self._kernels = kernels
        self._call = AdamWArguments([], [])

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self._weights:
            weight.grad = None

    def step(self) -> None:
        """Take one step against the gradients of the parameters; those without a gradient stay."""
        gradients = [weight.grad for weight in self._weights]
        places = [place for place, gradient in enumerate(gradients) if gradient is not None]
        for place in places:
            self._steps[place] += 1
        steps, group = {self._steps[place] for place in places}, self.param_groups[0]
        # PyTorch takes the first step: without it, no run could be repeated to the bit that began before.
        if self._kernels and steps.isdisjoint({1.0}) and len(steps) == 1 and self._takes(places):
            numbers = (group["lr"], group["weight_decay"], *group["betas"], group["eps"], *steps)
            self._kernels.take_adamw_step(self._call, numbers)
        else:
            self._take_step_by_pytorch(places)

    def _takes(self, places: Sequence[int]) -> bool:
        """Whether the kernel takes the tensors at these places; if none has moved, only gradients are looked at."""
        weights = [self._weights[place] for place in places]
        gradients = [weight.grad for weight in weights]
        if not all(map(is_plain, gradients)):
            return False
        if not self._call.matches(weights):
            moments = [moments for place in places if (moments := self._moments[place])]
            if not all(map(is_plain, [*weights, *chain(*moments)])):
                return False
            self._call = AdamWArguments(weights, moments)
        self._call.set_gradients(gradients)
        return True

    @torch.no_grad()
    def _take_step_by_pytorch(self, places: Sequence[int]) -> None:
        """The same call as that of `torch.optim.AdamW(fused=True)`."""
        weights = [self._weights[place] for place in places]
        gradients: list[Any] = [weight.grad for weight in weights]
        means, squares = (list(each) for each in zip(*map(self._made_moments, places), strict=True))
        steps = [self._step_tensor(place) for place in places]
        group = self.param_groups[0]
        torch._fused_adamw_(
            weights, gradients, means, squares, [], steps, lr=group["lr"], beta1=group["betas"][0],
            beta2=group["betas"][1], weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False,
            maximize=False,
        )  # fmt: skip

    def _made_moments(self, place: int) -> list[Tensor]:
        """The moments of a weight, zeros before its first step."""
        moments, weight = self._moments[place], self._weights[place]
        if moments is None:
            moments = [torch.zeros_like(weight, memory_format=torch.preserve_format) for _ in MOMENTS]
            self._moments[place] = moments
        return moments

    def _step_tensor(self, place: int) -> Tensor:
        return torch.tensor(self._steps[place], dtype=torch.float32, device=self._weights[place].device)

    def state_dict(self) -> dict[str, Any]:
        """The state as `torch.optim.AdamW` has it, with the numbers of the parameters in their places."""
        state = {
            place: {"step": self._step_tensor(place), **dict(zip(MOMENTS, moments, strict=True))}
            for place, moments in enumerate(self._moments)
            if moments
        }
        groups = [{**group, "params": [*range(len(self._weights))]} for group in self.param_groups]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken, of this class or of `torch.optim.AdamW`.

        Raises `ValueError` for the state of other parameters.
        """
        (group,) = copy.deepcopy(state["param_groups"])
        if len(group["params"]) != len(self._weights) or not state["state"].keys() <= set(group["params"]):
            raise ValueError("the state of an optimiser of other parameters")
        states = [state["state"].get(number) for number in group["params"]]
        self.param_groups = [{**group, "params": self._weights}]
        self._steps = [float(each["step"]) if each else 0.0 for each in states]
        self._moments = [
            [each[name].clone().to(weight) for name in MOMENTS] if each else None
            for each, weight in zip(states, self._weights, strict=True)
        ]
        self._call = AdamWArguments([], [])
