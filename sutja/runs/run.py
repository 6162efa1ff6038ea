"""The run folder: everything that a training, or an ensemble of trained networks, leaves behind.

Each file is written whole or not at all, and `report.json` last. Needs no PyTorch.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sutja.data.class_names import ClassNames, recorded_names
from sutja.data.digits import Labels
from sutja.environment import Environment
from sutja.errors import DataError, SutjaError, UsageError
from sutja.evaluation.metrics import Logits, read_logits
from sutja.files import (
    checksums,
    read_json,
    remove_abandoned,
    remove_folder,
    resolved,
    whole_file,
    whole_folder,
    write_json,
    write_text,
)
from sutja.recipe import Recipe
from sutja.runs.report import EnsembleReport, RunReport

MANIFEST = "run.json"
FORMER_MANIFESTS = ("recipe.json", "ensemble.json")  # of former versions, which this one does not read
METRIC_COLUMNS = (
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
)  # of metrics.csv, before losses and accuracies
EVALUATED_PARTS = {"curves": ("validation", "test"), "validation": ("validation",), "final": ("test",)}  # by protocol
CHECKED_FILES = ("model.onnx", "model.safetensors", "logits.npz", "metrics.csv")
MEASURED_PARTS = {  # after each epoch, by protocol
    "curves": ("train", "validation", "test"),
    "validation": ("train", "validation"),
    "final": ("train",),
}


@dataclass(frozen=True)
class Member:
    """A network of an ensemble: the name of its run, its weight in the mean, and its recipe."""

    name: str
    weight: float
    recipe: Recipe

    def __post_init__(self) -> None:
        """Raises `ValueError` for a weight outside [0, 1]."""
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight = {self.weight} is not from 0 to 1")


@dataclass(frozen=True)
class Manifest:
    """What a run folder holds, `run.json`: a network for "digits", "lines" or "pages", or an "ensemble".

    `weights_from` names the runs whose validation digits chose the weights of an ensemble, where these are not the
    members themselves.
    """

    kind: Literal["digits", "lines", "pages", "ensemble"]
    recipe: Recipe | None = None
    members: tuple[Member, ...] = ()
    weights_from: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises `ValueError` for a network without a recipe and for members that are no ensemble."""
        if self.kind != "ensemble":
            if self.recipe is None or self.members or self.recipe.reads != self.kind:
                raise ValueError(f"a network for {self.kind} needs its recipe, and has no members")
        elif not self.members or self.recipe is not None:
            raise ValueError("an ensemble needs members, and has no recipe")
        elif not math.isclose(sum(member.weight for member in self.members), 1, abs_tol=1e-6):
            raise ValueError("the weights of the members do not add up to 1")
        elif len({member.recipe.protocol for member in self.members}) > 1:
            raise ValueError("the members are of several protocols")

    @classmethod
    def of(cls, recipe: Recipe) -> Manifest:
        """The manifest of a network that is trained by a recipe."""
        return cls(recipe.reads, recipe)


