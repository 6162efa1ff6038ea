"""Ensembles: the mixture, its weights compared with another optimiser's, and export as one network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from sutja.data.dataset import Dataset
from sutja.evaluation.metrics import evaluate
from sutja.export.onnx import export_onnx
from sutja.models.onnx_classifier import Classifier
from sutja.networks.ensemble import (
    MAX_REMAINING_GAIN_NATS,
    Ensemble,
    Weights,
    choose_shared_weights,
    choose_weights,
    combine,
    disagreement,
    log_probabilities,
)
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import create

Members = NDArray[np.float64]


def members(seed: int, count: int, digits: int = 200) -> tuple[Members, NDArray[np.int64]]:
    """Log-probabilities of members of different quality, and labels: what one gets wrong the others often do too."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, digits)
    truth = np.eye(10)[labels]
    shared = random.normal(size=(digits, 10))
    logits = [
        random.uniform(1, 4) * truth + shared + random.uniform(0.5, 1.5) * random.normal(size=(digits, 10))
        for _ in range(count)
    ]
    return log_probabilities([each.astype(np.float32) for each in logits]), labels


def loss(log_probabilities: Members, labels: NDArray[np.int64], weights: Weights) -> float:
    """The mean negative log-likelihood of a mixture, from its definition."""
    right = np.exp(log_probabilities)[:, np.arange(len(labels)), labels]
    return float(-np.log(weights @ right).mean())


def test_the_mixture_is_the_weighted_mean_of_probabilities() -> None:
    each, _ = members(0, 3)
    weights = np.array([0.5, 0.3, 0.2])
    logits = combine(each, weights)
    assert logits.dtype == np.float32
    expected = np.tensordot(weights, np.exp(each), 1)
    assert softmax(logits.astype(np.float64), axis=1) == pytest.approx(expected, abs=1e-6)


def test_logits_stay_finite_with_an_overconfident_member() -> None:
    sure = np.array([[500.0, -500.0] + [0.0] * 8], np.float32)
    logits = combine(log_probabilities([sure, -sure]), np.array([1.0, 0.0]))
    assert np.isfinite(logits).all()
    assert logits.argmax() == 0


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 6))
def test_no_other_optimiser_finds_better_weights(seed: int, count: int) -> None:
    each, labels = members(seed, count)
    weights = choose_weights(each, labels)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    start = np.full(count, 1 / count)

    def objective(at: Weights) -> float:
        return loss(each, labels, at / at.sum())

    found = minimize(objective, start, method="SLSQP", bounds=[(1e-9, 1.0)] * count, tol=1e-12)
    best = found.x / found.x.sum()
    assert loss(each, labels, weights) <= loss(each, labels, best) + 2 * MAX_REMAINING_GAIN_NATS


def test_weights_are_those_of_the_other_optimiser() -> None:
    each, labels = members(4, 2, digits=2000)
    grid = np.linspace(0, 1, 2001)
    losses = [loss(each, labels, np.array([share, 1 - share])) for share in grid]
    assert 0.2 < grid[np.argmin(losses)] < 0.8
    assert choose_weights(each, labels)[0] == pytest.approx(grid[np.argmin(losses)], abs=0.005)


def test_weights_are_the_same_every_time() -> None:
    each, labels = members(2, 4)
    assert np.array_equal(choose_weights(each, labels), choose_weights(each, labels))


def test_a_useless_member_gets_no_weight() -> None:
    each, labels = members(3, 2)
    random = np.random.default_rng(4).normal(size=(len(labels), 10)).astype(np.float32)
    weights = choose_weights(np.concatenate([each, log_probabilities([20 * random])]), labels)
    assert weights[2] < 0.01
    assert weights[:2].sum() > 0.99


def test_members_of_a_kind_share_their_weight() -> None:
    each, labels = members(4, 4, digits=2000)
    assert np.array_equal(choose_shared_weights(each, labels, "abcd"), choose_weights(each, labels))
    shared = choose_shared_weights(each, labels, "abab")
    assert (shared[0], shared[1]) == (shared[2], shared[3])
    assert shared.sum() == pytest.approx(1)
    grid = np.linspace(0, 0.5, 1001)
    losses = [loss(each, labels, np.array([share, 0.5 - share] * 2)) for share in grid]
    assert shared[0] == pytest.approx(grid[np.argmin(losses)], abs=0.005)


def test_duplicates_change_nothing() -> None:
    each, labels = members(5, 2)
    alone = choose_weights(each, labels)
    more = np.concatenate([each, each[:1], each[:1]])
    weights = choose_weights(more, labels)
    assert weights[0] == pytest.approx(weights[2]) == pytest.approx(weights[3])
    assert softmax(combine(more, weights), axis=1) == pytest.approx(softmax(combine(each, alone), axis=1), abs=0.01)
    assert loss(more, labels, weights) == pytest.approx(loss(each, labels, alone), abs=2 * MAX_REMAINING_GAIN_NATS)


def test_digits_that_every_member_misreads_with_certainty_do_not_underflow() -> None:
    logits = np.full((4, 10), -2000, np.float32)
    logits[:, 3] = 2000
    other = logits.copy()
    other[:, 7] = 2000
    weights = choose_weights(log_probabilities([logits, other]), np.array([7, 7, 5, 3]))
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1)


def test_the_mixture_is_better_than_its_members() -> None:
    each, labels = members(4, 2, digits=2000)
    whole = evaluate(combine(each, choose_weights(each, labels)), labels)
    assert whole.loss < min(evaluate(one.astype(np.float32), labels).loss for one in each) - 0.01


def test_disagreement_is_the_mean_over_pairs() -> None:
    assert disagreement([np.array([1, 2, 3, 4]), np.array([1, 2, 3, 5]), np.array([1, 2, 0, 0])]) == pytest.approx(
        (0.25 + 0.5 + 0.5) / 3
    )


def test_an_ensemble_is_one_onnx_file(small: Dataset, tmp_path: Path) -> None:
    networks = [create(name, seed=seed) for seed, name in enumerate(("lenet5", "mlp", "mlp"))]
    weights = np.array([0.25, 0.75, 0])
    ensemble = Ensemble(networks, weights).eval()
    assert export_onnx(ensemble, tmp_path / "model.onnx", small.test) <= 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    logits = [infer(network, to_tensor(small.test)).numpy() for network in networks]
    expected = combine(log_probabilities(logits), weights)
    assert Classifier(tmp_path / "model.onnx").logits(small.test.images) == pytest.approx(expected, abs=1e-4)


def test_weights_of_an_ensemble_are_not_trained() -> None:
    ensemble = Ensemble([create("mlp", seed=0)], np.ones(1))
    assert all(name.startswith("members.") for name, _ in ensemble.named_parameters())
    assert torch.equal(ensemble.state_dict()["log_weights"], torch.zeros(1, 1, 1))
