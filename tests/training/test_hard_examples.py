"""Focus: how often a digit comes in an epoch, by how badly it was read before."""

from __future__ import annotations

import pytest
import torch

from sutja.randomness import generator
from sutja.training.hard_examples import LATEST, LEAST, Focus

DIGITS, MOST = 1000, 2.0


def focused() -> Focus:
    """A focus that has seen all digits once: every tenth was read badly."""
    focus = Focus(DIGITS, MOST, torch.device("cpu"))
    losses = torch.full((DIGITS,), 0.0001)
    losses[::10] = 3.0
    focus.learn(torch.arange(DIGITS), losses)
    return focus


def test_every_digit_comes_once_before_all_have_been_read() -> None:
    focus = Focus(DIGITS, MOST, torch.device("cpu"))
    focus.learn(torch.arange(DIGITS - 1), torch.rand(DIGITS - 1))
    assert focus.order(generator(0, "order")).sort().values.equal(torch.arange(DIGITS))


def test_an_epoch_has_as_many_digits_as_ever_and_the_badly_read_ones_more_often() -> None:
    order = focused().order(generator(0, "order"))
    times = order.bincount(minlength=DIGITS)
    assert len(order) == DIGITS
    assert times[::10].float().mean() == pytest.approx(MOST)
    assert times.max() == MOST and times.min() == 0
    assert not order.equal(order.sort().values)


def test_over_many_epochs_each_digit_comes_as_often_as_its_share() -> None:
    focus = focused()
    source = generator(0, "order")
    times = torch.stack([focus.order(source).bincount(minlength=DIGITS) for _ in range(400)]).float().mean(0)
    assert torch.allclose(times, focus.shares(), atol=0.1)


@pytest.mark.parametrize("losses", [torch.zeros(DIGITS), torch.full((DIGITS,), 5.0), torch.logspace(-9, 1, DIGITS)])
def test_shares_keep_their_limits_and_a_mean_of_one(losses: torch.Tensor) -> None:
    focus = Focus(DIGITS, MOST, torch.device("cpu"))
    focus.learn(torch.arange(DIGITS), losses)
    shares = focus.shares()
    assert shares.mean().item() == pytest.approx(1, abs=1e-3)
    assert shares.min() >= LEAST * MOST - 1e-6 and shares.max() <= MOST + 1e-6
    assert (shares.diff() >= 0).all(), "a larger loss gives no smaller share"


def test_later_losses_count_with_those_before() -> None:
    focus = Focus(3, MOST, torch.device("cpu"))
    focus.learn(torch.tensor([0, 1, 2]), torch.tensor([1.0, 2.0, 3.0]))
    focus.learn(torch.tensor([2]), torch.tensor([1.0]))
    assert focus.losses.tolist() == pytest.approx([1, 2, 3 + LATEST * (1 - 3)])


def test_it_goes_on_where_it_was_and_refuses_losses_of_other_digits() -> None:
    focus, other = focused(), Focus(DIGITS, MOST, torch.device("cpu"))
    other.load_state_dict(focus.state_dict())
    assert other.order(generator(1, "order")).equal(focus.order(generator(1, "order")))
    with pytest.raises(ValueError, match="other digits"):
        Focus(DIGITS + 1, MOST, torch.device("cpu")).load_state_dict(focus.state_dict())
