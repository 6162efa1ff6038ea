"""Every registered network: input, output and cost, seeding, training and export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import SutjaError, UsageError
from sutja.export.onnx import PARITY_TOLERANCE, export_onnx
from sutja.models.onnx_classifier import Classifier
from sutja.networks import model
from sutja.networks.model import (
    NETWORKS,
    ColumnEnsemble,
    CustomMLP,
    LeNet5,
    Normalise,
    count_parameters,
    create,
    measure_size,
)

every_network = pytest.mark.parametrize("name", list(NETWORKS))

LENET5_PARAMETERS = 61_706
LENET5_MULTIPLY_ADDS = (
    28 * 28 * 6 * 25  # C1
    + 10 * 10 * 16 * 6 * 25  # C3
    + 400 * 120  # C5
    + 120 * 84  # F6
    + 84 * 10
)


def digits32(mnist: Dataset) -> tuple[Tensor, Tensor]:
    images = torch.from_numpy(mnist.train.images[:32]).unsqueeze(1) / 255
    return images, torch.from_numpy(mnist.train.labels[:32])


def weights(network: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(network.parameters())


@every_network
@pytest.mark.parametrize("number", [1, 3])
def test_each_image_has_ten_logits(name: str, number: int) -> None:
    logits = create(name, seed=0)(torch.rand(number, 1, 28, 28))
    assert logits.shape == (number, 10)
    assert logits.dtype == torch.float32


@every_network
def test_the_seed_alone_decides_the_initial_weights(name: str) -> None:
    torch.manual_seed(1)
    first = weights(create(name, seed=5))
    torch.manual_seed(2)
    assert torch.equal(first, weights(create(name, seed=5)))
    assert not torch.equal(first, weights(create(name, seed=6)))


@every_network
def test_the_global_random_state_is_untouched(name: str) -> None:
    before = torch.get_rng_state()
    create(name, seed=3)
    assert torch.equal(before, torch.get_rng_state())


@every_network
def test_it_learns_32_digits(name: str, mnist: Dataset) -> None:
    images, labels = digits32(mnist)
    network = create(name, seed=0)
    optimiser = torch.optim.Adam(network.parameters(), 0.003)
    losses = []
    for _ in range(60):
        loss = functional.cross_entropy(network(images), labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10


@every_network
def test_the_dropout_rate_reaches_the_network(name: str, mnist: Dataset) -> None:
    images, _ = digits32(mnist)
    network = create(name, seed=0, dropout=0.5).train()
    assert not torch.equal(network(images), network(images))
    network = create(name, seed=0, dropout=0.5).eval()
    assert torch.equal(network(images), create(name, seed=0).eval()(images))


@every_network
def test_onnx_runtime_gives_the_same_logits(name: str, mnist: Dataset, tmp_path: Path) -> None:
    network = create(name, seed=0).eval()
    path = tmp_path / "model.onnx"
    some = Digits(mnist.test.images[:64], mnist.test.labels[:64])
    assert export_onnx(network, path, some) <= PARITY_TOLERANCE
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    graph = onnx.load(str(path)).graph
    assert [each.name for each in graph.input] == ["images"]
    assert [each.name for each in graph.output] == ["logits"]
    for number in (1, 7):
        with torch.inference_mode():
            expected = network(torch.from_numpy(some.images[:number]).unsqueeze(1) / 255).numpy()
        np.testing.assert_allclose(Classifier(path).logits(some.images[:number]), expected, atol=PARITY_TOLERANCE)


def test_lenet5_has_the_parameters_of_the_paper() -> None:
    assert count_parameters(create("lenet5", seed=0)) == count_parameters(LeNet5()) == LENET5_PARAMETERS


def test_the_mlp_has_as_many_parameters_or_up_to_one_percent_fewer() -> None:
    assert 0.99 * LENET5_PARAMETERS <= count_parameters(CustomMLP()) <= LENET5_PARAMETERS


def test_the_mlp_has_no_convolution() -> None:
    assert not [layer for layer in CustomMLP().modules() if isinstance(layer, nn.Conv2d)]


def test_measured_sizes_are_those_counted_by_hand() -> None:
    assert LENET5_MULTIPLY_ADDS == 416_520
    network = create("lenet5", seed=0).train()
    size = measure_size(network)
    assert size == model.NetworkSize(LENET5_PARAMETERS, LENET5_MULTIPLY_ADDS, 4 * LENET5_PARAMETERS)
    assert network.training
    assert not [layer for layer in network.modules() if layer._forward_hooks]
    assert measure_size(CustomMLP()).multiply_adds == 784 * 72 + 72 * 62 + 62 * 10


def test_frozen_parameters_are_not_counted() -> None:
    network = LeNet5()
    for parameter in network[-1].parameters():
        parameter.requires_grad_(False)
    assert count_parameters(network) == LENET5_PARAMETERS - 850


def test_normalise_brings_real_digits_to_mean_0_and_standard_deviation_1(mnist: Dataset) -> None:
    normalised = Normalise()(torch.from_numpy(mnist.train.images[::10]) / 255)
    assert abs(normalised.mean().item()) < 0.05
    assert abs(normalised.std().item() - 1) < 0.05


def test_columns_split_the_batch_in_training_and_average_probabilities_in_evaluation() -> None:
    torch.manual_seed(1)
    members = [nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for _ in range(2)]
    ensemble, images = ColumnEnsemble(members), torch.rand(6, 1, 28, 28)
    assert torch.equal(ensemble(images), torch.cat([members[0](images[:3]), members[1](images[3:])]))
    assert torch.equal(ensemble(images[:1]), members[0](images[:1]))
    answers = ensemble.eval()(images).softmax(1)
    assert torch.allclose(answers, (members[0](images).softmax(1) + members[1](images).softmax(1)) / 2, atol=1e-6)


def test_an_unknown_network_gets_a_hint() -> None:
    with pytest.raises(UsageError, match="unknown network 'lenet': did you mean 'lenet5'"):
        create("lenet", seed=0)


def test_a_network_with_a_wrong_count_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "NETWORKS", dict(NETWORKS))

    @model.network("tiny", parameters=7_851)
    def tiny(dropout: float) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    with pytest.raises(SutjaError, match="network tiny: has 7,850 parameters, not the 7,851 that it declares"):
        create("tiny", seed=0)


def test_one_decorated_function_registers_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "NETWORKS", dict(NETWORKS))

    @model.network("tiny", parameters=7_850)
    def tiny(dropout: float) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    assert create("tiny", seed=0)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert measure_size(create("tiny", seed=0)).multiply_adds == 7_840
