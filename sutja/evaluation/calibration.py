"""Temperature scaling: one temperature that makes confidence match accuracy, and how much it improves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Labels
from sutja.evaluation.metrics import Logits, evaluate, expected_calibration_error

# Beyond these bounds all probabilities are practically equal, or one of them is practically 1.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
Outcomes = tuple[NDArray[np.float64], NDArray[np.bool_]]  # how sure each answer is, in [0, 1], and whether it is right
TEMPERATURE_BISECTIONS = 40  # each halves the interval of 20: the last is less than a billionth


@dataclass(frozen=True)
class Calibration:
    """A fitted temperature and its effect on the digits that it was fitted on.

    Logits are divided by `temperature` > 0. `loss_…` is the mean negative log-likelihood in nats and `error_…` the
    expected calibration error in [0, 1], both before and after the division; `count` is the number of digits, and
    `digits` describes them.
    """

    temperature: float
    count: int
    loss_before: float
    loss_after: float
    error_before: float
    error_after: float
    digits: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a temperature out of its limits."""
        check_temperature(self.temperature)


def check_temperature(temperature: float) -> None:
    """Raises `ValueError` unless the temperature is within its limits."""
    if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        raise ValueError(f"temperature = {temperature} is not from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}")


def calibrate(logits: Logits, labels: Labels) -> Calibration:
    """Fit a temperature to logits `float32 (N, 10)` and labels `int64 (N,)`, N ≥ 1, of digits outside training."""
    temperature = fit_temperature(logits, labels)
    before, after = evaluate(logits, labels), evaluate(divide_by_temperature(logits, temperature), labels)
    return Calibration(
        temperature, len(labels), before.loss, after.loss, before.calibration_error, after.calibration_error
    )


def calibrate_outcomes(outcomes_at: Callable[[float], Outcomes]) -> Calibration:
    """Fit the temperature that minimises the negative log-likelihood of answers being right or wrong.

    `outcomes_at` gives the confidence of each answer, and whether it is right, at a temperature.
    """
    from scipy.optimize import minimize_scalar

    fit = minimize_scalar(
        lambda log: outcome_loss(*outcomes_at(float(np.exp(log)))),
        bounds=(np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE)),
        method="bounded",
        options={"xatol": 1e-3},
    )
    temperature = float(np.exp(fit.x))
    before, after = outcomes_at(1.0), outcomes_at(temperature)
    return Calibration(
        temperature=temperature,
        count=len(before[0]),
        loss_before=outcome_loss(*before),
        loss_after=outcome_loss(*after),
        error_before=expected_calibration_error(*before),
        error_after=expected_calibration_error(*after),
    )


def outcome_loss(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The mean negative log-likelihood, in nats, of answers being right or wrong; 0 without any."""
    likelihood = np.clip(np.where(right, confidence, 1 - confidence), 1e-9, 1)
    return float(-np.log(likelihood).mean()) if len(likelihood) else 0.0


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature from 0.05 to 20 that minimises the negative log-likelihood of logits `(N, 10)`.

    If every digit is classified correctly, the likelihood has no maximum: it grows as the temperature falls towards
    zero. The temperature is then 1. Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern
    neural networks", 2017.
    """
    if (logits.argmax(axis=1) == labels).all():
        return 1.0
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=1, keepdims=True)  # the loss stays the same, and no power overflows
    mean_label_logit = exact[np.arange(len(labels)), labels].mean()

    def slope(inverse_temperature: float) -> float:
        """The derivative of the mean negative log-likelihood, which rises with the inverse temperature."""
        powers = np.exp(inverse_temperature * exact)
        expected = (powers * exact).sum(axis=1) / powers.sum(axis=1)
        return float(expected.mean() - mean_label_logit)

    return 1 / _find_zero(slope, 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE)


def _find_zero(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is zero between two bounds, by bisection; the nearer bound if it is zero nowhere."""
    for _ in range(TEMPERATURE_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def divide_by_temperature(logits: Logits, temperature: float) -> Logits:
    """Divide logits by a temperature, which changes the probabilities but not their order."""
    return (logits / np.float32(temperature)).astype(np.float32)
