"""The verbs on trained networks: evaluate, models, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sutja.cli.common import Force, Json

if TYPE_CHECKING:
    from sutja.data.digits import Digits
    from sutja.evaluation.robustness import Robustness
    from sutja.export.onnx import Output
    from sutja.models.card import Card
    from sutja.models.onnx_classifier import Classifier
    from sutja.networks.model import Size


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A finished run's folder, an ensemble's, a published model, or an ONNX file with its card beside it."
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            "-d",
            help="The data whose test digits are read; of a run that held digits back by the protocol held-out, these.",
        ),
    ] = "mnist",
    figures: Annotated[
        Optional[Path], typer.Option("--to", help="Draw confusion matrix, reliability and mistakes into this folder.")
    ] = None,
    corruptions: Annotated[
        bool,
        typer.Option("--corruptions", help="Measure also on digits corrupted in 15 ways, in the style of MNIST-C."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure a trained network on the test digits, through ONNX Runtime: accuracy, calibration, mistakes."""
    from dataclasses import asdict

    from sutja.cli.console import print_json, print_path, print_table
    from sutja.evaluation.calibration import cooled
    from sutja.evaluation.metrics import evaluate as measure
    from sutja.models.card import judge
    from sutja.reports.tables import class_table, confusion_table, corruption_table, mistake_table, score_table

    classifier = _open(model)
    digits, part = _judging_digits(Path(model), data)
    logits = classifier.logits(digits.images)
    report = measure(logits, digits.labels)
    reports = {f"{Path(model).resolve().name} on {data}{part}": report}
    temperature = classifier.temperature
    if temperature != 1:
        reports[f"calibrated, temperature {temperature:.4g}"] = measure(cooled(logits, temperature), digits.labels)
    robustness = _measure_robustness(classifier, digits, figures) if corruptions else None
    if figures is not None:
        from sutja.reports.pages import draw_judgement

        draw_judgement(figures, digits, logits, report)
    if as_json:
        scores = judge(logits, digits.labels, temperature)
        calibrated = {"temperature": temperature, "calibrated": scores["calibrated"]} if len(reports) > 1 else {}
        print_json(asdict(report) | calibrated | ({"corruptions": asdict(robustness)} if robustness else {}))
        return
    print_table(score_table(reports))
    print_table(class_table(report))
    print_table(confusion_table(report), title=" most frequent confusions")
    print_table(mistake_table(report), title=" most confident mistakes")
    if robustness:
        print_table(corruption_table(robustness), title=" corrupted digits, MNIST-C style")
    if figures is not None:
        print_path("Pictures", figures / "figures")


def _open(name: str) -> Classifier:
    """What a word on the command line means: a run folder before a published model, else an ONNX file."""
    from sutja.errors import UsageError
    from sutja.models.card import is_published, list_published, load_published, open_model
    from sutja.models.onnx_classifier import Classifier
    from sutja.runs.run import find_model, is_run_or_ensemble

    path = Path(name)
    if not is_run_or_ensemble(path):
        if is_published(name):
            return load_published(name)
        if path.suffix == ".onnx":
            return open_model(path)
    try:
        return Classifier(find_model(path))
    except UsageError as error:
        if path.exists():
            raise
        published = ", ".join(card.name for card in list_published()[0])
        raise UsageError(f"{error}" + (f"; published models: {published}" if published else "")) from error


def _judging_digits(model: Path, data: str) -> tuple[Digits, str]:
    """The digits to measure on, and what to call them: those that a run held back to choose by, else test digits."""
    from sutja.data.dataset import load_dataset, split
    from sutja.runs.run import is_run_or_ensemble, judging_part

    dataset = load_dataset(data)
    if is_run_or_ensemble(model) and judging_part(model, dataset.sha256) == "validation":
        return split(dataset, "held-out").judged["validation"], ", validation digits"
    return dataset.test, ""


def _measure_robustness(classifier: Classifier, digits: Digits, figures: Path | None) -> Robustness:
    from sutja.cli.console import remark, watch
    from sutja.evaluation.corruptions import CORRUPTIONS
    from sutja.evaluation.robustness import score_corruptions, summarise
    from sutja.reports.tables import percent

    remark(f"corrupting {len(digits):,} digits, MNIST-C style")
    scores = score_corruptions(classifier.logits, digits)
    robustness = summarise(
        list(watch(scores, lambda each: f"{each.name} {percent(each.accuracy)}", total=len(CORRUPTIONS)))
    )
    if figures is not None:
        from sutja.reports.pages import draw_corruptions

        draw_corruptions(figures, digits, robustness)
    return robustness


