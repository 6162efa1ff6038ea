"""Networks as files: weights are written as safetensors, and loaded only where they are what they should be."""

from __future__ import annotations

from pathlib import Path

import torch

from sutja.models.open import open_model
from sutja.networks.build import load_network, save_network
from sutja.networks.model import create


def test_weights_are_written_as_safetensors(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = create("lenet5", seed=0)
    save_network(network, tmp_path / "model.safetensors")
    loaded = load_file(tmp_path / "model.safetensors")
    assert loaded.keys() == network.state_dict().keys()
    assert all(torch.equal(loaded[name], weight) for name, weight in network.state_dict().items())


def test_a_published_network_is_loaded_in_evaluation_mode() -> None:
    network = load_network(open_model("tiny"))
    assert not network.training
    assert sum(each.numel() for each in network.parameters()) == 5850
