"""What a person means by a model: a published name, an ONNX file with its card, or the folder of a finished run.

Whichever it is, it is told here whether it reads lines or single digits, and how sure it may be. Read without PyTorch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sutja.data.formats import UNREADABLE
from sutja.data.formats.arrays import open_arrays
from sutja.errors import ModelFileError, SutjaError, UsageError
from sutja.evaluation.calibration import COLDEST, HOTTEST, fit_temperature
from sutja.evaluation.metrics import read_logits
from sutja.models.card import is_published, published_path, read_card
from sutja.models.onnx_classifier import Classifier
from sutja.recipe import Recipe

LEAST = 0.5  # the confidence below which a digit is not told, where nothing says better


@dataclass(frozen=True)
class Trained:
    """A trained network in the ONNX file `path`, whose checksum is `sha256` where a card tells it.

    `reads` tells whether it takes lines or single digits, `temperature` divides its logits, and below
    `min_confidence` a digit on a line should not be told.
    """

    name: str
    path: Path
    reads: Literal["lines", "digits"]
    temperature: float = 1.0
    min_confidence: float = LEAST
    sha256: str | None = None

    def classifier(self, *, threads: int = 0) -> Classifier:
        """The network for single digits, ready to classify; raises what `Classifier` does, `UsageError` for lines."""
        if self.reads != "digits":
            raise UsageError(f"{self.path}: reads lines: this is for networks that read single digits")
        return Classifier(self.path, temperature=self.temperature, sha256=self.sha256, threads=threads)


def open_trained(model: str | Path) -> Trained:
    """Find out what `model` is: the folder of a finished run or of an ensemble, an ONNX file, or a published name.

    A folder comes before a published model of its name. Raises `UsageError` when it is none of them, `ModelFileError`
    when it is not finished, or its files are missing or damaged.
    """
    path = Path(model)
    if path.is_dir() and any((path / name).is_file() for name in ("recipe.json", "ensemble.json")):
        return _of_folder(path)
    if path.suffix == ".onnx":
        return _of_card(path)
    if path.exists() and not is_published(str(model)):
        raise ModelFileError(f"{model}: neither the folder of a run, with its recipe.json, nor an ONNX file")
    return _of_card(published_path(str(model)))


def _of_card(path: Path) -> Trained:
    card = read_card(path)
    reads: Literal["lines", "digits"] = "digits" if card.reading is None else "lines"
    least = float((card.reading or {}).get("min_confidence", LEAST))
    return Trained(card.name, path, reads, card.temperature, least, card.files[path.name])


def _of_folder(folder: Path) -> Trained:
    path, name = folder / "model.onnx", folder.resolve().name
    if not (folder / "report.json").is_file():
        raise ModelFileError(f"{folder}: not finished: `sutja train … --resume` goes on with it")
    if not path.is_file():
        raise ModelFileError(f"{path}: missing: the run's folder is not whole")
    try:
        report = _object(folder / "report.json")
        if (folder / "ensemble.json").is_file():
            return Trained(name, path, "digits", _temperature(folder, report))
        recipe_file = folder / "recipe.json"
        recipe = Recipe.from_json(recipe_file.read_text(encoding="utf-8"), recipe_file)
        if not recipe.reads_lines:
            return Trained(name, path, "digits", _temperature(folder, report))
        validation = report.get("validation")
        least = validation.get("min_confidence", LEAST) if isinstance(validation, dict) else LEAST
        if not isinstance(least, int | float) or not 0 <= least <= 1:
            raise ValueError(f"min_confidence = {least!r} is not from 0 to 1")
        return Trained(name, path, "lines", _temperature(folder, report), float(least))
    except SutjaError as error:
        raise ModelFileError(str(error)) from error
    except UNREADABLE as error:
        raise ModelFileError(f"{folder}: damaged: {error}") from error


def _temperature(folder: Path, report: dict[str, Any]) -> float:
    """The temperature that the report tells, else the one that validation digits need, else 1."""
    told = report.get("temperature")
    if told is not None:
        if not isinstance(told, int | float) or not COLDEST <= told <= HOTTEST:
            raise ValueError(f"temperature = {told!r} is not from {COLDEST} to {HOTTEST}")
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
