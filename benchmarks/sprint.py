"""Sprint: seconds to 99.0 and 99.5 % test accuracy, against the first epoch of PyTorch's own MNIST example.

The example reimplements `mnist/main.py` of github.com/pytorch/examples with its defaults for a CPU. Its epoch is timed
from the first batch to the last step, once; each target runs with several seeds, in the same process.
Command: `python -m benchmarks.sprint [--seeds N]`. Writes `results/sprint.json`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from benchmarks.recording import record
from benchmarks.stock import StockDataset
from sutja.cli.console import print_table, remark
from sutja.data.dataset import Dataset, load_dataset
from sutja.data.digits import Digits
from sutja.networks.fast.engine import use_engine
from sutja.training.sprint import get_sprint, sprint, sprint_table, summarise

SEED_COUNTS = {"99.0": 20, "99.5": 10}  # target accuracy in percent → seeds


class ExampleNetwork(nn.Module):
    """The network of the example, with 1,199,882 parameters; the data set normalises."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images `(N, 1, 28, 28)` to log probabilities `(N, 10)`."""
        hidden = functional.relu(self.conv2(functional.relu(self.conv1(images))))
        hidden = torch.flatten(self.dropout1(functional.max_pool2d(hidden, 2)), 1)
        return functional.log_softmax(self.fc2(self.dropout2(functional.relu(self.fc1(hidden)))), dim=1)


def train_example(digits: Digits) -> tuple[nn.Module, float]:
    """Train the example's first epoch (Adadelta, batches of 64); returns the network and the seconds."""
    network = ExampleNetwork().train()
    optimiser = torch.optim.Adadelta(network.parameters(), lr=1.0)
    start = time.perf_counter()
    for images, labels in DataLoader(StockDataset(digits), batch_size=64):  # without CUDA, the example does not shuffle
        optimiser.zero_grad()
        loss = functional.nll_loss(network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network, time.perf_counter() - start


def evaluate_example(network: nn.Module, digits: Digits) -> float:
    """The accuracy on digits, in [0, 1]."""
    network.eval()
    right = 0
    with torch.inference_mode():
        for images, labels in DataLoader(StockDataset(digits), batch_size=1_000):
            right += int((network(images).argmax(1) == labels).sum())
    return right / len(digits)


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, help="seeds for each target (default: 20 for 99.0, 10 for 99.5)")
    seeds = parser.parse_args().seeds
    values = measure_sprints(load_dataset(), {target: seeds or number for target, number in SEED_COUNTS.items()})
    print(f"→ {record('sprint', values)}")


def measure_sprints(dataset: Dataset, seeds: dict[str, int]) -> dict[str, Any]:
    """Train the example once and each target with its number of seeds; returns the values to record."""
    torch.manual_seed(0)
    network, seconds = train_example(dataset.train)
    example = {"seconds": seconds, "accuracy": evaluate_example(network, dataset.test)}
    remark(f"PyTorch's example, first epoch: {seconds:.1f} s, {100 * example['accuracy']:.2f} %")
    recorded, results = {}, {}
    for target, number in seeds.items():
        recipe = get_sprint(target)
        sprints = []
        for seed in range(number):
            with use_engine("auto"):
                sprints.append(sprint(recipe, dataset.train, dataset.test, seed))
            remark(f"{target} %, seed {seed}: {sprints[-1].seconds:.2f} s, {100 * sprints[-1].accuracy:.2f} %")
        results[target] = summarise(sprints)
        ratio = seconds / results[target].seconds
        together = {"target": float(target), "recipe": asdict(recipe), **asdict(results[target]), "ratio": ratio}
        recorded[target] = {**together, "sprints": [asdict(each) for each in sprints]}
        remark(f"{target} %: {ratio:.1f} times as fast as the example's first epoch")
    print_table(sprint_table(results))
    return {"example": example, "sprints": recorded, "threads": torch.get_num_threads()}


if __name__ == "__main__":
    main()
