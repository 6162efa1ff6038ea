"""What all samples are made of: a few digits, results of a study and, where they are needed, trained networks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recording import RESULTS
from sutja.data.dataset import Dataset, load_dataset, save_dataset
from sutja.recipe import get_recipe

RECIPE = "lenet5"


@dataclass(frozen=True)
class Material:
    """A folder with `digits.npz` and, for the parts that need them, the run folder `run` and `ensemble`."""

    folder: Path
    dataset: Dataset

    @property
    def data(self) -> Path:
        """The file of the data set."""
        return self.folder / "digits.npz"

    @property
    def results(self) -> Path:
        """A file of results."""
        return RESULTS / "study.csv"


def make_material(folder: Path, *, train: bool = False) -> Material:
    """Prepare what samples are made of in an empty folder; `train` two networks for samples of run folders."""
    mnist = load_dataset()
    dataset = Dataset("digits", mnist.train.take(np.arange(120)), mnist.test.take(np.arange(40)))
    material = Material(folder, dataset)
    save_dataset(dataset, material.data, file_format="npz")
    if train:
        _train(material)
    return material


def _train(material: Material) -> None:
    from sutja.experiments.ensemble import build_ensemble
    from sutja.experiments.experiment import RunContext, train

    context = RunContext(load_dataset(material.data), material.folder / "runs", "cpu", 1)
    recipe = dataclasses.replace(get_recipe(RECIPE), epochs=2, batch_size=32)
    runs = [train(dataclasses.replace(recipe, seed=seed), context) for seed in (0, 1)]
    build_ensemble(runs, context.dataset, material.folder / "ensemble")
    runs[0].folder.rename(material.folder / "run")
