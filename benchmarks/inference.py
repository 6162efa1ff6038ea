"""Inference: microseconds per digit for LeNet-5 in ONNX Runtime, eager PyTorch and OpenCV.

The engines take turns in one process, one digit at a time and in batches, from pixels in memory to logits in memory.
The weights do not change the time, so they are untrained. The timing starts only after all engines agree. PyTorch and
OpenCV run in their fastest configurations: channels last, and the classic engine of OpenCV 5. All use PyTorch's default
number of threads, except `Classifier`, which is measured as it is.
Command: `python -m benchmarks.inference [--rounds N]`. Writes `results/inference.json` and `docs/images/inference.png`.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import nn

from benchmarks.engines import ENGINES
from benchmarks.recording import IMAGES, record, summarise_repetitions
from sutja.data.dataset import load_dataset
from sutja.data.digits import Digits
from sutja.export.onnx import PARITY_DIGITS, PARITY_TOLERANCE, export_onnx
from sutja.files import whole_file
from sutja.models.onnx_classifier import Classifier
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import create
from sutja.reports.plots import BLUE, GREEN, ORANGE, VERMILION

ROUNDS = 15
BATCHES = {1: 2_000, 64: 9_600, 1_000: 20_000}  # batch size → digits timed in a round
PAUSE_SECONDS = 0.15  # the threads of the previous engine spin for about 0.04 s before they sleep
ENGINE_COLOURS = {"sutja": BLUE, "onnxruntime": GREEN, "opencv": ORANGE, "pytorch": VERMILION}


@dataclass(frozen=True)
class Engine:
    """A function from images to logits `(N, 10)`, and the images `(N, …)` in the form that it accepts."""

    images: NDArray[Any]
    logits: Callable[[NDArray[Any]], NDArray[np.float32]]


def main() -> None:
    """Check, measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds after the warm-up (default: {ROUNDS})")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    digits, network = load_dataset().test, create("lenet5", seed=0).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lenet5.onnx"
        export_onnx(network, path, digits)
        engines = open_engines(network, path, digits)
    expected = infer(network, to_tensor(digits.take(np.arange(PARITY_DIGITS)))).numpy()
    differences = {name: max_logit_difference(engine, expected) for name, engine in engines.items()}
    deviating = [f"{ENGINES[name]} by {each:.2g}" for name, each in differences.items() if not each <= PARITY_TOLERANCE]
    if deviating:
        sys.exit(f"not measured: logits differ from PyTorch's: {', '.join(deviating)}")
    batches = {str(size): _time_engines(engines, size, rounds) for size in BATCHES}
    values = {
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "max_logit_difference": differences,
        "batches": batches,
    }
    with whole_file(IMAGES / "inference.png") as partial:
        plot_times(batches).savefig(partial, dpi=120)
    print(f"median of {rounds} rounds → {record('inference', values)}")


def open_engines(network: nn.Module, path: Path, digits: Digits) -> dict[str, Engine]:
    """Open one network in all engines, given as a module and as the ONNX file exported from it."""
    pixels = digits.images[:, None].astype(np.float32) / np.float32(255)
    threads = torch.get_num_threads()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    cv2.setNumThreads(threads)
    opencv = cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_CLASSIC)
    fast = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run_onnxruntime(images: NDArray[Any]) -> NDArray[np.float32]:
        (logits,) = session.run(["logits"], {"images": images})
        return np.asarray(logits)

    def run_opencv(images: NDArray[Any]) -> NDArray[np.float32]:
        opencv.setInput(images)
        return np.asarray(opencv.forward(), np.float32)

    def run_pytorch(images: NDArray[Any]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = fast(torch.from_numpy(images).contiguous(memory_format=torch.channels_last))
        return np.asarray(logits.numpy())

    return {
        "sutja": Engine(digits.images, Classifier(path).logits),
        "onnxruntime": Engine(pixels, run_onnxruntime),
        "opencv": Engine(pixels, run_opencv),
        "pytorch": Engine(pixels, run_pytorch),
    }


def max_logit_difference(engine: Engine, expected: NDArray[np.float32]) -> float:
    """The largest difference from the logits expected `(N, 10)` for the first N images, over all batch sizes."""
    worst = 0.0
    for size in BATCHES:
        parts = [engine.logits(engine.images[start : start + size]) for start in range(0, len(expected), size)]
        worst = max(worst, float(np.abs(np.concatenate(parts)[: len(expected)] - expected).max()))
    return worst


def _time_engines(engines: dict[str, Engine], size: int, rounds: int) -> dict[str, Any]:
    """Time all engines in turn, round by round; the ratio within a round compares neighbours in time."""
    found: dict[str, list[float]] = {name: [] for name in engines}
    for number in range(rounds + 1):
        for name, engine in engines.items():
            time.sleep(PAUSE_SECONDS)
            microseconds = 1e6 * _seconds_per_digit(engine, size)
            if number:  # the first round warms up
                found[name].append(microseconds)
    summaries = {name: summarise_times(each, found["onnxruntime"]) for name, each in found.items()}
    medians = [f"{ENGINES[name]} {each['microseconds_per_digit']['median']:.1f} µs" for name, each in summaries.items()]
    print(f"{size:,} at once: {', '.join(medians)}", flush=True)
    return summaries


def _seconds_per_digit(engine: Engine, size: int) -> float:
    starts = range(0, len(engine.images) - size + 1, size)
    images = [engine.images[start : start + size] for start in starts]
    calls = BATCHES[size] // size
    engine.logits(images[-1])  # the first call with a new batch size allocates memory and plans
    begin = time.perf_counter()
    for each in itertools.islice(itertools.cycle(images), calls):
        engine.logits(each)
    return (time.perf_counter() - begin) / (calls * size)


def summarise_times(microseconds: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """Time per digit, digits per second, and the ratio to the reference's times in the same rounds."""
    times = summarise_repetitions(microseconds)
    return {
        "microseconds_per_digit": times,
        "digits_per_second": 1e6 / times["median"],
        "ratio": summarise_repetitions([each / other for each, other in zip(microseconds, reference, strict=True)]),
    }


def plot_times(batches: dict[str, Any]) -> Figure:
    """Plot microseconds per digit as bars, one panel for each batch size."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    for number, (size, engines) in enumerate(batches.items()):
        axes = figure.add_subplot(1, len(batches), number + 1)
        times = [engines[name]["microseconds_per_digit"]["median"] for name in ENGINES]
        bars = axes.barh(range(len(ENGINES)), times, color=[ENGINE_COLOURS[name] for name in ENGINES])
        axes.bar_label(bars, [f"{each:.0f}" if each >= 100 else f"{each:.1f}" for each in times], padding=3, fontsize=9)
        axes.set_title("one digit at a time" if size == "1" else f"{int(size):,} digits at once", fontsize=10)
        axes.set(xlabel="µs per digit", xlim=(0, 1.2 * max(times)), yticks=range(len(ENGINES)))
        axes.set_yticklabels(ENGINES.values() if number == 0 else [])
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
