"""Lines of digits on paper, composed of single digits."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import DataError
from sutja.synth.handwriting import HandwritingStyle
from sutja.synth.lines import LineRenderer


def test_lines_are_the_same_for_the_same_seed_and_have_their_digits(mnist: Dataset) -> None:
    renderer = LineRenderer(mnist.test)
    first, again, other = (
        renderer.draw_line(HandwritingStyle(np.random.default_rng(seed)), "4711") for seed in (3, 3, 4)
    )
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    assert first[1] == again[1] == other[1] == "4711"
    assert first[0].dtype == np.uint8


def test_all_ten_digits_are_needed(few: Dataset) -> None:
    without = few.train.take(np.flatnonzero(~np.isin(few.train.labels, [3, 7])))
    with pytest.raises(DataError, match="missing with ink: 3, 7"):
        LineRenderer(without)
    blank = Digits(np.where((few.train.labels == 5)[:, None, None], np.uint8(0), few.train.images), few.train.labels)
    with pytest.raises(DataError, match="missing with ink: 5"):
        LineRenderer(blank)


def test_an_image_without_ink_is_never_written(few: Dataset) -> None:
    images = few.train.images.copy()
    images[::2] = 0
    renderer = LineRenderer(Digits(images, few.train.labels), drawn=0)
    for seed in range(20):
        style = HandwritingStyle(np.random.default_rng(seed))
        ink, text = renderer.draw_line(style, "8", signs=False)
        assert text == "8"
        assert ink.max() > 100
