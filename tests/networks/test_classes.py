"""Networks for another number of classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sutja.errors import UsageError
from sutja.networks.classes import with_class_count
from sutja.networks.model import NETWORKS, create


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [1, 2, 100])
def test_every_network_can_have_another_number_of_outputs(name: str, count: int) -> None:
    network = with_class_count(create(name, seed=0), count, seed=1)
    assert network.eval()(torch.rand(3, 1, 28, 28)).shape == (3, count)
    assert network.train()(torch.rand(4, 1, 28, 28)).shape == (4, count)


def test_the_seed_decides_the_new_weights_alone() -> None:
    first, same, other = (with_class_count(create("mlp", seed=0), 26, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert [name for name in first if not torch.equal(first[name], other[name])] == ["8.weight", "8.bias"]


def test_ten_classes_are_the_network_as_it_is() -> None:
    before = create("mlp", seed=0)
    after = with_class_count(before, 10, seed=1)
    assert after is before


def test_a_network_that_ends_otherwise_is_refused() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Sigmoid())
    with pytest.raises(UsageError, match="a network for 26 classes needs a linear layer of 10 outputs at its end"):
        with_class_count(network, 26, seed=0)
