"""What documents are painted from in tests: digits of MNIST, with a font that comes with Matplotlib and without any."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.synth.documents.fonts import Fonts
from sutja.synth.documents.writers import DigitShapes, Sources
from tests.synth.documents.sheets import DEJAVU


@pytest.fixture(scope="session")
def shapes(mnist: Dataset) -> DigitShapes:
    return DigitShapes(mnist.train.take(np.arange(300)))


@pytest.fixture(scope="session", params=["no fonts", "a font"])
def sources(shapes: DigitShapes, request: pytest.FixtureRequest) -> Sources:
    fonts = Fonts.none() if request.param == "no fonts" else Fonts((DEJAVU,), (DEJAVU,), (DEJAVU,))
    return Sources(shapes, fonts)
