"""AdamW and moving averages in one call: close to PyTorch's, and with the same state."""

from __future__ import annotations

import copy

import torch
from torch import nn

from sutja.networks.fast.adamw import adamw
from tests.networks.fast.kernels import compiled_kernels


def steps(optimiser: torch.optim.Optimizer, weights: list[nn.Parameter], count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        source = torch.Generator().manual_seed(number)
        for weight in weights:
            weight.grad = torch.randn(weight.shape, generator=source) / (1 + number)
        optimiser.step()


def parameters() -> list[nn.Parameter]:
    source = torch.Generator().manual_seed(7)
    return [nn.Parameter(torch.randn(shape, generator=source)) for shape in ((3, 5), (7,), (2, 3, 4, 5))]


def test_steps_are_those_of_pytorch() -> None:
    ours, theirs = parameters(), parameters()
    steps(adamw(ours, 0.01, weight_decay=0.1, kernels=compiled_kernels()), ours, 20)
    steps(adamw(theirs, 0.01, weight_decay=0.1, kernels=None), theirs, 20)
    for found, expected in zip(ours, theirs, strict=True):
        assert torch.allclose(found, expected, atol=1e-6)


def test_the_state_goes_on_in_pytorch_and_comes_back() -> None:
    kernels = compiled_kernels()
    ours, theirs = parameters(), parameters()
    straight = adamw(ours, 0.01, weight_decay=0.1, kernels=kernels)
    steps(straight, ours, 6)
    before = adamw(theirs, 0.01, weight_decay=0.1, kernels=kernels)
    steps(before, theirs, 2)
    for number, engine in ((2, None), (4, kernels)):
        after = adamw(theirs, 0.01, weight_decay=0.1, kernels=engine)
        after.load_state_dict(copy.deepcopy(before.state_dict()))
        steps(after, theirs, 2, first=number)
        before = after
    for found, expected in zip(theirs, ours, strict=True):
        assert torch.allclose(found, expected, atol=1e-6)
    assert straight.state_dict()["state"].keys() == before.state_dict()["state"].keys()


def test_another_dtype_is_left_to_pytorch() -> None:
    ours, theirs = ([nn.Parameter(each.detach().double()) for each in parameters()] for _ in range(2))
    for weights, kernels in ((ours, compiled_kernels()), (theirs, None)):
        optimiser = adamw(weights, 0.01, weight_decay=0.1, kernels=kernels)
        for number in range(3):
            for weight in weights:
                weight.grad = torch.full(weight.shape, number + 1.0, dtype=torch.float64)
            optimiser.step()
    assert all(map(torch.equal, ours, theirs))


def test_gradients_are_forgotten_or_zeroed() -> None:
    weights = parameters()
    optimiser = adamw(weights, 0.01, weight_decay=0.1, kernels=compiled_kernels())
    for to_none in (False, True):
        for weight in weights:
            weight.grad = torch.ones(weight.shape)
        optimiser.zero_grad(set_to_none=to_none)
        for weight in weights:
            assert weight.grad is None if to_none else torch.equal(weight.grad, torch.zeros(weight.shape))  # type: ignore[arg-type]


def test_averages_move_by_their_share() -> None:
    average, weight = torch.zeros(100), torch.arange(100.0)
    compiled_kernels().average([average], [weight], 0.25)
    assert torch.allclose(average, weight / 4)
