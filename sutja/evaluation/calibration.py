"""Calibration: one temperature that makes probabilities say how often they are right, and how much it helps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sutja.data.digits import Labels
from sutja.evaluation.metrics import Logits, evaluate

# Beyond these all probabilities are equal, or one is 1, for every practical purpose.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0


@dataclass(frozen=True)
class Calibration:
    """A temperature with what it does to the digits that it was fitted on.

    `temperature` > 0 divides the logits. `loss_…` is the mean negative log-likelihood in nats, `error_…` the expected
    calibration error in [0, 1], before and after the division; `count` is the number of digits.
    """

    temperature: float
    count: int
    loss_before: float
    loss_after: float
    error_before: float
    error_after: float


def calibrate(logits: Logits, labels: Labels) -> Calibration:
    """Fit a temperature to logits `float32 (N, 10)` and labels `int64 (N,)`, N ≥ 1, of digits not trained on."""
    temperature = fit_temperature(logits, labels)
    before, after = evaluate(logits, labels), evaluate(divide_by_temperature(logits, temperature), labels)
    return Calibration(
        temperature, len(labels), before.loss, after.loss, before.calibration_error, after.calibration_error
    )


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The number from 0.05 to 20 that logits `(N, 10)` are divided by for the least negative log-likelihood.

    Without a single mistake among the digits the best temperature would be zero and every answer certain, which so few
    digits cannot show: then it is 1. Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern
    neural networks", 2017.
    """
    from scipy.optimize import minimize_scalar  # a third of a second that only fitting needs
    from scipy.special import logsumexp

    if (logits.argmax(axis=1) == labels).all():
        return 1.0
    exact = logits.astype(np.float64)
    right = exact[np.arange(len(labels)), labels].mean()

    def loss(coldness: float) -> float:
        """The mean negative log-likelihood, convex in 1 / temperature."""
        return float(logsumexp(coldness * exact, axis=1).mean() - coldness * right)

    fit = minimize_scalar(
        loss, bounds=(1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE), method="bounded", options={"xatol": 1e-6}
    )
    assert math.isfinite(fit.x)
    return float(1 / fit.x)


def divide_by_temperature(logits: Logits, temperature: float) -> Logits:
    """Logits divided by a temperature: the same order, other probabilities."""
    return (logits / np.float32(temperature)).astype(np.float32)
