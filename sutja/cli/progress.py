"""The progress of trainings and studies on standard error: a bar on a terminal, and lines of text everywhere."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sutja.cli.console import remark, remarks
from sutja.experiments.callback import Callback, PlannedRun, TrainingStart
from sutja.reports.tables import percent
from sutja.runs.epoch import Epoch

SLOW_SHARE = 0.5  # of the speed of an earlier epoch: below it, the machine has become busy
MIN_TIMED_SECONDS = 1  # shorter epochs say nothing about the speed of the machine


class TrainingProgress(Callback):
    """Shows loss, accuracy, images per second and the time left: a bar during an epoch, a line after it.

    Before fine-tuning, a bar shows how far the search for the writer's style is.
    """

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def on_search_step(self, done: int, total: int) -> None:
        """Advance the bar of the search on a terminal, and remove it at the end."""
        if self._bar is None and remarks.is_terminal:
            columns = (TextColumn("  {task.description}"), BarColumn(bar_width=28), TimeRemainingColumn())
            self._bar = Progress(*columns, console=remarks, transient=True)
            self._task = self._bar.add_task("style of writing", total=total)
            self._bar.start()
        if self._bar:
            self._bar.update(self._task, completed=done)
        if done == total:
            self.close()

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        """Print what is trained, and start the bar on a terminal."""
        self._epochs = planned.recipe.epochs
        self._images = start.examples_per_epoch
        done = start.epochs_done
        remark(_beginning(planned, start))
        if start.busy:
            remark(f"  other programs are busy: {_threads(start.threads)}; --threads chooses another number")
        self._threads, self._fastest = start.threads, 0.0
        self._first = done
        self._started = time.perf_counter()
        self._trained = 0
        if remarks.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(bar_width=28), TextColumn("{task.fields[speed]}"))
            self._bar = Progress(*columns, console=remarks, transient=True)
            self._task = self._begin_epoch(done + 1)
            self._bar.start()

    def on_batch_end(self, examples: int) -> None:
        """Advance the bar."""
        self._trained += examples
        if self._bar:
            self._bar.update(self._task, advance=examples, speed=self._speed())

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """Print the line of an epoch."""
        remark(
            f"  epoch {record.epoch:{len(str(self._epochs))}d}/{self._epochs}"
            f"  loss {_both(record.train_loss, record.validation_loss, '{:.4f}')}"
            f"  accuracy {_both(record.train_accuracy, record.validation_accuracy, '{:.2%}')}"
            f"  {record.images_per_second:,.0f} images/s, {self._left(record.epoch)}"
        )
        self._compare_speed(record.images_per_second)
        if self._bar:
            self._bar.remove_task(self._task)
            if record.epoch < self._epochs:
                self._task = self._begin_epoch(record.epoch + 1)

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        """Remove the bar."""
        self.close()

    def close(self) -> None:
        """Remove the bar, if there is one."""
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _compare_speed(self, images_per_second: float) -> None:
        """Say once that an epoch was much slower than an earlier one, where fewer threads may help."""
        if self._images / images_per_second < MIN_TIMED_SECONDS:
            return
        if self._threads > 1 and images_per_second < SLOW_SHARE * self._fastest:
            remark(f"  busy machine? try --threads 1: it did {self._fastest:,.0f} images/s before")
            self._threads = 1  # once is enough
        self._fastest = max(self._fastest, images_per_second)

    def _begin_epoch(self, number: int) -> TaskID:
        assert self._bar is not None
        return self._bar.add_task(f"  epoch {number}/{self._epochs}", total=self._images, speed="")

    def _speed(self) -> str:
        elapsed = time.perf_counter() - self._started
        return f"{self._trained / elapsed:,.0f} images/s, {self._left(self._first + self._trained / self._images)}"

    def _left(self, epochs_done: float) -> str:
        elapsed = time.perf_counter() - self._started
        seconds = elapsed / max(epochs_done - self._first, 1e-9) * (self._epochs - epochs_done)
        return f"{seconds // 60:.0f}:{seconds % 60:02.0f} left"


class StudyProgress(Callback):
    """Shows a bar over all epochs of a study on a terminal, elsewhere a line for each finished run."""

    def on_study_begin(self, planned: Sequence[PlannedRun]) -> None:
        """Print the number of runs, and start the bar on a terminal."""
        runs = {job: job.run for job in planned}
        self._count, self._ended = len(planned), sum(run is not None for run in runs.values())
        self._done = {job: job.recipe.epochs if run else 0 for job, run in runs.items()}
        finished = f", {self._ended} of them finished already" if self._ended else ""
        remark(f"{len(planned)} run{'s' if len(planned) > 1 else ''}{finished}")
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.completed:.0f}/{task.total:.0f} epochs"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=remarks, transient=True, disable=not remarks.is_terminal)
        self._task = self._bar.add_task(self._runs, total=sum(job.recipe.epochs for job in planned))
        self._bar.start()
        self._show()

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        """Count the epochs of an earlier, interrupted training as done."""
        self._done[planned] = start.epochs_done
        self._show()

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """Advance the bar."""
        self._done[planned] = record.epoch
        self._show()

    def on_train_lost(self, planned: PlannedRun, why: str) -> None:
        """Say what was lost."""
        remark(f"  {planned.name}: lost, and goes on after epoch {self._done[planned]}: {why}")

    def on_train_end(self, planned: PlannedRun, failure: str | None) -> None:
        """Print a line: for a failure always, else only where there is no bar."""
        self._ended += failure is None
        self._done[planned] = planned.recipe.epochs  # also those that early stopping or a failure skips
        self._show()
        if failure:
            remark(f"  {planned.name}: failed: {failure}")
        elif not remarks.is_terminal:
            remark(f"  {_result(planned)} ({self._runs})")

    def on_study_end(self) -> None:
        """Remove the bar."""
        self._bar.stop()

    @property
    def _runs(self) -> str:
        return f"{self._ended} of {self._count} runs"

    def _show(self) -> None:
        self._bar.update(self._task, completed=sum(self._done.values()), description=self._runs)


class CompareProgress(StudyProgress):
    """What `StudyProgress` shows of trainings that run at once, and a line for each of their epochs."""

    def on_train_begin(self, planned: PlannedRun, start: TrainingStart) -> None:
        """Print what is trained."""
        super().on_train_begin(planned, start)
        remark(_beginning(planned, start))

    def on_epoch_end(self, planned: PlannedRun, record: Epoch) -> None:
        """Print the line of an epoch, which begins with the network, and advance the bar."""
        super().on_epoch_end(planned, record)
        width = max(len(job.recipe.title) for job in self._done)
        epochs = planned.recipe.epochs
        remark(
            f"  {planned.recipe.title:{width}}  {record.epoch:{len(str(epochs))}d}/{epochs}"
            f"  loss {_both(record.train_loss, record.validation_loss, '{:.4f}')}"
            f"  accuracy {_both(record.train_accuracy, record.validation_accuracy, '{:.2%}')}"
        )


def _beginning(planned: PlannedRun, start: TrainingStart) -> str:
    """What is trained, how long, on what, and where to."""
    epochs = planned.recipe.epochs
    how = f"continues after epoch {start.epochs_done}" if start.epochs_done else f"{epochs} epoch{'s'[: epochs > 1]}"
    return f"{planned.recipe.title}: {how} on {start.device} → {planned.folder}"


def _result(planned: PlannedRun) -> str:
    run = planned.run
    assert run is not None
    accuracy = run.report.figures[run.evaluated_on].accuracy
    return f"{planned.name}: {percent(accuracy)} {run.evaluated_on} accuracy, {run.report.seconds:.0f} s"


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"


def _both(training: float, validation: float | None, form: str) -> str:
    """A value on the training digits and, if there are any, on the validation digits."""
    text = f"{form.format(training)} training"
    return text if validation is None else f"{text}, {form.format(validation)} validation"
