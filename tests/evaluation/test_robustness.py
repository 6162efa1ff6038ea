"""Robustness, measured with classifiers whose answers are known."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from sutja.data.dataset import Dataset
from sutja.data.digits import Images
from sutja.evaluation.corruptions import CORRUPTIONS, REFERENCE_CORRUPTION, corrupt
from sutja.evaluation.metrics import Logits, wilson_interval
from sutja.evaluation.robustness import CorruptionScore, score_corruptions, summarise_robustness
from tests.waiting import HANG_SECONDS


def always_seven(images: Images) -> Logits:
    return np.tile(np.eye(10, dtype=np.float32)[7], (len(images), 1))


def test_each_corruption_has_its_score_in_order(small: Dataset) -> None:
    scores = list(score_corruptions(always_seven, small.test))
    assert [each.name for each in scores] == list(CORRUPTIONS)
    sevens = int((small.test.labels == 7).sum())
    for each in scores:
        assert each.errors == 30 - sevens
        assert each.accuracy == pytest.approx(sevens / 30)
        assert (each.accuracy_low, each.accuracy_high) == wilson_interval(sevens, 30)


def test_the_classifier_sees_the_corrupted_digits(small: Dataset) -> None:
    seen: list[Images] = []

    def remember(images: Images) -> Logits:
        seen.append(images)
        return always_seven(images)

    list(score_corruptions(remember, small.test, seed=4))
    for name, images in zip(CORRUPTIONS, seen, strict=True):
        assert np.array_equal(images, corrupt(small.test.images, name, seed=4))


def test_the_mean_leaves_out_the_uncorrupted_digits() -> None:
    scores = [
        CorruptionScore(name, 0, rate, 0, 1)
        for name, rate in ((REFERENCE_CORRUPTION, 1.0), ("fog", 0.5), ("scale", 0.7))
    ]
    robustness = summarise_robustness(scores)
    assert robustness.mean == pytest.approx(0.6)
    assert json.loads(json.dumps(asdict(robustness)))["scores"][1]["name"] == "fog"


def test_pytorch_is_not_needed() -> None:
    check = "import sys, sutja.evaluation.robustness, sutja.models.onnx_classifier; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False, timeout=HANG_SECONDS).returncode == 0
