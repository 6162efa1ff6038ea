"""The trained network that a training begins with: a published one, or that of a finished run."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from sutja.errors import ModelFileError, UsageError
from sutja.models.card import is_published, list_published, published_path, read_card
from sutja.models.open import open_trained
from sutja.networks.build import build_network
from sutja.recipe import Recipe
from sutja.runs.run import Run, is_run_or_ensemble
from sutja.training.finetuning.finetune import Start


def open_start(name: str) -> Start:
    """The network of a published model, or of the folder of a finished run, that reads single digits.

    Raises `UsageError` when `name` is neither, reads lines or is an ensemble, and `ModelFileError` when its weights are
    missing or damaged.
    """
    path = Path(name)
    if is_published(name) and not is_run_or_ensemble(path):
        return _published(name)
    if not path.exists():
        known = ", ".join(card.name for card in list_published()[0] if card.reading is None)
        raise UsageError(f"--from {name}: neither a published model nor a run's folder; published models: {known}")
    run = Run.open(path)
    run.recipe.require_single_digits(path)
    run.require_finished()
    network = run.load_network()
    sha256 = hashlib.sha256((run.folder / "model.safetensors").read_bytes()).hexdigest()
    plain = re.sub(r"[^\w.+=-]", "_", run.folder.resolve().name.removesuffix(f"-s{run.recipe.seed}"))
    return Start(plain, sha256, run.recipe, run.data_sha256, network, open_trained(path).temperature)


def _published(name: str) -> Start:
    from safetensors.torch import load

    onnx = published_path(name)
    card = read_card(onnx)
    if card.reading is not None:
        raise UsageError(f"--from {name}: reads lines: corrections are for networks that read single digits")
    path = onnx.with_suffix(".safetensors")
    if card.recipe is None or path.name not in card.files:
        raise UsageError(
            f"--from {name}: an ensemble, or published without its weights: only one network can be taught"
        )
    recipe = Recipe.from_json(json.dumps(card.recipe), onnx.with_suffix(".json"))
    network = build_network(recipe, seed=0)
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != card.files[path.name]:
            raise ValueError("its SHA-256 is not that of its card")
        network.load_state_dict(load(content))
    except Exception as error:  # safetensors and PyTorch raise many kinds for a damaged file
        raise ModelFileError(f"{path}: missing, damaged or of another network than {recipe.model}: {error}") from error
    return Start(name, card.files[path.name], recipe, str(card.data["sha256"]), network.eval(), card.temperature)
