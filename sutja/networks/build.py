"""The network of a recipe: one for single digits, or the one that reads lines."""

from __future__ import annotations

from torch import nn

from sutja.networks.line_model import LineReader
from sutja.networks.model import create
from sutja.randomness import seeded
from sutja.recipe import Recipe


def build_network(recipe: Recipe, *, seed: int) -> nn.Module:
    """The untrained network of a recipe; its weights depend on `seed` alone. Raises `UsageError` for an unknown one."""
    if not recipe.reads_lines:
        return create(recipe.model, seed=seed, dropout=recipe.dropout)
    with seeded(seed):
        return LineReader(recipe.dropout)
