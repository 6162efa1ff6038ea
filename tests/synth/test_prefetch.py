"""Lines rendered in another process: reproducible, with a clear error if the process is killed."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.errors import SutjaError
from sutja.synth.prefetch import LinePrefetcher


def test_chunks_are_the_same_in_any_order_until_the_process_is_killed(few: Dataset) -> None:
    prefetcher = LinePrefetcher(few.train, seed=3, size=4)
    first, second = prefetcher.take(0, prefetch=1), prefetcher.take(1)
    again = prefetcher.take(0)
    for line, same in zip(first, again, strict=True):
        assert line.text == same.text
        assert np.array_equal(line.ink, same.ink)
    assert [line.text for line in first] != [line.text for line in second]
    for process in prefetcher._pool._processes:
        os.kill(process, signal.SIGTERM)
    with pytest.raises(SutjaError, match="was killed"):
        for number in range(2, 5):
            prefetcher.take(number)
    prefetcher.close()
