"""Line readers for others: evaluated on rendered lines, as an ONNX file, and as a published model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sutja.data.dataset import Dataset, Splits, load_dataset, split
from sutja.data.digits import Digits
from sutja.errors import DataError, UsageError
from sutja.export.half_precision import halved
from sutja.export.onnx import DEFAULT_OUTPUT, Output, check_free, export_checked, publish, published_name
from sutja.models.card import Card
from sutja.models.ctc import DecodedDigit, decode_greedy
from sutja.models.onnx_line_network import LineNetwork
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import infer_lines
from sutja.randomness import derived_seed
from sutja.reports import plots
from sutja.reports.html import Picture, save_figure
from sutja.runs.run import Run
from sutja.synth.lines import Line, Writer
from sutja.training.line_metrics import calibrate_lines, choose_min_confidence, judge_lines, outcomes

EVALUATED_LINES = 4000
PARITY_LINES = 1000
SCORES = ("count", "errors", "accuracy", "accuracy_low", "accuracy_high", "loss", "brier", "calibration_error")
CALIBRATED_SCORES = ("loss", "brier", "calibration_error")  # what a temperature changes


@dataclass(frozen=True)
class LineEvaluation:
    """What a line reader reads on rendered `lines` of each part, "validation" or "test".

    `logits` are its answers, `figures` those of a card before calibration, with what changes by it under `calibrated`;
    `reading` says what comes of `min_confidence`, below which a digit is not told. `calibration` is `None` and the
    temperature 1 where there are no validation digits.
    """

    lines: dict[str, list[Line]]
    logits: dict[str, list[NDArray[np.float32]]]
    figures: dict[str, dict[str, Any]]
    reading: dict[str, Any]
    temperature: float
    calibration: dict[str, Any] | None

    @property
    def reports(self) -> dict[str, dict[str, Any]]:
        """All figures of each part, for `report.json`."""
        return {part: {**self.figures[part], **self.reading[part]} for part in self.figures}

    def read(self, part: str) -> list[list[DecodedDigit]]:
        """The digits that are read on the lines of a part."""
        return [decode_greedy(each, self.temperature) for each in self.logits[part]]


def fixed_lines(digits: Digits, count: int, seed: int) -> list[Line]:
    """Render lines of some digits, the same for the same seed."""
    return list(Writer(digits).lines(np.random.default_rng(derived_seed(seed, "measured lines")), count))


def evaluation_lines(splits: Splits) -> dict[str, list[Line]]:
    """The lines of each part on which a finished reader is evaluated."""
    return {part: fixed_lines(digits, EVALUATED_LINES, 1) for part, digits in splits.evaluation_parts.items()}


def evaluate_lines(network: nn.Module, lines: dict[str, list[Line]]) -> LineEvaluation:
    """Evaluate a line reader on rendered `lines` of each part, and calibrate it by those of validation digits."""
    logits = {part: infer_lines(network, [line.ink for line in some]) for part, some in lines.items()}
    texts = {part: [line.text for line in some] for part, some in lines.items()}
    calibration, temperature, min_confidence = None, 1.0, 0.5
    if "validation" in lines:
        fitted = calibrate_lines(logits["validation"], texts["validation"])
        temperature = fitted.temperature
        min_confidence = choose_min_confidence(logits["validation"], texts["validation"], temperature)
        calibration = {**asdict(fitted), "digits": f"{fitted.count:,} digits read on lines of validation digits"}
    figures: dict[str, dict[str, Any]] = {}
    reading: dict[str, Any] = {"min_confidence": min_confidence}
    for part in lines:
        before, after = (
            asdict(judge_lines(logits[part], texts[part], temperature=each, min_confidence=min_confidence))
            for each in (1.0, temperature)
        )
        calibrated = {name: after[name] for name in CALIBRATED_SCORES} if calibration else None
        figures[part] = {**{name: before[name] for name in SCORES}, "calibrated": calibrated}
        reading[part] = {name: after[name] for name in after if name not in SCORES}
    return LineEvaluation(lines, logits, figures, reading, temperature, calibration)


def describe_lines(run: Run, evaluation: LineEvaluation, values: dict[str, Any]) -> Card:
    """The card of a line reader. `values` are `parameters`, `epochs` and what else is to be said of it."""
    environment = {name: value for name, value in run.environment.items() if name != "data"}
    return Card(
        title=run.recipe.title,
        data=run.environment["data"],
        environment=environment,
        figures=evaluation.figures,
        temperature=evaluation.temperature,
        calibration=evaluation.calibration,
        reading=evaluation.reading,
        recipe=asdict(run.recipe),
        **{"name": published_name(run), "seconds": run.metrics()[-1]["seconds"], **values},
    )


def draw_lines(run: Run, lines: list[Line], read: list[list[DecodedDigit]]) -> list[Picture]:
    """Draw curves, lines, mistakes and reliability of a reader that read the digits `read` on `lines`."""
    texts = ["".join(str(digit.digit) for digit in line) for line in read]
    wrong = [index for index, (line, text) in enumerate(zip(lines, texts, strict=True)) if line.text != text]
    wrong.sort(key=lambda index: -float(np.prod([digit.confidence for digit in read[index]])))
    mistakes = [(lines[index].gray, f"{lines[index].text} read as {texts[index] or 'nothing'}") for index in wrong[:40]]
    figures = {
        "curves": (
            plots.plot_curves([(run.recipe.title, run.metrics())]),
            "Loss per digit, and the share of lines that are read without any error, over the epochs.",
        ),
        "lines": (
            plots.plot_lines([(line.gray, line.text) for line in lines[:40]]),
            "Rendered lines, with the digits on them.",
        ),
        "mistakes": (plots.plot_lines(mistakes), "Lines that are read wrongly, the most confident first."),
    }
    if any(read):  # a reader that has hardly begun may read nothing
        reliability = plots.plot_reliability(*outcomes(read, [line.text for line in lines]))
        figures["reliability"] = reliability, "How often a digit is right, by its confidence."
    return [
        Picture(save_figure(figure, run.folder / "figures" / f"{name}.png"), caption)
        for name, (figure, caption) in figures.items()
    ]


def export_lines(network: nn.Module, path: Path, lines: list[Line]) -> float:
    """Write a line reader as one ONNX file: input `lines`, output `logits`, any number and width of lines.

    `network` is a `halved` one: its weights are stored in half precision. The file is held against PyTorch on `lines`;
    returns the largest difference of a logit. Raises `ModelFileError` when that is over 1e-4.
    """
    batch, width = torch.export.Dim("N"), torch.export.Dim("W4")
    return export_checked(
        network,
        path,
        example=torch.zeros(2, 1, 32, 64),
        names=("lines", "logits"),
        dynamic={0: batch, 3: 4 * width},
        difference=partial(_difference, network, lines),
        half=True,
    )


def _difference(network: nn.Module, lines: list[Line], path: Path) -> float:
    inks = [line.ink for line in lines]
    with torch.inference_mode():
        pairs = zip(infer_lines(network, inks), LineNetwork(path).logits(inks), strict=True)
        return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)


def export_line_run(run: Run, folder: Path, output: Output = DEFAULT_OUTPUT, *, dataset: Dataset | None = None) -> Card:
    """Publish a finished line reader into a folder, always in half precision: ONNX, weights, and a card.

    Raises what `export.publish` does.
    """
    output = replace(output, half=True)
    run.require_finished()
    check_free(folder, published_name(run), force=output.force)  # said before a minute of work
    dataset = dataset or load_dataset()
    if run.data_sha256 != dataset.sha256:
        raise UsageError(f"{run.folder}: lines of other data than {dataset.name} cannot be composed anew for its card")
    network = load_network(open_model(run.folder))
    read = halved(network)
    lines = evaluation_lines(split(dataset, run.recipe.protocol))
    values = {name: run.report[name] for name in ("parameters", "epochs")}
    card = describe_lines(run, evaluate_lines(read, lines), values)
    kept = run.report[run.judged_by]["errors"]
    if abs(card.figures[run.judged_by]["errors"] - kept) > EVALUATED_LINES // 200:
        raise DataError(f"{run.folder}: its weights do not make the {kept} errors that its report.json tells")

    def write(_: nn.Module, path: Path) -> float:
        return export_lines(read, path, lines[run.judged_by][:PARITY_LINES])

    return publish(network, card, folder, output, write=write)
