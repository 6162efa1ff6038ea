"""Lines of digits on paper, composed of single digits."""

from __future__ import annotations

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import DataError
from sutja.synth.lines import LineRenderer


def test_lines_are_the_same_for_the_same_seed_and_have_their_digits(mnist: Dataset) -> None:
    renderer = LineRenderer(mnist.test)
    first, again, other = (list(renderer.render_lines(np.random.default_rng(seed), 8)) for seed in (3, 3, 4))
    assert [line.text for line in first] == [line.text for line in again] != [line.text for line in other]
    for line, twin in zip(first, again, strict=True):
        assert np.array_equal(line.ink, twin.ink)
        assert line.ink.shape[0] == 32
        assert line.ink.dtype == np.float32
        assert line.gray.dtype == np.uint8
        assert 0 <= line.ink.min() <= line.ink.max() <= 1
        assert line.text == "" or line.text.isdigit()


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
    lines = LineRenderer(Digits(images, few.train.labels), drawn=0).render_lines(np.random.default_rng(0), 20)
    assert len(list(lines)) == 20
