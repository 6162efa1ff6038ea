"""LeNet-5, reading: microseconds a digit of ONNX Runtime, eager PyTorch and OpenCV, in turn and in one process.

One digit at a time and in batches, from pixels in memory to logits in memory. The time does not depend on what the
weights are, so the network is a new one. Nothing is timed before all engines agree. PyTorch and OpenCV are given what
makes them fastest: channels last, and the classic engine of OpenCV 5. All have as many threads as PyTorch takes of
itself, but for `Classifier`, which is measured as it is.
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
from benchmarks.recording import IMAGES, record, spread
from sutja.data.dataset import load_dataset
from sutja.data.digits import Digits
from sutja.export.onnx import PARITY_DIGITS, PARITY_TOLERANCE, export_onnx
from sutja.files import whole_file
from sutja.models.onnx_classifier import Classifier
from sutja.networks.infer import infer, to_tensor
from sutja.networks.model import create
from sutja.reports.plots import BLUE, GREEN, ORANGE, VERMILION

ROUNDS = 15
BATCHES = {1: 2_000, 64: 9_600, 1_000: 20_000}  # digits at once → digits timed in a round
REST = 0.15  # seconds; the threads of the engine before look out for work for some 0.04 s until they sleep
COLOURS = {"sutja": BLUE, "onnxruntime": GREEN, "opencv": ORANGE, "pytorch": VERMILION}


@dataclass(frozen=True)
class Engine:
    """What turns images into logits `(N, 10)`, and the images in the form that it takes, `(N, …)`."""

    images: NDArray[Any]
    logits: Callable[[NDArray[Any]], NDArray[np.float32]]


def main() -> None:
    """Check, measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many rounds count (default: {ROUNDS})")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    digits, network = load_dataset().test, create("lenet5", seed=0).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lenet5.onnx"
        export_onnx(network, path, digits)
        engines = open_engines(network, path, digits)
    expected = infer(network, to_tensor(digits.take(np.arange(PARITY_DIGITS)))).numpy()
    differences = {name: largest_difference(engine, expected) for name, engine in engines.items()}
    wrong = [f"{ENGINES[name]} by {each:.2g}" for name, each in differences.items() if not each <= PARITY_TOLERANCE]
    if wrong:
        sys.exit(f"not measured: a logit differs from PyTorch's: {', '.join(wrong)}")
    batches = {str(size): _compare(engines, size, rounds) for size in BATCHES}
    values = {
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "largest_difference": differences,
        "batches": batches,
    }
    with whole_file(IMAGES / "inference.png") as partial:
        draw(batches).savefig(partial, dpi=120)
    print(f"median of {rounds} rounds → {record('inference', values)}")


def open_engines(network: nn.Module, path: Path, digits: Digits) -> dict[str, Engine]:
    """All engines with one network: a module and the ONNX file that was made of it."""
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


def largest_difference(engine: Engine, expected: NDArray[np.float32]) -> float:
    """The largest difference of a logit from those expected `(N, 10)` of the first N images, in any size of batch."""
    worst = 0.0
    for size in BATCHES:
        parts = [engine.logits(engine.images[start : start + size]) for start in range(0, len(expected), size)]
        worst = max(worst, float(np.abs(np.concatenate(parts)[: len(expected)] - expected).max()))
    return worst


def _compare(engines: dict[str, Engine], size: int, rounds: int) -> dict[str, Any]:
    """All engines in turn, round by round; the ratio of a round compares neighbours in time."""
    found: dict[str, list[float]] = {name: [] for name in engines}
    for number in range(rounds + 1):
        for name, engine in engines.items():
            time.sleep(REST)
            microseconds = 1e6 * _seconds_a_digit(engine, size)
            if number:  # the first round warms up
                found[name].append(microseconds)
    summaries = {name: summarise(each, found["onnxruntime"]) for name, each in found.items()}
    medians = [f"{ENGINES[name]} {each['microseconds_a_digit']['median']:.1f} µs" for name, each in summaries.items()]
    print(f"{size:,} at once: {', '.join(medians)}", flush=True)
    return summaries


def _seconds_a_digit(engine: Engine, size: int) -> float:
    starts = range(0, len(engine.images) - size + 1, size)
    images = [engine.images[start : start + size] for start in starts]
    calls = BATCHES[size] // size
    engine.logits(images[-1])  # a new size of batch costs the first call memory and plans
    begin = time.perf_counter()
    for each in itertools.islice(itertools.cycle(images), calls):
        engine.logits(each)
    return (time.perf_counter() - begin) / (calls * size)


def summarise(microseconds: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """Time a digit, its inverse, and the time as a multiple of the reference's in the same rounds."""
    times = spread(microseconds)
    return {
        "microseconds_a_digit": times,
        "digits_per_second": 1e6 / times["median"],
        "ratio": spread([each / other for each, other in zip(microseconds, reference, strict=True)]),
    }


def draw(batches: dict[str, Any]) -> Figure:
    """Microseconds a digit as bars, one panel for each size of batch."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    for number, (size, engines) in enumerate(batches.items()):
        axes = figure.add_subplot(1, len(batches), number + 1)
        times = [engines[name]["microseconds_a_digit"]["median"] for name in ENGINES]
        bars = axes.barh(range(len(ENGINES)), times, color=[COLOURS[name] for name in ENGINES])
        axes.bar_label(bars, [f"{each:.0f}" if each >= 100 else f"{each:.1f}" for each in times], padding=3, fontsize=9)
        axes.set_title("one digit at a time" if size == "1" else f"{int(size):,} digits at once", fontsize=10)
        axes.set(xlabel="µs a digit", xlim=(0, 1.2 * max(times)), yticks=range(len(ENGINES)))
        axes.set_yticklabels(ENGINES.values() if number == 0 else [])
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
