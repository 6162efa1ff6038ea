"""The work behind the verbs: train a recipe into a run folder, bring several to the end, compare them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sutja.data.dataset import MNIST_SHA256, Dataset, Splits, split, split_indices
from sutja.environment import describe_environment
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.evaluation.metrics import evaluate
from sutja.evaluation.significance import Comparison, compare
from sutja.export.lines import finish_lines
from sutja.export.onnx import checksums, describe_run, export_onnx
from sutja.files import write_text
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.model import count_parameters
from sutja.recipe import Recipe
from sutja.reports.html import render_card
from sutja.reports.pages import write_comparison_report, write_run_report
from sutja.runs.run import Run
from sutja.training.distillation import Lessons, load_lessons, save_lessons, teach
from sutja.training.finetuning.finetune import Correcting, Task
from sutja.training.line_trainer import LineTraining
from sutja.training.trainer import Epoch, Schooling, Training, infer, to_tensor


@dataclass(frozen=True)
class Workplace:
    """On what and where runs are made: the data, the folder of the runs, the device, the number of CPU threads."""

    dataset: Dataset
    runs: Path = Path("runs")
    device: str = "auto"
    threads: int = 0  # 0 = as many as PyTorch thinks best

    def folder(self, recipe: Recipe) -> Path:
        """The folder of a recipe's run: `<recipe>-s<seed>`, with other data and what was changed in its name."""
        data = "" if self.dataset.sha256 == MNIST_SHA256 else f"{self.dataset.name}-"
        return self.runs / f"{data}{recipe.run_name}"

    def lessons(self, teacher: str) -> Path:
        """The file with a teacher's lessons."""
        return self.runs / f"{teacher}.lessons.npz"


class Observer:
    """Is told how a training goes."""

    def start(self, run: Run, training: Schooling) -> None:
        """A training begins or goes on."""

    def batch(self, images: int) -> None:
        """So many more images were trained."""

    def epoch(self, record: Epoch) -> None:
        """An epoch is done and kept."""

    def finish(self) -> None:
        """The training is over, or was interrupted."""


def train(
    recipe: Recipe,
    workplace: Workplace,
    observers: Sequence[Observer] = (),
    *,
    resume: bool = False,
    force: bool = False,
    task: Task | None = None,
) -> Run:
    """Train a recipe to the end and fill its run folder.

    A recipe that teaches corrections has its `task`.

    With `resume` an existing run of the recipe goes on after the last epoch that it kept, or is left alone when it is
    finished; with `force` it is replaced; with neither it is an error. Raises `UsageError`, `DataError` when the run
    was made with other data, and `SutjaError` when the loss is not finite.
    """
    torch.set_num_threads(workplace.threads or torch.get_num_threads())
    folder = workplace.folder(recipe)
    run = _resumable(folder, recipe, workplace) if resume else None
    if run and run.finished:
        return run
    splits = split(workplace.dataset, recipe.protocol)
    training = _schooling(recipe, workplace, splits, task)
    if run is None:
        run = Run.create(folder, recipe, _environment(workplace, training), force=force)
    else:
        _go_on(run, training)
    _fit(run, training, observers)
    if isinstance(training, LineTraining):
        finish_lines(run, training, splits)
    else:
        _finish(run, training, splits)
    return run


def _schooling(recipe: Recipe, workplace: Workplace, splits: Splits, task: Task | None) -> Schooling:
    """The training, before its first epoch, of what the recipe asks for."""
    if task is not None:
        if task.start.data_sha256 != workplace.dataset.sha256:
            raise UsageError(f"{task.start.name}: was trained on other data than {workplace.dataset.name}")
        return Correcting(recipe, splits, task, device=workplace.device)
    if recipe.reads_lines:
        return LineTraining(recipe, splits, device=workplace.device)
    return Training(recipe, splits, device=workplace.device, lessons=_lessons(recipe, workplace))


def _go_on(run: Run, training: Schooling) -> None:
    """Bring a training to where its run was stopped; raises `ModelFileError` when its checkpoint is of another one."""
    state = run.load_checkpoint()
    if state is None:
        return
    try:
        training.load_state_dict(state)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        path = run.folder / "checkpoint.pt"
        raise ModelFileError(f"{path}: not of this training: train again with --force") from error
    run.save_metrics(training.records)  # a process killed after the checkpoint left them an epoch behind


def _fit(run: Run, training: Schooling, observers: Sequence[Observer]) -> None:
    """Train the epochs that are left; keep each one and tell the observers."""
    for observer in observers:
        observer.start(run, training)
    try:
        for record in training.fit(_told_batches(observers)):
            run.save_epoch(training.records, training.state_dict())
            for observer in observers:
                observer.epoch(record)
    finally:
        for observer in observers:
            observer.finish()


def _lessons(recipe: Recipe, workplace: Workplace) -> Lessons | None:
    """What the recipe's teacher says of the digits to train on, where it has one."""
    if not recipe.teacher:
        return None
    path = workplace.lessons(recipe.teacher)
    lessons = load_lessons(path, workplace.dataset.train.images)
    if recipe.protocol == "final":
        return lessons
    if not lessons.held_out:
        raise UsageError(
            f"{path}: this teacher has seen the validation digits: who learns from it cannot be judged by them"
        )
    return dataclasses.replace(lessons, chosen=split_indices(workplace.dataset)[0])


