"""From an ensemble's folder to a published model: the folder as it is read again, and its card."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sutja.data.digits import Labels
from sutja.errors import DataError, UsageError
from sutja.evaluation.calibration import calibrate
from sutja.evaluation.metrics import Logits, read_logits
from sutja.export.onnx import (
    DEFAULT_OUTPUT,
    Output,
    check_weights,
    counterpart_differences,
    judge_parts,
    publish_judged,
)
from sutja.models.card import MEMBER, Card
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.recipe import Recipe
from sutja.runs.run import ENSEMBLE, JUDGED, SCORES, has_fields, read_json

SAME_WEIGHT = 1e-3  # a temperature found with such other weights is the same in every digit that is told


@dataclass(frozen=True)
class Member:
    """A network of an ensemble: the name of its run, its weight in the mean, and its recipe."""

    name: str
    weight: float
    recipe: Recipe


@dataclass(frozen=True)
class EnsembleFolder:
    """The folder that `sutja ensemble` has written, read again."""

    folder: Path
    members: Sequence[Member]

    @classmethod
    def open(cls, folder: Path) -> EnsembleFolder:
        """Raises `UsageError` when `folder` is no ensemble's, `DataError` when its `ensemble.json` is damaged."""
        path = folder / ENSEMBLE
        if not path.is_file():
            raise UsageError(f"{folder}: not an ensemble's folder: there is no {ENSEMBLE} in it")
        listed = read_json(path).get("members")
        if not isinstance(listed, list) or not listed:
            raise DataError(f"{path}: damaged: it names no members")
        members = [_read_member(values, path) for values in listed]
        if not math.isclose(sum(member.weight for member in members), 1, abs_tol=1e-6):
            raise DataError(f"{path}: damaged: the weights of the members do not add up to 1")
        if len({member.recipe.protocol for member in members}) > 1:
            raise DataError(f"{path}: damaged: the members are of several protocols")
        return cls(folder, members)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name

    @property
    def protocol(self) -> str:
        """The protocol by which all members were trained."""
        return self.members[0].recipe.protocol

    @property
    def data_sha256(self) -> str:
        """The checksum of the data that all members were trained on."""
        return str(self.environment["data"]["sha256"])

    @cached_property
    def environment(self) -> dict[str, Any]:
        """What the ensemble was made with, and the data of its members."""
        path = self.folder / "environment.json"
        values = read_json(path)
        data = values.get("data")
        if not isinstance(data, dict) or not has_fields(data, {"name": str, "sha256": str}):
            raise DataError(f"{path}: damaged: it lacks the data")
        return values

    @cached_property
    def report(self) -> dict[str, Any]:
        """What `report.json` holds: of each member `parameters` and the figures of the part that counts."""
        path = self.folder / "report.json"
        values = read_json(path)
        kinds = {"parameters": int, "seconds": float, "parity": float, "part": str, "members": list, "remarks": list}
        standings = values.get("members")
        needed = {"parameters": int, **SCORES}
        if (
            not has_fields(values, kinds)
            or not isinstance(standings, list)
            or len(standings) != len(self.members)
            or not all(isinstance(each, dict) and has_fields(each, needed) for each in standings)
        ):
            raise DataError(f"{path}: damaged: it lacks figures that every ensemble's report has")
        return values

    def load_logits(self, part: str) -> tuple[Logits, Labels]:
        """Its logits and the labels of one part, "validation" or "test"; raises `DataError` for a damaged file."""
        return read_logits(self.folder / "logits.npz", part)


