"""LeNet-5: training images a second, sutja against the stock idiom, in turn and in one process.

The machine may be noisy: the ratio of each round compares two neighbours in time, and the median over rounds is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.recording import record, spread
from benchmarks.stock import train_stock
from sutja.data.dataset import Splits, load_dataset
from sutja.recipe import get_recipe
from sutja.training.digit_trainer import DigitTrainer

ROUNDS = 7
IMAGES = 12_800


def main() -> None:
    """Measure, print and record."""
    digits = load_dataset().train.take(np.arange(IMAGES))
    few = digits.take(np.arange(10))
    rates: dict[str, list[float]] = {"stock": [], "sutja": []}
    for number in range(ROUNDS + 1):
        stock = _images_per_second(lambda: train_stock(digits))
        sutja = next(
            iter(DigitTrainer(get_recipe("lenet5"), Splits(digits, few, few), device="cpu").fit())
        ).images_per_second
        if number:  # the first round warms up
            rates["stock"].append(stock)
            rates["sutja"].append(sutja)
            print(f"round {number}: stock {stock:,.0f}, sutja {sutja:,.0f} images/s: {sutja / stock:.1f} times")
    ratios = [sutja / stock for stock, sutja in zip(*rates.values(), strict=True)]
    values: dict[str, Any] = {
        "images_per_second": {name: spread(each) for name, each in rates.items()},
        "ratio": spread(ratios),
        "threads": torch.get_num_threads(),
    }
    print(f"median of {ROUNDS} rounds: {values['ratio']['median']:.1f} times → {record('throughput', values)}")


def _images_per_second(train: Callable[[], None]) -> float:
    start = time.perf_counter()
    train()
    return IMAGES / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
