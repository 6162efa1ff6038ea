"""What many tests share: the real MNIST, a little of it, and what was trained on that."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sutja.dataset import Dataset, load_dataset
from sutja.experiment import Workplace, train
from sutja.export import export_run
from sutja.recipe import RECIPES
from sutja.run import Run


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The MNIST in the package."""
    return load_dataset()


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    """The first 60 training and 30 test digits of MNIST."""
    return Dataset("small", mnist.train.take(np.arange(60)), mnist.test.take(np.arange(30)))


@pytest.fixture(scope="session")
def few(mnist: Dataset) -> Dataset:
    """The first 240 training and 100 test digits of MNIST: enough to learn something from in a second."""
    return Dataset("few", mnist.train.take(np.arange(240)), mnist.test.take(np.arange(100)))


@pytest.fixture(scope="session")
def counterparts(few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """An MLP trained on a little of MNIST by the protocols that belong together, by their names."""
    workplace = Workplace(few, tmp_path_factory.mktemp("counterparts"), "cpu", 1)
    recipe = dataclasses.replace(RECIPES["mlp"], epochs=5, batch_size=16)
    return {each: train(dataclasses.replace(recipe, protocol=each), workplace) for each in ("held-out", "final")}


@pytest.fixture(scope="session")
def published(counterparts: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of a published model, its card beside it."""
    folder = tmp_path_factory.mktemp("published")
    card = export_run(counterparts["final"], folder, held_out=counterparts["held-out"])
    return folder / f"{card.name}.onnx"
