"""The network of a recipe, for single digits, lines or pages, untrained; and the network of a trained model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from torch import nn

from sutja.data.digits import CLASS_COUNT
from sutja.errors import ModelFileError, UsageError
from sutja.files import whole_file
from sutja.models.open import TrainedModel
from sutja.networks.classes import with_class_count
from sutja.networks.ensemble import Ensemble
from sutja.networks.line_model import LineReader
from sutja.networks.model import create
from sutja.networks.page_model import PageReader
from sutja.randomness import derived_seed, seeded
from sutja.recipe import Recipe


def build_network(recipe: Recipe, *, seed: int, class_count: int = CLASS_COUNT) -> nn.Module:
    """The untrained network of a recipe; `seed` alone decides its weights. Raises `UsageError` for an unknown one.

    A network for single digits has an output for each of `class_count` classes.
    """
    if recipe.reads == "digits":
        network = create(recipe.network, seed=seed, dropout=recipe.dropout)
        return with_class_count(network, class_count, seed=derived_seed(seed, "classes"))
    with seeded(seed):
        return LineReader(recipe.dropout) if recipe.reads == "lines" else PageReader()


def save_network(network: nn.Module, path: Path) -> None:
    """Write the weights of a network as safetensors."""
    from safetensors.torch import save

    with whole_file(path) as partial:
        partial.write_bytes(save(network.state_dict()))


def load_network(model: TrainedModel) -> nn.Module:
    """The PyTorch network of a trained model, on the CPU, in evaluation mode.

    Raises `UsageError` if it was published without weights for PyTorch, and `ModelFileError` if these are missing,
    damaged, of another network, or do not have the SHA-256 of card or report.
    """
    from safetensors.torch import load

    if model.weights is None:
        raise UsageError(f"{model.name}: was published without its weights: PyTorch cannot load it")
    count = len(model.class_names)
    if model.recipe is not None:
        network = build_network(model.recipe, seed=0, class_count=count)
        kind = f"another network than {model.recipe.network}"
    else:
        members = [build_network(each.recipe, seed=0, class_count=count) for each in model.members]
        kind = "other members"
        network = Ensemble(members, np.array([each.weight for each in model.members]))
    try:
        content = model.weights.read_bytes()
        if model.weights_sha256 not in (None, hashlib.sha256(content).hexdigest()):
            raise ValueError("its SHA-256 is not the recorded one")
        network.load_state_dict(load(content))
    except Exception as error:  # safetensors and PyTorch raise many kinds for a damaged file
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(f"{model.weights}: missing, damaged or of {kind}: {reason}") from error
    return network.eval()
