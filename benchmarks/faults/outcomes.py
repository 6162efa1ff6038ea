"""How a case ends, and the counts of many cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sutja.errors import MAX_MESSAGE_CHARACTERS, SutjaError

MAX_FINDINGS = 20  # that are kept of one kind of file; all are counted


class Outcome(StrEnum):
    """How one case ends; everything after `CHANGED` is a fault."""

    REFUSED = "refused"  # in one line, with the right exit code
    UNCHANGED = "unchanged"  # accepted, with the value of the undamaged file
    CHANGED = "changed"  # accepted, with another value, where the format has no checksum
    SILENT = "silent"  # accepted, with another value, in spite of a checksum
    MISREPORTED = "misreported"  # more than one line, a line that is too long, or another exit code
    NOISY = "noisy"  # a library wrote its own lines on standard error
    TRACEBACK = "traceback"
    HANG = "hang"
    MEMORY = "memory"
    LOST = "lost"  # something that was complete before is missing or half-written
    LEFTOVER = "leftover"  # a temporary file or process stays after the next command


FAULTS = tuple(Outcome)[tuple(Outcome).index(Outcome.CHANGED) + 1 :]


@dataclass(frozen=True)
class Result:
    """How a case ended, and in words what was done and what came of it."""

    outcome: Outcome
    detail: str = ""


@dataclass
class Tally:
    """The outcomes of many cases of one kind, and the faults among them, with the command that repeats each."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, str]] = field(default_factory=list)

    def add(self, result: Result, repeat: str) -> None:
        """Count a result; a fault is kept with `repeat`, the command that brings it about again."""
        self.counts[result.outcome] += 1
        if result.outcome in FAULTS and len(self.findings) < MAX_FINDINGS:
            detail = " ".join(result.detail.split())
            self.findings.append({"outcome": result.outcome, "detail": detail, "repeat": repeat})

    @property
    def tried(self) -> int:
        """The number of cases."""
        return self.counts.total()

    @property
    def faults(self) -> int:
        """The number of cases that ended badly."""
        return sum(self.counts[outcome] for outcome in FAULTS)

    def merged(self, earlier: dict[str, Any] | None) -> Tally:
        """The sum of this tally and an `earlier` one, as `to_json` wrote it."""
        before = earlier or {"counts": {}, "findings": []}
        return Tally(self.counts + Counter(before["counts"]), [*before["findings"], *self.findings][:MAX_FINDINGS])

    def to_json(self) -> dict[str, Any]:
        """The counts and the faults as plain values."""
        return {"tried": self.tried, "counts": dict(self.counts), "findings": self.findings}


def judge(read: Callable[[], str], expected: str | None, *, exit_codes: frozenset[int], checksummed: bool) -> Result:
    """Call `read`, which returns the fingerprint of what it reads, and compare it with the `expected` one.

    With `None` anything that is accepted counts as unchanged: only time, memory and messages matter.
    """
    try:
        found = read()
    except SutjaError as error:
        return judge_refusal(str(error), error.exit_code, exit_codes)
    except OSError as error:
        if error.strerror is None:  # the command line prints the others as one line
            return Result(Outcome.TRACEBACK, repr(error)[:300])
        return judge_refusal(f"{error.filename}: {error.strerror}", 1, exit_codes | {1})
    except BaseException as error:
        return Result(Outcome.TRACEBACK, f"{type(error).__name__}: {error}"[:300])
    if expected in (None, found):
        return Result(Outcome.UNCHANGED)
    return Result(Outcome.SILENT if checksummed else Outcome.CHANGED)


def judge_refusal(message: str, code: int, exit_codes: frozenset[int]) -> Result:
    """Whether a refusal is one printable line of moderate length with one of the right exit codes."""
    if code not in exit_codes:
        return Result(Outcome.MISREPORTED, f"exit code {code}: {message[:200]}")
    if not message.isprintable() or not 0 < len(message) <= MAX_MESSAGE_CHARACTERS:
        return Result(Outcome.MISREPORTED, f"{len(message):,} characters: {message[:200]!r}")
    return Result(Outcome.REFUSED, message[:200])
