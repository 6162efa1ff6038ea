"""What the worker processes of a study train: one job after the other, with messages on standard output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sutja.data.dataset import Dataset, load_dataset
from sutja.errors import DataError, SutjaError
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.experiments.experiment import RunContext, train
from sutja.recipe import Recipe
from sutja.runs.epoch import Epoch
from sutja.runs.run import is_run_folder


class _Messages(Callback):
    """Writes events to standard output, one JSON object per line."""

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        _send(start=vars(start))

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        _send(epoch=vars(record))


def _send(**message: Any) -> None:
    print(json.dumps(message), flush=True)


class JobTrainer:
    """Trains jobs; the data set of the last one is kept, so that the next one need not load it again."""

    def __init__(self) -> None:
        self._source = ""
        self._dataset: Dataset | None = None

    def train(self, job: dict[str, Any]) -> None:
        """Train the recipe of a job, resuming where it was stopped; its last message is `{"end": why it failed}`."""
        try:
            self._train(job)
        except SutjaError as error:
            _send(end=str(error))
        else:
            _send(end="")

    def _train(self, job: dict[str, Any]) -> None:
        recipe = Recipe.from_json(json.dumps(job["recipe"]), "the job")
        dataset = self._load(job["data"], job["data_sha256"])
        place = (Path(job["runs"]), job["device"], job["threads"], job["language"], job["engine"])
        context = RunContext(dataset, *place)
        train(recipe, context, [_Messages()], resume=is_run_folder(context.folder(recipe)))

    def _load(self, source: str, sha256: str) -> Dataset:
        """The data set of a word or path; raises `DataError` if it is not that of this checksum."""
        if self._dataset is None or source != self._source:
            self._source, self._dataset = source, load_dataset(source)
        if self._dataset.sha256 != sha256:
            raise DataError(f"{source}: has other digits than when the study began")
        return self._dataset
