"""Anatomy of a training step: microseconds an image by layer and by part, beside the machine's own matrix product.

For each recipe, one batch: what the kernels of `networks/fast/` take for each layer forward and backward, and what
distortion, loss, optimiser and averaging take beside them; then whole epochs with the engines "fast" and "torch", in
turn. The limit is the single-precision matrix product of PyTorch, 1024³, measured in turn with the rest.
Command: `python -m benchmarks.anatomy [--threads N]`. Writes `results/anatomy.json`.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.recording import record, summarise_repetitions
from sutja.cli.console import print_table, remark
from sutja.data.dataset import Splits, load_dataset
from sutja.networks.fast.engine import use_engine
from sutja.networks.fast.library import Kernels
from sutja.networks.fast.network import FastNetwork
from sutja.randomness import generator
from sutja.recipe import get_recipe
from sutja.reports.tables import Table
from sutja.training.digit_trainer import DigitBatch, DigitTrainer

RECIPES = ("lenet5", "lenet5-regularised", "mlp", "tiny")
REPETITIONS = 200
MEASURABLE = 0.1  # µs an image: a difference of two times that is smaller is noise
ROUNDS = 5
IMAGES_PER_EPOCH = 12_800
SIDE = 1024  # of the matrices of the limit


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="number of threads")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of epochs")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    digits = load_dataset().train.take(np.arange(IMAGES_PER_EPOCH))
    splits = Splits(digits, digits.take(np.arange(10)), digits.take(np.arange(10)))
    values: dict[str, Any] = {"threads": options.threads, "recipes": {}}
    for name in RECIPES:
        with use_engine("fast"):
            trainer = DigitTrainer(get_recipe(name), splits, device="cpu")
            assert isinstance(trainer.forward, FastNetwork) and trainer.kernels is not None
            with trainer.kernels.alone():
                parts = measure_step(trainer, trainer.forward, trainer.kernels)
            parts["matrix_product_gflops"] = matrix_product_gflops()
        values["recipes"][name] = {**parts, **measure_epochs(name, splits, options.rounds)}
        print_table(anatomy_table(values["recipes"][name]), title=name)
    print(f"→ {record('anatomy', values)}")


def microseconds(work: Callable[[], object], images: int) -> float:
    """The median time of some work, in µs an image."""
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6 / images


def matrix_product_gflops() -> float:
    """The rate of the limit in GFLOP/s."""
    matrix = torch.rand(SIDE, SIDE)
    return 2 * SIDE**3 / microseconds(lambda: matrix @ matrix, 1) / 1e3


def measure_step(trainer: DigitTrainer, fast: FastNetwork, kernels: Kernels) -> dict[str, Any]:
    """The parts of a step, in µs an image."""
    batch = next(iter(trainer.batches(0)))
    count, source = len(batch), generator(0, "distortion")
    picked = kernels.gather(trainer._images, batch.indices)
    trainer._step(trainer.loss_on_batch(batch))
    parts: dict[str, Callable[[], object]] = {
        "picking the images": lambda: trainer._pick(trainer._images, batch.indices),
        "distortion": lambda: trainer.augment(picked, source),
        "optimiser": trainer.optimiser.step,
    }
    if trainer.average:
        parts["average of the weights"] = partial(trainer.average.update_parameters, trainer.network)
    step = microseconds(lambda: _take_step(trainer, batch), count)
    flops = sum(flops_of_step(layer.fields, first=number == 0) for number, layer in enumerate(fast.plan.layers))
    return {
        "layers": measure_layers(fast, batch.images),
        "parts": {part: microseconds(work, count) for part, work in parts.items()},
        "step": step,
        "step_gflops": flops / step / 1e3,
    }


def _take_step(trainer: DigitTrainer, batch: DigitBatch) -> None:
    trainer._step(trainer.loss_on_batch(batch))


def measure_layers(fast: FastNetwork, images: Tensor) -> list[dict[str, Any]]:
    """Each layer forward and backward: differences between networks that end with it and with the one before."""
    rows: list[dict[str, Any]] = []
    before = (0.0, 0.0)
    for end in range(1, len(fast.plan.layers) + 1):
        plan = dataclasses.replace(fast.plan, layers=fast.plan.layers[:end])
        part = FastNetwork(fast.network, plan, fast.kernels)
        part.find_weights()
        threads, outputs = fast.kernels.threads, plan.layers[-1].fields["outputs"]
        _, workspace = part.forward(images, threads)
        part.release(workspace, len(images), threads)
        gradient = torch.zeros(len(images), outputs)
        forward = microseconds(lambda: _forward(part, images, threads), len(images))  # noqa: B023
        backward = microseconds(lambda: part.backward(workspace, gradient, threads), len(images))  # noqa: B023
        fields = plan.layers[-1].fields
        flops = flops_of_step(fields, first=end == 1)
        took = forward - before[0] + backward - before[1]
        rows.append(
            {
                "layer": layer_name(fields),
                "forward": forward - before[0],
                "backward": backward - before[1],
                "gflops": flops / took / 1e3 if took > MEASURABLE else None,
            }
        )
        before = (forward, backward)
    return rows


def _forward(part: FastNetwork, images: Tensor, threads: int) -> None:
    part.release(part.forward(images, threads)[1], len(images), threads)


def multiply_adds(fields: dict[str, Any]) -> int:
    """Multiply-adds of a layer for one image, forward."""
    if not fields["convolution"]:
        return int(fields["inputs"] * fields["outputs"])
    side = (fields["height"] + 2 * fields["padding"] - fields["kernel"]) // fields["stride"] + 1
    return int(side**2 * fields["inputs"] * fields["outputs"] * fields["kernel"] ** 2)


def flops_of_step(fields: dict[str, Any], *, first: bool) -> int:
    """Operations of a layer for one image, forward and backward; the first one needs no gradient of its input."""
    return 2 * multiply_adds(fields) * (2 if first else 3)


def layer_name(fields: dict[str, Any]) -> str:
    """A layer with what is computed with it."""
    names = {"pool": "pooling", "norm": "batch normalisation", "relu": "ReLU"}
    kind = f"convolution {fields['kernel']}×{fields['kernel']}" if fields["convolution"] else "linear layer"
    together = "".join(f", {name}" for field, name in names.items() if fields[field])
    return f"{kind}, {fields['inputs']} → {fields['outputs']}{together}"


def measure_epochs(name: str, splits: Splits, rounds: int) -> dict[str, Any]:
    """Images per second of both engines in turn, and the ratio within each round; the first round warms up."""
    rates: dict[str, list[float]] = {"torch": [], "fast": []}
    for number in range(rounds + 1):
        for engine, found in rates.items():
            with use_engine(engine):
                epochs = DigitTrainer(get_recipe(name), splits, device="cpu").fit()
                rate = next(iter(epochs)).images_per_second
            found.extend([rate] * (number > 0))
    ratios = [fast / slow for slow, fast in zip(*rates.values(), strict=True)]
    remark(f"{name}: {statistics.median(ratios):.1f} times as fast as with PyTorch alone")
    found_rates = {engine: summarise_repetitions(each) for engine, each in rates.items()}
    return {"images_per_second": found_rates, "ratio": summarise_repetitions(ratios)}


def anatomy_table(values: dict[str, Any]) -> Table:
    """Where each microsecond of a step goes."""
    limit = values["matrix_product_gflops"]
    rows = [
        [each["layer"], f"{each['forward']:.2f}", f"{each['backward']:.2f}", *_rate(each["gflops"], limit)]
        for each in values["layers"]
    ]
    layers = sum(each["forward"] + each["backward"] for each in values["layers"])
    rows += [[part, f"{took:.2f}", "", "", ""] for part, took in values["parts"].items()]
    rows += [
        ["the step without picking and distortion", f"{values['step']:.2f}", "", *_rate(values["step_gflops"], limit)]
    ]
    rows += [["of it outside the layers", f"{values['step'] - layers:.2f}", "", "", ""]]
    rows += [["matrix product of the machine", "", "", f"{limit:.0f}", "100 %"]]
    for engine, rate in values["images_per_second"].items():
        rows.append([f"an epoch, engine {engine}", f"{1e6 / rate['median']:.1f}", "", "", ""])
    return Table(["µs an image", "forward, or in all", "backward", "GFLOP/s", "of the limit"], rows)


def _rate(gflops: float | None, limit: float) -> tuple[str, str]:
    return ("–", "–") if gflops is None else (f"{gflops:.0f}", f"{100 * gflops / limit:.0f} %")


if __name__ == "__main__":
    main()
