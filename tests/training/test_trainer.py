"""Training on a few hundred real digits: it learns, repeats itself to the bit, and goes on where it stopped."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sutja.data.dataset import Dataset, Splits
from sutja.data.digits import Digits
from sutja.errors import SutjaError, UsageError
from sutja.networks.device import choose_device
from sutja.networks.fast.engine import use_engine
from sutja.networks.infer import infer, loss_and_accuracy, scaled, to_tensor
from sutja.recipe import RECIPES, Recipe
from sutja.runs.epoch import Epoch
from sutja.training.digit_trainer import DigitTrainer
from sutja.training.trainer import WARM_UP_SHARE, scheduled

TINY = dataclasses.replace(RECIPES["lenet5"], epochs=3, batch_size=50)
HARD: dict[str, Any] = {"dropout": 0.3, "augmentation": "affine-elastic"}


@pytest.fixture(scope="module")
def splits(mnist: Dataset) -> Splits:
    indices = np.arange(400)
    return Splits(mnist.train.take(indices[:300]), mnist.train.take(indices[300:]), mnist.test.take(indices[:100]))


def trained(recipe: Recipe, splits: Splits) -> DigitTrainer:
    training = DigitTrainer(recipe, splits, device="cpu")
    for _ in training.fit():
        pass
    return training


def weights(training: DigitTrainer) -> Tensor:
    return nn.utils.parameters_to_vector(training.result().parameters())


def curves(records: Sequence[Epoch]) -> list[dict[str, float]]:
    """What the records say but for the time it took, which is never the same."""
    return [
        {name: value for name, value in vars(record).items() if name not in ("seconds", "images_per_second")}
        for record in records
    ]


def carried_over(training: DigitTrainer) -> Any:
    """The state as it comes back from a file that may hold no code."""
    file = io.BytesIO()
    torch.save(training.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_the_loss_falls(splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, epochs=6)
    records = trained(recipe, splits).records
    losses = [record.train_loss for record in records]
    assert losses[-1] < losses[0] / 2
    assert (records[-1].validation_accuracy or 0) > 0.5


@pytest.mark.parametrize("changes", [{}, {"network": "mlp", "optimiser": "sgd", **HARD, "ema_decay": 0.9}])
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(changes: dict[str, Any], splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, epochs=2, **changes)
    torch.manual_seed(1)
    first = trained(recipe, splits)
    torch.manual_seed(2)
    second = trained(recipe, splits)
    assert torch.equal(weights(first), weights(second))
    assert curves(first.records) == curves(second.records)
    assert not torch.equal(weights(first), weights(trained(dataclasses.replace(recipe, seed=1), splits)))


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "sgd", "learning_rate": 0.05, "schedule": "cosine"},
        {"optimiser": "adamw"},
        {"optimiser": "muon"},
        {"ema_decay": 0.95},
        {"hard_example_repeats": 2.0},
        HARD,
        {"patience": 2, "learning_rate": 0.02},
        {"optimiser": "sgd", "ema_decay": 0.9, "patience": 5, "label_smoothing": 0.1, "network": "mlp", **HARD},
    ],
    ids=["sgd", "adamw", "muon", "ema_decay", "hard_example_repeats", "dropout+augmentation", "patience", "everything"],
)
def test_interrupted_and_resumed_is_the_same_to_the_bit(changes: dict[str, Any], splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, epochs=4, **changes)
    whole = trained(recipe, splits)
    interrupted = DigitTrainer(recipe, splits, device="cpu")
    epochs = interrupted.fit()
    next(epochs), next(epochs)
    resumed = DigitTrainer(recipe, splits, device="cpu")
    resumed.load_state_dict(carried_over(interrupted))
    assert [record.epoch for record in resumed.fit()] == list(range(3, len(whole.records) + 1))
    assert torch.equal(weights(whole), weights(resumed))
    assert curves(whole.records) == curves(resumed.records)


def test_an_epoch_broken_off_leaves_no_trace(splits: Splits) -> None:
    """What was kept before the broken epoch is all that counts, however far into it the interruption came."""
    recipe = dataclasses.replace(TINY, epochs=2, **HARD)
    interrupted = DigitTrainer(recipe, splits, device="cpu")
    next(interrupted.fit())
    kept = carried_over(interrupted)
    trained_images = 0

    def stop(images: int) -> None:
        nonlocal trained_images
        trained_images += images
        if trained_images >= 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(interrupted.fit(stop))
    resumed = DigitTrainer(recipe, splits, device="cpu")
    resumed.load_state_dict(kept)
    list(resumed.fit())
    assert torch.equal(weights(resumed), weights(trained(recipe, splits)))


def test_a_resumed_training_counts_its_seconds_on(splits: Splits) -> None:
    training = DigitTrainer(TINY, splits, device="cpu")
    first = next(training.fit())
    resumed = DigitTrainer(TINY, splits, device="cpu")
    resumed.load_state_dict(carried_over(training))
    assert next(resumed.fit()).seconds > first.seconds


def test_an_epoch_of_the_kernels_leaves_pytorch_one_thread(splits: Splits) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with use_engine("fast"):
            training, seen = DigitTrainer(TINY, splits, device="cpu"), set[int]()
            epochs = training.fit(on_batch=lambda _: seen.add(torch.get_num_threads()))
            next(epochs)
        assert seen == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_early_stopping_stops_and_keeps_the_best_epoch(splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, epochs=30, patience=2, learning_rate=0.03, schedule="constant", weight_decay=0.0)
    training = trained(recipe, splits)
    losses = [record.validation_loss or 0 for record in training.records]
    assert len(losses) < recipe.epochs
    assert training.best_epoch == 1 + losses.index(min(losses)) == len(losses) - recipe.patience
    assert training.finished
    assert list(training.fit()) == []
    loss, _ = loss_and_accuracy(
        training.result(),
        to_tensor(splits.evaluation_parts["validation"]),
        torch.from_numpy(splits.evaluation_parts["validation"].labels),
    )
    assert loss == pytest.approx(min(losses), abs=1e-6)


def test_without_patience_the_last_epoch_is_kept(splits: Splits) -> None:
    training = trained(dataclasses.replace(TINY, learning_rate=0.03, schedule="constant"), splits)
    loss, accuracy = loss_and_accuracy(
        training.result(),
        to_tensor(splits.evaluation_parts["test"]),
        torch.from_numpy(splits.evaluation_parts["test"].labels),
    )
    assert (loss, accuracy) == pytest.approx((training.records[-1].test_loss, training.records[-1].test_accuracy))


@pytest.mark.parametrize("network", ["lenet5", "mlp"])
def test_a_loss_that_is_not_finite_names_the_learning_rate(network: str, splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, network=network, batch_size=16, optimiser="sgd", learning_rate=100)
    with pytest.raises(SutjaError, match=r"the loss is (nan|inf) in epoch \d .*--set learning_rate=25"):
        trained(recipe, splits)


def test_a_loss_that_breaks_in_the_very_last_step_is_noticed(splits: Splits) -> None:
    """With one step an epoch, the loss before the last step is finite and that after it is not."""
    recipe = dataclasses.replace(TINY, batch_size=300, optimiser="sgd", learning_rate=100, schedule="constant")
    with pytest.raises(SutjaError, match="learning_rate"):
        records = trained(recipe, splits).records
        assert not math.isfinite(records[-1].train_loss), "this case no longer diverges: choose another"


def test_a_loss_that_is_not_finite_stops_in_the_middle_of_the_epoch(splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, network="mlp", batch_size=2, optimiser="sgd", learning_rate=100)
    told: list[int] = []
    with pytest.raises(SutjaError, match="in epoch 1"):
        next(DigitTrainer(recipe, splits, device="cpu").fit(told.append))
    assert sum(told) < len(splits.train)


def steps(schedule: str, count: int = 1000) -> list[float]:
    recipe = dataclasses.replace(TINY, schedule=schedule, learning_rate=0.5)
    return [scheduled(recipe, step / count) for step in range(count)]


def test_one_cycle_climbs_to_the_peak_and_falls() -> None:
    rates = steps("one-cycle")
    top = round(WARM_UP_SHARE * len(rates))
    assert rates[0] == pytest.approx(0.5 / 25)
    assert rates[top] == max(rates) == pytest.approx(0.5)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 1e-5
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 0.01  # no leap where the parts meet


def test_cosine_only_falls() -> None:
    rates = steps("cosine")
    assert rates[0] == 0.5
    assert rates[500] == pytest.approx(0.25)
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] < 1e-5


def test_constant_stays() -> None:
    assert set(steps("constant")) == {0.5}


def test_the_schedule_reaches_the_optimiser(splits: Splits) -> None:
    training = DigitTrainer(TINY, splits, device="cpu")
    records = list(training.fit())
    assert [record.learning_rate for record in records] == [
        scheduled(TINY, (6 * epoch - 1) / 18) for epoch in (1, 2, 3)
    ]
    assert training.optimiser.param_groups[0]["lr"] == records[-1].learning_rate


def test_every_digit_is_seen_once_an_epoch(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training digits are told apart by their pixels, so that the batches themselves can be looked at."""
    training = DigitTrainer(dataclasses.replace(TINY, epochs=2, batch_size=64), splits, device="cpu")
    seen: list[bytes] = []

    def look(images: Tensor, _: torch.Generator) -> Tensor:
        seen.extend((image * 255).round().byte().numpy().tobytes() for image in images)
        return images

    monkeypatch.setattr(training, "augment", look)
    told: list[int] = []
    list(training.fit(told.append))
    assert told == [64, 64, 64, 64, 44] * 2
    everything = sorted(image.tobytes() for image in splits.train.images)
    assert sorted(seen[:300]) == sorted(seen[300:]) == everything
    assert seen[:300] != seen[300:]


