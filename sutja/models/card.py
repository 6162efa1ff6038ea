"""Published models: an ONNX file with a card beside it that says what it is, read without PyTorch."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sutja.data.digits import Labels
from sutja.errors import ModelFileError
from sutja.evaluation.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE, divide_by_temperature
from sutja.evaluation.metrics import Logits, evaluate

SCORES = ("count", "errors", "accuracy", "accuracy_low", "accuracy_high", "loss", "brier", "calibration_error")
CALIBRATED = ("loss", "brier", "calibration_error")  # what a temperature changes
FITTED = ("temperature", "count", "loss_before", "loss_after", "error_before", "error_after")  # as in `Calibration`
MEMBER = ("weight", "parameters", "accuracy", "errors", "loss")
LINES = ("digits", "character_error", "min_confidence", "told", "told_right")  # further figures where lines are read
SPREAD = ("count", "mean_accuracy", "deviation", "low", "high")


@dataclass(frozen=True)
class Card:
    """What is to be known of a published model.

    `figures` has, for "validation" or "test", what `judge` gives. `temperature` divides the logits of whoever wants
    probabilities; `calibration` says how it was found (the fields of `Calibration`, and `digits`: which ones) and is
    `None` where it was not, with the temperature 1. `spread` tells of all `seeds` of the recipe: their `errors` in
    `count` digits each, `mean_accuracy`, `deviation`, and the 95 % interval `low` … `high` of the mean. `members` are
    the networks of an ensemble, each with its `name`, `weight`, `recipe` and `parameters`, and its own `accuracy`,
    `errors` and `loss` on the last part of `figures`; `reading` is there for networks that read lines, whose figures
    count lines: `min_confidence` is what a digit should need to be told, and further figures say what comes of it;
    `remarks` are sentences on how they were combined. `parity` is the largest difference of a logit between the ONNX
    file and PyTorch. `precision` is "half" where weights are rounded to it. `files` has the SHA-256 of the ONNX file
    and, second, of the weights where they are published too.
    """

    name: str
    title: str
    data: dict[str, Any]
    environment: dict[str, Any]
    figures: dict[str, dict[str, Any]]
    temperature: float = 1.0
    calibration: dict[str, Any] | None = None
    spread: dict[str, Any] | None = None
    parameters: int | None = None
    members: list[dict[str, Any]] | None = None
    reading: dict[str, Any] | None = None
    remarks: list[str] | None = None
    recipe: dict[str, Any] | None = None
    epochs: int | None = None
    seconds: float | None = None
    parity: float = 0.0
    precision: str | None = None
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `ValueError` for what no card can say."""
        for each in dataclasses.fields(self):
            _check_type(each.name, str(each.type), getattr(self, each.name))
        self._check_figures()
        if not MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE:
            raise ValueError(f"temperature = {self.temperature} is not from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}")
        if not all(isinstance(self.data.get(name), str) for name in ("name", "sha256")):
            raise ValueError("data lacks its name or its sha256")
        for name, values, needed in (("calibration", self.calibration, FITTED), ("spread", self.spread, SPREAD)):
            if values is not None:
                _check_numbers(name, values, needed)
        if self.temperature != (self.calibration["temperature"] if self.calibration else 1):
            raise ValueError(f"temperature = {self.temperature} is not that of its calibration")
        for member in self.members or []:
            _check_numbers("members", member, MEMBER)
            if not isinstance(member.get("name"), str) or not isinstance(member.get("recipe"), dict):
                raise ValueError("members: one has no name or no recipe")
        for name, sha256 in self.files.items():
            if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
                raise ValueError(f"files: {name} has no SHA-256")

    def _check_figures(self) -> None:
        for part, scores in self.figures.items():
            _check_numbers(f"figures of {part}", scores, SCORES)
            if scores.get("calibrated") is not None:
                _check_numbers(f"calibrated figures of {part}", scores["calibrated"], CALIBRATED)
        if self.reading is not None:
            _check_numbers("reading", self.reading, ["min_confidence"])
            for part in self.figures:
                _check_numbers(f"reading of {part}", self.reading.get(part), LINES)

    def to_json(self) -> str:
        """The card as a JSON object."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read what `to_json` wrote; raises a `ModelFileError` that names the file for anything else."""
        if not path.is_file():
            raise ModelFileError(f"{path}: the card of the model is missing; `sutja export RUN` makes a model with one")
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(values, dict):
                raise ValueError("not a JSON object")
            known = {each.name for each in dataclasses.fields(cls)}
            optional = {each.name for each in dataclasses.fields(cls) if str(each.type).endswith("| None")}
            differing = sorted((values.keys() - known) | (known - optional - values.keys()))
            if differing:
                raise ValueError(f"missing or unknown: {', '.join(differing)[:100]}")
            card = cls(**values)
            if card.name != path.stem:
                raise ValueError(f"it is the card of '{card.name}'")
            if f"{card.name}.onnx" not in card.files:
                raise ValueError(f"files: {card.name}.onnx is missing")
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            raise ModelFileError(f"{path}: not the card of a model: {error}") from error
        return card


def judge(logits: Logits, labels: Labels, temperature: float | None = None) -> dict[str, Any]:
    """The figures of one part for a card: as trained and, where a temperature was fitted, `calibrated` by it."""
    report = vars(evaluate(logits, labels))
    scores: dict[str, Any] = {name: report[name] for name in SCORES}
    if temperature is None:
        return {**scores, "calibrated": None}
    after = vars(evaluate(divide_by_temperature(logits, temperature), labels))
    return {**scores, "calibrated": {name: after[name] for name in CALIBRATED}}


def read_card(path: Path) -> Card:
    """The card beside an ONNX file, `NAME.json`. Raises `ModelFileError` when one of them is missing or damaged."""
    if not path.is_file() or path.suffix != ".onnx":
        raise ModelFileError(f"{path}: no such model file: a name that ends in .onnx is expected")
    return Card.read(path.with_suffix(".json"))


def _check_type(name: str, declared: str, value: Any) -> None:
    if value is None and declared.endswith("| None"):
        return
    kinds: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "dict": dict, "list": list}
    kind = declared.removesuffix(" | None").split("[")[0]
    if not isinstance(value, kinds[kind]) or isinstance(value, bool):
        raise ValueError(f"{name} = {str(value)[:40]!r} is not of the type {kind}")
    if "list[str]" in declared and not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name}: one is not of the type str")


def _check_numbers(name: str, values: Any, needed: Sequence[str]) -> None:
    if not isinstance(values, dict):
        raise ValueError(f"{name}: not an object")
    for each in needed:
        value = values.get(each)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError(f"{name}: {each} is not a number")
