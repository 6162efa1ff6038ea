"""Several runs, compared on the same test digits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sutja.errors import DataError, UsageError
from sutja.evaluation.significance import Comparison, compare
from sutja.reports.pages import write_comparison_report
from sutja.runs.run import Run


def compare_runs(runs: Sequence[Run], folder: Path) -> list[Comparison]:
    """Compare every pair of finished runs on the test digits that they share, and write the report into `folder`.

    Raises what `check_comparable` does, and `DataError` when the runs' labels differ.
    """
    check_comparable(runs, runs[0].data_sha256 if runs else "")
    labels = [run.load_logits("test")[1] for run in runs]
    for run, own in zip(runs, labels, strict=True):
        if not np.array_equal(own, labels[0]):
            raise DataError(f"{run.folder / 'logits.npz'}: its labels differ from those of {runs[0].folder}")
    weakest_first = sorted(runs, key=lambda run: run.report.figures["test"].accuracy)
    comparisons = [
        compare(first.recipe.title, second.recipe.title, _right(first), _right(second))
        for first, second in combinations(weakest_first, 2)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_comparison_report(folder, runs, comparisons)
    return comparisons


def check_comparable(runs: Sequence[Run], data_sha256: str, *, more: int = 0) -> None:
    """Raises `UsageError` unless all runs read single digits, are finished and were evaluated on that data.

    With `more` to come they have to be two.
    """
    if len(runs) + more < 2:
        raise UsageError("a comparison needs at least two different runs")
    for run in runs:
        run.recipe.require_single_digits(run.folder)
        if run.data_sha256 != data_sha256:
            raise UsageError(f"{run.folder}: was evaluated on other digits than the rest: they cannot be compared")
        run.require_finished()
        run.require("test")


def _right(run: Run) -> NDArray[np.bool_]:
    logits, labels = run.load_logits("test")
    return np.asarray(logits.argmax(axis=1) == labels)
