"""Full disks: a command says so in one line, leaves nothing half-written, and works when there is room again.

As root, each case has a small file system in memory with little room left. Otherwise no file may grow beyond a limit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np

from benchmarks.faults.jobs import JOBS, Undisturbed, new_folder, recover, run_undisturbed
from benchmarks.faults.outcomes import Outcome, Result
from benchmarks.faults.processes import judge_command, sutja, temporary_files
from benchmarks.faults.session import Measured, Session

DISK_BYTES = 32 << 20
MAX_ROOM_BYTES = 3 << 20  # a trained network with its report needs about as much
FAILURES = (0, 1)  # exit codes: there was room enough, or not
INTERRUPTIBLE = ("train", "export", "read --annotate", "corrections --export", "corrections --delete")


def try_disks(session: Session, part: str) -> Measured:
    """Run commands on disks that fill up."""
    kinds = session.wanted(INTERRUPTIBLE)
    undisturbed = {name: run_undisturbed(JOBS[name], session.folder / "undisturbed", session.trained) for name in kinds}
    return session.try_all(part, session.cases(kinds), partial(_fill, session, undisturbed))


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small file system at a folder; gives whether that was possible."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(session: Session, undisturbed: dict[str, Undisturbed], lane: int, name: str, number: int) -> Result:
    random = np.random.default_rng([session.seed, crc32(name.encode()), number])
    room = int(2 ** random.uniform(0, np.log2(MAX_ROOM_BYTES)))
    job, usual, disk = JOBS[name], undisturbed[name], session.folder / f"disk-{lane}"
    with small_disk(disk) as mounted:
        folder = disk / "work"
        new_folder(job, folder, session.trained)
        filler = disk / "filler"
        if mounted:
            free = os.statvfs(disk)
            filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room)))
        words = job.words(folder, session.trained)
        limit = None if mounted else room
        result = judge_command(sutja(*words, kill_after=usual.hang_seconds, limit_bytes=limit), FAILURES)
        done = f"{room:,} bytes of room"
        if result.outcome not in (Outcome.REFUSED, Outcome.UNCHANGED):
            return Result(result.outcome, f"{done}: {result.detail}")
        if left := temporary_files(folder):
            return Result(Outcome.LEFTOVER, f"{done}: {', '.join(left[:5])}")
        filler.unlink(missing_ok=True)
        recovered = recover(job, folder, session.trained, usual)
        worse = recovered if recovered.outcome != Outcome.UNCHANGED else result
        return Result(worse.outcome, f"{done}: {worse.detail}")
