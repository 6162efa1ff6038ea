"""Finished runs combined into an ensemble, in a run folder of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from sutja.data.dataset import Dataset, split
from sutja.data.digits import Digits
from sutja.environment import Environment
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.metrics import Logits, evaluate, softmax
from sutja.evaluation.significance import compare
from sutja.export.onnx import PARITY_DIGITS, export_onnx
from sutja.export.publish import counterpart_differences, describe
from sutja.files import resolved, whole_folder, write_text
from sutja.models.open import open_run
from sutja.networks.build import load_network, save_network
from sutja.networks.ensemble import (
    Ensemble,
    Weights,
    choose_shared_weights,
    combine,
    disagreement,
    log_probabilities,
)
from sutja.networks.infer import infer, to_tensor
from sutja.reports.html import render_card
from sutja.reports.pages import evaluation_sections, write_ensemble_report
from sutja.runs.report import EnsembleReport, MemberReport, RunReport
from sutja.runs.run import Manifest, Member, Run, check_replaceable

PROBABILITY_TOLERANCE = 0.02  # between two devices, which sum in another order


@dataclass(frozen=True)
class Weighting:
    """The weights of the members; a sentence on how they were chosen; and the best member there, if known."""

    weights: Weights
    source: str
    best: int | None


@dataclass(frozen=True)
class PartLogits:
    """The digits of one part, "test" or "validation", with the logits of the members and of the ensemble."""

    digits: Digits
    members: Sequence[Logits]
    logits: Logits


def build_ensemble(
    runs: Sequence[Run],
    dataset: Dataset,
    folder: Path,
    *,
    weights_from: Sequence[Run] = (),
    language: str = "",
    force: bool = False,
) -> Run:
    """Combine finished runs into one reader and write its run folder, completely or not at all.

    The weights are chosen on the runs' validation digits, one for all seeds of a recipe. Runs of the protocol "final"
    have none: `weights_from` names runs of the same recipes with the protocol "validation", in the same order, and
    without these all weights are equal. `language` is that of `render_page`. Raises `UsageError` if the runs do not
    fit together or `folder` exists (with `force` a run's folder is replaced), `DataError` and `ModelFileError` for
    files that are damaged or of other digits.
    """
    check_replaceable(folder, force=force)
    _check_members(runs, dataset)
    _check_counterparts(runs, weights_from, dataset)
    digits, part = split(dataset, runs[0].protocol).evaluation_parts, runs[0].evaluated_on
    members = {name: _load_logits(runs, name, each) for name, each in digits.items()}
    _check_different(runs, members[part])
    weighting = _weigh(runs, weights_from, dataset)
    parts = {
        name: PartLogits(each, members[name], combine(log_probabilities(members[name]), weighting.weights))
        for name, each in digits.items()
    }
    network = _load_ensemble(runs, weighting.weights, parts[part])
    ensemble = _evaluate_members(runs, weighting, parts)
    manifest = Manifest(
        kind="ensemble",
        members=tuple(
            Member(each.name, weight, run.recipe)
            for run, each, weight in zip(runs, ensemble.members, weighting.weights.tolist(), strict=True)
        ),
        weights_from=tuple(run.name for run in weights_from),
    )
    with whole_folder(folder, replace=True) as partial:
        _write(Run(partial, manifest), network, parts, ensemble, runs, language)
    return Run(folder, manifest)


def reader_reports(report: RunReport, ensemble: EnsembleReport) -> list[MemberReport]:
    """The reports of an ensemble's members and, last, of the ensemble itself."""
    scores = list(report.figures.values())[-1].scores
    return [*ensemble.members, MemberReport("ensemble", None, report.parameters, scores, 0)]


def _check_members(runs: Sequence[Run], dataset: Dataset) -> None:
    if len(runs) < 2:
        raise UsageError("an ensemble needs at least two runs")
    _check_runs(runs, dataset)
    for run in runs:
        if run.recipe.protocol != runs[0].recipe.protocol:
            raise UsageError(
                f"{run.folder}: its protocol is '{run.recipe.protocol}', that of {runs[0].folder} "
                f"'{runs[0].recipe.protocol}': an ensemble needs members of one protocol"
            )


def _check_counterparts(runs: Sequence[Run], counterparts: Sequence[Run], dataset: Dataset) -> None:
    """Check the runs that choose the weights against the members, in their order."""
    if not counterparts:
        return
    if runs[0].recipe.protocol != "final":
        raise UsageError("--weights-from is for members of the protocol 'final': these have validation digits already")
    if len(counterparts) != len(runs):
        raise UsageError(f"--weights-from names {len(counterparts)} runs for {len(runs)} members: one for each")
    _check_runs(counterparts, dataset)
    for run, counterpart in zip(runs, counterparts, strict=True):
        counterpart.require("validation")
        if counterpart_differences(run.recipe, counterpart.recipe):
            raise UsageError(
                f"{counterpart.folder}: cannot choose a weight for {run.folder}: its recipe differs in more than "
                "protocol and seed"
            )


def _check_runs(runs: Sequence[Run], dataset: Dataset) -> None:
    """Check members or counterparts: each is named once, is finished, and was trained on these data."""
    folders = [resolved(run.folder) for run in runs]
    for run in runs:
        if folders.count(resolved(run.folder)) > 1:
            raise UsageError(f"{run.folder}: is named twice")
        run.recipe.require_single_digits(run.folder)
        run.require_finished()
        if run.data_sha256 != dataset.sha256:
            raise UsageError(f"{run.folder}: was trained on other data than {dataset.name}: name its data with --data")


def _load_logits(runs: Sequence[Run], part: str, digits: Digits) -> list[Logits]:
    """The runs' logits `(N, classes)` on the digits of one part; raises `DataError` if its labels differ."""
    loaded = []
    for run in runs:
        logits, labels = run.load_logits(part)
        if not np.array_equal(labels, digits.labels):
            raise DataError(f"{run.folder / 'logits.npz'}: its {part} labels are not those of the data")
        loaded.append(logits)
    return loaded


def _check_different(runs: Sequence[Run], logits: Sequence[Logits]) -> None:
    for (first, own), (second, other) in combinations(zip(runs, logits, strict=True), 2):
        if np.array_equal(own, other):
            raise UsageError(f"{second.folder}: is the same network as {first.folder}: name it once")


def _weigh(runs: Sequence[Run], counterparts: Sequence[Run], dataset: Dataset) -> Weighting:
    """Choose the weights on validation digits; without any, they are equal."""
    if not counterparts and runs[0].recipe.protocol == "final":
        equal = np.full(len(runs), 1 / len(runs))
        source = (
            "All weights are equal: members of the protocol 'final' have no validation digits to choose them by "
            "(--weights-from names runs that have)."
        )
        return Weighting(equal, source, None)
    digits = split(dataset, "validation").evaluation_parts["validation"]
    choosing = counterparts or runs
    logits = _load_logits(choosing, "validation", digits)
    reports = [evaluate(each, digits.labels) for each in logits]
    scores = [(report.errors, report.loss) for report in reports]
    kinds = [dataclasses.replace(run.recipe, seed=0) for run in choosing]
    whose = f"of {', '.join(run.name for run in counterparts)}" if counterparts else "of the members"
    return Weighting(
        weights=choose_shared_weights(log_probabilities(logits), digits.labels, kinds),
        source=f"The weights were chosen on the {len(digits):,} validation digits {whose}"
        + (", one for each recipe." if len({*kinds}) < len(kinds) else "."),
        best=scores.index(min(scores)),
    )


def _load_ensemble(runs: Sequence[Run], weights: Weights, part: PartLogits) -> Ensemble:
    """Build the ensemble of the members' networks; raises `ModelFileError` if one does not give its stored logits."""
    some = part.digits.take(np.arange(min(PARITY_DIGITS, len(part.digits))))
    networks = []
    for run, logits in zip(runs, part.members, strict=True):
        network = load_network(open_run(run))
        difference = np.abs(softmax(infer(network, to_tensor(some)).numpy()) - softmax(logits[: len(some)])).max()
        if not difference <= PROBABILITY_TOLERANCE:
            raise ModelFileError(f"{run.folder / 'model.safetensors'}: is not the network that gave its logits.npz")
        networks.append(network)
    return Ensemble(networks, weights)


def _evaluate_members(runs: Sequence[Run], weighting: Weighting, parts: dict[str, PartLogits]) -> EnsembleReport:
    """Evaluate the members on the last part, and compare the ensemble with each of them."""
    last = parts[runs[0].evaluated_on]
    labels, reading = last.digits.labels, last.logits.argmax(axis=1)
    readings = [logits.argmax(axis=1) for logits in last.members]
    names = [run.name for run in runs]
    names = names if len({*names}) == len(names) else [str(run.folder) for run in runs]
    members = [
        MemberReport(
            name=name,
            weight=weight,
            parameters=run.report.parameters,
            scores=evaluate(logits, labels).scores,
            disagreements=int((own != reading).sum()),
        )
        for name, weight, run, logits, own in zip(
            names, weighting.weights.tolist(), runs, last.members, readings, strict=True
        )
    ]
    comparisons = [
        compare(name, "the ensemble", own == labels, reading == labels)
        for name, own in zip(names, readings, strict=True)
    ]
    remarks = [weighting.source]
    if weighting.best is not None:
        remarks.append(f"By these, the best member is {names[weighting.best]}. {comparisons[weighting.best].verdict}")
    if "validation" in parts:
        remarks.append("The validation digits chose the weights, so the figures on them are a little optimistic.")
    remarks.append(
        f"Two members disagree on {100 * disagreement(readings):.2f} % of the digits, on average; all of them misread "
        f"{int(np.all([own != labels for own in readings], axis=0).sum())}."
    )
    return EnsembleReport(members, comparisons, remarks)


def _write(
    run: Run,
    network: Ensemble,
    parts: dict[str, PartLogits],
    ensemble: EnsembleReport,
    members: Sequence[Run],
    language: str,
) -> None:
    """Write the folder of the ensemble; `report.json` comes last."""
    run.begin(Environment.now(members[0].environment.data))
    run.save_logits(
        {part: each.logits for part, each in parts.items()}, {part: each.digits.labels for part, each in parts.items()}
    )
    figures = {part: evaluate(each.logits, each.digits.labels) for part, each in parts.items()}
    last, weights, onnx = parts[run.evaluated_on], run.folder / "model.safetensors", run.folder / "model.onnx"
    save_network(network, weights)
    report = RunReport(
        parameters=sum(member.parameters for member in ensemble.members),
        seconds=sum(member.report.seconds for member in members),
        parity=export_onnx(network, onnx, last.digits),
        figures={**figures},
        files=run.checksums(),
        ensemble=ensemble,
    )
    evaluation = evaluation_sections(last.digits, last.logits, {"ensemble": figures[run.evaluated_on]})
    write_ensemble_report(run.folder, ensemble, reader_reports(report, ensemble), evaluation, language)
    write_text(run.folder / "MODEL_CARD.md", render_card(describe(run, report)))
    run.save_report(report)
