"""Trainings in processes of this machine."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Queue
from typing import Any

import sutja
from sutja.experiments.callback import PlannedRun
from sutja.experiments.engine import Engine, Message
from sutja.experiments.experiment import RunContext

SHUTDOWN_SECONDS = 60  # that a worker gets to store its last epoch and end, before it is killed
INTERRUPTED_EXIT_CODE = 130  # of a process that Ctrl-C stopped


class ProcessEngine(Engine):
    """Trains up to `processes` runs at once, each in a process of its own.

    `source` is the word that the data were loaded by: each process loads them itself.
    """

    def __init__(self, source: str, context: RunContext, processes: int) -> None:
        self._source, self._context, self._processes = source, context, processes
        self._messages: Queue[Message] = Queue()
        self._working: dict[PlannedRun, Worker] = {}

    @property
    def capacity(self) -> int:
        """The number of processes."""
        return self._processes

    def start(self, planned: PlannedRun) -> None:
        """Start a process for a run."""
        job = worker_job(planned, self._source, self._context)
        self._working[planned] = Worker(planned, job, self._messages)

    def next_message(self) -> Message:
        """Wait for the next message of a process."""
        planned, words = self._messages.get()
        if "end" in words:
            del self._working[planned]
        return planned, words

    def stop(self) -> None:
        """Ask the processes to store their last epochs, and wait for them."""
        stop_workers(list(self._working.values()))


def worker_job(planned: PlannedRun, source: str, context: RunContext) -> dict[str, Any]:
    """What a process needs to know to train a run, as JSON can have it."""
    return {
        "recipe": dataclasses.asdict(planned.recipe),
        "data": source,
        "data_sha256": context.dataset.sha256,
        "runs": str(context.runs),
        "device": context.device,
        "threads": context.threads,
        "language": context.language,
        "engine": context.engine,
    }


class Worker:
    """A process that trains one run. Its messages go into a queue; the last is `{"end": why it failed or ""}`.

    That of a killed process also has `"killed": True`.
    """

    def __init__(self, planned: PlannedRun, job: dict[str, Any], messages: Queue[Message]) -> None:
        package = str(Path(sutja.__file__).parent.parent)  # this sutja, wherever the study was started
        paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sutja.experiments.worker", json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=os.environ | {"PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C goes to the study alone, which closes the lifelines
        )
        self._planned, self._messages = planned, messages
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        failure, last = "", ""
        with self.process.stdout:
            for line in self.process.stdout:
                words = _parse(line)
                if words is None:
                    last = line.strip() or last
                    continue
                failure = words.get("failure", failure)
                self._messages.put((self._planned, words))
        code = self.process.wait()
        self.close_lifeline()
        self._messages.put((self._planned, _end(code, failure, last)))

    def close_lifeline(self) -> None:
        """Ask the process to store its last epoch and end."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> None:
        """Wait until the process has ended; kill it when it takes too long, or at a second Ctrl-C."""
        try:
            self.process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.process.kill()
            self._listener.join()


def stop_workers(workers: Sequence[Worker]) -> None:
    """Ask workers to store their last epochs, and wait for all of them."""
    for worker in workers:
        worker.close_lifeline()
    for worker in workers:
        worker.wait()


def _end(code: int, failure: str, last_line: str) -> dict[str, Any]:
    """The last message of a process that ended with `code`."""
    if code < 0:
        hint = ": the memory may not have been enough" if -code == signal.SIGKILL else ""
        return {"end": f"killed by {signal.Signals(-code).name}{hint}", "killed": True}
    if code == INTERRUPTED_EXIT_CODE:
        return {"end": "interrupted"}
    return {"end": (failure or last_line or f"ended with the code {code}") if code else failure}


def _parse(line: str) -> dict[str, Any] | None:
    """The message in a line of a worker; `None` when something else wrote the line, such as a traceback."""
    try:
        words = json.loads(line)
    except ValueError:
        return None
    return words if isinstance(words, dict) else None
