"""The loss, and a training on strips that learns, stops and goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from sutja.data.dataset import Dataset, split
from sutja.errors import UsageError
from sutja.models.ctc import BLANK, decode_greedy, text_of
from sutja.models.onnx_line_network import PAPER_COLUMNS, pad_strips
from sutja.networks.infer import infer_strips
from sutja.networks.line_model import LineReader
from sutja.recipe import RECIPES, Distillation
from sutja.runs.epoch import Epoch
from sutja.synth.strips import TrainingStrip, fixed_strips
from sutja.training import line_trainer as line_training
from sutja.training.line_trainer import MAX_STRIP_LOSS, LineTrainer, StripBatch, as_batch, ctc_loss, strip_losses
from tests.synth.painted import RowPainter, row_painter

pytestmark = pytest.mark.usefixtures("one_thread", "small_epochs")
RECIPE = dataclasses.replace(RECIPES["line-reader"], epochs=2, batch_size=16, precision="float32")


@pytest.fixture(scope="module")
def small_epochs() -> Iterator[None]:
    """Epochs of 64 strips, of which 12 are measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_training, "STRIPS_PER_EPOCH", 64)
        patch.setattr(line_training, "STRIPS_PER_CHUNK", 32)
        patch.setattr(line_training, "MEASURED_STRIPS", 12)
        yield


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def trainer(few: Dataset, **changes: object) -> LineTrainer:
    recipe = dataclasses.replace(RECIPE, **changes)  # type: ignore[arg-type]
    return LineTrainer(recipe, split(few, "validation"), device="cpu", build=row_painter)


@pytest.mark.parametrize("text", ["", "1", "11", "12"])
def test_the_loss_sums_over_all_paths(text: str) -> None:
    """Held against every path of four steps that reads as the text."""
    logits = np.random.default_rng(1).normal(size=(4, BLANK + 1)).astype(np.float32)
    log_odds = logits - np.log(np.exp(logits.astype(np.float64)).sum(axis=1, keepdims=True))
    total = 0.0
    for path in product([1, 2, BLANK], repeat=4):
        sure = np.zeros_like(logits)
        sure[np.arange(4), path] = 9
        if text_of(decode_greedy(sure)) == text:
            total += np.exp(log_odds[np.arange(4), path].sum())
    signs = torch.tensor([int(digit) for digit in text], dtype=torch.long)
    loss = ctc_loss(torch.from_numpy(logits)[None], StripBatch(torch.zeros(1), signs, torch.tensor([len(text)])))
    assert float(loss) == pytest.approx(-np.log(total) / max(1, len(text)), rel=1e-4)


def test_a_strip_too_crowded_to_be_read_counts_nothing() -> None:
    crowded = StripBatch(torch.zeros(1), torch.tensor([1, 1, 1]), torch.tensor([3]))
    assert float(ctc_loss(torch.zeros(1, 2, BLANK + 1), crowded)) == 0


