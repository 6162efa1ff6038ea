"""The command line as its users start it, with limits, and what is left of it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from benchmarks.faults.outcomes import Outcome, Result
from benchmarks.faults.pool import WAIT_SECONDS, peak_bytes, processor_seconds
from benchmarks.recording import ROOT
from sutja.errors import MAX_MESSAGE_CHARACTERS

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
POLL_SECONDS = 0.01
DRAIN_SECONDS = 1.0
ENDING_SECONDS = 20.0  # that child processes may take to notice on a busy machine that their parent has ended


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (`None`: it was killed), what it printed, its seconds and its peak memory.

    `group` is the number of its process, and of the group of all that it has started.
    """

    group: int
    code: int | None
    out: str
    err: str
    seconds: float
    peak_bytes: int


def start(*words: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command line in a process group of its own; `options` are those of `Popen`."""
    command = [sys.executable, ROOT / "main.py", *words]
    common: dict[str, Any] = {"cwd": ROOT, "env": ENVIRONMENT, "stdin": subprocess.DEVNULL, "start_new_session": True}
    return subprocess.Popen(command, **common | options)


def sutja(
    *words: str | Path,
    kill_after: float = float("inf"),
    hang_seconds: float = float("inf"),
    stdout: int | None = None,
    limit_bytes: int | None = None,
) -> Ended:
    """Run the command line; it writes no file beyond `limit_bytes`.

    It is killed after `kill_after` seconds, or when it hangs: when it has taken `hang_seconds` of processor time, or
    takes none for long.

    Processes that it has started are not killed: see `is_alone`.
    """
    begun, killed, peak = time.monotonic(), False, 0
    prepare = partial(_limit_files, limit_bytes) if limit_bytes is not None else None
    process = start(
        *words, stdout=subprocess.PIPE if stdout is None else stdout, stderr=subprocess.PIPE, preexec_fn=prepare
    )
    out, err = _Drain(process.stdout), _Drain(process.stderr)
    while process.poll() is None:
        peak = max(peak, peak_bytes(process.pid))
        seconds = time.monotonic() - begun
        hangs = hang_seconds < max(processor_seconds(process.pid), seconds - WAIT_SECONDS)
        if not killed and (seconds > kill_after or hangs):
            killed = True
            process.kill()
        time.sleep(POLL_SECONDS)
    code = None if killed and process.returncode == -signal.SIGKILL else process.returncode
    return Ended(process.pid, code, out.text(), err.text(), time.monotonic() - begun, peak)


def _limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class _Drain:
    """What arrives on a pipe; a file would be held to the limit of all files."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream, self._content = stream, bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self._stream is not None:
            with self._stream:
                while chunk := os.read(self._stream.fileno(), 1 << 16):
                    self._content += chunk

    def text(self) -> str:
        """What has arrived when the process has ended; others that it has started may still hold the pipe."""
        self._thread.join(DRAIN_SECONDS)
        return bytes(self._content).decode(errors="replace")


def is_alone(group: int, seconds: float = ENDING_SECONDS) -> bool:
    """Whether all processes of a group end within some seconds; kills those that do not."""
    end = time.monotonic() + seconds
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() > end:
            os.killpg(group, signal.SIGKILL)
            return False
        time.sleep(POLL_SECONDS)


def judge_command(ended: Ended, exit_codes: Sequence[int]) -> Result:
    """Whether a command ended with one of the codes and, where it failed, with one line that says why."""
    if ended.code is None:
        return Result(Outcome.HANG, f"{ended.seconds:.0f} s")
    if "Traceback" in ended.err or ended.code < 0:
        return Result(Outcome.TRACEBACK, f"exit code {ended.code}: {ended.err[-300:]}")
    if ended.code not in exit_codes:
        return Result(Outcome.MISREPORTED, f"exit code {ended.code}: {ended.err[:300]}")
    if ended.code == 0:
        return Result(Outcome.UNCHANGED)
    last = ended.err.strip().rpartition("\n")[2]
    if not last.startswith("sutja: ") or len(last) > len("sutja: ") + MAX_MESSAGE_CHARACTERS or last.endswith("None"):
        return Result(Outcome.MISREPORTED, f"exit code {ended.code}: {ended.err[-300:]}")
    return Result(Outcome.REFUSED, last[:200])


def temporary_files(folder: Path) -> list[str]:
    """The temporary files in a folder: those of `files.py` begin with a dot, those of downloads end in .part."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if (path.name.startswith(".") and path.name != ".lock") or path.suffix == ".part"
    )


def empty(folder: Path) -> None:
    """Empty a folder, or make it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
