"""Trained page readers: evaluated on painted scenes, drawn, and written as an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sutja.data.dataset import Splits
from sutja.evaluation.calibration import Calibration
from sutja.evaluation.figures import CalibratedScores, Figures
from sutja.export.onnx import export_checked, trace
from sutja.models.onnx_page_network import SIDE_MULTIPLE, PageNetwork
from sutja.networks.infer import infer_pages
from sutja.reading.page_maps import FoundNumber, cooled_score, decode_maps
from sutja.reading.page_metrics import (
    DEFAULT_MIN_SCORE,
    calibrate_scores,
    choose_min_score,
    match_numbers,
    score_pages,
)
from sutja.reports import plots
from sutja.reports.html import Plot
from sutja.runs.run import Run
from sutja.synth.documents.document import Document
from sutja.synth.documents.scenes import BuildPainter, fixed_scenes, visible_numbers

EVALUATED_SCENES = 400
PARITY_SCENES = 20
DRAWN_SCENES = 12
COLOURS = {True: (0, 0, 220), False: (220, 100, 0)}  # handwritten and printed, in the order blue, green, red


@dataclass(frozen=True)
class PageEvaluation:
    """What a page reader finds on painted scenes of each part, "validation" or "test".

    `min_score` is the score that gave the best F1 on validation scenes, and `calibration` was fitted there; without
    validation digits there is none.
    """

    scenes: dict[str, list[Document]]
    found: dict[str, list[list[FoundNumber]]]
    figures: dict[str, Figures]
    calibration: Calibration | None
    min_score: float


def evaluation_scenes(splits: Splits, build: BuildPainter) -> dict[str, list[Document]]:
    """The scenes of each part on which a finished reader is evaluated."""
    return {part: fixed_scenes(build(each), EVALUATED_SCENES, 1) for part, each in splits.evaluation_parts.items()}


def evaluate_pages(network: nn.Module, scenes: dict[str, list[Document]]) -> PageEvaluation:
    """Evaluate a page reader on painted `scenes` of each part, and calibrate it on those of validation digits."""
    found = {part: [find_on_scene(network, each) for each in some] for part, some in scenes.items()}
    outcomes = {
        part: match_numbers(found[part], [visible_numbers(each) for each in some]) for part, some in scenes.items()
    }
    calibration, temperature, min_score = None, 1.0, DEFAULT_MIN_SCORE
    if "validation" in outcomes:
        calibration = calibrate_scores(outcomes["validation"])
        calibration = replace(calibration, digits=f"{calibration.count:,} numbers found on scenes of validation digits")
        temperature = calibration.temperature
        min_score = choose_min_score(outcomes["validation"].cooled(temperature))
    figures = {}
    for part, each in outcomes.items():
        after = score_pages(each.cooled(temperature), min_score=min_score)
        before = score_pages(each, min_score=cooled_score(min_score, 1 / temperature))
        figures[part] = replace(before, calibrated=CalibratedScores.of(after) if calibration else None)
    cooled = {part: [_cooled(numbers, temperature) for numbers in some] for part, some in found.items()}
    return PageEvaluation(scenes, cooled, figures, calibration, min_score)


def _cooled(numbers: Sequence[FoundNumber], temperature: float) -> list[FoundNumber]:
    return [replace(each, score=cooled_score(each.score, temperature)) for each in numbers]


def find_on_scene(network: nn.Module, scene: Document) -> list[FoundNumber]:
    """The numbers that a network finds on a scene whose sides are multiples of 32."""
    return decode_maps(infer_pages(network, _as_tensor(scene.picture))[0].numpy())


def draw_pages(run: Run, evaluated: PageEvaluation) -> list[Plot]:
    """Draw the curves of a run, and what is found on some scenes."""
    part = run.evaluated_on
    pairs = zip(evaluated.scenes[part][:DRAWN_SCENES], evaluated.found[part], strict=False)
    drawn = [_with_quads(scene, found, evaluated.min_score) for scene, found in pairs]
    figures = {
        "curves": (plots.plot_curves([(run.recipe.title, run.metrics())]), "Loss, and F1 of the numbers found."),
        "pages": (
            plots.plot_pages(drawn),
            "Numbers found on painted scenes: handwritten ones in red, printed ones in blue. The thick side is the "
            "baseline. Numbers that are missed are crossed out in green.",
        ),
    }
    return [Plot(figure, name, caption) for name, (figure, caption) in figures.items()]


def _with_quads(scene: Document, found: Sequence[FoundNumber], min_score: float) -> NDArray[np.uint8]:
    """The picture of a scene, `uint8 (H, W, 3)` in the order red, green, blue, with the quads of numbers."""
    picture = scene.picture.copy()
    sure = [each for each in found if each.score >= min_score]
    for number in sure:
        corners = np.round(number.quad).astype(np.int32)
        cv2.polylines(picture, [corners], True, COLOURS[number.handwritten], 1, cv2.LINE_AA)
        cv2.line(picture, corners[3].tolist(), corners[2].tolist(), COLOURS[number.handwritten], 2, cv2.LINE_AA)
    truth = visible_numbers(scene)
    for quad, by_hand in zip(truth.quads, truth.handwritten, strict=True):
        alone = type(truth)([quad], [by_hand])
        if not match_numbers([sure], [alone]).matched:
            corners = np.round(quad).astype(np.int32)
            cv2.polylines(picture, [corners[[0, 2]], corners[[1, 3]]], False, (0, 170, 0), 2, cv2.LINE_AA)
    return np.ascontiguousarray(picture[..., ::-1])


def export_pages(network: nn.Module, path: Path, scenes: list[Document]) -> float:
    """Write a page reader as one ONNX file: input `pictures`, output `maps`, any number and size of pictures.

    `network` must be `halved`: its weights are stored in half precision. The outputs of the file are compared with
    PyTorch's on `scenes`. Returns the largest difference; raises `ModelFileError` if it is over 1e-4.
    """
    rows, columns = torch.export.Dim("H32"), torch.export.Dim("W32")
    example = torch.zeros(2, 3, 2 * SIDE_MULTIPLE, 3 * SIDE_MULTIPLE, dtype=torch.uint8)
    dynamic = {0: torch.export.Dim("N"), 2: SIDE_MULTIPLE * rows, 3: SIDE_MULTIPLE * columns}

    def write(partial: Path) -> None:
        trace(network, partial, example, ("pictures", "maps"), dynamic)

    return export_checked(path, write, lambda partial: _difference(network, scenes, partial), half=True)


def _difference(network: nn.Module, scenes: list[Document], path: Path) -> float:
    exported = PageNetwork(path)
    pairs = ((infer_pages(network, _as_tensor(each.picture))[0], exported.maps(each.picture)) for each in scenes)
    return max(float(np.abs(ours.numpy() - theirs).max()) for ours, theirs in pairs)


def _as_tensor(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]