def teach_from_runs(
    runs: Sequence[Run], workplace: Workplace, path: Path, *, augmentation: str, views: int
) -> Iterator[int]:
    """Let finished runs together answer to distorted training digits and keep that in `path`.

    Yields the number of each view that is done. Raises `UsageError` for runs of other data, that are not finished or
    that read lines.
    """
    for run in runs:
        run.recipe.require_single_digits(run.folder)
        run.require_finished()
        if run.data_sha256 != workplace.dataset.sha256:
            raise UsageError(f"{run.folder}: was trained on other data than {workplace.dataset.name}")
    torch.set_num_threads(workplace.threads or torch.get_num_threads())
    networks = [load_network(open_model(run.folder)) for run in runs]
    images = workplace.dataset.train.images
    answers = []
    for number, answer in enumerate(teach(networks, images, augmentation, views), 1):
        answers.append(answer)
        yield number
    held_out = all(run.recipe.protocol != "final" for run in runs)
    save_lessons(Lessons(np.stack(answers), augmentation, images, held_out), path)


def _told_batches(observers: Sequence[Observer]) -> Callable[[int], None]:
    def tell(images: int) -> None:
        for observer in observers:
            observer.batch(images)

    return tell


def _resumable(folder: Path, recipe: Recipe, workplace: Workplace) -> Run:
    if not folder.exists():
        raise UsageError(f"{folder}: there is nothing to go on with: leave out --resume")
    run = Run.open(folder)
    taught = (recipe.start, recipe.corrections)
    if (run.recipe.start, run.recipe.corrections) != taught:
        raise UsageError(f"{folder}: was taught other corrections, or began with other weights: --force begins anew")
    if run.recipe != recipe and not run.finished:
        raise UsageError(f"{folder}: was begun by another recipe of that name: --force begins anew")
    if run.data_sha256 != workplace.dataset.sha256:
        raise DataError(f"{folder}: was trained on other data than {workplace.dataset.name}: it cannot go on with this")
    torch.set_num_threads(run.environment["threads"])  # the sums of other threads differ in their last bits
    return run


def _environment(workplace: Workplace, training: Schooling) -> dict[str, Any]:
    dataset = workplace.dataset
    data = {"name": dataset.name, "train": len(dataset.train), "test": len(dataset.test), "sha256": dataset.sha256}
    device: dict[str, Any] = {"device": str(training.device), "threads": torch.get_num_threads()}
    if isinstance(training, Training):
        device["precision"] = str(training.precision).removeprefix("torch.")  # what the recipe asked for, or float32
    taught = training.lessons if isinstance(training, Training) else None
    lessons = {"lessons": taught.describe()} if taught else {}
    task = training.task.describe() if isinstance(training, Correcting) else {}
    return {**describe_environment(), **device, "data": data, **lessons, **task}


def _finish(run: Run, training: Schooling, splits: Splits) -> None:
    """Write what a finished run holds; `report.json`, which says that it is finished, comes last."""
    run.remove_partial_files()
    network = training.result()
    run.save_weights(network)
    logits = {part: infer(network, to_tensor(digits)).numpy() for part, digits in splits.judged.items()}
    labels = {part: digits.labels for part, digits in splits.judged.items()}
    run.save_logits(**{f"{k}_logits": v for k, v in logits.items()}, **{f"{k}_labels": v for k, v in labels.items()})
    reports = {part: evaluate(logits[part], labels[part]) for part in logits}
    difference = export_onnx(network, run.folder / "model.onnx", splits.train)
    task = training.task if isinstance(training, Correcting) else None
    taught = (
        {"taught": task.before_and_after(network, splits, {part: each.errors for part, each in reports.items()})}
        if task
        else {}
    )
    write_run_report(run, network, splits, reports, logits, **taught)
    values: dict[str, Any] = {
        "parameters": count_parameters(network),
        "epochs": len(training.records),
        "seconds": training.records[-1].seconds,
        "parity": difference,
        **taught,
    }
    if task and "validation" not in splits.judged:  # nothing to fit one on that the network has not seen
        values["temperature"] = task.start.temperature
    if isinstance(training, Correcting):
        values["learned"] = training.learned
    files = checksums(run.folder / "model.onnx", run.folder / "model.safetensors")
    told = {name: values[name] for name in ("parameters", "epochs", "seconds", "parity")}
    write_text(run.folder / "MODEL_CARD.md", render_card(asdict(describe_run(run, {**told, "files": files}))))
    run.save_json("report.json", {**values, **{part: asdict(report) for part, report in reports.items()}})


def compare_runs(runs: Sequence[Run], folder: Path) -> list[Comparison]:
    """Compare every two of some finished runs on the test digits that they share, and write the report into `folder`.

    Raises what `check_comparable` does, and `DataError` when the runs' labels differ.
    """
    check_comparable(runs, runs[0].data_sha256 if runs else "")
    labels = [run.load_logits("test")[1] for run in runs]
    for run, own in zip(runs, labels, strict=True):
        if not np.array_equal(own, labels[0]):
            raise DataError(f"{run.folder / 'logits.npz'}: its labels are not those of {runs[0].folder}")
    weakest_first = sorted(runs, key=lambda run: float(run.report["test"]["accuracy"]))
    comparisons = [
        compare(first.recipe.title, second.recipe.title, _right(first), _right(second))
        for first, second in combinations(weakest_first, 2)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_comparison_report(folder, runs, comparisons)
    return comparisons


def check_comparable(runs: Sequence[Run], data_sha256: str, *, more: int = 0) -> None:
    """Raises `UsageError` unless all runs read single digits, are finished and were judged by that data.

    With `more` to come they have to be two.
    """
    if len(runs) + more < 2:
        raise UsageError("a comparison needs at least two different runs")
    for run in runs:
        run.recipe.require_single_digits(run.folder)
        if run.data_sha256 != data_sha256:
            raise UsageError(f"{run.folder}: was judged by other digits than the rest: they cannot be compared")
        run.require_finished()
        run.require("test")


def _right(run: Run) -> NDArray[np.bool_]:
    logits, labels = run.load_logits("test")
    return np.asarray(logits.argmax(axis=1) == labels)
