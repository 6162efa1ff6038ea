"""The card of a model: the file beside an ONNX file that says what it is, how well it reads and how it was made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sutja.data.class_names import ClassNames, recorded_names
from sutja.environment import Environment
from sutja.errors import ModelFileError
from sutja.evaluation.calibration import Calibration, check_temperature
from sutja.evaluation.figures import Figures
from sutja.files import read_json, to_json
from sutja.recipe import Recipe


@dataclass(frozen=True)
class SeedResults:
    """The results of a recipe over its `seeds`, in their order.

    `errors` of `count` digits each, the mean accuracy with its 95 % interval `low` … `high`, and the standard deviation
    of the accuracies; rates are in [0, 1].
    """

    count: int
    mean_accuracy: float
    standard_deviation: float
    low: float
    high: float
    seeds: list[int]
    errors: list[int]


@dataclass(frozen=True)
class CardMember:
    """A member of an ensemble: its weight in the mean, and its own figures on the last part of the card's figures."""

    name: str
    weight: float
    recipe: Recipe
    parameters: int
    accuracy: float
    errors: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of a model.

    `figures` has an entry for "validation" or "test". `temperature` divides the logits to give probabilities;
    `calibration` says how it was fitted, and without it the temperature is 1. `min_confidence` is the confidence that a
    digit on a line needs. `seed_results` are those of all seeds of the recipe. An ensemble has `members` instead of a
    `recipe`, and `remarks` say how they were combined. `parity` is the largest difference of a logit between the ONNX
    file and PyTorch. `precision` is "half" where weights are rounded to it. `files` has the SHA-256 of the ONNX file
    and, second, of the weights where they are published too.
    """

    name: str
    title: str
    reads: Literal["digits", "lines", "pages"]
    environment: Environment
    figures: dict[str, Figures]
    temperature: float
    calibration: Calibration | None = None
    min_confidence: float | None = None
    seed_results: SeedResults | None = None
    parameters: int | None = None
    members: list[CardMember] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    recipe: Recipe | None = None
    epochs: int | None = None
    seconds: float | None = None
    parity: float = 0.0
    precision: str | None = None
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `ValueError` for a contradiction."""
        check_temperature(self.temperature)
        recorded_names(self.environment.data.class_names)
        if self.temperature != (self.calibration.temperature if self.calibration else 1):
            raise ValueError(f"temperature = {self.temperature} is not that of its calibration")
        if (self.recipe is None) == (not self.members):
            raise ValueError("it needs either a recipe or members")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise ValueError(f"min_confidence = {self.min_confidence} is not from 0 to 1")
        for part, figures in self.figures.items():
            kinds = {"lines": figures.lines is not None, "pages": figures.pages is not None}
            if any(has != (self.reads == kind) for kind, has in kinds.items()):
                raise ValueError(f"figures.{part}: not those of a network that reads {self.reads}")
        for name, sha256 in self.files.items():
            if not re.fullmatch("[0-9a-f]{64}", sha256):
                raise ValueError(f"files: {name} has no SHA-256")

    @property
    def class_names(self) -> ClassNames:
        """The classes that the model tells apart."""
        return recorded_names(self.environment.data.class_names)

    def to_json(self) -> str:
        """The card as a JSON object."""
        return to_json(self)

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read what `to_json` wrote; raises a `ModelFileError` that names the file for anything else."""
        if not path.is_file():
            raise ModelFileError(f"{path}: the card of the model is missing; `sutja export RUN` makes a model with one")
        card = read_json(cls, path, ModelFileError)
        if card.name != path.stem:
            raise ModelFileError(f"{path}: damaged: it is the card of '{card.name}'")
        if f"{card.name}.onnx" not in card.files:
            raise ModelFileError(f"{path}: damaged: files: {card.name}.onnx is missing")
        return card


def read_card(path: Path) -> Card:
    """The card beside an ONNX file, `NAME.json`. Raises `ModelFileError` when one of them is missing or damaged."""
    if not path.is_file() or path.suffix != ".onnx":
        raise ModelFileError(f"{path}: no such model file: a name that ends in .onnx is expected")
    return Card.read(path.with_suffix(".json"))