def test_the_global_random_state_is_untouched(splits: Splits) -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state(legacy=False)["state"]["key"]
    trained(dataclasses.replace(TINY, epochs=1, **HARD), splits)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state(legacy=False)["state"]["key"])


def test_an_unknown_device_gets_a_hint() -> None:
    with pytest.raises(UsageError, match="unknown device 'cud': did you mean 'cuda'"):
        choose_device("cud")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_absent_is_one_clear_line(name: str) -> None:
    there = torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
    if there:
        assert choose_device(name).type == name
    else:
        with pytest.raises(UsageError, match=f"^device {name}: not available on this machine; --device auto .*$"):
            choose_device(name)


def test_auto_takes_what_there_is() -> None:
    gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    assert (choose_device("auto").type == "cpu") == (not gpu)
    assert choose_device("cpu").type == "cpu"


@pytest.mark.parametrize(
    "changes",
    [
        {"label_smoothing": 0.2},
        {"dropout": 0.2},
        {"augmentation": "affine"},
        {"ema_decay": 0.9},
        {"hard_example_repeats": 2.0, "epochs": 2},
        {"weight_decay": 0.5},
        {"schedule": "constant"},
        {"optimiser": "sgd"},
        {"batch_size": 60},
        {"learning_rate": 0.001},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_field_of_a_recipe_changes_the_training(changes: dict[str, Any], splits: Splits) -> None:
    plain = dataclasses.replace(TINY, network="mlp", epochs=1)
    assert not torch.equal(
        weights(trained(plain, splits)), weights(trained(dataclasses.replace(plain, **changes), splits))
    )


def test_bfloat16_is_computed_where_there_are_instructions_for_it(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere the weights are those of float32, to the bit; with them they are others, but nearly as good."""
    exact = trained(TINY, splits)
    recipe = dataclasses.replace(TINY, precision="bfloat16")
    for native in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda there=native: {"avx512_bf16": there})
        coarse = trained(recipe, splits)
        assert torch.equal(weights(exact), weights(coarse)) == (not native)
        assert coarse.records[-1].train_loss == pytest.approx(exact.records[-1].train_loss, rel=0.3)


def test_the_average_lags_behind_and_is_what_is_measured(splits: Splits) -> None:
    training = trained(dataclasses.replace(TINY, ema_decay=0.9), splits)
    pairs = zip(training.result().parameters(), training.network.parameters(), strict=True)
    assert not any(torch.equal(averaged, last) for averaged, last in pairs)
    loss, _ = loss_and_accuracy(
        training.result(),
        to_tensor(splits.evaluation_parts["test"]),
        torch.from_numpy(splits.evaluation_parts["test"].labels),
    )
    assert loss == pytest.approx(training.records[-1].test_loss, abs=1e-6)


def test_the_average_soon_leaves_the_initial_weights(splits: Splits) -> None:
    """A plain average with this decay would still be at nine tenths of the random start."""
    training = trained(dataclasses.replace(TINY, epochs=6, ema_decay=0.999), splits)
    assert training.records[-1].train_loss < training.records[0].train_loss / 2


def test_the_records_are_plausible(splits: Splits) -> None:
    records = trained(TINY, splits).records
    assert [record.epoch for record in records] == [1, 2, 3]
    assert 0 < records[0].seconds < records[1].seconds < records[2].seconds
    for record in records:
        assert record.images_per_second > 0
        assert 0 < record.learning_rate <= TINY.learning_rate
        for part, count in (("train", 300), ("validation", 100), ("test", 100)):
            assert math.isfinite(getattr(record, f"{part}_loss"))
            right = getattr(record, f"{part}_accuracy") * count
            assert right == pytest.approx(round(right), abs=1e-3)


def test_the_training_loss_of_a_large_set_is_measured_on_a_fixed_sample(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On how many digits the accuracy was measured shows in its denominator; the weights do not depend on it."""
    whole = trained(TINY, splits)
    monkeypatch.setattr("sutja.training.digit_trainer.MEASURED_DIGITS", 70)
    sampled = trained(TINY, splits)
    for record in sampled.records:
        assert record.train_accuracy * 70 == pytest.approx(round(record.train_accuracy * 70), abs=1e-3)
    assert curves(sampled.records) == curves(trained(TINY, splits).records)
    assert curves(sampled.records) != curves(whole.records)
    assert torch.equal(weights(whole), weights(sampled))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_digits_that_are_not_trained_on_do_not_touch_the_weights(part: str, splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, **HARD, ema_decay=0.9)
    digits: Digits = getattr(splits, part)
    other = dataclasses.replace(splits, **{part: Digits(digits.images, digits.labels[::-1].copy())})
    first, second = trained(recipe, splits), trained(recipe, other)
    assert torch.equal(weights(first), weights(second))
    assert getattr(first.records[-1], f"{part}_loss") != getattr(second.records[-1], f"{part}_loss")


def test_test_digits_do_not_choose_the_epoch(splits: Splits) -> None:
    recipe = dataclasses.replace(TINY, epochs=6, patience=2, learning_rate=0.03, schedule="constant")
    other = dataclasses.replace(
        splits, test=Digits(splits.evaluation_parts["test"].images, splits.evaluation_parts["test"].labels[::-1].copy())
    )
    first, second = trained(recipe, splits), trained(recipe, other)
    assert first.best_epoch == second.best_epoch
    assert torch.equal(weights(first), weights(second))


def test_the_result_is_on_the_cpu_in_evaluation_mode_and_a_copy(splits: Splits) -> None:
    training = trained(dataclasses.replace(TINY, epochs=1), splits)
    network = training.result()
    assert not network.training
    before = weights(training)
    with torch.no_grad():
        next(network.parameters()).zero_()
    assert torch.equal(before, weights(training))


def test_measured_and_inferred_agree_and_leave_the_mode(splits: Splits) -> None:
    network = trained(dataclasses.replace(TINY, epochs=1, dropout=0.5), splits).result().train()
    images, labels = to_tensor(splits.train), torch.from_numpy(splits.train.labels)
    logits = infer(network, images)
    assert network.training
    assert torch.equal(logits, infer(network, images))
    torch.testing.assert_close(logits, network.eval()(scaled(images)).detach(), atol=1e-5, rtol=1e-4)
    assert loss_and_accuracy(network, images, labels)[1] == pytest.approx(
        (logits.argmax(1) == labels).float().mean().item()
    )


@pytest.mark.parametrize(
    ("changes", "hint"),
    [({"network": "lenet"}, "did you mean 'lenet5'"), ({"augmentation": "elastc"}, "did you mean 'elastic'")],
)
def test_an_unknown_network_or_augmentation_gets_a_hint(changes: dict[str, Any], hint: str, splits: Splits) -> None:
    with pytest.raises(UsageError, match=hint):
        DigitTrainer(dataclasses.replace(TINY, **changes), splits)


def test_a_training_that_ends_with_an_absurd_loss_has_not_learned(splits: Splits) -> None:
    """The loss is finite after every epoch; a resumed training says so again."""
    recipe = dataclasses.replace(TINY, network="mlp", learning_rate=5, schedule="constant", epochs=1)
    trainer = DigitTrainer(recipe, splits, device="cpu")
    for _ in range(2):
        with pytest.raises(SutjaError, match=r"has not learned: after epoch 1 .* try a smaller learning rate"):
            list(trainer.fit())
    assert math.isfinite(trainer.records[-1].train_loss)
