"""Trained line readers: evaluated on rendered lines, drawn, and written as an ONNX file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sutja.data.dataset import Splits
from sutja.data.digits import Digits
from sutja.evaluation.calibration import Calibration
from sutja.evaluation.figures import CalibratedScores, Figures
from sutja.export.onnx import export_checked
from sutja.models.ctc import DecodedDigit, decode_greedy
from sutja.models.onnx_line_network import LineNetwork
from sutja.models.open import DEFAULT_MIN_CONFIDENCE
from sutja.networks.infer import infer_lines
from sutja.randomness import derived_seed
from sutja.reading.line_metrics import calibrate_lines, choose_min_confidence, outcomes, score_lines
from sutja.reports import plots
from sutja.reports.html import Picture, save_figure
from sutja.runs.run import Run
from sutja.synth.lines import LineRenderer, RenderedLine

EVALUATED_LINES = 4000
PARITY_LINES = 1000
DRAWN_LINES = 40


@dataclass(frozen=True)
class LineEvaluation:
    """What a line reader reads on rendered `lines` of each part, "validation" or "test".

    `logits` are its outputs. Without validation digits there is no `calibration`.
    """

    lines: dict[str, list[RenderedLine]]
    logits: dict[str, list[NDArray[np.float32]]]
    figures: dict[str, Figures]
    calibration: Calibration | None
    min_confidence: float

    def read(self, part: str) -> list[list[DecodedDigit]]:
        """The digits that are read on the lines of a part."""
        temperature = self.calibration.temperature if self.calibration else 1.0
        return [decode_greedy(each, temperature) for each in self.logits[part]]


def fixed_lines(digits: Digits, count: int, seed: int) -> list[RenderedLine]:
    """Render lines of some digits, the same for the same seed."""
    return list(LineRenderer(digits).render_lines(np.random.default_rng(derived_seed(seed, "measured lines")), count))


def evaluation_lines(splits: Splits) -> dict[str, list[RenderedLine]]:
    """The lines of each part on which a finished reader is evaluated."""
    return {part: fixed_lines(digits, EVALUATED_LINES, 1) for part, digits in splits.evaluation_parts.items()}


def evaluate_lines(network: nn.Module, lines: dict[str, list[RenderedLine]]) -> LineEvaluation:
    """Evaluate a line reader on rendered `lines` of each part, and calibrate it on those of validation digits."""
    logits = {part: infer_lines(network, [line.ink for line in some]) for part, some in lines.items()}
    texts = {part: [line.text for line in some] for part, some in lines.items()}
    calibration, temperature, min_confidence = None, 1.0, DEFAULT_MIN_CONFIDENCE
    if "validation" in lines:
        calibration = calibrate_lines(logits["validation"], texts["validation"])
        calibration = replace(calibration, digits=f"{calibration.count:,} digits read on lines of validation digits")
        temperature = calibration.temperature
        min_confidence = choose_min_confidence(logits["validation"], texts["validation"], temperature)
    figures = {}
    for part in lines:
        before, after = (
            score_lines(logits[part], texts[part], temperature=each, min_confidence=min_confidence)
            for each in (1.0, temperature)
        )
        calibrated = CalibratedScores.of(after) if calibration else None
        figures[part] = replace(before, calibrated=calibrated, lines=after.lines)
    return LineEvaluation(lines, logits, figures, calibration, min_confidence)


def draw_lines(run: Run, lines: list[RenderedLine], read: list[list[DecodedDigit]]) -> list[Picture]:
    """Draw curves, lines, mistakes and reliability of a reader that read the digits `read` on `lines`."""
    texts = ["".join(str(digit.digit) for digit in line) for line in read]
    wrong = [index for index, (line, text) in enumerate(zip(lines, texts, strict=True)) if line.text != text]
    wrong.sort(key=lambda index: -float(np.prod([digit.confidence for digit in read[index]])))
    mistakes = [
        (lines[index].gray, f"{lines[index].text} read as {texts[index] or 'nothing'}") for index in wrong[:DRAWN_LINES]
    ]
    figures = {
        "curves": (
            plots.plot_curves([(run.recipe.title, run.metrics())]),
            "Loss per digit, and the share of lines that are read without any error, over the epochs.",
        ),
        "lines": (
            plots.plot_lines([(line.gray, line.text) for line in lines[:DRAWN_LINES]]),
            "Rendered lines, with the digits on them.",
        ),
        "mistakes": (plots.plot_lines(mistakes), "Lines that are read wrongly, the most confident first."),
    }
    if any(read):  # a reader early in its training may read nothing
        reliability = plots.plot_reliability(*outcomes(read, [line.text for line in lines]))
        figures["reliability"] = reliability, "How often a digit is right, by its confidence."
    return [
        Picture(save_figure(figure, run.folder / "figures" / f"{name}.png"), caption)
        for name, (figure, caption) in figures.items()
    ]


def export_lines(network: nn.Module, path: Path, lines: list[RenderedLine]) -> float:
    """Write a line reader as one ONNX file: input `lines`, output `logits`, any number and width of lines.

    `network` must be `halved`: its weights are stored in half precision. The outputs of the file are compared with
    PyTorch's on `lines`. Returns the largest difference of a logit; raises `ModelFileError` if it is over 1e-4.
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


def _difference(network: nn.Module, lines: list[RenderedLine], path: Path) -> float:
    inks = [line.ink for line in lines]
    with torch.inference_mode():
        pairs = zip(infer_lines(network, inks), LineNetwork(path).logits(inks), strict=True)
        return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
