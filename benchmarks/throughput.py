"""Training: images per second for LeNet-5, sutja's trainer with both engines against the stock PyTorch idiom.

All train one epoch of 12,800 digits in turn, in one process, for 7 rounds after a warm-up. On a noisy machine, the
ratio within a round compares neighbours in time; the median over rounds is reported.
Command: `python -m benchmarks.throughput`. Writes `results/throughput.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.recording import record, summarise_repetitions
from benchmarks.stock import train_stock
from sutja.data.dataset import Splits, load_dataset
from sutja.networks.fast.engine import use_engine
from sutja.recipe import get_recipe
from sutja.training.digit_trainer import DigitTrainer

ROUNDS = 7
IMAGES_PER_EPOCH = 12_800


def main() -> None:
    """Measure, print and record."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    digits = load_dataset().train.take(np.arange(IMAGES_PER_EPOCH))
    few = digits.take(np.arange(10))
    splits = Splits(digits, few, few)
    rates: dict[str, list[float]] = {"stock": [], "torch": [], "sutja": []}
    for number in range(ROUNDS + 1):
        stock = _images_per_second(lambda: train_stock(digits))
        torch_engine, sutja = _trainer_rate(splits, "torch"), _trainer_rate(splits, "auto")
        if number:  # the first round warms up
            for found, rate in zip(rates.values(), (stock, torch_engine, sutja), strict=True):
                found.append(rate)
            faster = f"{sutja / stock:.1f} times stock, {sutja / torch_engine:.1f} times PyTorch alone"
            print(f"round {number}: {stock:,.0f}, {torch_engine:,.0f}, {sutja:,.0f} images/s: {faster}")
    values: dict[str, Any] = {
        "images_per_second": {name: summarise_repetitions(each) for name, each in rates.items()},
        "ratio": summarise_repetitions(np.divide(rates["sutja"], rates["stock"]).tolist()),
        "ratio_to_torch": summarise_repetitions(np.divide(rates["sutja"], rates["torch"]).tolist()),
        "threads": torch.get_num_threads(),
    }
    print(f"median of {ROUNDS} rounds: {values['ratio']['median']:.1f} times → {record('throughput', values)}")


def _trainer_rate(splits: Splits, engine: str) -> float:
    with use_engine(engine):
        return next(iter(DigitTrainer(get_recipe("lenet5"), splits, device="cpu").fit())).images_per_second


def _images_per_second(train: Callable[[], None]) -> float:
    start = time.perf_counter()
    train()
    return IMAGES_PER_EPOCH / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
