"""Worker processes that read damaged files, watched from outside: one that hangs or grows too large is killed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from zlib import crc32

import numpy as np

from benchmarks.faults.fingerprint import fingerprint
from benchmarks.faults.forms import Form
from benchmarks.faults.outcomes import Outcome, Result, judge

HANG_SECONDS = 10.0  # of processor time for one file, which a busy machine does not prolong
WAIT_SECONDS = 300.0  # for a file that takes no processor time
MAX_GROWTH_BYTES = 1 << 30  # of a worker while it reads one file
START_SECONDS = 600.0
POLL_SECONDS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def resident_bytes(process: int) -> int:
    """The memory that a process has in RAM; 0 if there is no such process."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


def peak_bytes(process: int) -> int:
    """The most memory that a process has had in RAM since it began or its peak was reset; 0 if it is not there.

    `wait4` does not give the peak of the process alone: its figure starts at that of the parent.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def processor_seconds(process: int) -> float:
    """The processor time that all threads of a process have taken; 0 if there is no such process."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


class Worker:
    """A process that reads damaged files. It is started when first needed, and again when it was killed or died."""

    def __init__(self, samples: Path, folder: Path) -> None:
        """`samples` has a folder for each form; the process works in `folder`."""
        self._samples, self._folder = samples, folder
        self._process: multiprocessing.process.BaseProcess | None = None

    def run(self, form: str, seed: int, number: int) -> Result:
        """Damage and read the sample of a form; `seed` and `number` decide which file of it is damaged, and how."""
        if self._process is None:
            self._start()
        assert self._process is not None
        process, before = self._process, resident_bytes(self._process.pid or 0)
        try:
            self._connection.send((form, seed, number))
            return self._watch(before)
        except (EOFError, OSError):
            self.close()
            return Result(Outcome.TRACEBACK, f"the process died with exit code {process.exitcode}")

    def _watch(self, before: int) -> Result:
        """Wait for the result of a case; kill the process when the case takes too long or too much memory."""
        assert self._process is not None
        process = self._process.pid or 0
        end, taken, largest = time.monotonic() + WAIT_SECONDS, processor_seconds(process), before
        while not self._connection.poll(POLL_SECONDS):
            largest = max(largest, resident_bytes(process))
            if largest - before > MAX_GROWTH_BYTES:
                self.close()
                return Result(Outcome.MEMORY, f"more than {MAX_GROWTH_BYTES >> 20} MB")
            if processor_seconds(process) - taken > HANG_SECONDS or time.monotonic() > end:
                self.close()
                return Result(Outcome.HANG, f"more than {HANG_SECONDS:g} s")
        result, peak = self._connection.recv()
        if peak - before > MAX_GROWTH_BYTES:
            return Result(Outcome.MEMORY, f"{(peak - before) >> 20} MB")
        assert isinstance(result, Result)
        return result

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._samples, self._folder), daemon=True)
        self._process.start()
        theirs.close()
        assert self._connection.poll(START_SECONDS), "a worker has not started"
        self._connection.recv()

    def close(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None


def _work(connection: Connection, samples: Path, folder: Path) -> None:
    """Read damaged files until the connection is closed."""
    from benchmarks.faults.bombs import BOMBS
    from benchmarks.faults.samples import FORMS
    from sutja.processes import prepare_process

    prepare_process()
    folder.mkdir(parents=True, exist_ok=True)
    noise = os.open(folder / "stderr", os.O_CREAT | os.O_RDWR | os.O_TRUNC | os.O_APPEND)
    os.dup2(noise, 2)
    benches: dict[str, Bench] = {}
    forms = FORMS | BOMBS
    connection.send(None)
    while True:
        try:
            name, seed, number = connection.recv()
        except (EOFError, OSError):
            return
        if name not in benches:
            benches[name] = Bench(forms[name], samples / name, folder / f"{crc32(name.encode()):08x}")
        os.ftruncate(noise, 0)
        _reset_peak()
        result = benches[name].run(seed, number)
        sys.stderr.flush()
        if result.outcome in (Outcome.REFUSED, Outcome.UNCHANGED, Outcome.CHANGED) and os.fstat(noise).st_size:
            lines = os.pread(noise, 200, 0).decode(errors="replace")
            result = Result(Outcome.NOISY, f"{result.outcome}, {result.detail}; on standard error: {lines}")
        connection.send((result, peak_bytes(os.getpid())))


class Bench:
    """A working copy of a form's sample, in which one file at a time is damaged, read, and put right again."""

    def __init__(self, form: Form, sample: Path, folder: Path) -> None:
        """Copies `sample` to `folder`, and reads it."""
        shutil.rmtree(folder, ignore_errors=True)
        self._form = form
        self.folder = folder
        shutil.copytree(sample, self.folder, symlinks=True)
        self._expected = fingerprint(form.read(self.folder)) if form.damage else None
        found = (path for pattern in form.files for path in self.folder.glob(pattern) if path.is_file())
        self._contents = {path: path.read_bytes() for path in sorted(found, key=_content_order)} if form.damage else {}

    def run(self, seed: int, number: int) -> Result:
        """Damage a file as `seed` and `number` say, read the sample, and restore it."""
        path, done = self.damage(seed, number)
        try:
            result = judge(
                lambda: fingerprint(self._form.read(self.folder)),
                self._expected,
                exit_codes=self._form.exit_codes,
                checksummed=self._form.checksummed,
            )
        finally:
            if path is not None:
                path.write_bytes(self._contents[path])
        return Result(result.outcome, f"{done}: {result.detail}" if done else result.detail)

    def damage(self, seed: int, number: int) -> tuple[Path | None, str]:
        """Damage a file; returns it, and in words what was done. A hostile sample stays as it is."""
        if self._form.damage is None:
            return None, ""
        random = np.random.default_rng([seed, crc32(self._form.name.encode()), number])
        path = list(self._contents)[int(random.integers(len(self._contents)))]
        kind, content = self._form.damage(self._contents[path], random)
        path.write_bytes(content)
        return path, f"{kind} in {path.name}"


def _content_order(path: Path) -> tuple[str, bytes]:
    """A key that sorts files by content: some names are random."""
    return path.suffix, path.read_bytes()


def _reset_peak() -> None:
    """Let the kernel measure the peak of this process's memory from now on."""
    Path("/proc/self/clear_refs").write_text("5")
