"""Lines composed by another process: the same for the same seed, and one clear line when that process is ended."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import SutjaError
from sutja.synth.prefetch import Composer


def test_chunks_are_the_same_in_any_order_until_the_process_is_ended(few: Dataset) -> None:
    composer = Composer(few.train, seed=3, size=4)
    first, second = composer.take(0, then=1), composer.take(1)
    again = composer.take(0)
    for line, same in zip(first, again, strict=True):
        assert line.text == same.text
        assert np.array_equal(line.ink, same.ink)
    assert [line.text for line in first] != [line.text for line in second]
    for process in composer._pool._processes:
        os.kill(process, signal.SIGTERM)
    with pytest.raises(SutjaError, match="ended from outside"):
        for number in range(2, 5):
            composer.take(number)
    composer.close()
