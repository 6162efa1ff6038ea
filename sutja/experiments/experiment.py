"""One experiment: a recipe is trained into a run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sutja.data.dataset import MNIST_SHA256, Dataset, Splits, split, split_indices
from sutja.environment import DataSource, Environment
from sutja.errors import DataError, ModelFileError, UsageError
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.export.publish import describe
from sutja.files import write_text
from sutja.networks.build import save_network
from sutja.networks.device import choose_threads
from sutja.networks.fast.engine import check_engine, use_engine
from sutja.networks.model import count_parameters
from sutja.recipe import Recipe
from sutja.reports.html import render_card
from sutja.reports.pages import write_run_page
from sutja.runs.report import RunReport
from sutja.runs.run import Run
from sutja.training.checkpoint import load_checkpoint, save_epoch
from sutja.training.digit_trainer import DigitTrainer
from sutja.training.distillation import DistillationTargets, load_targets
from sutja.training.trainer import Trainer

if TYPE_CHECKING:
    from sutja.training.finetuning.task import Task


@dataclass(frozen=True)
class RunContext:
    """On what and where runs are trained: data, folder of the runs, device, number of CPU threads, and engine."""

    dataset: Dataset
    runs: Path = Path("runs")
    device: str = "auto"
    threads: int = 0  # 0 = as many as other programs leave cores
    language: str = ""  # in which reports open, "en" or "ko"; "" = the reader's
    engine: str = "auto"  # of `ENGINES`

    def __post_init__(self) -> None:
        """Raises `UsageError` for an unknown engine, before any run begins."""
        check_engine(self.engine)

    def folder(self, recipe: Recipe) -> Path:
        """The folder of a recipe's run: `<recipe>-s<seed>`, with other data and what was changed in its name."""
        data = "" if self.dataset.sha256 == MNIST_SHA256 else f"{self.dataset.name}-"
        return self.runs / f"{data}{recipe.run_name}"

    def targets(self, teacher: str) -> Path:
        """The file with a teacher's distillation targets."""
        return self.runs / f"{teacher}.targets.npz"


def train(
    recipe: Recipe,
    context: RunContext,
    callbacks: Sequence[Callback] = (),
    *,
    resume: bool = False,
    force: bool = False,
    task: Task | None = None,
) -> Run:
    """Train a recipe to the end and fill its run folder; fine-tuning has a `task`.

    With `resume` an existing run of the recipe continues after its last stored epoch, or is left as it is when it is
    finished; with `force` it is replaced; with neither it is an error. Raises `UsageError`, `DataError` when the run
    was made with other data, and `SutjaError` when the loss is not finite.
    """
    planned = PlannedRun(recipe, context.folder(recipe))
    run = _resumable(planned.folder, recipe, context) if resume else None
    if run and run.finished:
        return run
    with _threads_restored(), use_engine(_engine(run, context)):
        busy = _set_threads(run, context)
        splits = split(context.dataset, recipe.protocol)
        trainer = _build_trainer(recipe, context, splits, task, callbacks)
        if run is None:
            run = Run.create(planned.folder, recipe, _environment(context, trainer), force=force)
        else:
            _load_checkpoint(run, trainer)
        _train_to_the_end(planned, run, trainer, splits, callbacks, busy=busy, language=context.language)
    return run


@contextmanager
def _threads_restored() -> Iterator[None]:
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _engine(run: Run | None, context: RunContext) -> str:
    """The engine to compute with: for "auto", that which a resumed run began with: another has other last bits."""
    if run is None or context.engine != "auto":
        return context.engine
    return run.environment.engine or "torch"


def _set_threads(run: Run | None, context: RunContext) -> bool:
    """Set the number of threads; returns whether there are fewer because other programs are busy."""
    usual = torch.get_num_threads()
    recorded = run.environment.threads if run else None  # the sums of other threads differ in their last bits
    torch.set_num_threads(recorded or choose_threads(context.threads))
    return not recorded and not context.threads and torch.get_num_threads() < usual


def _train_to_the_end(
    planned: PlannedRun,
    run: Run,
    trainer: Trainer[Any],
    splits: Splits,
    callbacks: Sequence[Callback],
    *,
    busy: bool,
    language: str,
) -> None:
    """Train the remaining epochs and finish the run; the callbacks are told how it ended."""
    failure: str | None = "interrupted"
    try:
        _fit(planned, run, trainer, callbacks, busy=busy)
        _finish(run, trainer, splits, language)
        failure = None
    except Exception as error:
        failure = str(error)
        raise
    finally:
        for callback in callbacks:
            callback.on_train_end(planned, failure)


def _build_trainer(
    recipe: Recipe, context: RunContext, splits: Splits, task: Task | None, callbacks: Sequence[Callback]
) -> Trainer[Any]:
    """The trainer that the recipe asks for, before its first epoch."""

    def on_search_step(done: int, total: int) -> None:
        for callback in callbacks:
            callback.on_search_step(done, total)

    if task is not None:
        from sutja.training.finetuning.finetune import FineTuner

        if task.start.data_sha256 != context.dataset.sha256:
            raise UsageError(f"{task.start.name}: was trained on other data than {context.dataset.name}")
        return FineTuner(recipe, splits, task, device=context.device, on_search_step=on_search_step)
    if recipe.reads != "digits":
        return _document_trainer(recipe, context, splits)
    return DigitTrainer(recipe, splits, device=context.device, targets=_targets(recipe, context))


