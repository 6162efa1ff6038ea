"""What many tests share: the real MNIST, and a little of it."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.dataset import Dataset, load_dataset


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The MNIST in the package."""
    return load_dataset()


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    """The first 60 training and 30 test digits of MNIST."""
    return Dataset("small", mnist.train.take(np.arange(60)), mnist.test.take(np.arange(30)))
