"""What is called while a training or a study goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sutja.recipe import Recipe
from sutja.runs.epoch import Epoch
from sutja.runs.run import Run, is_run_folder


@dataclass(frozen=True)
class PlannedRun:
    """One training: a recipe with its seed, and the folder of its run."""

    recipe: Recipe
    folder: Path

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.folder.name

    @property
    def run(self) -> Run | None:
        """The run, when it is finished."""
        run = Run.open(self.folder) if is_run_folder(self.folder) else None
        return run if run and run.finished else None


@dataclass(frozen=True)
class TrainingStart:
    """Where a training begins: on which `device`, after `epochs_done` epochs that took `seconds` before.

    `threads` compute at once; `busy` says that other programs made them fewer than they would be.
    """

    device: str
    examples_per_epoch: int
    epochs_done: int
    seconds: float
    threads: int = 1
    busy: bool = False


class Callback:
    """Is called while a training or a study goes on; a subclass overrides what it wants to hear of.

    A single training calls `on_train_begin`, `on_batch_end`, `on_epoch_end` and `on_train_end`; fine-tuning calls
    `on_search_step` before them. A study, whose trainings run in other processes, calls all but `on_batch_end`.
    """

    def on_study_begin(self, planned: Sequence[PlannedRun]) -> None:
        """A study begins with these trainings, some of which may be finished already."""

    def on_search_step(self, done: int, total: int) -> None:
        """So many steps of the search for a writer's style are done."""

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        """A training begins or is resumed."""

    def on_batch_end(self, examples: int) -> None:
        """The network was trained on a batch of `examples`."""

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """An epoch is finished and stored."""

    def on_train_lost(self, planned: PlannedRun, why: str) -> None:
        """A training was lost with its process or node, and is started again after its last stored epoch."""

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        """A training ended: it is finished, or `failure` says why not."""

    def on_study_end(self) -> None:
        """A study ended or was interrupted."""
