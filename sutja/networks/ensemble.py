"""Ensembles: the weighted mean of the probabilities of several networks, with weights chosen on validation digits.

SciPy is imported where it computes: whoever builds any network imports this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sutja.data.digits import Labels
from sutja.evaluation.metrics import Logits
from sutja.networks.model import log_mean_probabilities

MAX_REMAINING_GAIN_NATS = 1e-6  # of the optimal weights over the chosen ones; thousandths are chance
Weights = NDArray[np.float64]


def log_probabilities(logits: Sequence[Logits]) -> NDArray[np.float64]:
    """The log-probabilities `(M, N, 10)` of M members' logits, each `(N, 10)`."""
    from scipy.special import log_softmax

    return log_softmax(np.stack(logits).astype(np.float64), axis=2)


def combine(log_probabilities: NDArray[np.float64], weights: Weights) -> Logits:
    """The logits `float32 (N, 10)` of an ensemble: the log of the weighted mean of its members' probabilities.

    `log_probabilities (M, N, 10)` are those of the members; `weights (M,)` are non-negative and sum to 1. The mean of
    the logits does about as well (docs/experiments.md), but there one member that is confidently wrong can outvote all
    others. Here the loss of a digit is at most that of any one member plus the negative log of its weight.
    """
    from scipy.special import logsumexp

    return logsumexp(log_probabilities, axis=0, b=weights[:, None, None]).astype(np.float32)


def choose_weights(log_probabilities: NDArray[np.float64], labels: Labels) -> Weights:
    """The weights `(M,)` that minimise the negative log-likelihood of the members' mixture.

    `log_probabilities (M, N, 10)` are those of the members on digits that none of them was trained on, `labels (N,)`
    their classes. The log-likelihood is concave in the weights, and each step of expectation maximisation increases it
    (A. Dempster, N. Laird and D. Rubin, "Maximum likelihood from incomplete data via the EM algorithm", 1977). The
    largest gain minus one bounds the remaining improvement (T. Cover, "An algorithm for maximizing expected log
    investment return", 1984); iteration stops when this is a millionth of a nat.
    """
    right = log_probabilities[:, np.arange(len(labels)), labels]  # (M, N)
    relative = np.exp(right - right.max(axis=0))  # avoids underflow for digits that all members misread
    weights = np.full(len(relative), 1 / len(relative))
    while True:
        gains = relative @ (1 / (weights @ relative)) / len(labels)  # (M,), with a weighted mean of 1
        if gains.max() - 1 <= MAX_REMAINING_GAIN_NATS:
            return weights
        weights *= gains
        weights /= weights.sum()


def choose_shared_weights(log_probabilities: NDArray[np.float64], labels: Labels, kinds: Sequence[object]) -> Weights:
    """Like `choose_weights`, but members of the same kind share a weight; `kinds` has the kind of each.

    Differences between seeds of a recipe on some digits are mostly chance, and do not carry over from a counterpart to
    its member.
    """
    from scipy.special import logsumexp

    first = np.array([kinds.index(kind) for kind in kinds])
    groups = np.unique(first)[:, None] == first  # (G, M)
    sizes = groups.sum(axis=1)
    means = [
        logsumexp(log_probabilities[group], axis=0) - np.log(size) for group, size in zip(groups, sizes, strict=True)
    ]
    shared: Weights = (choose_weights(np.stack(means), labels) / sizes) @ groups
    return shared


class Ensemble(nn.Module):
    """Member networks and their weights as one network: images `float32 (N, 1, 28, 28)` in [0, 1] → logits `(N, 10)`.

    Its logits are those of `combine`.
    """

    log_weights: Tensor

    def __init__(self, members: Sequence[nn.Module], weights: Weights) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.register_buffer("log_weights", torch.from_numpy(weights).log().float()[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """The log of the weighted mean of the members' probabilities."""
        return log_mean_probabilities(self.members, images, self.log_weights)


def disagreement(predictions: Sequence[NDArray[np.int64]]) -> float:
    """The share of digits that two members read differently, the mean over all pairs of them, in [0, 1]."""
    return float(np.mean([(first != second).mean() for first, second in combinations(predictions, 2)]))
