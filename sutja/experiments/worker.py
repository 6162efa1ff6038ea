"""One training of a study, in a process of its own: `python -m sutja.experiments.worker JOB`, JOB in JSON.

It tells on standard output, one JSON object a line, which epochs are done and why it failed. Standard input is its
lifeline: when that closes, because the study was interrupted or killed, the training stops and keeps its last epoch.
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

from sutja.errors import SutjaError
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.experiments.experiment import RunContext, train
from sutja.recipe import Recipe
from sutja.runs.epoch import Epoch


class _Messages(Callback):
    """Writes what happens to standard output, one JSON object per line."""

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        _send(start=vars(start))

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        _send(epoch=vars(record))


def _send(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def main(job: str) -> int:
    """Train what the job says, going on where it was stopped; returns the exit code."""
    from sutja.data.dataset import load_dataset

    # Where a shell has started the study in the background, Ctrl-C is ignored, and so would be the lifeline.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_watch_lifeline, daemon=True).start()
    try:
        values = json.loads(job)
        recipe = Recipe.from_json(json.dumps(values["recipe"]), "the job")
        context = RunContext(load_dataset(values["data"]), Path(values["runs"]), values["device"], values["threads"])
        resume = (context.folder(recipe) / "recipe.json").exists()
        train(recipe, context, [_Messages()], resume=resume)
    except SutjaError as error:
        _send(failure=str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _watch_lifeline() -> None:
    while os.read(0, 4096):  # not sys.stdin: a thread that waits in its buffer keeps Python from ending
        pass
    _thread.interrupt_main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
