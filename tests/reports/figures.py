"""A figure of each kind that reports show."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from sutja.data.digits import Digits
from sutja.evaluation.metrics import Mistake, evaluate
from sutja.reports import plots
from sutja.reports.ablation import plot_effects
from sutja.reports.confusion import plot_confusion_matrix
from sutja.reports.convolutions import plot_second_filters
from sutja.runs.report import MemberReport
from tests.classes import BALANCED
from tests.reports.test_ablation import EFFECTS

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(6, 1, 5, 5)).astype(np.float32)
SECOND_WEIGHTS = RNG.normal(size=(16, 6, 5, 5)).astype(np.float32)
MAPS = RNG.normal(size=(10, 6, 9, 9)).astype(np.float32)
DIGITS = Digits(RNG.integers(0, 256, (10, 28, 28), np.uint8), np.arange(10))
DISTORTED = (DIGITS.images / 255).astype(np.float32)
METRICS = [
    {"epoch": epoch}
    | {f"{part}_loss": 1 / epoch for part in plots.PART_STYLES}
    | {f"{part}_accuracy": 1 - 0.1 / epoch for part in plots.PART_STYLES}
    for epoch in range(1, 6)
]
LABELS = np.arange(1500) % 10
REPORT = evaluate((9 * np.eye(10)[LABELS]).astype(np.float32), LABELS)
MEMBERS = [MemberReport("a-s0", 0.5, 1, REPORT, 0), MemberReport("ensemble", None, 1, REPORT, 0)]
CONFUSION = (np.eye(10, dtype=int) * 900 + np.eye(10, k=3, dtype=int)).tolist()
FIGURES: dict[str, Callable[[], Figure]] = {
    "curves": lambda: plots.plot_curves([("LeNet-5 + dropout", METRICS), ("MLP", METRICS)]),
    "curves_together": lambda: plots.plot_curves_together([("LeNet-5 + both", METRICS), ("MLP", METRICS)]),
    "confusion": lambda: plot_confusion_matrix(CONFUSION),
    "confusion-of-letters": lambda: plot_confusion_matrix(np.eye(47, dtype=int).tolist(), BALANCED),
    "reliability": lambda: plots.plot_reliability(np.linspace(0.3, 1, 50), np.arange(50) % 3 > 0),
    "mistakes": lambda: plots.plot_mistakes(DIGITS, [Mistake(index, index, 9 - index, 0.9) for index in range(10)]),
    "no-mistakes": lambda: plots.plot_mistakes(DIGITS, []),
    "lines": lambda: plots.plot_lines([(DIGITS.images[0], "12 read as 13"), (DIGITS.images[1], "nothing read as 1")]),
    "filters": lambda: plots.plot_filters(WEIGHTS),
    "second_filters": lambda: plot_second_filters(SECOND_WEIGHTS),
    "feature_maps": lambda: plots.plot_feature_maps(DIGITS.images, MAPS),
    "augmentation": lambda: plots.plot_distortions(DIGITS.images, {"epoch 1": DISTORTED}),
    "study": lambda: plots.plot_seeds({"mlp": [0.97, 0.98], "lenet5": [0.99, 0.991]}, {"mlp": (0.97, 0.98)}, "test"),
    "members": lambda: plots.plot_ensemble(MEMBERS),
    "effects": lambda: plot_effects(EFFECTS),
}
NAMES = {"LeNet-5", "MLP", "mlp", "lenet5", "a-s0"}  # which are the same in both languages
