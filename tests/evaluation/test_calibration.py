"""Calibration recovers the temperature by which logits were scaled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sutja.data.digits import Labels
from sutja.evaluation.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    Calibration,
    calibrate,
    divide_by_temperature,
    fit_temperature,
)
from sutja.evaluation.metrics import Logits, evaluate, softmax


def calibrated_digits(count: int) -> tuple[NDArray[np.float64], Labels]:
    """Logits `(count, 10)` and labels drawn from exactly their probabilities, so that the temperature is 1."""
    random = np.random.default_rng(0)
    logits = 2 * random.standard_normal((count, 10))
    cumulated = softmax(logits.astype(np.float32)).cumsum(axis=1)
    return logits, (random.random((count, 1)) > cumulated[:, :9]).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_the_temperature_of_the_logits_is_found(temperature: float) -> None:
    logits, labels = calibrated_digits(20_000)
    hot = (temperature * logits).astype(np.float32)
    fitted = fit_temperature(hot, labels)
    assert fitted == pytest.approx(temperature, rel=0.03)
    assert evaluate(divide_by_temperature(hot, fitted), labels).calibration_error < 0.01


def test_before_and_after_agree_with_the_metrics() -> None:
    logits, labels = calibrated_digits(5_000)
    hot = (3 * logits).astype(np.float32)
    calibration = calibrate(hot, labels)
    before, after = evaluate(hot, labels), evaluate((hot / np.float32(calibration.temperature)), labels)
    assert calibration == Calibration(
        calibration.temperature, 5_000, before.loss, after.loss, before.calibration_error, after.calibration_error
    )
    assert calibration.loss_after < calibration.loss_before - 0.1
    assert calibration.error_after < 0.02 < 0.1 < calibration.error_before


@given(st.floats(0.02, 50), st.integers(0, 20))
@settings(derandomize=True, max_examples=30)
def test_no_other_temperature_has_a_smaller_loss(scale: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = (scale * random.standard_normal((40, 10))).astype(np.float32)
    labels = random.integers(0, 10, 40)
    fitted = fit_temperature(logits, labels)
    assert MIN_TEMPERATURE <= fitted <= MAX_TEMPERATURE
    least = evaluate(divide_by_temperature(logits, fitted), labels).loss
    for other in np.geomspace(MIN_TEMPERATURE, MAX_TEMPERATURE, 25):
        assert least <= evaluate(divide_by_temperature(logits, float(other)), labels).loss + 1e-4


def test_without_a_mistake_the_temperature_is_1() -> None:
    logits = np.eye(10, dtype=np.float32)
    calibration = calibrate(logits, np.arange(10))
    assert calibration.temperature == 1
    assert calibration.loss_before == calibration.loss_after


def test_dividing_by_a_temperature_changes_no_prediction() -> None:
    logits: Logits = calibrated_digits(1_000)[0].astype(np.float32)
    scaled = divide_by_temperature(logits, 7.3)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled.argmax(axis=1), logits.argmax(axis=1))
    np.testing.assert_allclose(scaled * 7.3, logits, rtol=1e-5)
