"""Focus: digits that were read badly come more often in an epoch, digits that were read well less often.

After a few epochs all but a few hundred of MNIST's training digits are read with certainty and teach nothing more. The
idea is that of I. Loshchilov and F. Hutter, "Online batch selection for faster training of neural networks", 2015: what
counts is the loss when a digit came last, which costs nothing, for the training computes it anyway.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor

LEAST = 0.2  # of the most that a digit may come: so often comes one that is read with certainty
LATEST = 0.3  # how much the latest loss of a digit counts against those before


class Focus:
    """How badly each of `digits` training digits was read, and what follows for the order of an epoch.

    A digit comes in proportion to the square root of its loss, at most `most` times an epoch on average; an epoch has
    as many digits as ever. The first one has every digit once.
    """

    def __init__(self, digits: int, most: float, device: torch.device) -> None:
        self.most = most
        self.losses = torch.full((digits,), torch.nan, device=device)  # NaN: not read yet

    def order(self, generator: Generator) -> Tensor:
        """The digits of the next epoch, `int64 (N,)`, in random order; a digit may come several times.

        Each comes as often as its share says, rounded up or down at random, so that their sum is N (systematic
        sampling).
        """
        ends = self.shares().double().cumsum(0)
        places = torch.arange(len(ends)) + torch.rand((), generator=generator, dtype=torch.float64)
        drawn = torch.searchsorted(ends, places * (ends[-1] / len(ends))).clamp_(max=len(ends) - 1)
        return drawn[torch.randperm(len(drawn), generator=generator)]

    def shares(self) -> Tensor:
        """How often each digit comes on average, `float32 (N,)` with a mean of 1, on the CPU."""
        losses = self.losses.cpu()
        if losses.isnan().any():
            return torch.ones_like(losses)
        roots = losses.sqrt().clamp_(min=1e-6)
        low, high = -20.0, 20.0  # logarithms of the factor between root and share; the mean rises with it
        for _ in range(50):
            middle = (low + high) / 2
            shares = (roots * 10**middle).clamp_(LEAST * self.most, self.most)
            low, high = (middle, high) if shares.mean() < 1 else (low, middle)
        return shares

    def learn(self, chosen: Tensor, losses: Tensor) -> None:
        """Remember the `losses (n,)` with which the digits `chosen int64 (n,)` have just been read."""
        before = self.losses[chosen]
        self.losses[chosen] = torch.where(before.isnan(), losses, before.lerp(losses, LATEST))

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs."""
        return {"losses": self.losses}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to where `state_dict` was taken. Raises `ValueError` when it is of other digits."""
        losses = state["losses"]
        if losses.shape != self.losses.shape or losses.dtype != self.losses.dtype or losses.isinf().any():
            raise ValueError("losses of other digits")
        self.losses = losses.to(self.losses.device)
