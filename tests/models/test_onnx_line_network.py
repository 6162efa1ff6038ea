"""The ONNX line network: batches of strips of several widths, and files that are refused."""

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
from sutja.models.onnx_line_network import MAX_BATCH_COLUMNS, PAPER_COLUMNS, LineNetwork, in_batches, pad_strips


def column_means(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network whose logits at every step are the mean of its four columns."""
    count, _, _, width = batch.shape
    means = batch.reshape(count, 3 * 48, width // 4, 4).mean(axis=(1, 3))
    return np.repeat(means[:, :, None], 19, axis=2)


@given(st.lists(st.integers(1, 900), max_size=40))
def test_the_logits_of_a_strip_do_not_depend_on_its_batch(widths: list[int]) -> None:
    strips = [np.full((3, 48, width), 1 + number, np.float32) for number, width in enumerate(widths)]
    sizes: list[int] = []

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        sizes.append(batch.shape[0] * batch.shape[3])
        return column_means(batch)

    answers = in_batches(strips, run)
    for number, (width, answer) in enumerate(zip(widths, answers, strict=True)):
        assert answer.shape == (-(-width // 4), 19)
        assert np.allclose(answer[: width // 4], 1 + number)
    assert all(size <= MAX_BATCH_COLUMNS + 200 for size in sizes), "the size of a batch is bounded"


def test_strips_are_padded_with_paper() -> None:
    batch = pad_strips([np.ones((3, 48, 5), np.float32), np.ones((3, 48, 9), np.float16)])
    assert batch.shape == (2, 3, 48, 12 + PAPER_COLUMNS)
    assert batch.dtype == np.float32
    assert batch[0, :, :, 5:].max() == batch[1, :, :, 9:].max() == 0
    assert batch.sum() == 3 * 48 * 14


def test_the_published_network_reads_several_widths_at_once() -> None:
    path = WEIGHTS / "line-reader.onnx"
    card = read_card(path)
    network = LineNetwork(path, temperature=card.temperature, sha256=card.files[path.name])
    rng = np.random.default_rng(0)
    strips = [rng.random((3, 48, width), dtype=np.float32) for width in (7, 64, 300, 70)]
    for strip, logits in zip(strips, network.logits(strips), strict=True):
        assert logits.shape == (-(-strip.shape[2] // 4), 19)
        assert np.isfinite(logits).all()
    assert network.logits([]) == []
    assert network.read([np.zeros((3, 48, 80), np.float32)]) == [[]], "paper"


def test_the_published_network_reads_a_strip_alone_as_in_any_batch() -> None:
    network = LineNetwork(WEIGHTS / "line-reader.onnx")
    strips = [-np.random.default_rng(width).random((3, 48, width), dtype=np.float32) for width in (200, 203, 230, 250)]
    for strip, together in zip(strips, network.logits(strips), strict=True):
        assert network.logits([strip])[0] == pytest.approx(together, abs=1e-3)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"convnet\.onnx: not a network for lines"):
        LineNetwork(WEIGHTS / "convnet.onnx")
    with pytest.raises(ModelFileError, match="no such model file"):
        LineNetwork(tmp_path / "none.onnx")
    with pytest.raises(ModelFileError, match="its SHA-256 is not the recorded one"):
        LineNetwork(WEIGHTS / "line-reader.onnx", sha256="0" * 64)
