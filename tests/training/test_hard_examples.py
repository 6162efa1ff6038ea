"""Hard-example sampling: how often a digit is drawn in an epoch, by its losses so far."""

from __future__ import annotations

import pytest
import torch

from sutja.randomness import generator
from sutja.training.hard_examples import LATEST_LOSS_SHARE, MIN_REPEATS_SHARE, HardExampleSampler

DIGITS, MAX_REPEATS = 1000, 2.0


def trained_sampler() -> HardExampleSampler:
    """A sampler with a loss of each digit: that of every tenth is high."""
    sampler = HardExampleSampler(DIGITS, MAX_REPEATS, torch.device("cpu"))
    losses = torch.full((DIGITS,), 0.0001)
    losses[::10] = 3.0
    sampler.update(torch.arange(DIGITS), losses)
    return sampler


def test_every_digit_is_drawn_once_until_all_have_a_loss() -> None:
    sampler = HardExampleSampler(DIGITS, MAX_REPEATS, torch.device("cpu"))
    sampler.update(torch.arange(DIGITS - 1), torch.rand(DIGITS - 1))
    assert sampler.order(generator(0, "order")).sort().values.equal(torch.arange(DIGITS))


def test_an_epoch_keeps_its_length_and_hard_digits_are_drawn_more_often() -> None:
    order = trained_sampler().order(generator(0, "order"))
    draws = order.bincount(minlength=DIGITS)
    assert len(order) == DIGITS
    assert draws[::10].float().mean() == pytest.approx(MAX_REPEATS)
    assert draws.max() == MAX_REPEATS and draws.min() == 0
    assert not order.equal(order.sort().values)


def test_over_many_epochs_each_digit_is_drawn_as_often_as_its_repeats_say() -> None:
    sampler = trained_sampler()
    source = generator(0, "order")
    draws = torch.stack([sampler.order(source).bincount(minlength=DIGITS) for _ in range(400)]).float().mean(0)
    assert torch.allclose(draws, sampler.repeats(), atol=0.1)


@pytest.mark.parametrize("losses", [torch.zeros(DIGITS), torch.full((DIGITS,), 5.0), torch.logspace(-9, 1, DIGITS)])
def test_repeats_keep_their_limits_and_a_mean_of_one(losses: torch.Tensor) -> None:
    sampler = HardExampleSampler(DIGITS, MAX_REPEATS, torch.device("cpu"))
    sampler.update(torch.arange(DIGITS), losses)
    repeats = sampler.repeats()
    assert repeats.mean().item() == pytest.approx(1, abs=1e-3)
    assert repeats.min() >= MIN_REPEATS_SHARE * MAX_REPEATS - 1e-6 and repeats.max() <= MAX_REPEATS + 1e-6
    assert (repeats.diff() >= 0).all(), "a larger loss gives no fewer repeats"


def test_the_latest_loss_counts_with_earlier_ones() -> None:
    sampler = HardExampleSampler(3, MAX_REPEATS, torch.device("cpu"))
    sampler.update(torch.tensor([0, 1, 2]), torch.tensor([1.0, 2.0, 3.0]))
    sampler.update(torch.tensor([2]), torch.tensor([1.0]))
    assert sampler.losses.tolist() == pytest.approx([1, 2, 3 + LATEST_LOSS_SHARE * (1 - 3)])


def test_its_state_is_restored_and_losses_of_other_digits_are_refused() -> None:
    sampler, other = trained_sampler(), HardExampleSampler(DIGITS, MAX_REPEATS, torch.device("cpu"))
    other.load_state_dict(sampler.state_dict())
    assert other.order(generator(1, "order")).equal(sampler.order(generator(1, "order")))
    with pytest.raises(ValueError, match="other digits"):
        HardExampleSampler(DIGITS + 1, MAX_REPEATS, torch.device("cpu")).load_state_dict(sampler.state_dict())
