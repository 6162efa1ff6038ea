"""Worker processes that read: they use all cores, and a picture that hangs or crashes one does not stop the server."""

from __future__ import annotations

import json
import multiprocessing
import signal
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

from sutja.processes import without_interrupts
from sutja.reading.reader import Reader
from sutja.web.pool import BoundedPool, timeout_detail
from sutja.web.problems import ProblemError

STARTUP_TIMEOUT_SECONDS = 60.0
ReaderTask = Callable[[Reader], Any]  # picklable, with a result for JSON: it runs in another process


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
    """The result of a task as JSON with its duration, or the problem or traceback that it raised."""

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
        """Start the processes and wait until all are ready."""
        for process in self._processes:
            process.start()
        for process in self._processes:
            process.wait_until_ready()
            self._idle.put(process)

    async def run(self, task: ReaderTask) -> TaskResult:
        """Run a task in an idle process; raises the `ProblemError` of the task and those of `BoundedPool.run`."""
        result = await self._pool.run(partial(self._run_in_idle_process, task))
        if result.problem:
            raise ProblemError(*result.problem)
        if result.traceback:
            raise RuntimeError(f"in a worker process:\n{result.traceback}")
        return result

    def _run_in_idle_process(self, task: ReaderTask) -> TaskResult:
        process = self._idle.get()
        try:
            result = process.run(task)
        except ProblemError:  # answer now: the new process takes a moment to start
            threading.Thread(target=self._replace, args=(process,), daemon=True).start()
            raise
        self._idle.put(process)
        return result

    def _replace(self, process: _ReaderProcess) -> None:
        try:
            process.restart()
        finally:  # if that fails, the next task tries again
            self._idle.put(process)

    def close(self) -> None:
        """Kill the processes, even those that are reading."""
        self._pool.close()
        for process in self._processes:
            process.close()


class _ReaderProcess:
    """A worker process, which can be restarted."""

    def __init__(self, readers: ReaderFactory, timeout_seconds: float) -> None:
        self._readers, self._timeout_seconds = readers, timeout_seconds
        self._closed = False

    def start(self) -> None:
        """Start the process without waiting for it."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._readers), daemon=True)
        with without_interrupts():
            self._process.start()
        theirs.close()

    def wait_until_ready(self) -> None:
        """Wait for the message that the process sends when it can read."""
        if not self._connection.poll(STARTUP_TIMEOUT_SECONDS):
            self._kill()
            raise RuntimeError(f"a worker process has not started within {STARTUP_TIMEOUT_SECONDS:g} seconds")
        self._connection.recv()

    def run(self, task: ReaderTask) -> TaskResult:
        """Run a task; raises a `ProblemError`, 504 after the timeout or 422 if the process died: then restart it."""
        try:
            self._connection.send(task)
            if self._connection.poll(self._timeout_seconds):
                result: TaskResult = self._connection.recv()
                return result
            problem = ProblemError(504, timeout_detail(self._timeout_seconds))
        except (EOFError, OSError):
            problem = ProblemError(422, "the picture: could not be read: its decoder failed")
        raise problem

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
        self._process.kill()
        self._process.join()
        self._connection.close()


def _work(connection: Connection, readers: ReaderFactory) -> None:
    """Run tasks until the server closes the connection or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which kills this process
    cv2.setNumThreads(1)
    reader = readers.create()
    try:
        connection.send(None)
        while True:
            connection.send(_run_task(connection.recv(), reader))
    except (EOFError, OSError):
        return


def _run_task(task: ReaderTask, reader: Reader) -> TaskResult:
    start = time.perf_counter()
    try:
        content = json.dumps(task(reader), ensure_ascii=False, separators=(",", ":")).encode()
    except ProblemError as problem:
        return TaskResult(problem=(problem.status, problem.detail))
    except Exception:  # for the log of the server
        return TaskResult(traceback=traceback.format_exc())
    return TaskResult(content, time.perf_counter() - start)
