"""Seeds are reproducible and leave global state alone."""

from __future__ import annotations

import pytest
import torch

from sutja.randomness import derived_seed, generator, seeded


def test_seeded_restores_the_state_after_an_error() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="stop"), seeded(3):
        torch.rand(1)
        raise ValueError("stop")
    assert torch.equal(before, torch.get_rng_state())


def test_other_purposes_and_epochs_have_other_seeds() -> None:
    seeds = {derived_seed(s, purpose, epoch) for s in (0, 1) for purpose in ("order", "dropout") for epoch in (0, 1)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert torch.equal(
        torch.rand(3, generator=generator(1, "order", 2)), torch.rand(3, generator=generator(1, "order", 2))
    )
