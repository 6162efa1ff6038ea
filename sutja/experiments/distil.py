"""Distillation targets from finished runs, which together are the teacher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from sutja.errors import UsageError
from sutja.experiments.experiment import RunContext
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.device import choose_threads
from sutja.runs.run import Run
from sutja.training.distillation import DistillationTargets, distil, save_targets


def distil_runs(
    runs: Sequence[Run], context: RunContext, path: Path, *, augmentation: str, views: int
) -> Iterator[int]:
    """Store the outputs of finished runs on distorted training digits as distillation targets in `path`.

    Yields the number of each finished view. Raises `UsageError` for runs of other data, unfinished runs and runs that
    read lines.
    """
    for run in runs:
        run.recipe.require_single_digits(run.folder)
        run.require_finished()
        if run.data_sha256 != context.dataset.sha256:
            raise UsageError(f"{run.folder}: was trained on other data than {context.dataset.name}")
    torch.set_num_threads(choose_threads(context.threads))
    networks = [load_network(open_model(run.folder)) for run in runs]
    images = context.dataset.train.images
    log_probabilities = []
    for number, view in enumerate(distil(networks, images, augmentation, views), 1):
        log_probabilities.append(view)
        yield number
    unseen = all(run.recipe.protocol != "final" for run in runs)
    save_targets(DistillationTargets(np.stack(log_probabilities), augmentation, images, unseen), path)
