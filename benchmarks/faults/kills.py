"""Kills at random moments: afterwards everything is whole, and the next command ends as if nothing had happened."""

from __future__ import annotations

from functools import partial
from zlib import crc32

import numpy as np

from benchmarks.faults.jobs import JOBS, Undisturbed, new_folder, recover, run_undisturbed
from benchmarks.faults.outcomes import Outcome, Result
from benchmarks.faults.processes import is_alone, sutja
from benchmarks.faults.server import encoded_digit
from benchmarks.faults.serving import kill_server
from benchmarks.faults.session import Measured, Session

SERVE = "serve"
KILLED_PART = (0.3, 1.05)  # of the time that a command takes undisturbed: before that it only imports


def try_kills(session: Session, part: str) -> Measured:
    """Kill each command at random moments."""
    kinds = session.wanted([*JOBS, SERVE])
    undisturbed = {
        name: run_undisturbed(JOBS[name], session.folder / "undisturbed", session.trained)
        for name in kinds
        if name != SERVE
    }
    return session.try_all(part, session.cases(kinds), partial(_kill, session, undisturbed))


def _kill(session: Session, undisturbed: dict[str, Undisturbed], lane: int, name: str, number: int) -> Result:
    random = np.random.default_rng([session.seed, crc32(name.encode()), number])
    folder = session.folder / f"kills-{lane}"
    if name == SERVE:
        return kill_server(folder, encoded_digit(), random)
    job, usual = JOBS[name], undisturbed[name]
    new_folder(job, folder, session.trained)
    moment = float(random.uniform(*KILLED_PART)) * usual.seconds
    ended = sutja(*job.words(folder, session.trained), kill_after=moment)
    done = f"killed after {moment:.2f} s" if ended.code is None else "ended before it was killed"
    if not is_alone(ended.group):
        return Result(Outcome.LEFTOVER, f"{done}: processes go on")
    result = recover(job, folder, session.trained, usual)
    return Result(result.outcome, f"{done}: {result.detail}")
