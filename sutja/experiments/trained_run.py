"""Training from Python: a recipe becomes a run, and the run a trained model to predict, evaluate and export with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from sutja.data.dataset import Dataset, load_dataset
from sutja.errors import UsageError
from sutja.experiments.callback import Callback, PlannedRun
from sutja.experiments.experiment import RunContext, train
from sutja.export.publish import Options, publish
from sutja.models.open import TrainedModel, open_run
from sutja.recipe import Recipe, parse_recipe
from sutja.runs.epoch import Epoch
from sutja.runs.run import Run, is_run_folder

if TYPE_CHECKING:
    from sutja.evaluation.metrics import Report


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrainedRun(TrainedModel):
    """A model that was trained on the digits of `dataset`, with the files of its `run`."""

    run: Run
    dataset: Dataset

    @classmethod
    def of(cls, run: Run, dataset: Dataset) -> TrainedRun:
        """The model of a finished run. Raises `UsageError` while it is not finished, `DataError` if it is damaged."""
        model = open_run(run)
        values = {each.name: getattr(model, each.name) for each in fields(TrainedModel)}
        return cls(**values, run=run, dataset=dataset)

    def __repr__(self) -> str:
        """Its accuracy and its folder, for a notebook."""
        figures, part = self.run.report.figures[self.run.evaluated_on], self.run.evaluated_on
        return f"<{self.name}: {figures.accuracy:.2%} of {figures.count:,} {part} digits, {self.run.folder}>"

    def evaluate(self, data: Dataset | str | Path | None = None) -> Report:
        """Evaluate the network on the digits of a data set that `evaluation_digits` chooses; by default its own."""
        return super().evaluate(self.dataset if data is None else data)

    def report(self) -> Path:
        """The page with curves, confusion matrix, mistakes and filters, for a browser."""
        return self.run.folder / "report.html"

    def export(self, folder: str | Path, *, half: bool = False, force: bool = False) -> Path:
        """Write the model into a folder, as `sutja export` does: ONNX file, weights and card; returns the ONNX file.

        `half` rounds the weights to half precision, `force` replaces another model. `open_model` opens the file.
        Raises what `publish` raises.
        """
        card = publish(self.run, Path(folder), Options(half=half, force=force), dataset=self.dataset)
        return Path(folder) / f"{card.name}.onnx"


def train_model(
    recipe: str | Recipe,
    data: str | Path | Dataset = "mnist",
    *,
    runs: str | Path = "runs",
    device: str = "auto",
    threads: int = 0,
    force: bool = False,
    on_epoch: Callable[[Epoch], object] | None = None,
    **settings: str | float,
) -> TrainedRun:
    """Train a network for single digits by a recipe: `train("lenet5", epochs=3, seed=1)`.

    `recipe` is the name of a recipe, changed or not, as in `mlp:dropout=0.1`, or a `Recipe`; `settings` change its
    fields. `data` is what `load_dataset` takes. The run is stored in a folder among `runs`. A finished run of the same
    recipe and data is opened instead, and an interrupted one is continued; `force` trains it again. `threads` compute
    at once; 0 chooses by the load of the machine. `on_epoch` is called after each epoch, as in `on_epoch=print`.

    Raises `UsageError` for unknown names and values, `DataError` for data that cannot be read, and `SutjaError` when
    the loss is not finite.
    """
    changed = _changed(recipe, {field: str(value) for field, value in settings.items()})
    changed.require_single_digits(changed.name)
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    context = RunContext(dataset, Path(runs), device, threads)
    folder = context.folder(changed)
    callbacks = [_OnEpoch(on_epoch)] if on_epoch else []
    run = train(changed, context, callbacks, resume=is_run_folder(folder) and not force, force=force)
    if run.recipe != changed:
        raise UsageError(f"{folder}: holds a run of another recipe with this name: force=True replaces it")
    return TrainedRun.of(run, dataset)


def _changed(recipe: str | Recipe, settings: dict[str, str]) -> Recipe:
    return recipe.with_settings(settings) if isinstance(recipe, Recipe) else parse_recipe(recipe, settings)


class _OnEpoch(Callback):
    """Calls a function after each epoch."""

    def __init__(self, call: Callable[[Epoch], object]) -> None:
        self._call = call

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        self._call(record)
