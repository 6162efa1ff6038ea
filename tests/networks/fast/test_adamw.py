"""AdamW and moving averages in one call: close to PyTorch's, and with the same state."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from sutja.networks.fast.adamw import AdamW
from tests.networks.fast.kernels import compiled_kernels


def steps(optimiser: AdamW | torch.optim.Optimizer, weights: list[nn.Parameter], count: int, *, first: int = 0) -> None:
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
    steps(AdamW(ours, 0.01, weight_decay=0.1, kernels=compiled_kernels()), ours, 20)
    steps(torch.optim.AdamW(theirs, 0.01, weight_decay=0.1), theirs, 20)
    for found, expected in zip(ours, theirs, strict=True):
        assert torch.allclose(found, expected, atol=1e-6)


def test_without_kernels_the_bits_are_those_of_pytorch() -> None:
    ours, theirs = parameters(), parameters()
    steps(AdamW(ours, 0.01, weight_decay=0.1, kernels=None), ours, 5)
    steps(torch.optim.AdamW(theirs, 0.01, weight_decay=0.1, fused=True), theirs, 5)
    assert all(map(torch.equal, ours, theirs))


def test_the_state_goes_on_in_pytorch_and_comes_back() -> None:
    kernels = compiled_kernels()
    ours, theirs = parameters(), parameters()
    straight = AdamW(ours, 0.01, weight_decay=0.1, kernels=kernels)
    steps(straight, ours, 6)
    before = AdamW(theirs, 0.01, weight_decay=0.1, kernels=kernels)
    steps(before, theirs, 2)
    of_pytorch = torch.optim.AdamW(theirs, 0.5, weight_decay=0.5)
    of_pytorch.load_state_dict(copy.deepcopy(before.state_dict()))
    steps(of_pytorch, theirs, 2, first=2)
    after = AdamW(theirs, 0.5, weight_decay=0.5, kernels=kernels)
    after.load_state_dict(copy.deepcopy(of_pytorch.state_dict()))
    steps(after, theirs, 2, first=4)
    for found, expected in zip(theirs, ours, strict=True):
        assert torch.allclose(found, expected, atol=1e-6)
    assert straight.state_dict()["state"].keys() == after.state_dict()["state"].keys()


def test_a_resumed_optimiser_takes_the_same_steps_to_the_bit() -> None:
    ours, theirs = parameters(), parameters()
    straight, before = (AdamW(each, 0.01, weight_decay=0.1, kernels=compiled_kernels()) for each in (ours, theirs))
    steps(straight, ours, 6)
    steps(before, theirs, 3)
    after = AdamW(theirs, 0.01, weight_decay=0.1, kernels=compiled_kernels())
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    steps(after, theirs, 3, first=3)
    assert all(map(torch.equal, ours, theirs))


def test_the_state_of_other_parameters_is_refused() -> None:
    weights = parameters()
    state = AdamW(weights, 0.01, weight_decay=0.1, kernels=None).state_dict()
    with pytest.raises(ValueError, match="other parameters"):
        AdamW(weights[:2], 0.01, weight_decay=0.1, kernels=None).load_state_dict(state)


def test_another_dtype_is_left_to_pytorch() -> None:
    ours, theirs = ([nn.Parameter(each.detach().double()) for each in parameters()] for _ in range(2))
    for weights, kernels in ((ours, compiled_kernels()), (theirs, None)):
        optimiser = AdamW(weights, 0.01, weight_decay=0.1, kernels=kernels)
        for number in range(3):
            for weight in weights:
                weight.grad = torch.full(weight.shape, number + 1.0, dtype=torch.float64)
            optimiser.step()
    assert all(map(torch.equal, ours, theirs))


def test_a_weight_without_a_gradient_stays() -> None:
    weights = parameters()
    before = weights[1].detach().clone()
    optimiser = AdamW(weights, 0.01, weight_decay=0.1, kernels=compiled_kernels())
    for _ in range(2):
        weights[0].grad = torch.ones(weights[0].shape)
        optimiser.step()
    assert torch.equal(weights[1], before)
    assert [*optimiser.state_dict()["state"]] == [0]


def test_gradients_are_forgotten() -> None:
    weights = parameters()
    optimiser = AdamW(weights, 0.01, weight_decay=0.1, kernels=compiled_kernels())
    for weight in weights:
        weight.grad = torch.ones(weight.shape)
    optimiser.zero_grad()
    assert all(weight.grad is None for weight in weights)


def test_training_does_not_load_the_compiler() -> None:
    """PyTorch's compiler takes a second to import, which each run would pay."""
    code = """
import sys, torch
from sutja.networks.fast.adamw import AdamW
weight = torch.nn.Parameter(torch.ones(3))
optimiser = AdamW([weight], weight_decay=0.1, kernels=None)
weight.square().sum().backward()
optimiser.step()
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_averages_move_by_their_share() -> None:
    average, weight = torch.zeros(100), torch.arange(100.0)
    compiled_kernels().average([average], [weight], 0.25)
    assert torch.allclose(average, weight / 4)
