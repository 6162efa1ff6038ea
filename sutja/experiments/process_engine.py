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
from contextlib import suppress
from pathlib import Path
from queue import Queue
from typing import Any

import sutja
from sutja.experiments.callback import PlannedRun
from sutja.experiments.engine import Engine, Message
from sutja.experiments.experiment import RunContext
from sutja.experiments.worker import INTERRUPTED_EXIT_CODE

SHUTDOWN_SECONDS = 60  # that a worker gets to store its last epoch and end, before it is killed


class ProcessEngine(Engine):
    """Trains up to `processes` runs at once, each process one after the other, so that it imports and loads data once.

    `source` is the word that the data were loaded by: each process loads them itself.
    """

    def __init__(self, source: str, context: RunContext, processes: int) -> None:
        self._source, self._context, self._processes = source, context, processes
        self._messages: Queue[Message] = Queue()
        self._idle: list[Worker] = []
        self._working: dict[PlannedRun, Worker] = {}

    @property
    def capacity(self) -> int:
        """The number of processes."""
        return self._processes

    def start(self, planned: PlannedRun) -> None:
        """Give a run to a process that has finished its last one, or to a new one."""
        job = worker_job(planned, self._source, self._context)
        while self._idle:
            worker = self._idle.pop()
            if worker.start(planned, job):
                break
            worker.wait()
        else:
            worker = Worker(self._messages)
            worker.start(planned, job)
        self._working[planned] = worker

    def next_message(self) -> Message:
        """Wait for the next message of a process."""
        planned, words = self._messages.get()
        if "end" in words:
            self._idle.append(self._working.pop(planned))
        return planned, words

    def stop(self) -> None:
        """Ask the processes to store their last epochs, and wait for them."""
        stop_workers([*self._working.values(), *self._idle])


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
    """A process that trains one run after the other (see `worker`).

    Its messages go into a queue; the last one of each run is `{"end": why it failed or ""}`. If the process was killed,
    that also has `"killed": True`.
    """

    def __init__(self, messages: Queue[Message]) -> None:
        package = str(Path(sutja.__file__).parent.parent)  # this sutja, wherever the study was started
        paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sutja.experiments.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=os.environ | {"PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C goes to the study alone, which closes the lifelines
        )
        self._messages = messages
        self._lock = threading.Lock()  # a run is given to a living process, or not at all
        self._planned: PlannedRun | None = None
        self._ended = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, planned: PlannedRun, job: dict[str, Any]) -> bool:
        """Train a run, after the last one has ended; returns `False` if the process has ended too."""
        assert self.process.stdin is not None
        with self._lock:
            if self._ended:
                return False
            self._planned = planned
            with suppress(OSError):  # of a process that is just ending, which `_listen` reports
                self.process.stdin.write(json.dumps(job) + "\n")
                self.process.stdin.flush()
        return True

    def _listen(self) -> None:
        assert self.process.stdout is not None
        last = ""
        with self.process.stdout:
            for line in self.process.stdout:
                words = _parse(line)
                if words is None:
                    last = line.strip() or last
                else:
                    self._pass_on(words)
        code = self.process.wait()
        self.close_lifeline()
        with self._lock:
            self._ended = True
        self._pass_on(_end(code, last))

    def _pass_on(self, words: dict[str, Any]) -> None:
        """Put a message into the queue if a run is training; messages between two runs are ignored."""
        with self._lock:
            planned = self._planned
            if "end" in words:
                self._planned = None
        if planned:
            self._messages.put((planned, words))

    def close_lifeline(self) -> None:
        """Ask the process to store its last epoch and end."""
        assert self.process.stdin is not None
        with suppress(OSError):  # of a process that has ended with a job unread
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


def _end(code: int, last_line: str) -> dict[str, Any]:
    """The last message of a process that ended with `code` before its run did."""
    if code < 0:
        hint = ": the memory may not have been enough" if -code == signal.SIGKILL else ""
        return {"end": f"killed by {signal.Signals(-code).name}{hint}", "killed": True}
    if code == INTERRUPTED_EXIT_CODE:
        return {"end": "interrupted"}
    return {"end": last_line or f"ended with the code {code}"}


def _parse(line: str) -> dict[str, Any] | None:
    """The message in a line of a worker; `None` when something else wrote the line, such as a traceback."""
    try:
        words = json.loads(line)
    except ValueError:
        return None
    return words if isinstance(words, dict) else None
