"""Several runs, compared on the same test digits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import DataError, SutjaError, UsageError
from sutja.evaluation.significance import Comparison, compare
from sutja.models.open import open_run
from sutja.networks.build import load_network
from sutja.reports.pages import NetworksAtWork, write_comparison_report
from sutja.runs.run import Run


def compare_runs(
    runs: Sequence[Run], folder: Path, dataset: Dataset | None = None, language: str = ""
) -> list[Comparison]:
    """Compare every pair of finished runs on the test digits that they share, and write the report into `folder`.

    In the report, each network answers what one draws; some test digits of `dataset`, on which the runs were trained,
    are there to try, or none where it is not at hand. `language` is that of `render_page`.
    Raises what `check_comparable` does, and `DataError` when the runs' labels differ.
    """
    check_comparable(runs, runs[0].data_sha256 if runs else "")
    answers = _right_answers(runs)
    weakest_first = sorted(runs, key=lambda run: run.report.figures["test"].accuracy)
    comparisons = [
        compare(first.recipe.title, second.recipe.title, answers[first.folder], answers[second.folder])
        for first, second in combinations(weakest_first, 2)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    digits = dataset.test if dataset and dataset.sha256 == runs[0].data_sha256 else None
    write_comparison_report(folder, runs, comparisons, _networks_at_work(runs, digits), language)
    return comparisons


def _networks_at_work(runs: Sequence[Run], digits: Digits | None) -> NetworksAtWork:
    """The runs' networks; a network whose weights are lost is `None`, and a line says so."""
    networks: list[tuple[str, nn.Module] | None] = []
    lost = []
    for run in runs:
        try:
            networks.append((run.recipe.title, load_network(open_run(run))))
        except SutjaError as error:
            networks.append(None)
            lost.append(f"{run.recipe.title} is not shown at work: {error}.")
    return NetworksAtWork(networks, digits, lost)


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


def _right_answers(runs: Sequence[Run]) -> dict[Path, NDArray[np.bool_]]:
    """Which test digits each run reads right, by its folder; raises `DataError` when the runs' labels differ."""
    loaded = {run.folder: run.load_logits("test") for run in runs}
    _, shared = loaded[runs[0].folder]
    for folder, (_, labels) in loaded.items():
        if not np.array_equal(labels, shared):
            raise DataError(f"{folder / 'logits.npz'}: its labels differ from those of {runs[0].folder}")
    return {folder: np.asarray(logits.argmax(axis=1) == labels) for folder, (logits, labels) in loaded.items()}
