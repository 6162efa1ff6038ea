"""Weights in half precision: what is rounded, what stays, and that the file says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn

from sutja.export.half_precision import MIN_TENSOR_SIZE, halved, store_in_half


@pytest.fixture
def network() -> nn.Module:
    """Both kinds of convolution, with normalisation at once and after pooling, as trained: no scale is one."""
    torch.manual_seed(1)
    layers = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        nn.Sequential(nn.Conv2d(8, 8, 3), nn.MaxPool2d(2), nn.BatchNorm2d(8)),
        nn.Flatten(2),
        nn.Conv1d(8, 4, 3),
        nn.BatchNorm1d(4),
        nn.Linear(14, 5),
    )
    for layer in layers.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.3, 3)
    return layers.eval()


def test_weights_are_halves_and_answers_hardly_change(network: nn.Module) -> None:
    images = torch.rand(5, 1, 12, 12)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    other = halved(network)
    weights = [each.weight for each in other.modules() if isinstance(each, (nn.Conv1d, nn.Conv2d, nn.Linear))]
    assert len(weights) == 4
    assert all(torch.equal(weight, weight.half().float()) for weight in weights)
    with torch.inference_mode():
        expected, found = network(images), other(images)
    assert 0 < (found - expected).abs().max() < 0.002 * expected.abs().max()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_only_normalisation_at_once_after_a_convolution_is_folded(network: nn.Module) -> None:
    left = [each for each in halved(network).modules() if isinstance(each, (nn.BatchNorm1d, nn.BatchNorm2d))]
    assert len(left) == 1


def test_the_file_is_smaller_and_gives_the_same_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    exact = rng.normal(size=(32, 64)).astype(np.float16).astype(np.float32)
    rounded = rng.normal(size=(64, 32)).astype(np.float32)
    small = np.ones(32, np.float32)
    tensors = [
        numpy_helper.from_array(values, name) for name, values in zip("abc", (exact, rounded, small), strict=True)
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["y"]),
        helper.make_node("MatMul", ["y", "b"], ["z"]),
        helper.make_node("Add", ["z", "c"], ["out"]),
    ]
    shapes = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 32]) for name in ("x", "out")]
    model = helper.make_model(
        helper.make_graph(nodes, "two", shapes[:1], shapes[1:], tensors), opset_imports=[helper.make_opsetid("", 20)]
    )
    model.ir_version = 10
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    size = path.stat().st_size
    given = {"x": rng.normal(size=(3, 32)).astype(np.float32)}
    (expected,) = onnxruntime.InferenceSession(path).run(None, given)
    store_in_half(path)
    onnx.checker.check_model(str(path), full_check=True)
    assert exact.size >= MIN_TENSOR_SIZE > small.size
    assert size - path.stat().st_size == pytest.approx(2 * exact.size, abs=100)  # the rounded ones stay as they are
    np.testing.assert_array_equal(onnxruntime.InferenceSession(path).run(None, given)[0], expected)
