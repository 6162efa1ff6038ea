"""The ONNX line network: batches of lines of several widths, and files that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.errors import ModelFileError
from sutja.models.card import read_card
from sutja.models.catalogue import WEIGHTS
from sutja.models.onnx_line_network import MAX_BATCH_COLUMNS, LineNetwork, in_batches, pad_lines


def column_means(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network whose logits at every step are the mean of its four columns."""
    count, _, _, width = batch.shape
    means = batch.reshape(count, 32, width // 4, 4).mean(axis=(1, 3))
    return np.repeat(means[:, :, None], 11, axis=2)


@given(st.lists(st.integers(1, 900), max_size=40))
def test_the_logits_of_a_line_do_not_depend_on_its_batch(widths: list[int]) -> None:
    lines = [np.full((32, width), 1 + number, np.float32) for number, width in enumerate(widths)]
    sizes: list[int] = []

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        sizes.append(batch.shape[0] * batch.shape[3])
        return column_means(batch)

    answers = in_batches(lines, run)
    for number, (width, answer) in enumerate(zip(widths, answers, strict=True)):
        assert answer.shape == (-(-width // 4), 11)
        assert np.allclose(answer[: width // 4], 1 + number)
    assert all(size <= MAX_BATCH_COLUMNS + 200 for size in sizes), "the size of a batch is bounded"


def test_lines_are_padded_with_paper() -> None:
    batch = pad_lines([np.ones((32, 5), np.float32), np.ones((32, 9), np.float32)])
    assert batch.shape == (2, 1, 32, 12)
    assert batch[0, 0, :, 5:].max() == batch[1, 0, :, 9:].max() == 0
    assert batch.sum() == 32 * 14


def test_the_published_network_reads_several_widths_at_once() -> None:
    path = WEIGHTS / "line-reader.onnx"
    card = read_card(path)
    network = LineNetwork(path, temperature=card.temperature, sha256=card.files[path.name])
    rng = np.random.default_rng(0)
    lines = [rng.random((32, width), dtype=np.float32) for width in (7, 64, 300, 70)]
    for line, logits in zip(lines, network.logits(lines), strict=True):
        assert logits.shape == (-(-line.shape[1] // 4), 11)
        assert np.isfinite(logits).all()
    assert network.logits([]) == []
    assert network.read([np.zeros((32, 80), np.float32)]) == [[]], "paper"


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"convnet\.onnx: not a network for lines"):
        LineNetwork(WEIGHTS / "convnet.onnx")
    with pytest.raises(ModelFileError, match="no such model file"):
        LineNetwork(tmp_path / "none.onnx")
    with pytest.raises(ModelFileError, match="its SHA-256 is not the recorded one"):
        LineNetwork(WEIGHTS / "line-reader.onnx", sha256="0" * 64)
