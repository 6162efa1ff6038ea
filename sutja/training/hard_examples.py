"""Hard-example sampling: digits with a high loss are drawn more often in an epoch, digits with a low loss less often.

After a few epochs, a network reads all but a few hundred of MNIST's training digits with certainty, and these teach it
nothing more. Idea: I. Loshchilov and F. Hutter, "Online batch selection for faster training of neural networks", 2015,
with the latest loss of each digit as its weight, which costs nothing: training computes it anyway.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor

MIN_REPEATS_SHARE = 0.2  # of the largest mean number of draws in an epoch: the smallest one
LATEST_LOSS_SHARE = 0.3  # of the newest loss in the running mean of a digit's losses
MIN_ROOT_LOSS = 1e-6
LOG10_SCALE_RANGE = (-20.0, 20.0)  # in which the scale from root losses to repeats is searched
BISECTIONS = 50


class HardExampleSampler:
    """Draws the order of an epoch by the latest losses of `digits` training digits.

    A digit is drawn in proportion to the square root of its loss, on average at most `max_repeats` times an epoch; an
    epoch keeps its number of digits. As long as a digit has no loss yet, every digit is drawn once.
    """

    def __init__(self, digits: int, max_repeats: float, device: torch.device) -> None:
        self.max_repeats = max_repeats
        self.losses = torch.full((digits,), torch.nan, device=device)  # NaN: no loss yet

    def order(self, generator: Generator) -> Tensor:
        """The digits of the next epoch, `int64 (N,)`, in random order; a digit may be drawn several times.

        Each is drawn as often as its mean number of repeats says, rounded up or down at random so that the sum is N
        (systematic sampling).
        """
        ends = self.repeats().double().cumsum(0)
        places = torch.arange(len(ends)) + torch.rand((), generator=generator, dtype=torch.float64)
        drawn = torch.searchsorted(ends, places * (ends[-1] / len(ends))).clamp_(max=len(ends) - 1)
        return drawn[torch.randperm(len(drawn), generator=generator)]

    def repeats(self) -> Tensor:
        """How often each digit is drawn on average, `float32 (N,)` with a mean of 1, on the CPU."""
        losses = self.losses.cpu()
        if losses.isnan().any():
            return torch.ones_like(losses)
        roots = losses.sqrt().clamp_(min=MIN_ROOT_LOSS)
        low, high = LOG10_SCALE_RANGE  # the mean of the repeats rises with the scale
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            repeats = (roots * 10**middle).clamp_(MIN_REPEATS_SHARE * self.max_repeats, self.max_repeats)
            low, high = (middle, high) if repeats.mean() < 1 else (low, middle)
        return repeats

    def update(self, chosen: Tensor, losses: Tensor) -> None:
        """Take the latest `losses (n,)` of the digits `chosen int64 (n,)` into their running means."""
        before = self.losses[chosen]
        self.losses[chosen] = torch.where(before.isnan(), losses, before.lerp(losses, LATEST_LOSS_SHARE))

    def state_dict(self) -> dict[str, Any]:
        """The state that `load_state_dict` restores."""
        return {"losses": self.losses}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned. Raises `ValueError` when it belongs to other digits."""
        losses = state["losses"]
        if losses.shape != self.losses.shape or losses.dtype != self.losses.dtype or losses.isinf().any():
            raise ValueError("losses of other digits")
        self.losses = losses.to(self.losses.device)
