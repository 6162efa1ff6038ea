"""What a server is told when it is made."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sutja.reading.reader import DEFAULT_CLASSIFIER, DEFAULT_LINE_READER


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """The networks (see `Reader`), the folder of the corrections, and bounds.

    `hosts` are the names under which the server may be called, `None` for all. A request has at most `megabytes`,
    which arrive within `body_seconds` and are read within `reading_seconds`; `workers` pictures are read at
    once while `waiting` more wait.
    """

    model: str | Path = DEFAULT_LINE_READER
    classifier: str | Path = DEFAULT_CLASSIFIER
    corrections: Path = Path("corrections")
    hosts: Collection[str] | None = None
    megabytes: int = 10
    body_seconds: float = 10.0
    reading_seconds: float = 10.0
    workers: int = available_processors()
    waiting: int = 64
