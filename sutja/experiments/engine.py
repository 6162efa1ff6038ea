"""Where the trainings of a study run: an engine trains several at once and reports what happens.

There are two: processes of this machine (`process_engine`), and the nodes of a Ray cluster (`ray_engine`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from sutja.experiments.callback import PlannedRun

Message = tuple[PlannedRun, dict[str, Any]]  # as `worker` writes them; at last {"end": why it failed, or ""}


class Engine(ABC):
    """Trains runs in other processes, each into its run folder on this machine."""

    @property
    @abstractmethod
    def capacity(self) -> int:
        """How many runs to start before the first of them ends."""

    @abstractmethod
    def start(self, planned: PlannedRun) -> None:
        """Train a run, or go on after its last stored epoch."""

    @abstractmethod
    def next_message(self) -> Message:
        """Wait for the next message of a run; the last one of each has the key "end"."""

    @abstractmethod
    def stop(self) -> None:
        """Let what is still training store its last epoch, and wait until it has ended."""
