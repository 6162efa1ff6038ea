"""Curves for TensorBoard while a training runs."""

from __future__ import annotations

from torch.utils.tensorboard import SummaryWriter

from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.runs.epoch import Epoch


class TensorBoard(Callback):
    """Writes every record into the run folder's `events`, as TensorBoard reads it: `tensorboard --logdir runs`."""

    def __init__(self) -> None:
        self._writers: dict[PlannedRun, SummaryWriter] = {}

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        """Open the events; after an interruption, drop those behind the last kept epoch."""
        folder = str(planned.folder / "events")
        self._writers[planned] = SummaryWriter(folder, purge_step=start.epochs_done + 1)

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """Write one point of every curve."""
        writer = self._writers[planned]
        for name, value in vars(record).items():
            if name != "epoch" and value is not None:
                part, _, measure = name.partition("_")
                tag = f"{measure}/{part}" if measure in ("loss", "accuracy") else f"speed/{name}"
                writer.add_scalar(tag, value, record.epoch)
        writer.flush()

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        """Close the events."""
        if writer := self._writers.pop(planned, None):
            writer.close()
