"""A fine-tuning task: which network learns which corrected digits."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from sutja.data.digits import Digits
from sutja.environment import CorrectionsSource, StartSource
from sutja.errors import UsageError
from sutja.models.open import TrainedModel, open_model
from sutja.networks.build import load_network
from sutja.recipe import CORRECTED, START_FIELDS, FineTuning, Recipe


@dataclass(frozen=True, eq=False)
class Task:
    """Fine-tune the `network` of the model `start`, with its recipe, on the digits `corrected` of the folder `name`."""

    start: TrainedModel
    start_recipe: Recipe
    network: nn.Module
    name: str
    corrected: Digits

    @classmethod
    def open(cls, word: str | Path, name: str, corrected: Digits) -> Task:
        """The task for the model that `word` names (see `open_model`).

        Raises `UsageError` for a model that reads lines or letters, is an ensemble or was published without weights,
        and what `open_model` and `load_network` raise.
        """
        model = open_model(word)
        if model.recipe is not None:
            model.recipe.require_single_digits(f"--from {word}")
        if model.recipe is None or model.weights is None:
            raise UsageError(f"--from {word}: an ensemble, or published without its weights, cannot be fine-tuned")
        model.require_digits()
        return cls(model, model.recipe, load_network(model), name, corrected)

    @cached_property
    def _origin(self) -> StartSource:
        """Where the weights of the network come from."""
        assert self.start.weights is not None
        sha256 = hashlib.sha256(self.start.weights.read_bytes()).hexdigest()
        name = re.sub(r"[^\w.+=-]", "_", self.start.base_name)
        return StartSource(name, sha256, dataclasses.asdict(self.start_recipe))

    @property
    def sha256(self) -> str:
        """The checksum of the corrected pixels and labels."""
        digest = hashlib.sha256(self.corrected.images.tobytes())
        digest.update(self.corrected.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    def recipe(self, settings: dict[str, str] | None = None) -> Recipe:
        """The recipe for it, with some fields set from words.

        The protocol is that of the start network: validation digits that it has seen cannot evaluate it. Raises
        `UsageError` for settings that do not fit.
        """
        origin, start = self._origin, self.start_recipe
        tuning = FineTuning(f"{origin.name}@{origin.sha256}", f"{self.name}-{len(self.corrected)}@{self.sha256}")
        recipe = dataclasses.replace(CORRECTED, network=start.network, protocol=start.protocol, finetuning=tuning)
        fixed = (*START_FIELDS, "distillation", "distillation.teacher", "hard_example_repeats", "precision")
        for field in settings or {}:
            if field in fixed:
                raise UsageError(f"{field} cannot be set with --from: it is as the network that it begins with has it")
        return recipe.with_settings(settings or {})

    def describe(self) -> dict[str, Any]:
        """What `environment.json` records of it."""
        corrections = CorrectionsSource(self.name, len(self.corrected), self.sha256)
        return {"start": self._origin, "corrections": corrections}
