"""The trained network that a fine-tuning begins with: a published one, or that of a finished run."""

from __future__ import annotations

import hashlib
import re

from sutja.errors import UsageError
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.training.finetuning.finetune import Start


def open_start(word: str) -> Start:
    """The network for single digits that `word` names (see `open_model`).

    Raises `UsageError` when it reads lines, is an ensemble or was published without weights, and what `open_model` and
    `load_network` raise.
    """
    model = open_model(word)
    if model.recipe is None or model.weights is None:
        raise UsageError(
            f"--from {word}: an ensemble, or without weights: only a network with weights can be fine-tuned"
        )
    if model.reads == "lines":
        raise UsageError(f"--from {word}: reads lines: corrections are for networks that read single digits")
    network = load_network(model)
    sha256 = hashlib.sha256(model.weights.read_bytes()).hexdigest()
    name = re.sub(r"[^\w.+=-]", "_", model.name.removesuffix(f"-s{model.recipe.seed}"))
    return Start(name, sha256, model.recipe, model.data_sha256, network, model.temperature)
