"""Reading in processes of their own: where all cores compute, and what hangs or dies takes nothing else with it."""

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
from sutja.web.pool import Pool
from sutja.web.problems import ProblemError

START_SECONDS = 60.0  # that a process may take until it reads
Work = Callable[[Reader], Any]  # a function of a module, or a partial of one: it goes to another process


@dataclass(frozen=True)
class Networks:
    """What reads: see `Reader`."""

    model: str | Path
    classifier: str | Path

    def open(self) -> Reader:
        """A reader that has read once, so that nobody waits for what is loaded on first use; raises what it does."""
        reader = Reader(self.model, classifier=self.classifier, threads=1)
        stroke = np.full((64, 64), 255, np.uint8)
        stroke[16:48, 30:34] = 0
        reader.read(stroke)
        reader.saliency(np.zeros((28, 28), np.uint8))
        return reader


@dataclass(frozen=True)
class Done:
    """What came of work: its result as JSON and the seconds that it took, or the problem or fault instead."""

    content: bytes = b""
    seconds: float = 0.0
    problem: tuple[int, str] | None = None
    fault: str = ""


class Readers:
    """So many processes that read, and a line of work that waits for them."""

    def __init__(self, networks: Networks, *, workers: int, waiting: int, seconds: float) -> None:
        self._pool = Pool("reader", workers=workers, waiting=waiting, seconds=seconds)
        self._processes = [_ReaderProcess(networks, seconds) for _ in range(workers)]
        self._idle: SimpleQueue[_ReaderProcess] = SimpleQueue()

    def start(self) -> None:
        """Start the processes and wait until all of them read."""
        for process in self._processes:
            process.start()
        for process in self._processes:
            process.wait()
            self._idle.put(process)

    async def run(self, work: Work) -> Done:
        """Let a process do work; raises the `ProblemError` that it raises, and what `Pool.run` does."""
        done = await self._pool.run(partial(self._ask, work))
        if done.problem:
            raise ProblemError(*done.problem)
        if done.fault:
            raise RuntimeError(f"in a process that reads:\n{done.fault}")
        return done

    def _ask(self, work: Work) -> Done:
        process = self._idle.get()
        try:
            done = process.ask(work)
        except ProblemError:  # nobody has to wait for its successor to be told so
            threading.Thread(target=self._replace, args=(process,), daemon=True).start()
            raise
        self._idle.put(process)
        return done

    def _replace(self, process: _ReaderProcess) -> None:
        try:
            process.begin_anew()
        finally:  # where that has failed, the next work tries again
            self._idle.put(process)

    def close(self) -> None:
        """End the processes, those that still read as well."""
        self._pool.close()
        for process in self._processes:
            process.end()


class _ReaderProcess:
    """One process, which is started anew when it had to be ended or died."""

    def __init__(self, networks: Networks, seconds: float) -> None:
        self._networks, self._seconds = networks, seconds
        self._closed = False

    def start(self) -> None:
        """Start it; it says when it is ready."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._networks), daemon=True)
        with without_interrupts():
            self._process.start()
        theirs.close()

    def wait(self) -> None:
        """Wait until it is ready."""
        if not self._connection.poll(START_SECONDS):
            self._stop()
            raise RuntimeError(f"a process that reads has not started within {START_SECONDS:g} seconds")
        self._connection.recv()

    def ask(self, work: Work) -> Done:
        """What came of work; raises a `ProblemError`: 504 too slow, 422 where it died. Then it is of no more use."""
        try:
            self._connection.send(work)
            if self._connection.poll(self._seconds):
                done: Done = self._connection.recv()
                return done
            problem = ProblemError(504, f"That took longer than {self._seconds:g} seconds; a smaller picture may do.")
        except (EOFError, OSError):
            problem = ProblemError(422, "the picture: could not be read: its decoder failed")
        raise problem

    def begin_anew(self) -> None:
        """Put another process in its place."""
        if self._closed:
            return
        self._stop()
        self.start()
        self.wait()

    def end(self) -> None:
        """End it for good."""
        self._closed = True
        self._stop()

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, networks: Networks) -> None:
    """Do the work that comes in, until the other side closes the connection or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    cv2.setNumThreads(1)
    reader = networks.open()
    try:
        connection.send(None)
        while True:
            connection.send(_done(connection.recv(), reader))
    except (EOFError, OSError):
        return


def _done(work: Work, reader: Reader) -> Done:
    begun = time.perf_counter()
    try:
        content = json.dumps(work(reader), ensure_ascii=False, separators=(",", ":")).encode()
    except ProblemError as problem:
        return Done(problem=(problem.status, problem.detail))
    except Exception:  # told to the other side, whose log it belongs in
        return Done(fault=traceback.format_exc())
    return Done(content, time.perf_counter() - begun)
