"""Lines to train on, the loss, the decoding, and a training that learns, stops and goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from sutja.data.dataset import Dataset, split
from sutja.data.digits import Digits
from sutja.errors import DataError, UsageError
from sutja.export.lines import fixed_lines
from sutja.models.ctc import BLANK, decode_greedy
from sutja.models.onnx_line_network import pad_lines
from sutja.networks.infer import infer_lines
from sutja.networks.line_model import LineReader
from sutja.recipe import RECIPES, Distillation
from sutja.synth.lines import LineRenderer
from sutja.training import line_trainer as line_training
from sutja.training.line_trainer import LineBatch, LineTrainer, as_batch, ctc_loss, read_text

pytestmark = pytest.mark.usefixtures("one_thread", "small_epochs")
RECIPE = dataclasses.replace(RECIPES["line-reader"], epochs=2, batch_size=16)


@pytest.fixture(scope="module")
def small_epochs() -> Iterator[None]:
    """Epochs of 64 lines, of which 12 are measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_training, "LINES_PER_EPOCH", 64)
        patch.setattr(line_training, "LINES_PER_CHUNK", 32)
        patch.setattr(line_training, "MEASURED_LINES", 12)
        yield


def logits_of(places: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The logits of a line whose places have these best classes."""
    logits = np.zeros((len(places), 11), np.float32)
    logits[np.arange(len(places)), places] = 4
    return logits


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("places", "text"),
    [
        ([], ""),
        ([BLANK, BLANK], ""),
        ([1], "1"),
        ([1, 1, 1], "1"),
        ([1, BLANK, 1], "11"),
        ([1, 1, 2, BLANK, BLANK, 2, 0], "1220"),
        ([BLANK, 9, 9, BLANK], "9"),
    ],
)
def test_what_repeats_counts_once_and_nothing_parts(places: list[int], text: str) -> None:
    assert read_text(logits_of(places)) == text


def test_a_digit_has_its_columns_and_the_probabilities_of_its_clearest_place() -> None:
    logits = logits_of([BLANK, 3, 3, BLANK])
    logits[2, 3] = 6
    (digit,) = decode_greedy(logits)
    assert (digit.start, digit.stop, digit.digit) == (4, 12, 3)
    assert digit.confidence == pytest.approx(np.exp(6) / (np.exp(6) + 10))
    assert digit.probabilities.shape == (10,)
    assert digit.probabilities.sum() == pytest.approx((np.exp(6) + 9) / (np.exp(6) + 10))
    assert decode_greedy(logits, 2.0)[0].confidence == pytest.approx(np.exp(3) / (np.exp(3) + 10))


@pytest.mark.parametrize("text", ["", "1", "11", "12"])
def test_the_loss_sums_over_all_paths(text: str) -> None:
    """Held against every path of four places that reads as the text."""
    logits = np.random.default_rng(1).normal(size=(4, 11)).astype(np.float32)
    log_odds = logits - np.log(np.exp(logits.astype(np.float64)).sum(axis=1, keepdims=True))
    total = sum(
        np.exp(sum(log_odds[place, each] for place, each in enumerate(path)))
        for path in product([1, 2, BLANK], repeat=4)
        if read_text(logits_of(list(path))) == text
    )
    digits = torch.tensor([int(digit) for digit in text], dtype=torch.long)
    loss = ctc_loss(torch.from_numpy(logits)[None], LineBatch(torch.zeros(1), digits, torch.tensor([len(text)])))
    assert float(loss) == pytest.approx(-np.log(total) / max(1, len(text)), rel=1e-4)


def test_a_line_too_crowded_to_be_read_counts_nothing() -> None:
    crowded = LineBatch(torch.zeros(1), torch.tensor([1, 1, 1]), torch.tensor([3]))
    assert float(ctc_loss(torch.zeros(1, 2, 11), crowded)) == 0


def test_lines_are_the_same_for_the_same_seed_and_have_their_digits(mnist: Dataset) -> None:
    first, again, other = (fixed_lines(mnist.test, 8, seed) for seed in (3, 3, 4))
    assert [line.text for line in first] == [line.text for line in again] != [line.text for line in other]
    for line, twin in zip(first, again, strict=True):
        assert np.array_equal(line.ink, twin.ink)
        assert line.ink.shape[0] == 32
        assert line.ink.dtype == np.float32
        assert line.gray.dtype == np.uint8
        assert 0 <= line.ink.min() <= line.ink.max() <= 1
        assert line.text == "" or line.text.isdigit()
    batch = as_batch(first)
    assert batch.lines.shape == (8, 1, 32, pad_lines([line.ink for line in first]).shape[3])
    assert batch.lengths.tolist() == [len(line.text) for line in first]
    assert "".join(map(str, batch.digits.tolist())) == "".join(line.text for line in first)


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
    assert (
        len(list(LineRenderer(Digits(images, few.train.labels), drawn=0).render_lines(np.random.default_rng(0), 20)))
        == 20
    )


def test_inference_in_batches_gives_what_each_line_alone_gives(few: Dataset) -> None:
    network = LineReader().eval()
    lines = [line.ink for line in fixed_lines(few.train, 10, 0)]
    for line, logits in zip(lines, infer_lines(network, lines), strict=True):
        assert logits.shape == (-(-line.shape[1] // 4), 11)
    alone = infer_lines(network, lines[:1])[0]
    wide = np.pad(lines[0], ((0, 0), (0, -lines[0].shape[1] % 4)))
    with torch.inference_mode():
        expected = network(torch.from_numpy(wide)[None, None])[0].numpy()
    assert np.allclose(alone, expected, atol=1e-5)
    assert infer_lines(network, []) == []


@pytest.fixture(scope="module")
def whole(few: Dataset) -> LineTrainer:
    """Two epochs without a stop."""
    training = LineTrainer(RECIPE, split(few, "validation"), device="cpu")
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
    splits = split(few, "validation")
    first = LineTrainer(RECIPE, splits, device="cpu")
    next(iter(first.fit()))
    second = LineTrainer(RECIPE, splits, device="cpu")
    second.load_state_dict(first.state_dict())
    list(second.fit())
    assert same(second.result().state_dict(), whole.result().state_dict())
    assert [record.validation_loss for record in second.records] == [record.validation_loss for record in whole.records]


def test_another_seed_has_other_lines_and_weights(whole: LineTrainer, few: Dataset) -> None:
    other = LineTrainer(dataclasses.replace(RECIPE, seed=1, epochs=1), split(few, "validation"), device="cpu")
    ours, theirs = (next(iter(training.batches(0))) for training in (whole, other))
    assert ours.lines.shape != theirs.lines.shape or not torch.equal(ours.lines, theirs.lines)
    assert not same(whole.network.state_dict(), other.network.state_dict())


def test_no_two_epochs_have_the_same_lines(whole: LineTrainer) -> None:
    first, second = ([batch.digits.tolist() for batch in whole.batches(epoch)] for epoch in (0, 1))
    assert first != second
    assert sum(map(len, first)) > 64, "more than one digit a line"


@pytest.mark.parametrize("size", [3, 1000])
def test_the_schedule_ends_with_the_epoch_whatever_the_size_of_a_batch(
    few: Dataset, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where batches do not divide the lines that are composed at once."""
    monkeypatch.setattr(line_training, "LINES_PER_EPOCH", 16)
    monkeypatch.setattr(line_training, "LINES_PER_CHUNK", 8)
    recipe = dataclasses.replace(RECIPE, epochs=1, batch_size=size)
    training = LineTrainer(recipe, split(few, "validation"), device="cpu")
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
        {"precision": "bfloat16"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_lines_do_not_have_is_refused(few: Dataset, change: dict[str, str | float]) -> None:
    recipe = dataclasses.replace(RECIPE, **change)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="lines have no"):
        LineTrainer(recipe, split(few, "validation"), device="cpu")
