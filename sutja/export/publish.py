"""From a finished run to a published model: an ONNX file, weights for PyTorch, and a card that says what they are.

What paints documents is imported where a reader of lines or pages is published: every training imports this module.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from sutja.data.dataset import MNIST_SHA256, Dataset, load_dataset, split
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.calibration import Calibration, calibrate
from sutja.evaluation.figures import Figures, digit_figures
from sutja.export.half_precision import halved, halves
from sutja.export.onnx import PARITY_DIGITS, export_onnx
from sutja.files import checksums, resolved, whole_folder, write_text
from sutja.models.card import Card, CardMember, SeedResults
from sutja.models.open import open_run
from sutja.networks.build import load_network
from sutja.networks.infer import infer, to_tensor
from sutja.recipe import NONE, Recipe
from sutja.reports.html import render_card
from sutja.runs.report import RunReport
from sutja.runs.results import RecipeResult, read_results
from sutja.runs.run import Run

LOGIT_TOLERANCE = 1e-2  # between two machines, which sum in another order; a logit can be large
WEIGHT_TOLERANCE = 1e-3  # between two ensembles: a temperature fitted for one is that of the other


@dataclass(frozen=True)
class Options:
    """How a run is published.

    `weights` writes the file for PyTorch, `half` rounds to half precision, `force` replaces another model. The runs of
    `calibrate_with` calibrate a run without validation digits: runs of the same recipe, or ensembles with the same
    recipes and weights, of the protocol "validation". `study` is a result of `find_seed_results`.
    """

    weights: bool = True
    half: bool = False
    force: bool = False
    calibrate_with: Sequence[Run] = ()
    study: RecipeResult | None = None


DEFAULT_OPTIONS = Options()


@dataclass(frozen=True)
class _Export:
    """What is published of a run: its network, the figures, and a function that writes the ONNX file."""

    network: nn.Module
    figures: dict[str, Figures]
    calibration: Calibration | None
    min_confidence: float | None
    half: bool
    write_onnx: Callable[[Path], float]  # returns the largest difference of a logit from PyTorch


def publish(run: Run, folder: Path, options: Options = DEFAULT_OPTIONS, *, dataset: Dataset | None = None) -> Card:
    """Publish a finished run: `<name>.onnx`, `.safetensors`, `.json` and `.md`, all of them or none.

    Without `options.weights` there is no `.safetensors`. Rounded weights are evaluated as they are stored; those of
    readers of lines and pages are always rounded. `dataset`, by default MNIST, is that of the training. Returns the
    card.
    Raises `UsageError` when one of the files exists or the options do not fit the run, `DataError` and `ModelFileError`
    when the run is damaged, its weights do not give its results, or ONNX Runtime and PyTorch differ.
    """
    from safetensors.torch import save

    run.require_finished()
    onnx, tensors, values, page = _check_free(folder, run.published_name, force=options.force)
    by_kind = {"digits": _export_digits, "lines": _export_lines, "pages": _export_pages}
    export = by_kind[run.reads](run, options, dataset or load_dataset())
    with whole_folder(folder) as partial:
        parity = export.write_onnx(partial / onnx)
        if options.weights:
            state = export.network.state_dict()
            (partial / tensors).write_bytes(save(halves(state) if export.half else state))
        card = dataclasses.replace(
            describe(run, run.report),
            figures=export.figures,
            temperature=export.calibration.temperature if export.calibration else 1.0,
            calibration=export.calibration,
            min_confidence=export.min_confidence,
            seed_results=_seed_results(options.study),
            parity=parity,
            precision="half" if export.half else None,
            files=checksums(*(partial / name for name in ((onnx, tensors) if options.weights else (onnx,)))),
        )
        write_text(partial / values, card.to_json())
        write_text(partial / page, render_card(card))
    if not options.weights:
        (folder / tensors).unlink(missing_ok=True)  # those of a replaced model
    return card


def describe(run: Run, report: RunReport) -> Card:
    """The card of a run's network, with the figures of its report."""
    reports = report.ensemble.members if report.ensemble else []
    return Card(
        name=run.published_name,
        title=run.title,
        reads=run.reads,
        environment=run.environment,
        figures=report.card_figures(),
        temperature=report.calibration.temperature if report.calibration else 1.0,
        calibration=report.calibration,
        min_confidence=report.min_confidence,
        parameters=report.parameters,
        members=[
            CardMember(
                name=member.name,
                weight=member.weight,
                recipe=member.recipe,
                parameters=each.parameters,
                accuracy=each.scores.accuracy,
                errors=each.scores.errors,
                loss=each.scores.loss,
            )
            for member, each in zip(run.manifest.members, reports, strict=True)
        ],
        remarks=report.ensemble.remarks if report.ensemble else [],
        recipe=run.manifest.recipe,
        epochs=report.epochs,
        seconds=report.seconds,
        parity=report.parity,
        files={name: sha256 for name, sha256 in report.files.items() if name.startswith("model.")},
    )


