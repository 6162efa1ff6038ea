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
from queue import Queue
from typing import Any

from sutja.environment import collect_rarely

INTERRUPTED_EXIT_CODE = 130  # of a process that Ctrl-C stopped


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


def run_worker() -> int:
    """Train the jobs of standard input; returns the exit code."""
    # A shell that starts the study in the background makes it ignore Ctrl-C, and the lifeline would be ignored too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    collect_rarely()
    try:
        jobs = _Jobs()
        from sutja.experiments.job import JobTrainer  # takes a second, in which a lifeline may close

        trainer = JobTrainer()
        for job in jobs:
            trainer.train(job)
    except KeyboardInterrupt:
        return INTERRUPTED_EXIT_CODE
    return 0


if __name__ == "__main__":
    sys.exit(run_worker())
