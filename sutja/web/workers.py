"""Worker processes that read: they use all cores, and a picture that hangs or crashes one does not stop the server."""

from __future__ import annotations

import faulthandler
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cv2
import numpy as np

from sutja.errors import SutjaError
from sutja.processes import without_interrupts
from sutja.reading.reader import Reader
from sutja.web.pool import BoundedPool, timeout_detail
from sutja.web.problems import ProblemError

STARTUP_TIMEOUT_SECONDS = 60.0
EXIT_TIMEOUT_SECONDS = 1.0  # between the end of the connection and that of the process
KILLED_EXIT_CODES = (-9, -15)  # of SIGKILL and SIGTERM, which no crash of a decoder sends
ReaderTask = Callable[[Reader], Any]  # picklable, with bytes or a value for JSON as result: it runs in another process

_LOG = logging.getLogger("uvicorn.error")


@dataclass(frozen=True)
class ReaderFactory:
    """The models of a `Reader`, in a form that can be sent to another process."""

    model: str | Path
    classifier: str | Path

    def create(self) -> Reader:
        """Create a reader and use it once, because ONNX Runtime is slow on first use; raises what `Reader` does."""
        reader = Reader(self.model, classifier=self.classifier, threads=1)
        stroke = np.full((64, 64), 255, np.uint8)
        stroke[16:48, 30:34] = 0
        reader.read(stroke)
        reader.saliency(np.zeros((28, 28), np.uint8))
        return reader


@dataclass(frozen=True)
class TaskResult:
    """The result of a task, as JSON if it is not bytes, with its duration; or the problem or traceback of it."""

    content: bytes = b""
    seconds: float = 0.0
    problem: tuple[int, str] | None = None
    traceback: str = ""


class ReaderPool:
    """Worker processes, and a bounded queue of the tasks that wait for them; a process that fails is replaced."""

    def __init__(self, readers: ReaderFactory, *, workers: int, max_queued: int, timeout_seconds: float) -> None:
        self._pool = BoundedPool("reader", workers=workers, max_queued=max_queued, timeout_seconds=timeout_seconds)
        self._processes = [_ReaderProcess(readers, timeout_seconds) for _ in range(workers)]
        self._idle: SimpleQueue[_ReaderProcess] = SimpleQueue()

    def start(self) -> None:
        """Start the processes and wait until all are ready; raises `SutjaError` if one ends before."""
        for process in self._processes:
            process.start()
        for process in self._processes:
            process.wait_until_ready()
            self._idle.put(process)

    async def run(self, task: ReaderTask) -> TaskResult:
        """Run a task in an idle process.

        Raises the `ProblemError` of the task, those of `BoundedPool.run`, 504 if the process takes too long, 422 if the
        task crashes it, and 503 if it has ended before, or is killed meanwhile, and so is the one that replaces it.
        """
        result = await self._pool.run(partial(self._run_in_idle_process, task))
        if result.problem:
            raise ProblemError(*result.problem)
        if result.traceback:
            raise RuntimeError(f"in a worker process:\n{result.traceback}")
        return result

    def _run_in_idle_process(self, task: ReaderTask) -> TaskResult:
        process = self._idle.get()
        try:
            result = self._run_in(process, task)
        except ProblemError:  # answer now: the new process takes a moment to start
            threading.Thread(target=self._replace, args=(process,), daemon=True).start()
            raise
        self._idle.put(process)
        return result

    def _run_in(self, process: _ReaderProcess, task: ReaderTask) -> TaskResult:
        """Run a task in a process, or in its replacement if it has ended before or is killed meanwhile."""
        try:
            return process.run(task)
        except _EndedError as error:
            _LOG.warning("%s; another takes its place", error)
        try:
            process.restart()
            return process.run(task)
        except SutjaError as error:
            _LOG.error("%s", error)
            detail = "No reader is running; try again in a moment."
            raise ProblemError(503, detail, {"retry-after": "1"}) from None

    def _replace(self, process: _ReaderProcess) -> None:
        try:
            process.restart()
        except SutjaError as error:  # the next task tries again
            _LOG.error("%s", error)
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """Kill the processes, even those that are reading."""
        self._pool.close()
        for process in self._processes:
            process.close()


class _EndedError(SutjaError):
    """A worker process has ended, and the task is not to blame."""