@pytest.mark.parametrize(("train_loss", "counts"), [(None, True), (2.0, True), (0.5, False)])
def test_a_strip_that_cannot_be_read_counts_until_the_network_can_read(
    few: Dataset, monkeypatch: pytest.MonkeyPatch, train_loss: float | None, counts: bool
) -> None:
    training = trainer(few)
    if train_loss is not None:
        training.records.append(Epoch(1, 1.0, 1.0, 0.0, train_loss, 0.5))
    strips = fixed_strips(RowPainter(), 4, 3)
    batch = as_batch([*strips, TrainingStrip(strips[0].pixels, "")])
    sees_nothing = 30 * torch.eye(BLANK + 1)[BLANK].expand(len(batch), batch.strips.shape[3] // 4, -1)
    monkeypatch.setattr(training, "network", lambda strips: sees_nothing)
    assert (strip_losses(sees_nothing, batch) > MAX_STRIP_LOSS).tolist() == [True] * 4 + [False]
    assert bool(training.loss_on_batch(batch) > 1) == counts


def test_a_batch_has_the_signs_of_its_strips() -> None:
    strips = fixed_strips(RowPainter(), 8, 3)
    batch = as_batch(strips)
    assert len(batch) == 8
    longest = max(strip.pixels.shape[2] for strip in strips)
    assert batch.strips.shape == (8, 3, 48, 4 * -(-(longest + PAPER_COLUMNS) // 4))
    assert batch.strips.dtype == torch.float32
    assert batch.lengths.tolist() == [len(strip.text) for strip in strips]
    signs = iter(batch.signs.tolist())
    for strip in strips:
        assert [next(signs) for _ in strip.text] == ["0123456789.,-+/: \ufffd".index(sign) for sign in strip.text]


def test_inference_in_batches_gives_what_each_strip_alone_gives() -> None:
    network = LineReader().eval()
    strips = [strip.pixels for strip in fixed_strips(RowPainter(), 10, 0)]
    for strip, logits in zip(strips, infer_strips(network, strips), strict=True):
        assert logits.shape == (-(-strip.shape[2] // 4), BLANK + 1)
    alone = infer_strips(network, strips[:1])[0]
    with torch.inference_mode():
        expected = network(torch.from_numpy(pad_strips(strips[:1])))[0, : len(alone)].numpy()
    assert np.allclose(alone, expected, atol=1e-5)
    assert infer_strips(network, []) == []


@pytest.fixture(scope="module")
def whole(few: Dataset) -> LineTrainer:
    """Two epochs without a stop."""
    training = trainer(few)
    heard: list[int] = []
    list(training.fit(heard.append))
    assert sum(heard) == 2 * training.examples_per_epoch == 128
    return training


def test_every_epoch_has_its_record(whole: LineTrainer) -> None:
    assert [record.epoch for record in whole.records] == [1, 2]
    assert whole.finished
    for record in whole.records:
        assert record.validation_loss is not None
        assert record.test_loss is None, "the protocol is 'validation'"
    assert whole.records[-1].train_loss < whole.records[0].train_loss


def test_a_resumed_training_has_the_same_bits(whole: LineTrainer, few: Dataset) -> None:
    first, second = trainer(few), trainer(few)
    next(iter(first.fit()))
    second.load_state_dict(first.state_dict())
    list(second.fit())
    assert same(second.result().state_dict(), whole.result().state_dict())
    assert [record.validation_loss for record in second.records] == [record.validation_loss for record in whole.records]


def test_another_seed_has_other_strips_and_weights(whole: LineTrainer, few: Dataset) -> None:
    other = trainer(few, seed=1, epochs=1)
    ours, theirs = (next(iter(training.batches(0))) for training in (whole, other))
    assert ours.strips.shape != theirs.strips.shape or not torch.equal(ours.strips, theirs.strips)
    assert not same(whole.network.state_dict(), other.network.state_dict())


def test_no_two_epochs_have_the_same_strips(whole: LineTrainer) -> None:
    first, second = ([batch.signs.tolist() for batch in whole.batches(epoch)] for epoch in (0, 1))
    assert first != second
    assert sum(map(len, first)) > 64, "more than one sign a strip"


@pytest.mark.parametrize("size", [3, 1000])
def test_the_schedule_ends_with_the_epoch_whatever_the_size_of_a_batch(
    few: Dataset, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where batches do not divide the strips that are made at once."""
    monkeypatch.setattr(line_training, "STRIPS_PER_EPOCH", 16)
    monkeypatch.setattr(line_training, "STRIPS_PER_CHUNK", 8)
    training = trainer(few, epochs=1, batch_size=size)
    asked: list[float] = []

    def remember(progress: float) -> float:
        asked.append(progress)
        return 1e-4

    monkeypatch.setattr(training, "_set_learning_rate", remember)
    training._train_epoch(0, lambda _: None)
    assert asked == pytest.approx([step / len(asked) for step in range(len(asked))])
    assert len(asked) == (6 if size == 3 else 2)


@pytest.mark.parametrize(
    "change",
    [
        {"distillation": Distillation("big")},
        {"augmentation": "affine"},
        {"label_smoothing": 0.1},
        {"hard_example_repeats": 2.0},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_lines_do_not_have_is_refused(few: Dataset, change: dict[str, str | float]) -> None:
    with pytest.raises(UsageError, match="lines have no"):
        trainer(few, **change)