def find_seed_results(path: Path, run: Run) -> RecipeResult | None:
    """The results over all seeds of a run's recipe, from the CSV of a study, or `None` where it has none.

    Raises `DataError` when the file is damaged, or has other errors for this run's seed than the run.
    """
    run.recipe.require_single_digits("--study")
    key = (run.recipe.label, run.recipe.protocol, run.environment.data.name)
    result = next((each for each in read_results(path) if each.key == key and len(each.seeds) > 1), None)
    if result and run.recipe.seed in result.seeds:
        errors = result.errors[result.seeds.index(run.recipe.seed)]
        if errors != run.report.figures[run.evaluated_on].errors:
            raise DataError(f"{path}: {result.recipe}, seed {run.recipe.seed}: {errors} errors, unlike {run.folder}")
    return result


def check_weights(network: nn.Module, run: Run) -> None:
    """Compare the outputs of a network with the logits and labels in its run's folder.

    Raises `ModelFileError` when they differ. Does nothing for other data than MNIST, whose digits are not at hand.
    """
    if run.data_sha256 != MNIST_SHA256:
        return
    part = run.evaluated_on
    digits, (expected, labels) = split(load_dataset(), run.protocol).evaluation_parts[part], run.load_logits(part)
    logits = infer(network, to_tensor(digits)[:PARITY_DIGITS]).numpy()
    if len(labels) != len(digits) or not np.abs(logits - expected[:PARITY_DIGITS]).max() <= LOGIT_TOLERANCE:
        path = run.folder / "model.safetensors"
        raise ModelFileError(f"{path}: these weights do not give the logits of logits.npz")


def counterpart_differences(recipe: Recipe, counterpart: Recipe) -> list[str]:
    """The fields, other than protocol and seed, in which a recipe differs from one of the protocol "validation".

    Their teachers may differ: the counterpart's must not have seen the validation digits.
    """
    ours, theirs = recipe.flat(), counterpart.flat()
    differing = [field for field in ours | theirs if ours.get(field, NONE) != theirs.get(field, NONE)]
    ignored = ["protocol", "seed"]
    if recipe.distillation and counterpart.distillation:
        ignored.append("distillation.teacher")
    return [field for field in differing if field not in ignored]


def _check_free(folder: Path, name: str, *, force: bool) -> list[str]:
    """The names of the four files of a model; raises `UsageError` when one of them exists, unless `force` is set."""
    names = [f"{name}.{suffix}" for suffix in ("onnx", "safetensors", "json", "md")]
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    existing = [folder / each for each in names if (folder / each).exists()]
    if existing and not force:
        raise UsageError(f"{existing[0]}: exists already; --force replaces it")
    return names


def _export_digits(run: Run, options: Options, dataset: Dataset) -> _Export:
    """A network for single digits, or an ensemble: evaluated by the logits in its folder, or again once rounded."""
    calibration = _calibrate(run, options.calibrate_with)
    temperature = calibration.temperature if calibration else None
    network = load_network(open_run(run))
    check_weights(network, run)
    evaluated = halved(network) if options.half else network
    results = {part: run.load_logits(part) for part in run.parts}
    if options.half:
        if run.data_sha256 != dataset.sha256:
            raise UsageError(
                f"{run.folder}: was trained on other data than {dataset.name}: --half evaluates rounded weights on "
                "them: name them with --data"
            )
        parts = split(dataset, run.protocol).evaluation_parts
        results = {part: (infer(evaluated, to_tensor(parts[part])).numpy(), parts[part].labels) for part in run.parts}
    return _Export(
        network=network,
        figures={part: digit_figures(*result, temperature) for part, result in results.items()},
        calibration=calibration,
        min_confidence=None,
        half=options.half,
        write_onnx=lambda path: export_onnx(evaluated, path, dataset.test, half=options.half),
    )


def _export_lines(run: Run, options: Options, dataset: Dataset) -> _Export:
    """A line reader, in half precision, evaluated again on painted strips."""
    from sutja.export.lines import PARITY_STRIPS, evaluate_lines, evaluation_strips, export_lines
    from sutja.synth.documents.painter import document_painter

    _check_evaluable(run, options, dataset)
    network = load_network(open_run(run))
    evaluated, strips = halved(network), evaluation_strips(split(dataset, run.protocol), document_painter)
    evaluation, part = evaluate_lines(evaluated, strips), run.evaluated_on
    _check_errors(run, evaluation.figures)
    return _Export(
        network=network,
        figures=evaluation.figures,
        calibration=evaluation.calibration,
        min_confidence=evaluation.min_confidence,
        half=True,
        write_onnx=lambda path: export_lines(evaluated, path, strips[part][:PARITY_STRIPS]),
    )


