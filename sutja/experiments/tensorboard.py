"""Curves for TensorBoard while a training runs."""

from __future__ import annotations

from torch.utils.tensorboard import SummaryWriter

from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.runs.epoch import Epoch


class TensorBoard(Callback):
    """Writes every record into the run folder's `events`, as TensorBoard reads it: `tensorboard --logdir runs`."""

    _writer: SummaryWriter | None = None

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        """Open the events; after an interruption, drop those behind the last kept epoch."""
        self._writer = SummaryWriter(str(planned.folder / "events"), purge_step=start.epochs_done + 1)

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """Write one point of every curve."""
        assert self._writer is not None
        for name, value in vars(record).items():
            if name != "epoch" and value is not None:
                part, _, measure = name.partition("_")
                tag = f"{measure}/{part}" if measure in ("loss", "accuracy") else f"speed/{name}"
                self._writer.add_scalar(tag, value, record.epoch)
        self._writer.flush()

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        """Close the events."""
        if self._writer is not None:
            self._writer.close()
