"""Curves for TensorBoard while a training runs."""

from __future__ import annotations

from torch.utils.tensorboard import SummaryWriter

from sutja.experiments.experiment import Observer
from sutja.runs.run import Run
from sutja.training.trainer import Epoch, Schooling


class Tracking(Observer):
    """Writes every record into the run folder's `events`, as TensorBoard reads it: `tensorboard --logdir runs`."""

    def start(self, run: Run, training: Schooling) -> None:
        """Open the events; after an interruption, what lies behind the last kept epoch is dropped."""
        self._writer = SummaryWriter(str(run.folder / "events"), purge_step=len(training.records) + 1)

    def epoch(self, record: Epoch) -> None:
        """Write one point of every curve."""
        for name, value in vars(record).items():
            if name != "epoch" and value is not None:
                part, _, measure = name.partition("_")
                tag = f"{measure}/{part}" if measure in ("loss", "accuracy") else f"speed/{name}"
                self._writer.add_scalar(tag, value, record.epoch)
        self._writer.flush()

    def finish(self) -> None:
        """Close the events."""
        self._writer.close()
