"""One training of a study in a process of its own: `python -m sutja.experiments.worker JOB`, with JOB in JSON.

The worker writes one JSON object per line to standard output: where it begins, each epoch, and why it fails. Standard
input is its lifeline: when it closes, because the study is interrupted or killed, the worker stores its last epoch and
ends.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

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


def run_worker(job: str) -> int:
    """Train the recipe of `job`, resuming where it was stopped; returns the exit code."""
    from sutja.data.dataset import load_dataset

    # A shell that starts the study in the background makes it ignore Ctrl-C, and the lifeline would be ignored too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_watch_lifeline, daemon=True).start()
    try:
        values = json.loads(job)
        recipe = Recipe.from_json(json.dumps(values["recipe"]), "the job")
        place = (Path(values["runs"]), values["device"], values["threads"], values["language"], values["engine"])
        context = RunContext(load_dataset(values["data"]), *place)
        if context.dataset.sha256 != values["data_sha256"]:
            raise DataError(f"{values['data']}: has other digits than when the study began")
        resume = is_run_folder(context.folder(recipe))
        train(recipe, context, [_Messages()], resume=resume)
    except SutjaError as error:
        _send(failure=str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _watch_lifeline() -> None:
    while os.read(0, 4096):  # not sys.stdin: a thread that waits in its buffer blocks the exit of Python
        pass
    _thread.interrupt_main()


if __name__ == "__main__":
    sys.exit(run_worker(sys.argv[1]))
