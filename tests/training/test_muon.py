"""Muon: steps of matrices equally in all directions, steps of vectors like AdamW's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sutja.randomness import seeded
from sutja.training.muon import ADAMW_STEP_RMS, Muon, orthogonal


@pytest.mark.parametrize("shape", [(6, 25), (120, 400), (400, 120), (32, 32)])
def test_singular_values_become_about_one_and_their_directions_stay(shape: tuple[int, int]) -> None:
    with seeded(0):
        left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    values = torch.linspace(1, 30, len(right))
    made = left.T @ orthogonal(left @ torch.diag(values) @ right) @ right.T
    assert made.diagonal().min() > 0.6 and made.diagonal().max() < 1.3
    assert (made - made.diagonal().diag()).abs().max() < 0.01


def test_a_step_of_a_matrix_is_as_large_as_one_of_adamw_whatever_the_gradient() -> None:
    for scale in (1e-6, 1e6):
        filters = nn.Parameter(torch.zeros(16, 6, 5, 5).contiguous(memory_format=torch.channels_last))
        with seeded(0):
            filters.grad = torch.randn(16, 6, 5, 5) * scale
        Muon([filters], lr=0.01, weight_decay=0).step()
        size = filters.detach().square().mean().sqrt().item()
        assert size == pytest.approx(0.01 * ADAMW_STEP_RMS, rel=0.3)  # singular values are 0.7 to 1.2
        assert (filters.detach() * filters.grad).sum() < 0


def test_vectors_take_the_steps_of_adamw() -> None:
    with seeded(0):
        start, gradients = torch.randn(20), torch.randn(5, 20)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    steps = Muon([ours], lr=0.01, weight_decay=0.1), torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1)
    for gradient in gradients:
        for weights, optimiser in zip((ours, theirs), steps, strict=True):
            weights.grad = gradient.clone()
            optimiser.step()
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_weights_decay_by_the_learning_rate_times_the_decay() -> None:
    matrix = nn.Parameter(torch.ones(4, 4))
    matrix.grad = torch.zeros(4, 4)
    Muon([matrix], lr=0.5, weight_decay=0.1).step()
    assert torch.allclose(matrix, torch.full((4, 4), 0.95))


def test_weights_without_a_gradient_stay() -> None:
    matrix = nn.Parameter(torch.ones(4, 4))
    Muon([matrix], lr=0.5, weight_decay=0.1).step()
    assert torch.equal(matrix, torch.ones(4, 4))
