"""Sprints on a few real digits: the same seed, the same weights; the batches; the summary; the command."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import statistics

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from sutja.cli.app import build_app
from sutja.data.dataset import Dataset
from sutja.data.digits import Digits
from sutja.errors import SutjaError, UsageError
from sutja.networks.model import NETWORKS, create
from sutja.training import sprint as sprints
from sutja.training.sprint import (
    SPRINTS,
    Sprint,
    SprintRecipe,
    get_sprint,
    order,
    predict_with_shifts,
    random_shift,
    schedule,
    shifted,
    sprint,
    summarise,
    train_sprint,
)
from tests.networks.fast.kernels import compiled_kernels

pytestmark = pytest.mark.usefixtures("one_thread")
PLACES = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
every_target = pytest.mark.parametrize("target", list(SPRINTS))


def few(digits: Digits, number: int) -> Digits:
    return digits.take(np.arange(number))


def short(target: str) -> SprintRecipe:
    return dataclasses.replace(SPRINTS[target], images=1_000, batch_size=50)


def weights(network: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(network.parameters())


@every_target
def test_a_short_sprint_learns(target: str, mnist: Dataset) -> None:
    result = sprint(short(target), few(mnist.train, 800), few(mnist.test, 400), seed=0)
    assert result.seed == 0
    assert 0 < result.seconds < 60
    assert 0.6 < result.accuracy <= 1
    assert result.accuracy * 400 == pytest.approx(round(result.accuracy * 400))


@every_target
def test_the_seed_decides_the_weights(target: str, mnist: Dataset) -> None:
    recipe = dataclasses.replace(short(target), images=200)
    torch.manual_seed(1)
    first = weights(train_sprint(recipe, few(mnist.train, 150), 3)[0])
    torch.manual_seed(2)
    network, _ = train_sprint(recipe, few(mnist.train, 150), 3)
    assert torch.equal(first, weights(network))
    assert not network.training
    assert not torch.equal(first, weights(train_sprint(recipe, few(mnist.train, 150), 4)[0]))


@every_target
def test_published_sprints_name_registered_networks(target: str) -> None:
    assert SPRINTS[target].network in NETWORKS
    assert 0 < SPRINTS[target].warm_up < 1


def test_each_digit_is_used_once_per_epoch_and_the_last_epoch_is_truncated() -> None:
    recipe = SprintRecipe("sprint", images=25, batch_size=4, learning_rate=0.01)
    batches = order(10, recipe, seed=0)
    assert [len(batch) for batch in batches] == [4, 4, 4, 4, 4, 4, 1]
    seen = torch.cat(batches)
    assert sorted(seen[:10].tolist()) == sorted(seen[10:20].tolist()) == list(range(10))
    assert seen[:10].tolist() != seen[10:20].tolist()
    assert len(set(seen[20:].tolist())) == 5


def test_the_learning_rate_rises_to_its_peak_and_falls() -> None:
    shares = [schedule(step / 100, 0.25) for step in range(100)]
    assert max(shares) == shares[25] == 1
    assert shares[:26] == sorted(shares[:26])
    assert shares[25:] == sorted(shares[25:], reverse=True)
    assert 0 < min(shares) < 0.05


def test_a_batch_is_shifted_as_a_whole() -> None:
    images, order = torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8), torch.tensor([4, 0, 2])
    for place in PLACES:
        expected = torch.roll(images[order] / 255, place, (2, 3))
        assert torch.equal(shifted(images, order, place), expected)
        assert torch.equal(compiled_kernels().gather(images, order, place), expected)


def test_all_shifts_are_drawn() -> None:
    random = torch.Generator().manual_seed(0)
    assert {tuple(random_shift(1, random)) for _ in range(60)} == set(PLACES)
    assert random_shift(0, random) == [0, 0]


def test_prediction_is_the_mean_over_shifts(mnist: Dataset) -> None:
    images = torch.from_numpy(mnist.test.images[:7]).unsqueeze(1)
    network = create("sprint", seed=0).eval()
    with torch.inference_mode():
        views = [network(torch.roll(images / 255, view, (2, 3))).softmax(1) for view in sprints.TEST_TIME_SHIFTS_PIXELS]
    torch.testing.assert_close(predict_with_shifts(network, images), sum(views) / 5)
    torch.testing.assert_close(predict_with_shifts(network, images[:2]), predict_with_shifts(network, images)[:2])


def test_a_loss_that_is_not_finite_is_one_line(mnist: Dataset) -> None:
    recipe = dataclasses.replace(short("99.0"), images=500, learning_rate=math.inf)
    with pytest.raises(SutjaError, match=r"seed 0: the loss is nan after [\d.]+ s"):
        train_sprint(recipe, few(mnist.train, 100), 0)


def test_targets_have_names() -> None:
    assert get_sprint("99") is get_sprint("99.0") is SPRINTS["99.0"]
    with pytest.raises(UsageError, match=r"unknown target '99\.4': did you mean '99\.\d'"):
        get_sprint("99.4")


def test_the_summary_is_that_of_the_textbooks() -> None:
    some = [
        Sprint(seed, seconds, accuracy) for seed, (seconds, accuracy) in enumerate([(2, 0.9), (3, 0.92), (9, 0.94)])
    ]
    together = summarise(some)
    assert together.seeds == 3
    assert together.seconds == 3
    assert together.accuracy == pytest.approx(0.92)
    assert together.standard_deviation == pytest.approx(statistics.stdev([0.9, 0.92, 0.94])) == pytest.approx(0.02)
    assert together.low is not None
    assert together.high is not None
    assert together.high - together.accuracy == pytest.approx(4.302653 * 0.02 / math.sqrt(3), rel=1e-6)
    assert together.accuracy - together.low == pytest.approx(together.high - together.accuracy)


def test_one_seed_has_no_standard_deviation() -> None:
    together = summarise([Sprint(0, 2.0, 0.99)])
    assert (together.standard_deviation, together.low, together.high) == (None, None, None)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, mnist: Dataset) -> CliRunner:
    """The command line with shorter recipes and fewer digits."""
    monkeypatch.setattr(sprints, "SPRINTS", {target: short(target) for target in SPRINTS})
    fewer = Dataset("mnist", few(mnist.train, 300), few(mnist.test, 100))
    monkeypatch.setattr("sutja.data.dataset.load_dataset", lambda source, mending: fewer)
    return CliRunner()


def test_the_command_shows_progress_and_a_table(command: CliRunner) -> None:
    result = command.invoke(build_app(), ["sprint", "--seeds", "2", "--threads", "1"])
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"seed [01]: [\d.]+ s  accuracy [\d.]+ %", result.stderr)) == 2
    for word in ("99.0 %", "mean accuracy", "deviation", "95 % interval", "median"):
        assert word in result.stdout


def test_the_command_as_json(command: CliRunner) -> None:
    result = command.invoke(build_app(), ["sprint", "--target", "99.5", "--seeds", "2", "--threads", "1", "--json"])
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["target"] == "99.5"
    assert values["recipe"] == dataclasses.asdict(short("99.5"))
    assert values["threads"] == 1
    assert [each["seed"] for each in values["sprints"]] == [0, 1]
    assert values["accuracy"] == pytest.approx(statistics.mean(each["accuracy"] for each in values["sprints"]))
    assert values["low"] <= values["accuracy"] <= values["high"]


def test_one_seed_as_a_table(command: CliRunner) -> None:
    result = command.invoke(build_app(), ["sprint", "--seeds", "1", "--threads", "1"])
    assert result.exit_code == 0
    assert result.stdout.count("–") == 2


@pytest.mark.parametrize("words", [["--target", "98"], ["--target", "fast"], ["--data", "nowhere", "--target", "1"]])
def test_a_bad_target_is_one_line(words: list[str]) -> None:
    result = CliRunner().invoke(build_app(), ["sprint", *words])
    assert result.exit_code == 2
    assert re.fullmatch(r"sutja: unknown target [^\n]+\n", result.stderr)
    assert result.stdout == ""
