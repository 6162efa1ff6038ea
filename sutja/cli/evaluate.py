"""`sutja evaluate`: measure a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Json, load_data
from sutja.cli.completion import complete_model
from sutja.files import resolved

if TYPE_CHECKING:
    from sutja.data.digits import Digits
    from sutja.evaluation.robustness import Robustness
    from sutja.models.onnx_classifier import Classifier


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_model,
            help="A published model, an ONNX file with its card, or the folder of a finished run or an ensemble.",
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            "-d",
            help="The data whose test digits are read; for a run of the protocol “validation”, its validation digits.",
        ),
    ] = "mnist",
    figures: Annotated[
        Optional[Path], typer.Option("--to", help="Draw confusion matrix, reliability and mistakes into this folder.")
    ] = None,
    corruptions: Annotated[
        bool,
        typer.Option("--corruptions", help="Also measure on digits corrupted in 15 ways, in the style of MNIST-C."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure a trained network on the test digits, through ONNX Runtime: accuracy, calibration, mistakes."""
    from dataclasses import asdict

    from sutja.cli.console import print_json, print_path, print_table
    from sutja.evaluation.calibration import divide_by_temperature
    from sutja.evaluation.figures import CalibratedScores
    from sutja.evaluation.metrics import evaluate as measure
    from sutja.models.open import open_model
    from sutja.reports.tables import class_table, confusion_table, corruption_table, mistake_table, score_table

    trained = open_model(model)
    classifier = trained.classifier(any_classes=True)
    part, digits = trained.evaluation_digits(load_data(data))
    logits = classifier.logits(digits.images)
    report = measure(logits, digits.labels)
    where = f"{data}, validation digits" if part == "validation" else data
    reports = {f"{resolved(Path(model)).name} on {where}": report}
    temperature = classifier.temperature
    if temperature != 1:
        reports[f"calibrated, temperature {temperature:.4g}"] = measure(
            divide_by_temperature(logits, temperature), digits.labels
        )
    robustness = _measure_robustness(classifier, digits, figures) if corruptions else None
    if figures is not None:
        from sutja.reports.pages import draw_evaluation

        draw_evaluation(figures, digits, logits, report)
    if as_json:
        values = {"class_names": list(digits.class_names), **asdict(report)}
        if temperature != 1:
            scores = CalibratedScores.of(list(reports.values())[-1])
            values |= {"temperature": temperature, "calibrated": asdict(scores)}
        print_json(values | ({"corruptions": asdict(robustness)} if robustness else {}))
        return
    print_table(score_table(reports))
    names = digits.class_names
    print_table(class_table(report, names))
    print_table(confusion_table(report, names), title=" most frequent confusions")
    print_table(mistake_table(report, names), title=" most confident mistakes")
    if robustness:
        print_table(corruption_table(robustness), title=" corrupted digits, MNIST-C style")
    if figures is not None:
        print_path("Pictures", figures / "figures")


def _measure_robustness(classifier: Classifier, digits: Digits, figures: Path | None) -> Robustness:
    from sutja.cli.console import remark, with_progress
    from sutja.evaluation.corruptions import CORRUPTIONS
    from sutja.evaluation.robustness import score_corruptions, summarise_robustness
    from sutja.reports.tables import percent

    remark(f"corrupting {len(digits):,} digits, MNIST-C style")
    scores = score_corruptions(classifier.logits, digits)
    robustness = summarise_robustness(
        list(with_progress(scores, lambda each: f"{each.name} {percent(each.accuracy)}", total=len(CORRUPTIONS)))
    )
    if figures is not None:
        from sutja.reports.pages import draw_corruptions

        draw_corruptions(figures, digits, robustness)
    return robustness