class _ReaderProcess:
    """A worker process, which can be restarted.

    It sends a message when it is ready, `None` or why it failed, one when it has a task, and the result of that.
    """

    def __init__(self, readers: ReaderFactory, timeout_seconds: float) -> None:
        self._readers, self._timeout_seconds = readers, timeout_seconds
        self._closed = self._started = False

    def start(self) -> None:
        """Start the process without waiting for it."""
        if self._closed:
            return
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._readers), daemon=True)
        with without_interrupts():
            self._process.start()
        theirs.close()
        self._started = True

    def wait_until_ready(self) -> None:
        """Wait until the process can read; raises `SutjaError` if it fails before."""
        try:
            if self._connection.poll(STARTUP_TIMEOUT_SECONDS):
                failure: str | None = self._connection.recv()
            else:
                failure = f"not ready within {STARTUP_TIMEOUT_SECONDS:g} seconds"
        except (EOFError, OSError):
            failure = self._exit()
        if failure is not None:
            self._kill()
            raise SutjaError(f"a reader process could not start: {failure}")

    def run(self, task: ReaderTask) -> TaskResult:
        """Run a task.

        Raises a `ProblemError`, 504 after the timeout or 422 if the task crashed the process, and `_EndedError` if it
        ended before it got the task or was killed, as by a system that is out of memory: then restart it.
        """
        end = time.monotonic() + self._timeout_seconds
        try:
            self._connection.send(task)
            self._receive(end)
        except (EOFError, OSError):
            raise _EndedError(f"a reader process has ended while it was idle: {self._exit()}") from None
        try:
            result: TaskResult = self._receive(end)
            return result
        except (EOFError, OSError):
            ended = f"a reader process has ended while it read a picture: {self._exit()}"
            if self._process.exitcode in KILLED_EXIT_CODES:
                raise _EndedError(ended) from None
            _LOG.error("%s", ended)
            raise ProblemError(422, "the picture: could not be read: its decoder failed") from None

    def _receive(self, end: float) -> Any:
        """The next message; raises a `ProblemError`, 504, if it has not come by `end`, of `time.monotonic`."""
        if not self._connection.poll(max(0.0, end - time.monotonic())):
            raise ProblemError(504, timeout_detail(self._timeout_seconds))
        return self._connection.recv()

    def _exit(self) -> str:
        """How the process ended, in words."""
        self._process.join(EXIT_TIMEOUT_SECONDS)
        code = self._process.exitcode
        return f"signal {-code} ({signal.strsignal(-code)})" if code is not None and code < 0 else f"exit code {code}"

    def restart(self) -> None:
        """Replace the process by a new one and wait until that is ready."""
        if self._closed:
            return
        self._kill()
        self.start()
        self.wait_until_ready()

    def close(self) -> None:
        """Kill the process for good."""
        self._closed = True
        self._kill()

    def _kill(self) -> None:
        if not self._started:
            return
        self._process.kill()
        self._process.join()
        self._connection.close()


def _work(connection: Connection, readers: ReaderFactory) -> None:
    """Run tasks until the server closes the connection or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which kills this process
    _mute_libraries()
    cv2.setNumThreads(1)
    try:
        try:
            reader = readers.create()
        except Exception as error:
            connection.send(f"{type(error).__name__}: {error}")
            return
        connection.send(None)
        while True:
            task = connection.recv()
            connection.send(None)
            connection.send(_run_task(task, reader))
    except (EOFError, OSError):
        return


def _mute_libraries() -> None:
    """Discard what C libraries write to file descriptor 2, as libjpeg and libpng do about damaged pictures.

    Python's own messages, and the traceback of a crash in a library, go to the log as before.
    """
    try:
        log = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    except OSError:  # closed
        return
    sys.stderr = log
    faulthandler.enable(log)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)


def _run_task(task: ReaderTask, reader: Reader) -> TaskResult:
    start = time.perf_counter()
    try:
        result = task(reader)
        json_text = "" if isinstance(result, bytes) else json.dumps(result, ensure_ascii=False, separators=(",", ":"))
        content = json_text.encode() or result
    except ProblemError as problem:
        return TaskResult(problem=(problem.status, problem.detail))
    except Exception:  # for the log of the server
        return TaskResult(traceback=traceback.format_exc())
    return TaskResult(content, time.perf_counter() - start)