@dataclass(frozen=True)
class Run:
    """A run folder, finished or not.

    Its files: `run.json`, `environment.json`, `metrics.csv`, `checkpoint.pt`, `model.safetensors`, `model.onnx`,
    `logits.npz`, `figures/`, `report.html`, `MODEL_CARD.md` and, written last, `report.json`. An ensemble has neither
    metrics nor a checkpoint, a reader of lines or pages no logits.
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def create(cls, folder: Path, recipe: Recipe, environment: Environment, *, force: bool = False) -> Run:
        """Begin a run. Raises `UsageError` if `folder` exists, unless it is a run's and `force` is set."""
        check_replaceable(folder, force=force)
        if folder.exists():
            remove_folder(folder)
        manifest = Manifest.of(recipe)
        with whole_folder(folder) as partial:
            cls(partial, manifest).begin(environment)
        return cls(folder, manifest)

    def begin(self, environment: Environment) -> None:
        """Write the files that a run begins with: environment and manifest."""
        write_json(self.folder / "environment.json", environment)
        write_json(self.folder / MANIFEST, self.manifest)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open an existing run. Raises `UsageError` if `folder` is not a run's, `DataError` if it is damaged."""
        if not (folder / MANIFEST).is_file():
            why = f"there is no {MANIFEST} in it" if folder.exists() else "it does not exist"
            if any((folder / name).is_file() for name in FORMER_MANIFESTS):
                why = "it is of a former version of sutja, which this one cannot read: --force replaces it"
            raise UsageError(f"{folder}: not a run folder: {why}")
        return cls(folder, read_json(Manifest, folder / MANIFEST))

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    @property
    def published_name(self) -> str:
        """The name of the model that the run is published as: that of its folder without the seed."""
        name = resolved(self.folder).name
        return name.removesuffix(f"-s{self.manifest.recipe.seed}") if self.manifest.recipe else name

    @property
    def recipe(self) -> Recipe:
        """The recipe of its network. Raises `UsageError` for an ensemble, which has none."""
        if self.manifest.recipe is None:
            raise UsageError(f"{self.folder}: is an ensemble: this is for the run of a single network")
        return self.manifest.recipe

    @property
    def networks(self) -> tuple[Member, ...]:
        """The members of an ensemble; for a single network, this network with the weight 1."""
        if self.manifest.recipe is None:
            return self.manifest.members
        return (Member(self.name, 1.0, self.manifest.recipe),)

    @property
    def reads(self) -> Literal["digits", "lines", "pages"]:
        """What its network reads."""
        return "digits" if self.manifest.kind == "ensemble" else self.manifest.kind

    @property
    def title(self) -> str:
        """The display name."""
        if self.manifest.recipe is None:
            return f"Ensemble of {len(self.manifest.members)} networks"
        return self.manifest.recipe.title

    @property
    def finished(self) -> bool:
        """Whether the run is complete."""
        return (self.folder / "report.json").is_file()

    @property
    def state(self) -> str:
        """How far the run got, in words."""
        if self.finished:
            return "finished"
        if self.manifest.recipe is None:
            return "without its report"
        return f"stopped after epoch {len(self.metrics())} of {self.manifest.recipe.epochs}"

    def require_finished(self) -> None:
        """Raises `UsageError` if the run is not finished."""
        if not self.finished:
            raise UsageError(f"{self.folder}: not finished ({self.state}): --resume continues it")

    @property
    def protocol(self) -> str:
        """The validation protocol of its recipe; all members of an ensemble have the same."""
        return (self.manifest.recipe or self.manifest.members[0].recipe).protocol

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the data that its protocol evaluates."""
        return EVALUATED_PARTS[self.protocol]

    @property
    def evaluated_on(self) -> str:
        """The part whose figures count: "test", or "validation" if the protocol leaves the test digits out."""
        return self.parts[-1]

    def require(self, part: str) -> None:
        """Raises `UsageError` when its protocol leaves "validation" or "test" digits out."""
        if part not in self.parts:
            raise UsageError(f"{self.folder}: has no figures of {part} digits: its protocol is '{self.protocol}'")

    @cached_property
    def environment(self) -> Environment:
        """The machine, versions and data that the run was made with. Raises `DataError` if the file is damaged."""
        return read_json(Environment, self.folder / "environment.json")

    @property
    def data_sha256(self) -> str:
        """The checksum of the training data."""
        return self.environment.data.sha256

    @cached_property
    def class_names(self) -> ClassNames:
        """The classes that its network tells apart. Raises `DataError` if the file is damaged."""
        return recorded_names(self.environment.data.class_names)

    @cached_property
    def report(self) -> RunReport:
        """The results. Raises `UsageError` if the run is not finished, `DataError` if the file is damaged."""
        self.require_finished()
        path = self.folder / "report.json"
        report = read_json(RunReport, path)
        if tuple(report.figures) != self.parts:
            raise DataError(f"{path}: damaged: it needs figures of {' and '.join(self.parts)} digits")
        for name in CHECKED_FILES:
            if name not in report.files and (self.folder / name).is_file():
                raise DataError(f"{path}: damaged: it lacks the checksum of {name}")
        if len(report.ensemble.members if report.ensemble else ()) != len(self.manifest.members):
            raise DataError(f"{path}: damaged: it needs as many members as {MANIFEST}")
        return report

    @property
    def ensemble(self) -> EnsembleReport:
        """The report of its members. Raises `UsageError` if it is not an ensemble."""
        if self.report.ensemble is None:
            raise UsageError(f"{self.folder}: not an ensemble's folder")
        return self.report.ensemble

    def metrics(self) -> list[dict[str, float]]:
        """The rows of `metrics.csv`, one per epoch, without the columns that the protocol leaves out.

        Raises `DataError` if the file is damaged.
        """
        path = self.folder / "metrics.csv"
        if not path.exists():
            return []
        self.require_intact(path.name)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        except (TypeError, ValueError, csv.Error) as error:  # a UnicodeDecodeError is a ValueError
            raise DataError(f"{path}: damaged: {error}") from error
        columns = self._columns
        for row in rows:
            if tuple(row) != columns or not all(map(math.isfinite, row.values())):
                raise DataError(f"{path}: damaged: its columns must be {', '.join(columns)}, all of them numbers")
        return rows

    def save_metrics(self, records: Sequence[object]) -> None:
        """Write `metrics.csv`, one row per record; a record has the columns as attributes."""
        if not records:
            return
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{getattr(record, name):.6g}" for name in self._columns} for record in records)
        write_text(self.folder / "metrics.csv", text.getvalue())

    @property
    def _columns(self) -> tuple[str, ...]:
        """The columns of `metrics.csv`: those of what the protocol measures after each epoch."""
        parts = MEASURED_PARTS[self.protocol]
        return (*METRIC_COLUMNS, *(f"{part}_{measure}" for part in parts for measure in ("loss", "accuracy")))

    def save_logits(self, logits: dict[str, Logits], labels: dict[str, Labels]) -> None:
        """Write `logits.npz`: logits `float32 (N, classes)` and labels `int64 (N,)` of each evaluated part."""
        arrays: dict[str, Any] = {f"{part}_logits": each for part, each in logits.items()}
        arrays |= {f"{part}_labels": each for part, each in labels.items()}
        with whole_file(self.folder / "logits.npz") as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def load_logits(self, part: str) -> tuple[Logits, Labels]:
        """Logits and labels of one part, "validation" or "test".

        Raises `UsageError` when the protocol leaves that part out, `DataError` when the file is damaged.
        """
        self.require(part)
        self.require_intact("logits.npz")
        return read_logits(self.folder / "logits.npz", part, len(self.class_names))

    def checksums(self) -> dict[str, str]:
        """The SHA-256 of each file that a finished run relies on, by name, for its report."""
        return checksums(*(path for name in CHECKED_FILES if (path := self.folder / name).is_file()))

    def require_intact(self, name: str) -> None:
        """Raises `DataError` if the file `name` of a finished run does not have the checksum of its report."""
        path = self.folder / name
        if self.finished and path.is_file() and checksums(path)[name] != self.report.files.get(name):
            raise DataError(f"{path}: damaged: its SHA-256 is not that of report.json")

    def save_report(self, report: RunReport) -> None:
        """Write `report.json` with the checksums of the folder's files; it marks the run as finished."""
        write_json(self.folder / "report.json", dataclasses.replace(report, files=self.checksums()))

    def remove_partial_files(self) -> None:
        """Delete temporary files that a killed process left."""
        for folder in (self.folder, self.folder / "figures"):
            remove_abandoned(folder)


def check_replaceable(folder: Path, *, force: bool) -> None:
    """Raises `UsageError` if a folder exists, unless `force` is set and it is a run's, damaged or not."""
    if folder.exists() and not (force and is_run_folder(folder)):
        old = Run.open(folder)
        hint = "--force replaces it" if old.finished else "--resume continues it, --force replaces it"
        raise UsageError(f"{folder}: exists already ({old.state}); {hint}")


def is_run_folder(folder: Path) -> bool:
    """Whether a folder is that of a run or an ensemble, finished or not, of this version or a former one."""
    return any((folder / name).is_file() for name in (MANIFEST, *FORMER_MANIFESTS))


def list_runs(folder: Path) -> tuple[list[Run], list[SutjaError]]:
    """The runs in a folder, by name, and an error for each damaged one. Raises `UsageError` if `folder` is a file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    runs, damages = [], []
    for path in sorted(each for each in folder.glob("[!.]*") if is_run_folder(each)):
        try:
            run = Run.open(path)
            run.metrics()
        except SutjaError as error:
            damages.append(error)
        else:
            runs.append(run)
    return runs, damages
