"""The run folder: everything that one training leaves behind, each file written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sutja.digits import Labels
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation import Logits
from sutja.files import whole_file, write_text
from sutja.formats import UNREADABLE
from sutja.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

    from sutja.training import Epoch


@dataclass(frozen=True)
class Run:
    """A run folder.

    Its files: `recipe.json`, `environment.json`, `metrics.csv`, `checkpoint.pt`, `model.safetensors`,
    `model.onnx`, `logits.npz`, `figures/`, `report.html`, `MODEL_CARD.md` and, written last, `report.json`.
    """

    folder: Path
    recipe: Recipe

    @classmethod
    def create(cls, folder: Path, recipe: Recipe, environment: dict[str, Any], *, force: bool = False) -> Run:
        """Begin a run. Raises `UsageError` when the folder exists, unless `force` is set and it is a run's."""
        if folder.exists():
            if not force:
                state = cls.open(folder).state
                raise UsageError(f"{folder}: exists already ({state}); --resume goes on with it, --force replaces it")
            cls.open(folder)  # whatever is no run is not deleted
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        write_text(folder / "environment.json", json.dumps(environment, indent=2) + "\n")
        write_text(folder / "recipe.json", recipe.to_json())
        return cls(folder, recipe)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """An existing run. Raises `UsageError` when there is none at `folder`, `DataError` when it is damaged."""
        if not (folder / "recipe.json").is_file():
            raise UsageError(f"{folder}: not a run folder{'' if folder.exists() else ': it does not exist'}")
        return cls(folder, Recipe.from_json(_read_text(folder / "recipe.json"), folder / "recipe.json"))

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "report.json").is_file()

    @property
    def state(self) -> str:
        """How far the run came, in words."""
        if self.finished:
            return "finished"
        return f"stopped after epoch {len(self.metrics())} of {self.recipe.epochs}"

    def require_finished(self) -> None:
        """Raises `UsageError` while the run is not finished."""
        if not self.finished:
            raise UsageError(f"{self.folder}: not finished ({self.state}): go on with it by --resume")

    @cached_property
    def environment(self) -> dict[str, Any]:
        """What the run was made with."""
        return _read_json(self.folder / "environment.json")

    @property
    def data_sha256(self) -> str:
        """The checksum of the data that the run was made with."""
        try:
            return str(self.environment["data"]["sha256"])
        except (KeyError, TypeError) as error:
            raise DataError(f"{self.folder / 'environment.json'}: damaged: it does not name the data") from error

    @cached_property
    def report(self) -> dict[str, Any]:
        """What `report.json` holds. Raises `UsageError` while the run is not finished."""
        self.require_finished()
        return _read_json(self.folder / "report.json")

    def metrics(self) -> list[dict[str, float]]:
        """The rows of `metrics.csv`, one an epoch."""
        path = self.folder / "metrics.csv"
        if not path.exists():
            return []
        try:
            rows = [
                {name: float(value) for name, value in row.items()}
                for row in csv.DictReader(_read_text(path).splitlines())
            ]
        except (TypeError, ValueError, csv.Error) as error:
            raise DataError(f"{path}: damaged: {error}") from error
        return rows

    def save_epoch(self, records: list[Epoch], state: dict[str, Any]) -> None:
        """Keep what is needed to go on after this epoch, and its row of the curves."""
        import torch

        with whole_file(self.folder / "checkpoint.pt") as partial:
            torch.save(state, partial)
        text = io.StringIO()
        writer = csv.DictWriter(text, [field.name for field in fields(records[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in vars(record).items()} for record in records)
        write_text(self.folder / "metrics.csv", text.getvalue())

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The state after the last epoch that was kept, or `None` before the first; nothing in it is executed."""
        import torch

        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(path, weights_only=True)
        except Exception as error:  # PyTorch raises many kinds for a damaged file
            raise ModelFileError(f"{path}: damaged: train again with --force") from error
        return state

    def save_weights(self, network: nn.Module) -> None:
        """Write `model.safetensors`."""
        from safetensors.torch import save_file

        with whole_file(self.folder / "model.safetensors") as partial:
            save_file(network.state_dict(), partial)

    def save_logits(self, **arrays: Logits | Labels) -> None:
        """Write `logits.npz`: logits `float32 (N, 10)` and labels `int64 (N,)` of validation and test digits."""
        with whole_file(self.folder / "logits.npz") as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    def load_logits(self, part: str) -> tuple[Logits, Labels]:
        """Logits and labels of one part, "validation" or "test". Raises `DataError`."""
        path = self.folder / "logits.npz"
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                logits, labels = arrays[f"{part}_logits"], arrays[f"{part}_labels"]
        except (KeyError, *UNREADABLE) as error:
            raise DataError(f"{path}: missing or damaged: {error}") from error
        return logits, labels

    def save_json(self, name: str, values: dict[str, Any]) -> None:
        """Write a JSON file into the folder."""
        write_text(self.folder / name, json.dumps(values, indent=2) + "\n")


def list_runs(folder: Path) -> list[Run]:
    """The runs in a folder, by name."""
    return [Run.open(path.parent) for path in sorted(folder.glob("*/recipe.json"))]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(_read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: damaged: {error}") from error
    if not isinstance(values, dict):
        raise DataError(f"{path}: damaged: not a JSON object")
    return values