def describe_ensemble(
    ensemble: EnsembleFolder,
    values: dict[str, Any],
    calibration: dict[str, Any] | None = None,
    logits: dict[str, tuple[Logits, Labels]] | None = None,
) -> Card:
    """The card of an ensemble. `values` are `files` and what else is to be said of it.

    With a `calibration` (the fields of `Calibration`) the figures are told calibrated too. `logits` are those of each
    part that counts, by default the folder's own.
    """
    report, count = ensemble.report, len(ensemble.members)
    temperature = calibration["temperature"] if calibration else None
    members = [
        {
            "name": member.name,
            "weight": member.weight,
            "recipe": asdict(member.recipe),
            **{name: standing[name] for name in MEMBER if name != "weight"},
        }
        for member, standing in zip(ensemble.members, report["members"], strict=True)
    ]
    told: dict[str, Any] = {"name": ensemble.name, **{key: report[key] for key in ("parameters", "seconds", "parity")}}
    return Card(
        title=f"Ensemble of {count} networks",
        data=ensemble.environment["data"],
        environment={name: value for name, value in ensemble.environment.items() if name != "data"},
        figures=judge_parts(ensemble, temperature, logits),
        temperature=temperature or 1.0,
        calibration=calibration,
        members=members,
        remarks=report["remarks"],
        **{**told, **values},
    )


def export_ensemble(
    ensemble: EnsembleFolder,
    folder: Path,
    *,
    held_out: EnsembleFolder | None = None,
    output: Output = DEFAULT_OUTPUT,
) -> Card:
    """Publish an ensemble into a folder, calibrated by validation digits: its own, or those of `held_out`.

    `held_out` is for members that were trained on all training digits: an ensemble of the same recipes and weights
    whose members held some back. Raises `UsageError` when the two do not belong together, and what
    `load_network` and `publish_judged` do.
    """
    describe_ensemble(ensemble, {})  # names what is damaged in the folder
    network = load_network(open_model(ensemble.folder))
    check_weights(network, ensemble)
    source = _calibrating(ensemble, held_out)
    calibration = None
    if source is not None:
        logits, labels = source.load_logits("validation")
        digits = f"{len(labels):,} validation digits, read by {source.name}"
        calibration = {**asdict(calibrate(logits, labels)), "digits": digits}
    return publish_judged(
        network, ensemble, folder, output, lambda logits: describe_ensemble(ensemble, {}, calibration, logits)
    )


def _calibrating(ensemble: EnsembleFolder, held_out: EnsembleFolder | None) -> EnsembleFolder | None:
    """The ensemble whose validation digits calibrate `ensemble`, or `None` where there is none."""
    own = "validation" in JUDGED[ensemble.protocol]
    if held_out is None:
        return ensemble if own else None
    if own:
        raise UsageError(f"{ensemble.folder}: has validation digits of its own: leave out --calibrate-with")
    why = _mismatch(ensemble, held_out)
    if why:
        raise UsageError(f"{held_out.folder}: not the held-out counterpart of {ensemble.folder}: {why}")
    return held_out


def _mismatch(ensemble: EnsembleFolder, held_out: EnsembleFolder) -> str:
    """In words, why the temperature of one ensemble is not that of the other; empty when it is."""
    if "validation" not in JUDGED[held_out.protocol]:
        return f"its members have no validation digits: their protocol is '{held_out.protocol}'"
    if len(held_out.members) != len(ensemble.members):
        return f"{len(held_out.members)} members instead of {len(ensemble.members)}"
    for ours, theirs in zip(ensemble.members, held_out.members, strict=True):
        differing = [each for each in counterpart_differences(ours.recipe, theirs.recipe) if each != "seed"]
        if differing:
            return f"{theirs.name} and {ours.name} differ in {', '.join(differing)}"
    if held_out.data_sha256 != ensemble.data_sha256:
        return "trained on other data"
    weights = [np.array([member.weight for member in each.members]) for each in (ensemble, held_out)]
    if np.abs(weights[0] - weights[1]).max() > SAME_WEIGHT:
        return "its weights are others: --weights-from its members gives both the same"
    return ""


def _read_member(values: Any, path: Path) -> Member:
    if not isinstance(values, dict) or not has_fields(values, {"run": str, "weight": float, "recipe": dict}):
        raise DataError(f"{path}: damaged: a member lacks run, weight or recipe")
    if not 0 <= values["weight"] <= 1:
        raise DataError(f"{path}: damaged: weight = {values['weight']} is not from 0 to 1")
    return Member(values["run"], values["weight"], Recipe.from_json(json.dumps(values["recipe"]), path))
