"""Trained line readers: evaluated on strips of painted documents, drawn, and written as an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sutja.data.dataset import Splits
from sutja.evaluation.calibration import Calibration
from sutja.evaluation.figures import CalibratedScores, Figures
from sutja.export.onnx import export_checked, trace
from sutja.models.ctc import (
    COLUMNS_PER_STEP,
    OTHER,
    STRIP_CHANNELS,
    STRIP_ROWS,
    DecodedSign,
    decode_greedy,
    text_of,
)
from sutja.models.onnx_line_network import LineNetwork
from sutja.models.open import DEFAULT_MIN_CONFIDENCE
from sutja.networks.infer import infer_strips
from sutja.reading.line_metrics import calibrate_lines, choose_min_confidence, outcomes, score_lines
from sutja.reports import plots
from sutja.reports.html import Plot
from sutja.runs.run import Run
from sutja.synth.documents.scenes import BuildPainter
from sutja.synth.strips import TrainingStrip, fixed_strips

EVALUATED_STRIPS = 4000
PARITY_STRIPS = 1000
DRAWN_STRIPS = 40
SHOWN_OTHER = "□"  # stands for `OTHER` in reports


@dataclass(frozen=True)
class LineEvaluation:
    """What a line reader reads on painted `strips` of each part, "validation" or "test".

    `logits` are its outputs. Without validation digits there is no `calibration`.
    """

    strips: dict[str, list[TrainingStrip]]
    logits: dict[str, list[NDArray[np.float32]]]
    figures: dict[str, Figures]
    calibration: Calibration | None
    min_confidence: float

    def read(self, part: str) -> list[list[DecodedSign]]:
        """The signs that are read on the strips of a part."""
        temperature = self.calibration.temperature if self.calibration else 1.0
        return [decode_greedy(each, temperature) for each in self.logits[part]]


def evaluation_strips(splits: Splits, build: BuildPainter) -> dict[str, list[TrainingStrip]]:
    """The strips of each part on which a finished reader is evaluated."""
    return {part: fixed_strips(build(digits), EVALUATED_STRIPS, 1) for part, digits in splits.evaluation_parts.items()}


def evaluate_lines(network: nn.Module, strips: dict[str, list[TrainingStrip]]) -> LineEvaluation:
    """Evaluate a line reader on `strips` of each part, and calibrate it on those of validation digits."""
    logits = {part: infer_strips(network, [strip.pixels for strip in some]) for part, some in strips.items()}
    texts = {part: [strip.text for strip in some] for part, some in strips.items()}
    calibration, temperature, min_confidence = None, 1.0, DEFAULT_MIN_CONFIDENCE
    if "validation" in strips:
        calibration = calibrate_lines(logits["validation"], texts["validation"])
        calibration = replace(calibration, digits=f"{calibration.count:,} signs read on strips of validation digits")
        temperature = calibration.temperature
        min_confidence = choose_min_confidence(logits["validation"], texts["validation"], temperature)
    figures = {}
    for part in strips:
        before, after = (
            score_lines(logits[part], texts[part], temperature=each, min_confidence=min_confidence)
            for each in (1.0, temperature)
        )
        calibrated = CalibratedScores.of(after) if calibration else None
        figures[part] = replace(before, calibrated=calibrated, lines=after.lines)
    return LineEvaluation(strips, logits, figures, calibration, min_confidence)


def draw_strips(run: Run, strips: Sequence[TrainingStrip], read: Sequence[Sequence[DecodedSign]]) -> list[Plot]:
    """Draw curves, strips, mistakes and reliability of a reader that read the signs `read` on `strips`."""
    texts = [text_of(line) for line in read]
    wrong = [index for index, (strip, text) in enumerate(zip(strips, texts, strict=True)) if strip.text != text]
    wrong.sort(key=lambda index: -float(np.prod([sign.confidence for sign in read[index]])))
    mistakes = [
        (strips[index].drawn(), f"{_shown(strips[index].text)} read as {_shown(texts[index])}")
        for index in wrong[:DRAWN_STRIPS]
    ]
    figures = {
        "curves": (
            plots.plot_curves([(run.recipe.title, run.metrics())]),
            "Loss per sign, and the share of strips that are read without any error, over the epochs.",
        ),
        "lines": (
            plots.plot_lines([(strip.drawn(), _shown(strip.text)) for strip in strips[:DRAWN_STRIPS]]),
            f"Strips of painted documents, with the signs on them; {SHOWN_OTHER} is what is no part of a number.",
        ),
        "mistakes": (plots.plot_lines(mistakes), "Strips that are read wrongly, the most confident first."),
    }
    if any(read):  # a reader early in its training may read nothing
        reliability = plots.plot_reliability(*outcomes(read, [strip.text for strip in strips]))
        figures["reliability"] = reliability, "How often a sign is right, by its confidence."
    return [Plot(figure, name, caption) for name, (figure, caption) in figures.items()]


def _shown(text: str) -> str:
    return text.replace(OTHER, SHOWN_OTHER) or "nothing"


def export_lines(network: nn.Module, path: Path, strips: Sequence[TrainingStrip]) -> float:
    """Write a line reader as one ONNX file: input `strips`, output `logits`, any number and width of strips.

    `network` must be `halved`: its weights are stored in half precision. The outputs of the file are compared with
    PyTorch's on `strips`. Returns the largest difference of a logit; raises `ModelFileError` if it is over 1e-4.
    """
    batch, steps = torch.export.Dim("N"), torch.export.Dim("W4")
    example, dynamic = torch.zeros(2, STRIP_CHANNELS, STRIP_ROWS, 64), {0: batch, 3: COLUMNS_PER_STEP * steps}

    def write(partial: Path) -> None:
        trace(network, partial, example, ("strips", "logits"), dynamic)

    return export_checked(path, write, lambda partial: _difference(network, strips, partial), half=True)


def _difference(network: nn.Module, strips: Sequence[TrainingStrip], path: Path) -> float:
    pixels = [strip.pixels for strip in strips]
    with torch.inference_mode():
        pairs = zip(infer_strips(network, pixels), LineNetwork(path).logits(pixels), strict=True)
        return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
