"""A process that trains runs of a study, one after the other: `python -m sutja.experiments.worker`.

It reads a job in JSON from each line of standard input, and writes one JSON object per line to standard output: where a
training begins, each epoch, and `{"end": why it failed or ""}`. Standard input is its lifeline, too: when it closes,
because the study is over, interrupted or killed, the worker stores its last epoch and ends.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

from sutja.data.dataset import Dataset, load_dataset
from sutja.errors import DataError, SutjaError
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.experiments.engine import INTERRUPTED_EXIT_CODE
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


class _Jobs:
    """The lines of standard input, read by a thread, which interrupts the training when they end."""

    def __init__(self) -> None:
        self._lines: Queue[str | None] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (line := self._lines.get()) is not None:
            yield json.loads(line)

    def _read(self) -> None:
        unread = b""
        while part := os.read(0, 4096):  # not sys.stdin: a thread that waits in its buffer blocks the exit of Python
            *lines, unread = (unread + part).split(b"\n")
            for line in lines:
                self._lines.put(line.decode())
        self._lines.put(None)
        _thread.interrupt_main()


class _Data:
    """The data set of the last job, which the next one need not load again."""

    def __init__(self) -> None:
        self._source = ""
        self._dataset: Dataset | None = None

    def load(self, source: str, sha256: str) -> Dataset:
        """The data set of a word or path; raises `DataError` if it is not that of this checksum."""
        if self._dataset is None or source != self._source:
            self._source, self._dataset = source, load_dataset(source)
        if self._dataset.sha256 != sha256:
            raise DataError(f"{source}: has other digits than when the study began")
        return self._dataset


def run_worker() -> int:
    """Train the recipe of each job, resuming where it was stopped; returns the exit code."""
    # A shell that starts the study in the background makes it ignore Ctrl-C, and the lifeline would be ignored too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    data, training = _Data(), False
    try:
        for job in _Jobs():
            training = True
            _send(end=_train(job, data))
            training = False
    except KeyboardInterrupt:
        return INTERRUPTED_EXIT_CODE if training else 0
    return 0


def _train(values: dict[str, Any], data: _Data) -> str:
    """Train the recipe of a job; returns why it failed, or nothing."""
    try:
        recipe = Recipe.from_json(json.dumps(values["recipe"]), "the job")
        place = (Path(values["runs"]), values["device"], values["threads"], values["language"], values["engine"])
        context = RunContext(data.load(values["data"], values["data_sha256"]), *place)
        train(recipe, context, [_Messages()], resume=is_run_folder(context.folder(recipe)))
    except SutjaError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(run_worker())
