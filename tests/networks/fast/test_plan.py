"""Which networks the kernels compute."""

from __future__ import annotations

import pytest
from torch import nn

from sutja.networks.fast.plan import UnsupportedNetworkError, plan_network
from sutja.networks.model import Crop, Normalise, count_parameters, create


@pytest.mark.parametrize("name", ["lenet5", "mlp", "tiny", "convnet4", "sprint", "sprint-wide"])
def test_a_plan_has_all_parameters_in_their_order(name: str) -> None:
    network = create(name, seed=0, dropout=0.1)
    planned = plan_network(network).parameters
    assert [id(each) for each in planned] == [id(each) for each in network.parameters()]
    assert sum(each.numel() for each in planned) == count_parameters(network)


@pytest.mark.parametrize("name", ["mlp-pooled", "convnet5-pair"])
def test_networks_with_other_layers_are_left_to_pytorch(name: str) -> None:
    with pytest.raises(UnsupportedNetworkError):
        plan_network(create(name, seed=0))


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(1, 2, 3)],
        [nn.Conv2d(1, 2, 7), nn.Flatten(), nn.Linear(968, 10)],
        [nn.Conv2d(1, 2, 3, groups=1, dilation=2), nn.Flatten(), nn.Linear(1152, 10)],
        [nn.Conv2d(1, 2, (3, 5)), nn.Flatten(), nn.Linear(1248, 10)],
        [nn.Conv2d(1, 2, 3, stride=2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10)],
        [nn.Conv2d(1, 2, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(288, 10)],
        [nn.Conv2d(1, 2, 5), nn.MaxPool2d(3), nn.Flatten(), nn.Linear(128, 10)],
        [nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3), nn.Flatten(), nn.Linear(1152, 10)],
        [nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10)],
        [nn.Flatten(), nn.Linear(784, 10), nn.Dropout(0.5), nn.Linear(10, 10)],
        [nn.Flatten(), nn.Linear(784, 10), nn.ReLU()],
        [nn.Flatten(), nn.Linear(784, 10), nn.Sigmoid()],
        [nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False), nn.Flatten(), nn.Linear(1352, 10)],
        [],
    ],
)
def test_other_layers_and_orders_are_left_to_pytorch(layers: list[nn.Module]) -> None:
    with pytest.raises(UnsupportedNetworkError):
        plan_network(nn.Sequential(Normalise(), *layers))


def test_pixels_that_are_not_standardised_or_too_few_are_left_to_pytorch() -> None:
    for first, features in (([], 784), ([Normalise(), Crop(8, 20)], 144)):
        with pytest.raises(UnsupportedNetworkError):
            plan_network(nn.Sequential(*first, nn.Flatten(), nn.Linear(features, 10)))
