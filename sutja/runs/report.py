"""The report of a finished run: the file `report.json`, which is written last."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from sutja.evaluation.calibration import Calibration, check_temperature
from sutja.evaluation.figures import Figures
from sutja.evaluation.metrics import Report, Scores
from sutja.evaluation.significance import Comparison


@dataclass(frozen=True)
class MemberReport:
    """How a member of an ensemble does on the last evaluated part; with the weight `None`, the ensemble itself.

    `disagreements` counts the digits that it reads differently from the ensemble.
    """

    name: str
    weight: float | None
    parameters: int
    scores: Scores
    disagreements: int


@dataclass(frozen=True)
class EnsembleReport:
    """The members of an ensemble, the ensemble against each of them, and how it was made, in sentences."""

    members: list[MemberReport]
    comparisons: list[Comparison]
    remarks: list[str]


@dataclass(frozen=True)
class ErrorsBeforeAfter:
    """How many of `count` digits a network misreads before and after it is fine-tuned."""

    count: int
    before: int
    after: int


@dataclass(frozen=True)
class FineTuningReport:
    """What fine-tuning changed: the errors on "corrections" and each evaluated part.

    `kept_step` in [0, 1] is how far the final weights lie on the way from those of the start to the trained ones.
    """

    kept_step: float
    errors: dict[str, ErrorsBeforeAfter]


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a finished run reached.

    `figures` has an entry for each part that the protocol evaluates, "validation" before "test": a `Report` of single
    digits, or the `Figures` of lines. `parity` is the largest difference of a logit between ONNX Runtime and PyTorch.
    `seconds` is the time of training. `files` has the SHA-256 of `model.onnx` and `model.safetensors`. `temperature` is
    set where it cannot be fitted to the validation digits in `logits.npz`; `calibration` says how it was fitted.
    """

    parameters: int
    seconds: float
    parity: float
    figures: dict[str, Report | Figures]
    files: dict[str, str] = field(default_factory=dict)
    epochs: int | None = None
    temperature: float | None = None
    calibration: Calibration | None = None
    min_confidence: float | None = None
    finetuning: FineTuningReport | None = None
    ensemble: EnsembleReport | None = None

    def __post_init__(self) -> None:
        """Raises `ValueError` for a temperature or a confidence that no run has."""
        if self.temperature is not None:
            check_temperature(self.temperature)
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise ValueError(f"min_confidence = {self.min_confidence} is not from 0 to 1")

    def card_figures(self) -> dict[str, Figures]:
        """The figures of each part as a card has them: without the details of a `Report`."""
        names = {each.name for each in dataclasses.fields(Figures)}
        return {
            part: Figures(**{name: value for name, value in vars(each).items() if name in names})
            for part, each in self.figures.items()
        }