def _export_pages(run: Run, options: Options, dataset: Dataset) -> _Export:
    """A page reader, in half precision, evaluated again on painted scenes."""
    from sutja.export.pages import PARITY_SCENES, evaluate_pages, evaluation_scenes, export_pages
    from sutja.synth.documents.painter import document_painter

    _check_evaluable(run, options, dataset)
    network = load_network(open_run(run))
    evaluated, scenes = halved(network), evaluation_scenes(split(dataset, run.protocol), document_painter)
    evaluation, part = evaluate_pages(evaluated, scenes), run.evaluated_on
    _check_errors(run, evaluation.figures)
    return _Export(
        network=network,
        figures=evaluation.figures,
        calibration=evaluation.calibration,
        min_confidence=evaluation.min_score,
        half=True,
        write_onnx=lambda path: export_pages(evaluated, path, scenes[part][:PARITY_SCENES]),
    )


def _check_evaluable(run: Run, options: Options, dataset: Dataset) -> None:
    """Raises `UsageError` when a reader of lines or pages cannot be evaluated with the digits of `dataset`."""
    if options.calibrate_with:
        run.recipe.require_single_digits("--calibrate-with")
    if run.data_sha256 != dataset.sha256:
        raise UsageError(
            f"{run.folder}: was trained on other digits than {dataset.name}: no {run.reads} to evaluate it on"
        )


def _check_errors(run: Run, figures: dict[str, Figures]) -> None:
    """Raises `DataError` when a network makes other errors than the report of its run says."""
    found, errors = figures[run.evaluated_on], run.report.figures[run.evaluated_on].errors
    if abs(found.errors - errors) > found.count // 200:
        raise DataError(f"{run.folder}: its weights do not make the {errors} errors of its report.json")


def _calibrate(run: Run, counterparts: Sequence[Run]) -> Calibration | None:
    """Fit a temperature to validation digits: those of the run, or of its counterparts; `None` without any."""
    if counterparts and "validation" in run.parts:
        raise UsageError(f"{run.folder}: has validation digits of its own: leave out --calibrate-with")
    for each in counterparts:
        _check_counterpart(run, each)
    seeds = [tuple(network.recipe.seed for network in each.networks) for each in counterparts]
    if len(set(seeds)) < len(seeds):
        raise UsageError(f"--calibrate-with names two runs of one seed: each run of {run.title} counts once")
    sources = counterparts or ([run] if "validation" in run.parts else [])
    if not sources:
        return None
    logits, labels = zip(*(source.load_logits("validation") for source in sources), strict=True)
    names = ", ".join(resolved(source.folder).name for source in sources)
    calibration = calibrate(np.concatenate(logits), np.concatenate(labels))
    return dataclasses.replace(calibration, digits=f"{len(labels[0]):,} validation digits, read by {names}")


def _check_counterpart(run: Run, counterpart: Run) -> None:
    """Raises `UsageError` when the validation digits of `counterpart` cannot calibrate `run`."""
    counterpart.require_finished()
    counterpart.require("validation")
    why = _mismatch(run, counterpart)
    if why:
        raise UsageError(f"{counterpart.folder}: not the validation counterpart of {run.folder}: {why}")


def _mismatch(run: Run, counterpart: Run) -> str:
    """In words, why a temperature fitted for `counterpart` is not that of `run`; empty when it is."""
    if len(counterpart.networks) != len(run.networks):
        return f"{len(counterpart.networks)} networks instead of {len(run.networks)}"
    for ours, theirs in zip(run.networks, counterpart.networks, strict=True):
        differing = counterpart_differences(ours.recipe, theirs.recipe)
        if differing:
            own, other = ours.recipe.flat(), theirs.recipe.flat()
            return ", ".join(f"{each} = {other.get(each, NONE)} instead of {own.get(each, NONE)}" for each in differing)
        if abs(ours.weight - theirs.weight) > WEIGHT_TOLERANCE:
            return "its weights differ: --weights-from its members gives both the same"
    return "trained on other data" if counterpart.data_sha256 != run.data_sha256 else ""


def _seed_results(result: RecipeResult | None) -> SeedResults | None:
    if result is None or result.standard_deviation is None or result.interval is None:
        return None
    low, high = result.interval
    return SeedResults(
        count=result.count,
        mean_accuracy=result.mean_accuracy,
        standard_deviation=result.standard_deviation,
        low=low,
        high=high,
        seeds=list(result.seeds),
        errors=list(result.errors),
    )
