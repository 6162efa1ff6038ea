"""Finished runs become a teacher: their answers to distorted training digits are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from sutja.errors import UsageError
from sutja.experiments.experiment import RunContext
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.runs.run import Run
from sutja.training.distillation import Lessons, save_lessons, teach


def distil_runs(
    runs: Sequence[Run], context: RunContext, path: Path, *, augmentation: str, views: int
) -> Iterator[int]:
    """Let finished runs together answer to distorted training digits and keep that in `path`.

    Yields the number of each view that is done. Raises `UsageError` for runs of other data, that are not finished or
    that read lines.
    """
    for run in runs:
        run.recipe.require_single_digits(run.folder)
        run.require_finished()
        if run.data_sha256 != context.dataset.sha256:
            raise UsageError(f"{run.folder}: was trained on other data than {context.dataset.name}")
    torch.set_num_threads(context.threads or torch.get_num_threads())
    networks = [load_network(open_model(run.folder)) for run in runs]
    images = context.dataset.train.images
    answers = []
    for number, answer in enumerate(teach(networks, images, augmentation, views), 1):
        answers.append(answer)
        yield number
    held_out = all(run.recipe.protocol != "final" for run in runs)
    save_lessons(Lessons(np.stack(answers), augmentation, images, held_out), path)
