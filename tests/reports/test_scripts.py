"""What the scripts of reports compute, against Python: MNIST's form, logits and receptive fields."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from sutja.data.dataset import Dataset
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import scaled, to_tensor
from sutja.networks.layers import list_layers
from sutja.networks.model import NETWORKS, create
from sutja.reading.normalise import normalise

pytest.importorskip("playwright")

if TYPE_CHECKING:
    from .conftest import OpenReport

TRAINED = ("lenet5-best", "mlp-best", "tiny", "convnet-small")
MAX_DIFFERENCE = 1e-2  # of logits
TOO_LARGE = {"convnet5-pair"}  # also a mixture, which no list of layers expresses

NORMALISE = """async (inks) => {
  const { normaliseInk } = await import("/normalise.js");
  return inks.map(({ width, height, data }) => [...normaliseInk({ width, height, data: Float32Array.from(data) })]);
}"""
LOGITS = """async () => {
  const { unpack } = await import("/inside.js");
  const { networks, digits } = await unpack(JSON.parse(document.getElementById("inside-data").textContent));
  const each = Array.from({ length: digits.length / 784 }, (_, at) => digits.subarray(784 * at, 784 * (at + 1)));
  return networks.map((network) => each.map((digit) => [...network.logits(digit)]));
}"""
FIELDS = """async () => {
  const { unpack } = await import("/inside.js");
  const { networks } = await unpack(JSON.parse(document.getElementById("inside-data").textContent));
  return networks.map((network) => network.stages.map((stage) => {
    const [maps, height, width] = stage.shape;
    const indices = [0, height * width - 1, Math.floor(height / 2) * width + Math.floor(width / 3)];
    return { shape: stage.shape, fields: indices.map((index) => [index, network.receptiveField(stage, index)]) };
  }));
}"""


def drawn_inks(count: int) -> list[NDArray[np.float32]]:
    """Strokes of all sizes and widths in pictures of all shapes."""
    rng = np.random.default_rng(0)
    inks = []
    for _ in range(count):
        height, width = (int(side) for side in rng.integers(10, 150, 2))
        picture = np.zeros((height, width), np.uint8)
        for _ in range(int(rng.integers(1, 4))):
            points = rng.integers(0, (width, height), (int(rng.integers(2, 5)), 2)).astype(np.int32)
            cv2.polylines(picture, [points], False, int(rng.integers(120, 256)), int(rng.integers(1, 14)), cv2.LINE_AA)
        inks.append((picture / 255).astype(np.float32))
    return inks


def test_ink_gets_the_same_form_as_by_normalise(open_report: OpenReport, mnist: Dataset) -> None:
    page = open_report([("MLP", create("mlp", seed=0))], None)
    digits = [np.asarray(image, np.float32) / 255 for image in mnist.test.images[:40]]
    large = [cv2.resize(digit, None, fx=4.3, fy=4.3, interpolation=cv2.INTER_CUBIC).clip(0, 1) for digit in digits]
    inks: list[NDArray[Any]] = [*drawn_inks(120), *digits, *large, np.zeros((9, 7), np.float32)]
    sent = [{"width": ink.shape[1], "height": ink.shape[0], "data": ink.ravel().tolist()} for ink in inks]
    forms = np.array(page.evaluate(NORMALISE, sent)).reshape(-1, 28, 28)
    differences = np.abs(forms - np.stack([normalise(ink) for ink in inks]).astype(int))
    assert differences.max() <= 1  # the last bit of a sum
    assert (differences > 0).mean() < 1e-4


def test_trained_networks_give_the_logits_of_pytorch(open_report: OpenReport, mnist: Dataset) -> None:
    digits = mnist.test.take(np.arange(200))
    networks = [(name, load_network(open_model(name))) for name in TRAINED]
    page = open_report(networks, digits)
    difference = largest_difference(page.evaluate(LOGITS), networks, digits.images)
    assert difference <= MAX_DIFFERENCE


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - TOO_LARGE))
def test_every_network_gives_the_logits_of_pytorch(open_report: OpenReport, mnist: Dataset, name: str) -> None:
    digits = mnist.test.take(np.arange(20))
    network = create(name, seed=0, dropout=0.2)
    network.train()(scaled(to_tensor(mnist.train.take(np.arange(64)))))  # batch normalisation has statistics
    networks = [(name, network.eval())]
    page = open_report(networks, digits)
    assert largest_difference(page.evaluate(LOGITS), networks, digits.images) <= MAX_DIFFERENCE / 5


def largest_difference(answers: list[Any], networks: list[tuple[str, nn.Module]], images: NDArray[np.uint8]) -> float:
    inputs = torch.from_numpy(images).unsqueeze(1) / 255
    with torch.inference_mode():
        expected = np.stack([network(inputs).numpy() for _, network in networks])
    return float(np.abs(np.array(answers) - expected).max())


@pytest.mark.parametrize("name", ["lenet5", "mlp", "mlp-pooled", "tiny", "sprint"])
def test_receptive_fields_are_where_gradients_reach(open_report: OpenReport, name: str) -> None:
    network = create(name, seed=0)
    page = open_report([(name, network)], None)
    stages = page.evaluate(FIELDS)[0]
    for stage, layers in zip(stages, stage_networks(network), strict=True):
        image = torch.zeros(1, 1, 28, 28, requires_grad=True)
        output = layers(image)[0].flatten()
        assert output.numel() == np.prod(stage["shape"])
        for index, field in stage["fields"]:
            (gradient,) = torch.autograd.grad(output[index], image, retain_graph=True)
            rows, columns = torch.nonzero(gradient[0, 0], as_tuple=True)
            reached = {"left": columns.min(), "right": columns.max(), "top": rows.min(), "bottom": rows.max()}
            assert field == {edge: int(at) for edge, at in reached.items()}


def stage_networks(network: nn.Module) -> list[nn.Sequential]:
    """The network up to each convolution, pooling and linear layer but the last; gradients reach all that it sees."""
    layers: list[nn.Module] = []
    stages = []
    for layer in copy.deepcopy(network).children():
        if isinstance(layer, nn.ReLU | nn.Dropout | nn.BatchNorm2d):
            continue
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.ones_(layer.weight)
        layers.append(nn.AvgPool2d(2) if isinstance(layer, nn.MaxPool2d) else layer)
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.MaxPool2d | nn.AvgPool2d):
            stages.append(nn.Sequential(*layers))
    return stages[:-1]


def test_layers_hold_half_precision_weights() -> None:
    layers = list_layers(create("lenet5", seed=0))
    assert sum(layer.weights.size for layer in layers) == 61_706
    assert [layer.kind for layer in layers if layer.weights.size] == ["convolution"] * 2 + ["linear"] * 3
