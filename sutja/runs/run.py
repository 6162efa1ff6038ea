"""The run folder: everything that one training leaves behind, each file written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sutja.data.digits import Labels
from sutja.errors import DataError, ModelFileError, SutjaError, UsageError
from sutja.evaluation.metrics import Logits, read_logits
from sutja.files import remove_folder, whole_file, whole_folder, write_text
from sutja.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

    from sutja.runs.epoch import Epoch


ENSEMBLE = "ensemble.json"  # what tells the folder of an ensemble from that of a run
MAX_THREADS = 1024  # more than any machine has cores
COLUMNS = (  # of metrics.csv, before losses and accuracies: the fields of `training.Epoch`
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
)
REPORTED = {"parameters": int, "epochs": int, "seconds": float}  # in report.json, beside what each part was judged
JUDGED = {"curves": ("validation", "test"), "validation": ("validation",), "final": ("test",)}  # parts, by the protocol
RATES = ("loss", "accuracy", "accuracy_low", "accuracy_high", "calibration_error")
SCORES = {"count": int, "errors": int, **dict.fromkeys(RATES, float)}


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
            old = cls.open(folder)  # whatever is no run is not replaced
            if not force:
                raise UsageError(f"{folder}: exists already ({old.state}); --resume goes on, --force replaces it")
            remove_folder(folder)
        with whole_folder(folder) as partial:
            write_text(partial / "environment.json", json.dumps(environment, indent=2) + "\n")
            write_text(partial / "recipe.json", recipe.to_json())
        return cls(folder, recipe)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """An existing run. Raises `UsageError` when there is none at `folder`, `DataError` when it is damaged."""
        if not (folder / "recipe.json").is_file():
            why = "there is no recipe.json in it" if folder.exists() else "it does not exist"
            if (folder / ENSEMBLE).is_file():
                why = "it is an ensemble's: its report.html has it beside its members"
            raise UsageError(f"{folder}: not a run folder: {why}")
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

    @property
    def protocol(self) -> str:
        """How its recipe lets it be judged."""
        return self.recipe.protocol

    @property
    def judged_by(self) -> str:
        """The part whose figures count: "test", or "validation" where the protocol leaves the test digits out."""
        return JUDGED[self.protocol][-1]

    def require(self, part: str) -> None:
        """Raises `UsageError` when the recipe's protocol leaves "validation" or "test" digits out."""
        if part not in JUDGED[self.recipe.protocol]:
            protocol = self.recipe.protocol
            raise UsageError(f"{self.folder}: has no figures of {part} digits: its protocol is '{protocol}'")

    @cached_property
    def environment(self) -> dict[str, Any]:
        """What the run was made with."""
        path = self.folder / "environment.json"
        values = read_json(path)
        if not has_fields(values, {"data": dict, "processor": str, "threads": int}):
            raise DataError(f"{path}: damaged: it lacks data, processor or threads")
        if not has_fields(values["data"], {"name": str, "sha256": str}) or not 1 <= values["threads"] <= MAX_THREADS:
            raise DataError(f"{path}: damaged: its data have no name, or threads is not from 1 to {MAX_THREADS}")
        return values

    @property
    def data_sha256(self) -> str:
        """The checksum of the data that the run was made with."""
        return str(self.environment["data"]["sha256"])

    @cached_property
    def report(self) -> dict[str, Any]:
        """What `report.json` holds. Raises `UsageError` while the run is not finished."""
        self.require_finished()
        values = read_json(self.folder / "report.json")
        parts = [values.get(part) for part in JUDGED[self.recipe.protocol]]
        if not has_fields(values, REPORTED) or not all(
            isinstance(part, dict) and has_fields(part, SCORES) for part in parts
        ):
            raise DataError(f"{self.folder / 'report.json'}: damaged: it lacks figures that every report has")
        return values

    def metrics(self) -> list[dict[str, float]]:
        """The rows of `metrics.csv`, one an epoch, without the columns that the protocol leaves out."""
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
        columns = self._columns
        for row in rows:
            if tuple(row) != columns or not all(map(math.isfinite, row.values())):
                raise DataError(f"{path}: damaged: its columns must be {', '.join(columns)}, all of them numbers")
        return rows

    def save_epoch(self, records: list[Epoch], state: dict[str, Any]) -> None:
        """Keep what is needed to go on after this epoch, and its row of the curves."""
        import torch

        content = io.BytesIO()  # written in one go: to a full disk PyTorch would raise what names no file
        torch.save(state, content)
        with whole_file(self.folder / "checkpoint.pt") as partial:
            partial.write_bytes(content.getbuffer())
        self.save_metrics(records)

    def save_metrics(self, records: list[Epoch]) -> None:
        """Write `metrics.csv`, one row for each record."""
        if not records:
            return
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{getattr(record, name):.6g}" for name in self._columns} for record in records)
        write_text(self.folder / "metrics.csv", text.getvalue())

    @property
    def _columns(self) -> tuple[str, ...]:
        """The columns of `metrics.csv`: those of what the protocol measures after each epoch."""
        measured = {
            "curves": ("train", "validation", "test"),
            "validation": ("train", "validation"),
            "final": ("train",),
        }
        parts = measured[self.recipe.protocol]
        return (*COLUMNS, *(f"{part}_{measure}" for part in parts for measure in ("loss", "accuracy")))

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The state after the last epoch that was kept, or `None` before the first; nothing in it is executed."""
        import torch

        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # PyTorch raises many kinds for a damaged file
            raise ModelFileError(f"{path}: damaged: train again with --force") from error
        return state

    def save_weights(self, network: nn.Module) -> None:
        """Write `model.safetensors`."""
        from safetensors.torch import save

        with whole_file(self.folder / "model.safetensors") as partial:
            partial.write_bytes(save(network.state_dict()))

    def save_logits(self, **arrays: Logits | Labels) -> None:
        """Write `logits.npz`: logits `float32 (N, 10)` and labels `int64 (N,)` of each judged part."""
        with whole_file(self.folder / "logits.npz") as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    def load_logits(self, part: str) -> tuple[Logits, Labels]:
        """Logits and labels of one part, "validation" or "test".

        Raises `UsageError` when the recipe's protocol leaves that part out, `DataError` when the file is damaged.
        """
        self.require(part)
        return read_logits(self.folder / "logits.npz", part)

    def remove_partial_files(self) -> None:
        """Delete what a killed process had begun to write."""
        for path in (*self.folder.glob(".*"), *self.folder.glob("figures/.*")):
            path.unlink()

    def save_json(self, name: str, values: dict[str, Any]) -> None:
        """Write a JSON file into the folder."""
        write_text(self.folder / name, json.dumps(values, indent=2) + "\n")


def list_runs(folder: Path) -> tuple[list[Run], list[SutjaError]]:
    """The runs in a folder, by name, and what is wrong with those that are damaged. Raises `UsageError` for a file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    runs, damages = [], []
    for path in sorted(folder.glob("[!.]*/recipe.json")):
        try:
            run = Run.open(path.parent)
            run.metrics()
        except SutjaError as error:
            damages.append(error)
        else:
            runs.append(run)
    return runs, damages


def has_fields(values: dict[str, Any], kinds: dict[str, type]) -> bool:
    """Whether an object has certain fields, each of its type."""
    return all(isinstance(values.get(name), kind) for name, kind in kinds.items())


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `DataError` when the file is missing or damaged."""
    try:
        values = json.loads(_read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: damaged: {error}") from error
    if not isinstance(values, dict):
        raise DataError(f"{path}: damaged: not a JSON object")
    return values