def _document_trainer(recipe: Recipe, context: RunContext, splits: Splits) -> Trainer[Any]:
    """The trainer of a reader of lines or pages, with what paints documents: trainings of digits need not import it."""
    from sutja.synth.documents.painter import document_painter
    from sutja.training.line_trainer import LineTrainer
    from sutja.training.page_trainer import PageTrainer

    context.dataset.require_digits()
    trainer = LineTrainer if recipe.reads == "lines" else PageTrainer
    return trainer(recipe, splits, build=document_painter, device=context.device)


def _load_checkpoint(run: Run, trainer: Trainer[Any]) -> None:
    """Restore the state of a stopped run; raises `ModelFileError` for a checkpoint of another training."""
    state = load_checkpoint(run)
    if state is None:
        return
    try:
        trainer.load_state_dict(state)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        path = run.folder / "checkpoint.pt"
        raise ModelFileError(f"{path}: not of this training: train again with --force") from error
    run.save_metrics(trainer.records)  # a process killed after the checkpoint leaves them an epoch behind


def _fit(planned: PlannedRun, run: Run, trainer: Trainer[Any], callbacks: Sequence[Callback], *, busy: bool) -> None:
    """Train the remaining epochs, and store each one."""
    seconds = trainer.records[-1].seconds if trainer.records else 0.0
    start = TrainingStart(
        device=str(trainer.device),
        examples_per_epoch=trainer.examples_per_epoch,
        epochs_done=len(trainer.records),
        seconds=seconds,
        threads=torch.get_num_threads(),
        busy=busy,
    )
    for callback in callbacks:
        callback.on_train_begin(planned, start)

    def on_batch(examples: int) -> None:
        for callback in callbacks:
            callback.on_batch_end(examples)

    for record in trainer.fit(on_batch):
        save_epoch(run, trainer.records, trainer.state_dict())
        for callback in callbacks:
            callback.on_epoch_end(planned, record)


def _targets(recipe: Recipe, context: RunContext) -> DistillationTargets | None:
    """The distillation targets of the digits to train on, where the recipe has a teacher."""
    if not recipe.distillation:
        return None
    path = context.targets(recipe.distillation.teacher)
    targets = load_targets(path, context.dataset.train.images, len(context.dataset.class_names))
    if recipe.protocol == "final":
        return targets
    if not targets.validation_unseen:
        raise UsageError(f"{path}: this teacher has seen the validation digits: they cannot evaluate its students")
    return dataclasses.replace(targets, chosen=split_indices(context.dataset)[0])


def _resumable(folder: Path, recipe: Recipe, context: RunContext) -> Run:
    if not folder.exists():
        raise UsageError(f"{folder}: there is no run to resume: leave out --resume")
    run = Run.open(folder)
    if _origins(run.recipe) != _origins(recipe):
        raise UsageError(f"{folder}: is fine-tuned on other corrections or from other weights: --force replaces it")
    if run.recipe != recipe and not run.finished:
        raise UsageError(f"{folder}: holds a run of another recipe with this name: --force replaces it")
    if (run.data_sha256, len(run.class_names)) != (context.dataset.sha256, len(context.dataset.class_names)):
        raise DataError(f"{folder}: was trained on other data than {context.dataset.name}: they cannot resume it")
    return run


def _origins(recipe: Recipe) -> tuple[str, str] | None:
    """The weights that a fine-tuning starts from, and its corrections."""
    return (recipe.finetuning.start, recipe.finetuning.corrections) if recipe.finetuning else None


def _environment(context: RunContext, trainer: Trainer[Any]) -> Environment:
    dataset = context.dataset
    names = dataset.class_names.recorded
    data = DataSource(dataset.name, dataset.sha256, len(dataset.train), len(dataset.test), names)
    return Environment.now(data, **trainer.provenance())


def _finish(run: Run, trainer: Trainer[Any], splits: Splits, language: str) -> None:
    """Write what a finished run holds; `report.json`, which says that it is finished, comes last."""
    run.remove_partial_files()
    network = trainer.result()
    weights, onnx = run.folder / "model.safetensors", run.folder / "model.onnx"
    save_network(network, weights)
    evaluation = trainer.evaluate(network, splits)
    if evaluation.logits:
        run.save_logits(evaluation.logits, evaluation.labels)
    report = RunReport(
        parameters=count_parameters(network),
        epochs=len(trainer.records),
        seconds=trainer.records[-1].seconds,
        parity=trainer.export(network, onnx, splits),
        figures=evaluation.figures,
        temperature=evaluation.temperature,
        calibration=evaluation.calibration,
        min_confidence=evaluation.min_confidence,
        finetuning=evaluation.finetuning,
        files=run.checksums(),
    )
    lead = (
        f"{evaluation.summary} of {run.environment.data.name}, "
        f"{report.seconds:.0f} s of training on {run.environment.processor}."
    )
    write_run_page(run, lead, trainer.sections(run, network, splits, evaluation), language)
    write_text(run.folder / "MODEL_CARD.md", render_card(describe(run, report)))
    run.save_report(report)