def models(as_json: Json = False) -> None:
    """List the published models with their figures, and the networks that can be trained with their size."""
    from dataclasses import asdict

    from sutja.cli.console import print_error, print_json, print_table
    from sutja.models.card import list_published
    from sutja.reports.tables import model_table, published_table

    cards, damages = list_published()
    sizes = _sizes()
    if as_json:
        print_json(
            {
                "published": [asdict(card) for card in cards],
                "networks": {name: asdict(size) for name, size in sizes.items()},
            }
        )
    if cards and not as_json:
        print_table(published_table(cards), title=" published models")
    if sizes and not as_json:
        print_table(model_table(sizes), title=" networks, for one digit or a line of 32×128")
    for damage in damages:
        print_error(str(damage))
    if damages:
        raise typer.Exit(damages[0].exit_code)


def _sizes() -> dict[str, Size]:
    """The networks with their size: none, and a remark, where PyTorch is not installed."""
    from sutja.cli.console import remark

    try:
        import torch

        from sutja.networks.line_model import LineReader
        from sutja.networks.model import NETWORKS, create, measure
        from sutja.recipe import LINE_READER
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        remark("The networks need PyTorch, which the extra 'train' brings: pip install '.[train]'")
        return {}
    sizes = {name: measure(create(name, seed=0)) for name in NETWORKS}
    return {**sizes, LINE_READER: measure(LineReader(), torch.zeros(1, 1, 32, 128))}


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run or of an ensemble.")],
    to: Annotated[
        Optional[Path],
        typer.Option("--to", help="The folder for the files. [default: ./<the folder's name without seed>]"),
    ] = None,
    calibrate_with: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--calibrate-with",
            metavar="RUN",
            help="For a run that was trained on all training digits: a run of the same recipe with "
            "protocol = held-out, whose validation digits fit the temperature; again for each further seed. "
            "For an ensemble of such runs: the ensemble of their counterparts.",
        ),
    ] = None,
    study: Annotated[
        Optional[Path],
        typer.Option("--study", help="The CSV of `sutja study`: mean and deviation over seeds for the card."),
    ] = None,
    no_weights: Annotated[
        bool, typer.Option("--no-weights", help="Leave out the file for PyTorch: the ONNX file has the same weights.")
    ] = False,
    half: Annotated[
        bool, typer.Option("--half", help="Round the weights to half precision: files half as large, judged anew.")
    ] = False,
    force: Force = False,
) -> None:
    """Make a model to publish from a run: ONNX held against PyTorch, weights, and a card with figures and checksums.

    An ensemble becomes one model too.
    """
    from sutja.cli.console import print_path, print_table, remark
    from sutja.export.onnx import Output
    from sutja.reports.tables import published_table

    output = Output(weights=not no_weights, half=half, force=force)
    make = _export_ensemble if _is_ensemble(run) else _export_run
    card, folder = make(run, to, output, calibrate_with or [], study)
    if card.calibration is None:
        remark(
            "not calibrated: no validation digits of its own; "
            + ("--calibrate-with takes those of a counterpart" if card.reading is None else "0.5 is what a digit needs")
        )
    print_table(published_table([card]))
    for name in (*card.files, f"{card.name}.json", f"{card.name}.md"):
        print_path("Written", folder / name)


def _is_ensemble(folder: Path) -> bool:
    from sutja.runs.run import ENSEMBLE

    return (folder / ENSEMBLE).is_file()


def _export_ensemble(
    path: Path, to: Path | None, output: Output, calibrate_with: list[Path], study: Path | None
) -> tuple[Card, Path]:
    from sutja.errors import UsageError
    from sutja.export.ensemble import EnsembleFolder, export_ensemble

    if study is not None:
        raise UsageError("--study tells of the seeds of one recipe, which an ensemble does not have: leave it out")
    ensemble = EnsembleFolder.open(path)
    if len(calibrate_with) > 1:
        raise UsageError("--calibrate-with names one ensemble for an ensemble, that of its members' counterparts")
    held_out = EnsembleFolder.open(calibrate_with[0]) if calibrate_with else None
    folder = to or Path(ensemble.name)
    return export_ensemble(ensemble, folder, held_out=held_out, output=output), folder


def _export_run(
    run: Path, to: Path | None, output: Output, calibrate_with: list[Path], study: Path | None
) -> tuple[Card, Path]:
    from sutja.cli.console import remark
    from sutja.export.onnx import export_run, find_spread, published_name
    from sutja.runs.run import Run

    opened = Run.open(run)
    opened.require_finished()
    if calibrate_with or study is not None:
        opened.recipe.require_single_digits("--calibrate-with" if calibrate_with else "--study")
    spread = None
    if study is not None:
        spread = find_spread(study, opened)
        if spread is None:
            remark(
                f"{study}: has nothing on several seeds of {opened.recipe.title}: the card tells nothing of other seeds"
            )
    folder = to or Path(published_name(opened))
    if opened.recipe.reads_lines:
        from sutja.export.lines import export_line_run

        return export_line_run(opened, folder, output), folder
    held_out = [Run.open(each) for each in calibrate_with]
    return export_run(opened, folder, held_out=held_out, spread=spread, output=output), folder
