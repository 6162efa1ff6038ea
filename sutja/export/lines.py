"""The end of a line reader's training: its run folder with figures and pictures, and the model to publish."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sutja.data.dataset import Dataset, Splits, load_dataset, split
from sutja.errors import DataError, UsageError
from sutja.export.half_precision import halved
from sutja.export.onnx import DEFAULT_OUTPUT, Output, check_free, checksums, export_checked, publish, published_name
from sutja.files import write_text
from sutja.models.card import Card
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.model import count_parameters
from sutja.reading.line_network import LineNetwork, chances, spot
from sutja.reports import plots
from sutja.reports.html import Picture, Section, render_card, render_page, save_figure
from sutja.reports.tables import recipe_table
from sutja.runs.run import Run
from sutja.synth.lines import Line, Writer
from sutja.training.line_metrics import calibrate_lines, choose_min_confidence, judge_lines, outcomes
from sutja.training.line_trainer import LineTraining, composed, infer_lines

FIGURED = 4000  # lines on which a finished reader is judged
PARITY_LINES = 1000


def finish_lines(run: Run, training: LineTraining, splits: Splits) -> None:
    """Write what a finished run of a line reader holds; `report.json`, which says that it is finished, comes last."""
    run.remove_partial_files()
    trained = training.result()
    run.save_weights(trained)
    network = halved(trained)
    lines = {part: composed(Writer(digits), FIGURED, 1) for part, digits in splits.judged.items()}
    difference = export_lines(network, run.folder / "model.onnx", lines[run.judged_by][:PARITY_LINES])
    values = {"parity": difference, "epochs": len(training.records), "parameters": count_parameters(trained)}
    card = describe_lines(run, network, lines, values)
    _write_report(run, network, lines[run.judged_by], card)
    files = checksums(run.folder / "model.onnx", run.folder / "model.safetensors")
    write_text(run.folder / "MODEL_CARD.md", render_card(asdict(card) | {"files": files}))
    reading = {part: {**card.figures[part], **(card.reading or {})[part]} for part in card.figures}
    told = {
        "parameters": card.parameters,
        "epochs": card.epochs,
        "seconds": card.seconds,
        "parity": difference,
        "temperature": card.temperature,
    }
    run.save_json("report.json", {**told, **reading})


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


def describe_lines(run: Run, network: nn.Module, lines: dict[str, list[Line]], values: dict[str, Any]) -> Card:
    """The card of a line reader, judged on composed `lines` and calibrated by those of validation digits.

    `values` are `parameters`, `epochs` and what else is to be said of it.
    """
    logits = {part: infer_lines(network, [line.ink for line in some]) for part, some in lines.items()}
    texts = {part: [line.text for line in some] for part, some in lines.items()}
    calibration, temperature, least = None, 1.0, 0.5
    if "validation" in lines:
        fitted = calibrate_lines(logits["validation"], texts["validation"])
        temperature = fitted.temperature
        least = choose_min_confidence(logits["validation"], texts["validation"], temperature)
        calibration = {**asdict(fitted), "digits": f"{fitted.count:,} digits read on lines of validation digits"}
    figures, reading = {}, {"min_confidence": least}
    for part in lines:
        before, after = (
            asdict(judge_lines(logits[part], texts[part], temperature=each, min_confidence=least))
            for each in (1.0, temperature)
        )
        names = ("count", "errors", "accuracy", "accuracy_low", "accuracy_high", "loss", "brier", "calibration_error")
        figures[part] = {name: before[name] for name in names}
        calibrated = {name: after[name] for name in ("loss", "brier", "calibration_error")}
        figures[part]["calibrated"] = calibrated if calibration else None
        reading[part] = {name: after[name] for name in after if name not in names}  # type: ignore[assignment]
    environment = {name: value for name, value in run.environment.items() if name != "data"}
    return Card(
        name=published_name(run),
        title=run.recipe.title,
        data=run.environment["data"],
        environment=environment,
        figures=figures,
        temperature=temperature,
        calibration=calibration,
        reading=reading,
        recipe=vars(run.recipe),
        seconds=run.metrics()[-1]["seconds"],
        **values,
    )


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
    splits = split(dataset, run.recipe.protocol)
    lines = {part: composed(Writer(digits), FIGURED, 1) for part, digits in splits.judged.items()}
    values = {name: run.report[name] for name in ("parameters", "epochs")}
    card = describe_lines(run, read, lines, values)
    kept = run.report[run.judged_by]["errors"]
    if abs(card.figures[run.judged_by]["errors"] - kept) > FIGURED // 200:
        raise DataError(f"{run.folder}: its weights do not make the {kept} errors that its report.json tells")

    def write(_: nn.Module, path: Path) -> float:
        return export_lines(read, path, lines[run.judged_by][:PARITY_LINES])

    return publish(network, card, folder, output, write=write)


def _write_report(run: Run, network: nn.Module, lines: list[Line], card: Card) -> None:
    logits = infer_lines(network, [line.ink for line in lines])
    read = [spot(chances(each, card.temperature)) for each in logits]
    texts = ["".join(str(digit.digit) for digit in line) for line in read]
    wrong = [index for index, (line, text) in enumerate(zip(lines, texts, strict=True)) if line.text != text]
    wrong.sort(key=lambda index: -float(np.prod([digit.confidence for digit in read[index]])))
    figures = {
        "curves": plots.curves([(run.recipe.title, run.metrics())]),
        "lines": plots.lines([(line.gray, line.text) for line in lines[:40]]),
        "mistakes": plots.lines(
            [(lines[index].gray, f"{lines[index].text} read as {texts[index] or 'nothing'}") for index in wrong[:40]]
        ),
    }
    if any(read):  # a reader that has hardly begun may read nothing
        figures["reliability"] = plots.reliability(*outcomes(read, [line.text for line in lines]))
    captions = {
        "curves": "Loss a digit, and the share of lines that are read without any error, over the epochs.",
        "lines": "Lines as they were composed, with the digits on them.",
        "mistakes": "Lines that were read wrongly, the surest first.",
        "reliability": "How often a digit is right, by its confidence.",
    }
    pictures = [
        Picture(save_figure(figure, run.folder / "figures" / f"{name}.png"), captions[name])
        for name, figure in figures.items()
    ]
    errors = (card.reading or {})[run.judged_by]["character_error"]
    lead = (
        f"{100 * errors:.2f} % character errors in {len(lines):,} lines composed of {run.judged_by} digits; "
        f"{card.seconds:.0f} s of training on {run.environment['processor']}."
    )
    sections = [Section("Lines", pictures=pictures), Section("Recipe", table=recipe_table([vars(run.recipe)]))]
    write_text(run.folder / "report.html", render_page(run.recipe.title, lead, sections))
