"""The one way to open a trained model: by a published name, an ONNX file with its card, or the folder of a run.

Needs no PyTorch. `networks.build.load_network` makes the PyTorch network of a model opened here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sutja.data.formats import READ_ERRORS
from sutja.data.formats.arrays import open_arrays
from sutja.errors import ModelFileError, SutjaError, UsageError
from sutja.evaluation.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE, fit_temperature
from sutja.evaluation.metrics import read_logits
from sutja.models.card import read_card
from sutja.models.catalogue import is_published, published_path
from sutja.models.onnx_classifier import Classifier
from sutja.models.onnx_line_network import LineNetwork
from sutja.recipe import Recipe

DEFAULT_MIN_CONFIDENCE = 0.5  # where neither card nor report has another


@dataclass(frozen=True)
class Member:
    """A network of an ensemble: the name of its run, its weight in the mean, and its recipe."""

    name: str
    weight: float
    recipe: Recipe


@dataclass(frozen=True)
class TrainedModel:
    """A trained network in the ONNX file `path`, and what is known of it.

    It has a `recipe`, or is an ensemble of `members`. `data_sha256` is the checksum of its training data. `temperature`
    divides its logits; a digit on a line needs a confidence of at least `min_confidence`, in [0, 1]. `weights` is the
    safetensors file for PyTorch, or `None` if it was published without one. The checksums are those of the card; a
    run's folder has none.
    """

    name: str
    path: Path
    reads: Literal["lines", "digits"]
    data_sha256: str
    recipe: Recipe | None = None
    members: tuple[Member, ...] = ()
    temperature: float = 1.0
    min_confidence: float = DEFAULT_MIN_CONFIDENCE
    sha256: str | None = None
    weights: Path | None = None
    weights_sha256: str | None = None

    @property
    def protocol(self) -> str:
        """The validation protocol of its training; all members of an ensemble have the same."""
        return (self.recipe or self.members[0].recipe).protocol

    def classifier(self, *, threads: int = 0) -> Classifier:
        """The network for single digits, in ONNX Runtime.

        `threads` compute at once; with 0, ONNX Runtime chooses. Raises `UsageError` for a network that reads lines, and
        `ModelFileError` for a file that is missing, damaged or not such a network.
        """
        if self.reads != "digits":
            raise UsageError(f"{self.path}: reads lines: this is for networks that read single digits")
        return Classifier(self.path, temperature=self.temperature, sha256=self.sha256, threads=threads)

    def line_network(self, *, threads: int = 0) -> LineNetwork:
        """The network for lines, in ONNX Runtime; as `classifier`, which is for networks that read single digits."""
        if self.reads != "lines":
            raise UsageError(f"{self.path}: reads single digits: this is for networks that read lines")
        return LineNetwork(self.path, temperature=self.temperature, sha256=self.sha256, threads=threads)


def open_model(word: str | Path) -> TrainedModel:
    """Open what `word` names: the folder of a finished run or an ensemble, an ONNX file, or a published model.

    A folder takes precedence over a published model of the same name. Raises `UsageError` for an unknown name, and
    `ModelFileError` if the run is not finished or its files are missing or damaged.
    """
    path = Path(word)
    if is_run_folder(path):
        return _open_folder(path)
    if path.suffix == ".onnx":
        return _open_published(path)
    if path.exists() and not is_published(str(word)):
        raise ModelFileError(f"{word}: neither the folder of a run, with its recipe.json, nor an ONNX file")
    try:
        return _open_published(published_path(str(word)))
    except UsageError as error:
        raise UsageError(f"{error}; or name a run's folder or an ONNX file by its path") from error


def is_run_folder(folder: Path) -> bool:
    """Whether a folder is that of a run, finished or not, or of an ensemble."""
    return any((folder / name).is_file() for name in ("recipe.json", "ensemble.json"))


def _open_published(path: Path) -> TrainedModel:
    card = read_card(path)
    weights = path.with_suffix(".safetensors")
    try:
        recipe = _recipe(card.recipe, path.with_suffix(".json")) if card.recipe is not None else None
        members = [
            Member(each["name"], each["weight"], _recipe(each["recipe"], path.with_suffix(".json")))
            for each in card.members or []
        ]
    except SutjaError as error:
        raise ModelFileError(str(error)) from error
    if recipe is None and not members:
        raise ModelFileError(f"{path.with_suffix('.json')}: not the card of a model: it has neither recipe nor members")
    reads: Literal["lines", "digits"] = "digits" if card.reading is None else "lines"
    return TrainedModel(
        name=card.name,
        path=path,
        reads=reads,
        data_sha256=str(card.data["sha256"]),
        recipe=recipe,
        members=tuple(members),
        temperature=card.temperature,
        min_confidence=float((card.reading or {}).get("min_confidence", DEFAULT_MIN_CONFIDENCE)),
        sha256=card.files[path.name],
        weights=weights if weights.name in card.files else None,
        weights_sha256=card.files.get(weights.name),
    )


def _open_folder(folder: Path) -> TrainedModel:
    path, name = folder / "model.onnx", folder.resolve().name
    if not (folder / "report.json").is_file():
        raise ModelFileError(f"{folder}: not finished: `sutja train … --resume` goes on with it")
    try:
        report = _object(folder / "report.json")
        data_sha256 = str(_object(folder / "environment.json")["data"]["sha256"])
        recipe, members = None, tuple[Member, ...]()
        if (folder / "ensemble.json").is_file():
            members = _read_members(folder / "ensemble.json")
        else:
            recipe_file = folder / "recipe.json"
            recipe = Recipe.from_json(recipe_file.read_text(encoding="utf-8"), recipe_file)
        lines = recipe is not None and recipe.reads_lines
        validation = report.get("validation") if lines else None
        least = (validation or {}).get("min_confidence", DEFAULT_MIN_CONFIDENCE)
        if not isinstance(least, int | float) or not 0 <= least <= 1:
            raise ValueError(f"min_confidence = {least!r} is not from 0 to 1")
        return TrainedModel(
            name=name,
            path=path,
            reads="lines" if lines else "digits",
            data_sha256=data_sha256,
            recipe=recipe,
            members=members,
            temperature=_temperature(folder, report),
            min_confidence=float(least),
            weights=folder / "model.safetensors",
        )
    except SutjaError as error:
        raise ModelFileError(str(error)) from error
    except (*READ_ERRORS, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"{folder}: damaged: {error}") from error


def _read_members(path: Path) -> tuple[Member, ...]:
    return tuple(
        Member(str(each["run"]), float(each["weight"]), _recipe(each["recipe"], path))
        for each in _object(path)["members"]
    )


def _recipe(values: Any, path: Path) -> Recipe:
    return Recipe.from_json(json.dumps(values), path)


def _temperature(folder: Path, report: dict[str, Any]) -> float:
    """The temperature in the report, else the one fitted to the validation digits, else 1."""
    told = report.get("temperature")
    if told is not None:
        if not isinstance(told, int | float) or not MIN_TEMPERATURE <= told <= MAX_TEMPERATURE:
            raise ValueError(f"temperature = {told!r} is not from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}")
        return float(told)
    path = folder / "logits.npz"
    if not path.is_file() or not _holds_validation(path):
        return 1.0
    return fit_temperature(*read_logits(path, "validation"))


def _holds_validation(path: Path) -> bool:
    with open_arrays(path) as arrays:
        return "validation_logits" in arrays


def _object(path: Path) -> dict[str, Any]:
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return values
