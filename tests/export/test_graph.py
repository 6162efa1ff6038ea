"""Networks as ONNX graphs: every sequence of known layers, with the results of PyTorch and the names of its weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from sutja.export.graph import UnwrittenLayerError, sequence_model
from sutja.networks.model import NETWORKS, Crop, Flatten, Normalise, create

SEQUENCES = [name for name in NETWORKS if isinstance(create(name, seed=0), nn.Sequential) and name != "convnet5-pair"]
LAYERS = {
    "crop": [Crop(2, 22), nn.Flatten(), nn.Linear(400, 3)],
    "channels last": [nn.Conv2d(1, 3, 5, stride=3), Flatten(), nn.Linear(192, 4)],
    "normalise": [Normalise(), nn.Flatten(), nn.Linear(784, 2)],
    "pools": [nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(49, 2)],
    "activations": [nn.Flatten(), nn.Linear(784, 5), nn.Tanh(), nn.Linear(5, 5), nn.Sigmoid(), nn.Linear(5, 2)],
    "nothing": [nn.Identity(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(784, 2, bias=False)],
    "convolution": [
        nn.Conv2d(1, 4, (3, 5), padding=(1, 2)),
        nn.Conv2d(4, 2, 3, groups=2),
        Flatten(),
        nn.Linear(1352, 2),
    ],
    "nested": [nn.Sequential(nn.Conv2d(1, 2, 5), nn.BatchNorm2d(2)), nn.Flatten(), nn.Linear(1152, 2)],
}


def computed(model: onnx.ModelProto, images: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return np.asarray(session.run(["logits"], {"images": images.numpy()})[0])


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_each_layer_has_the_results_of_pytorch(layers: list[nn.Module]) -> None:
    network, images = nn.Sequential(*layers).eval(), torch.rand(3, 1, 28, 28)
    model = sequence_model(network)
    onnx.checker.check_model(model, full_check=True)
    with torch.inference_mode():
        np.testing.assert_allclose(computed(model, images), network(images).numpy(), atol=1e-5)


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_weights_are_those_of_the_network_by_name(name: str) -> None:
    network = create(name, seed=1).eval()
    model = sequence_model(network)
    onnx.checker.check_model(model, full_check=True)
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for weight, value in network.state_dict().items():
        if "num_batches" not in weight:
            np.testing.assert_array_equal(stored[weight], value.numpy())


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Flatten(), nn.Linear(784, 2), nn.ReLU()],
        [nn.Flatten(), nn.GELU(), nn.Linear(784, 2)],
        [nn.MaxPool2d(3, stride=2), nn.Flatten(), nn.Linear(169, 2)],
        [nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), nn.Flatten(), nn.Linear(784, 2)],
        [nn.Conv2d(1, 1, 3, padding="same"), nn.Flatten(), nn.Linear(784, 2)],
        [nn.BatchNorm2d(1, affine=False), nn.Flatten(), nn.Linear(784, 2)],
        [nn.Flatten(2), nn.Linear(784, 2)],
    ],
    ids=["end", "GELU", "stride", "circular", "same", "affine", "flatten"],
)
def test_what_is_not_known_is_refused(layers: list[nn.Module]) -> None:
    with pytest.raises(UnwrittenLayerError):
        sequence_model(nn.Sequential(*layers))


def test_the_same_network_gives_the_same_bytes() -> None:
    first, second = (sequence_model(create("lenet5", seed=2)).SerializeToString() for _ in range(2))
    assert first == second


def test_no_exporter_is_loaded(tmp_path: Path) -> None:
    """PyTorch's exporter takes two seconds to import and to find the graph of LeNet-5."""
    code = f"""
import sys
from pathlib import Path
from sutja.data.dataset import load_dataset
from sutja.export.onnx import export_onnx
from sutja.networks.model import create
export_onnx(create("lenet5", seed=0).eval(), Path({str(tmp_path / "model.onnx")!r}), load_dataset("mnist").test)
sys.exit("onnxscript" in sys.modules or "torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
