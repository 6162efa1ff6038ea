"""The work behind `sutja ensemble`: finished runs become one reader, in a folder like that of a run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save

from sutja.data.dataset import Dataset, split
from sutja.data.digits import Digits
from sutja.environment import describe_environment
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.metrics import Logits, Report, evaluate, softmax
from sutja.evaluation.significance import Comparison, compare
from sutja.export.ensemble import EnsembleFolder, describe_ensemble
from sutja.export.onnx import PARITY_DIGITS, checksums, counterpart_differences, export_onnx
from sutja.files import whole_folder, write_text
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.ensemble import (
    Ensemble,
    Standing,
    Weights,
    choose_shared_weights,
    combine,
    disagreement,
    log_probabilities,
)
from sutja.networks.infer import infer, to_tensor
from sutja.reports.html import render_card
from sutja.reports.pages import write_ensemble_report
from sutja.runs.run import ENSEMBLE, Run

SAME_NETWORK = 0.02  # how far a probability may be from the stored one: the sums of another device differ by less
SUMMARY = ("count", "errors", "accuracy", "accuracy_low", "accuracy_high", "loss", "brier", "calibration_error")


@dataclass(frozen=True)
class Weighting:
    """The weights of the members, what chose them, in words, and the member that is best there, where anything is."""

    weights: Weights
    source: str
    best: int | None


@dataclass(frozen=True)
class Judged:
    """The digits of one part, "test" or "validation", with the logits of the members and of the ensemble."""

    digits: Digits
    members: Sequence[Logits]
    logits: Logits


@dataclass(frozen=True)
class Outcome:
    """What an ensemble came to.

    `reports` are its own on every judged part, `part` is the one that counts. There, `standings` are those of the
    members and, last, of the ensemble, and `comparisons` hold the ensemble against each member.
    """

    part: str
    reports: dict[str, Report]
    standings: Sequence[Standing]
    comparisons: Sequence[Comparison]
    remarks: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """The outcome as plain values: the whole reports of the ensemble, and of each member what counts."""
        members = [
            {name: value for name, value in vars(each).items() if name != "report"}
            | {name: getattr(each.report, name) for name in SUMMARY}
            for each in self.standings[:-1]
        ]
        return {
            "part": self.part,
            **{part: asdict(report) for part, report in self.reports.items()},
            "members": members,
            "comparisons": [{**asdict(each), "verdict": each.verdict} for each in self.comparisons],
            "remarks": list(self.remarks),
        }


def build_ensemble(
    runs: Sequence[Run], dataset: Dataset, folder: Path, *, weights_from: Sequence[Run] = (), force: bool = False
) -> Outcome:
    """Combine finished runs into one reader and write its folder, whole or not at all.

    The weights are chosen on the runs' validation digits, one for all seeds of a recipe; for runs of the protocol
    "final", which have none, on those of `weights_from`: the same recipes trained with digits held back, in the same
    order. Without these all weights are equal. Raises `UsageError` when the runs do not fit together or `folder` is
    there already (with `force` an ensemble's is replaced), `DataError` and `ModelFileError` for files that are damaged
    or of other digits.
    """
    _check_place(folder, force)
    _check_members(runs, dataset)
    _check_counterparts(runs, weights_from, dataset)
    parts = split(dataset, runs[0].recipe.protocol).evaluation_parts
    members = {part: _load_logits(runs, part, digits) for part, digits in parts.items()}
    _check_different(runs, members[runs[0].judged_by])
    weighting = _weigh(runs, weights_from, dataset)
    judged = {
        part: Judged(digits, members[part], combine(log_probabilities(members[part]), weighting.weights))
        for part, digits in parts.items()
    }
    network = _load_ensemble(runs, weighting.weights, judged[runs[0].judged_by])
    outcome = _judge(runs, weighting, judged)
    with whole_folder(folder, replace=True) as partial:
        parity = _write(partial, network, judged, outcome)
        _describe(partial, runs, weights_from, outcome, parity=parity)
    return outcome


def _check_place(folder: Path, force: bool) -> None:
    if not folder.exists():
        return
    if not (folder / ENSEMBLE).is_file():
        raise UsageError(f"{folder}: is there already and no ensemble's folder: --to names another")
    if not force:
        raise UsageError(f"{folder}: exists already; --force replaces it, --to names another")


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
    """Hold the runs that choose the weights against the members, whose places they take, one by one."""
    if not counterparts:
        return
    if runs[0].recipe.protocol != "final":
        raise UsageError("--weights-from is for members of the protocol 'final': these have validation digits already")
    if len(counterparts) != len(runs):
        raise UsageError(f"--weights-from names {len(counterparts)} runs for {len(runs)} members: one for each")
    _check_runs(counterparts, dataset)
    for run, counterpart in zip(runs, counterparts, strict=True):
        counterpart.require("validation")
        if {*counterpart_differences(run.recipe, counterpart.recipe)} - {"seed"}:
            raise UsageError(
                f"{counterpart.folder}: cannot choose a weight for {run.folder}: its recipe differs in more than "
                "protocol and seed"
            )


def _check_runs(runs: Sequence[Run], dataset: Dataset) -> None:
    """What holds for members and counterparts: each is there once, finished, and made with these data."""
    folders = [run.folder.resolve() for run in runs]
    for run in runs:
        if folders.count(run.folder.resolve()) > 1:
            raise UsageError(f"{run.folder}: is named twice")
        run.recipe.require_single_digits(run.folder)
        run.require_finished()
        if run.data_sha256 != dataset.sha256:
            raise UsageError(f"{run.folder}: was made with other data than {dataset.name}: --data names what it was")


def _load_logits(runs: Sequence[Run], part: str, digits: Digits) -> list[Logits]:
    """The runs' logits `(N, 10)` on the digits of one part; raises `DataError` when they are of other labels."""
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
            raise UsageError(f"{second.folder}: is the same network as {first.folder}: a copy adds nothing")


def _weigh(runs: Sequence[Run], counterparts: Sequence[Run], dataset: Dataset) -> Weighting:
    """Choose the weights where validation digits can; else they are equal."""
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


def _load_ensemble(runs: Sequence[Run], weights: Weights, judged: Judged) -> Ensemble:
    """Put the members' networks together; raises `ModelFileError` for one whose weights did not give its logits."""
    some = Digits(judged.digits.images[:PARITY_DIGITS], judged.digits.labels[:PARITY_DIGITS])
    networks = []
    for run, logits in zip(runs, judged.members, strict=True):
        network = load_network(open_model(run.folder))
        difference = np.abs(softmax(infer(network, to_tensor(some)).numpy()) - softmax(logits[: len(some)])).max()
        if not difference <= SAME_NETWORK:
            raise ModelFileError(f"{run.folder / 'model.safetensors'}: is not the network that gave its logits.npz")
        networks.append(network)
    return Ensemble(networks, weights)


def _judge(runs: Sequence[Run], weighting: Weighting, judged: dict[str, Judged]) -> Outcome:
    """Measure the members and the ensemble on the part that counts, and the ensemble on every part."""
    part = runs[0].judged_by
    labels, reading = judged[part].digits.labels, judged[part].logits.argmax(axis=1)
    readings = [logits.argmax(axis=1) for logits in judged[part].members]
    reports = {name: evaluate(each.logits, each.digits.labels) for name, each in judged.items()}
    parameters = [int(run.report["parameters"]) for run in runs]
    names = [run.name for run in runs]
    names = names if len({*names}) == len(names) else [str(run.folder) for run in runs]
    standings = [
        Standing(name, weight, size, evaluate(logits, labels), int((own != reading).sum()))
        for name, weight, size, logits, own in zip(
            names, weighting.weights.tolist(), parameters, judged[part].members, readings, strict=True
        )
    ]
    comparisons = [
        compare(name, "the ensemble", own == labels, reading == labels)
        for name, own in zip(names, readings, strict=True)
    ]
    remarks = [weighting.source]
    if weighting.best is not None:
        remarks.append(f"By these, the best member is {names[weighting.best]}. {comparisons[weighting.best].verdict}")
    if "validation" in judged:
        remarks.append("The validation digits chose the weights, so the figures on them flatter a little.")
    remarks.append(
        f"Two members disagree on {100 * disagreement(readings):.2f} % of the digits, on average; all of them misread "
        f"{int(np.all([own != labels for own in readings], axis=0).sum())}."
    )
    whole = Standing("ensemble", None, sum(parameters), reports[part], 0)
    return Outcome(part, reports, [*standings, whole], comparisons, remarks)


def _write(folder: Path, network: Ensemble, judged: dict[str, Judged], outcome: Outcome) -> float:
    """Write logits, network, pictures and page; returns the largest difference of a logit of PyTorch and the ONNX."""
    arrays: dict[str, Any] = {f"{part}_logits": each.logits for part, each in judged.items()}
    arrays |= {f"{part}_labels": each.digits.labels for part, each in judged.items()}
    np.savez_compressed(folder / "logits.npz", **arrays)
    part = judged[outcome.part]
    write_ensemble_report(
        folder,
        part.digits,
        part.logits,
        standings=outcome.standings,
        comparisons=outcome.comparisons,
        remarks=outcome.remarks,
    )
    (folder / "model.safetensors").write_bytes(save(network.state_dict()))
    return export_onnx(network, folder / "model.onnx", part.digits)


def _describe(
    folder: Path, runs: Sequence[Run], weights_from: Sequence[Run], outcome: Outcome, *, parity: float
) -> None:
    """Write what the ensemble was made of, its card and its figures."""
    members = [
        {"run": run.name, "weight": standing.weight, "recipe": asdict(run.recipe), "environment": run.environment}
        for run, standing in zip(runs, outcome.standings[:-1], strict=True)
    ]
    environment = {**describe_environment(), "data": runs[0].environment["data"]}
    made = {"members": members, "weights_from": [run.name for run in weights_from]}
    values = {
        "parameters": outcome.standings[-1].parameters,
        "seconds": sum(float(run.report["seconds"]) for run in runs),
        "parity": parity,
    }
    for name, content in (
        (ENSEMBLE, made),
        ("environment.json", environment),
        ("report.json", {**values, **outcome.to_json()}),
    ):
        write_text(folder / name, json.dumps(content, indent=2) + "\n")
    files = checksums(folder / "model.onnx", folder / "model.safetensors")
    card = describe_ensemble(EnsembleFolder.open(folder), {"files": files})
    write_text(folder / "MODEL_CARD.md", render_card(asdict(card)))
