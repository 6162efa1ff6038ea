"""A training on painted scenes: it learns, stops, and goes on to the same bits."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from sutja.data.dataset import Dataset, split
from sutja.errors import UsageError
from sutja.recipe import RECIPES, Distillation
from sutja.training import page_trainer as page_training
from sutja.training.page_trainer import PageTrainer
from tests.training.page_scenes import small_scenes

pytestmark = pytest.mark.usefixtures("one_thread", "small_epochs")
RECIPE = dataclasses.replace(RECIPES["page-reader"], epochs=2, batch_size=2, precision="float32")


@pytest.fixture(scope="module")
def small_epochs() -> Iterator[None]:
    """Epochs of 6 scenes, of which 4 are measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_training, "SCENES_PER_EPOCH", 6)
        patch.setattr(page_training, "MEASURED_SCENES", 4)
        yield


def trainer(few: Dataset, **changes: object) -> PageTrainer:
    recipe = dataclasses.replace(RECIPE, **changes)  # type: ignore[arg-type]
    return PageTrainer(recipe, split(few, "validation"), device="cpu", build=small_scenes)


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def whole(few: Dataset) -> PageTrainer:
    """Two epochs without a stop."""
    training = trainer(few)
    heard: list[int] = []
    list(training.fit(heard.append))
    assert sum(heard) == 2 * training.examples_per_epoch == 12
    return training


def test_every_epoch_has_its_record(whole: PageTrainer) -> None:
    assert [record.epoch for record in whole.records] == [1, 2]
    for record in whole.records:
        assert record.validation_loss is not None
        assert record.validation_accuracy is not None and 0 <= record.validation_accuracy <= 1
        assert record.test_loss is None, "the protocol is 'validation'"


def test_a_resumed_training_has_the_same_bits(whole: PageTrainer, few: Dataset) -> None:
    first, second = trainer(few), trainer(few)
    next(iter(first.fit()))
    second.load_state_dict(first.state_dict())
    list(second.fit())
    assert same(second.result().state_dict(), whole.result().state_dict())
    assert [record.validation_loss for record in second.records] == [record.validation_loss for record in whole.records]


def test_no_two_epochs_have_the_same_scenes(whole: PageTrainer) -> None:
    first, second = ([batch.pictures for batch in whole.batches(epoch)] for epoch in (0, 1))
    assert first[0].shape == (2, 3, 64, 64)
    assert first[0].dtype == torch.uint8
    assert not any(torch.equal(*pair) for pair in zip(first, second, strict=True))


def test_the_network_computes_in_bfloat16_and_the_loss_does_not(few: Dataset) -> None:
    training = trainer(few)
    batch = next(iter(training.batches(0)))
    wanted = training.loss_on_batch(batch)
    training.precision = torch.bfloat16
    loss = training.loss_on_batch(batch)
    assert loss.dtype == torch.float32
    assert loss.item() != wanted.item()
    assert loss.item() == pytest.approx(wanted.item(), rel=0.1)


@pytest.mark.parametrize(
    "change",
    [
        {"distillation": Distillation("big")},
        {"augmentation": "affine"},
        {"label_smoothing": 0.1},
        {"dropout": 0.1},
        {"hard_example_repeats": 2.0},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_pages_do_not_have_is_refused(few: Dataset, change: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="pages have no"):
        trainer(few, **change)
