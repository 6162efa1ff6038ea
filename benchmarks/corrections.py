"""Corrections: errors on simulated writer styles before and after fine-tuning on twenty corrected digits.

A writer style is one fixed distortion of MNIST's test digits, brought into MNIST's form by the reader's `normalise`.
The first twenty digits that `convnet-small` misreads, or reads with a confidence below 0.5, are corrected; the network
is fine-tuned on them and then reads 1,500 further digits in the same style.
Command: `python -m benchmarks.corrections [--only STYLE …]`. Writes `results/corrections.json` if all styles run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.recording import record
from sutja.data.corrections.store import Correction, Corrections, read_corrections
from sutja.data.dataset import load_dataset
from sutja.data.digits import SIDE_PIXELS, Digits
from sutja.experiments.experiment import RunContext, train
from sutja.models.onnx_classifier import Classifier
from sutja.models.open import open_model
from sutja.reading.normalise import Ink, normalise
from sutja.training.finetuning.task import Task

CANVAS_PIXELS = 4 * SIDE_PIXELS  # side of the square in which a digit is distorted
CORRECTION_COUNT = 20
MIN_CONFIDENCE = 0.5  # less confident digits are corrected even if the prediction is right
CANDIDATE_COUNT = 2000  # digits among which the corrections are found
EVALUATION_COUNT = 1500  # further digits on which errors are counted

InkDistortion = Callable[[Ink], Ink]


def linear(*rows: tuple[float, float]) -> InkDistortion:
    """Slant, rotate or stretch: a matrix of x and y around the middle."""
    matrix = np.array(rows)
    middle = np.full(2, CANVAS_PIXELS / 2)
    moved = np.c_[matrix, middle - matrix @ middle + CANVAS_PIXELS / 2]
    return lambda ink: np.asarray(cv2.warpAffine(ink, moved, (2 * CANVAS_PIXELS, 2 * CANVAS_PIXELS)), np.float32)


def rotation(degrees: float) -> InkDistortion:
    """Rotate around the middle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return linear((cosine, sine), (-sine, cosine))


def broad_pen(pixels: int) -> InkDistortion:
    """Broaden strokes by `pixels` - 1, on digits of 112×112 pixels."""
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pixels, pixels))
    return lambda ink: np.asarray(cv2.dilate(np.pad(ink, CANVAS_PIXELS // 4), brush), np.float32)


def bend(seed: int, standard_deviation: float) -> InkDistortion:
    """Bend every digit by the same smooth random field; its standard deviation is a share of the digit's side."""
    random = np.random.default_rng(seed)
    knots = random.normal(0, standard_deviation * CANVAS_PIXELS, (2, 5, 5)).astype(np.float32)
    field = [cv2.resize(each, (CANVAS_PIXELS, CANVAS_PIXELS), interpolation=cv2.INTER_CUBIC) for each in knots]
    y, x = np.mgrid[:CANVAS_PIXELS, :CANVAS_PIXELS].astype(np.float32)
    return lambda ink: np.asarray(cv2.remap(ink, x + field[0], y + field[1], cv2.INTER_LINEAR), np.float32)


STYLES: dict[str, InkDistortion] = {
    "slanted far to the right": linear((0.8, -1.0), (0, 1)),
    "slanted far to the left": linear((1, 1.0), (0, 1)),
    "narrow": linear((0.4, 0), (0, 1)),
    "wide": linear((2, 0), (0, 1)),
    "turned by 40 degrees": rotation(40),
    "broad pen": broad_pen(31),
    "bent": bend(3, 0.07),
}


def distort(distortion: InkDistortion, digits: Digits) -> Digits:
    """The digits in a writer style, in MNIST's form."""
    return Digits(np.stack([_distort(distortion, image) for image in digits.images]), digits.labels)


def _distort(distortion: InkDistortion, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    large = cv2.resize(image, (CANVAS_PIXELS, CANVAS_PIXELS), interpolation=cv2.INTER_CUBIC)
    return normalise(np.clip(distortion(np.asarray(large, np.float32) / np.float32(255)), 0, 1))


def collect_corrections(store: Corrections, reader: Classifier, digits: Digits) -> int:
    """Correct the first twenty digits that are misread or uncertain; returns how many digits were read for them."""
    probabilities = reader.probabilities(digits.images)
    guesses, confidences = probabilities.argmax(1), probabilities.max(1)
    rows = np.flatnonzero((guesses != digits.labels) | (confidences < MIN_CONFIDENCE))[:CORRECTION_COUNT]
    store.add(
        [Correction(digits.images[k], int(digits.labels[k]), int(guesses[k]), float(confidences[k])) for k in rows]
    )
    return int(rows[-1]) + 1


def measure_style(name: str, seed: int, folder: Path, threads: int) -> dict[str, Any]:
    """Fine-tune on twenty corrections in one style; returns errors before and after, and the seconds it took."""
    mnist = load_dataset()
    order = np.random.default_rng(seed).permutation(len(mnist.test))
    candidates = distort(STYLES[name], mnist.test.take(order[:CANDIDATE_COUNT]))
    evaluated = distort(STYLES[name], mnist.test.take(order[CANDIDATE_COUNT : CANDIDATE_COUNT + EVALUATION_COUNT]))
    before = open_model("convnet-small").classifier(threads=threads)
    store = Corrections(folder / "corrections")
    digits_read = collect_corrections(store, before, candidates)
    start = time.perf_counter()
    corrected = read_corrections(store.folder)
    task = Task.open("convnet-small", "corrections", corrected)
    run = train(task.recipe({"seed": str(seed)}), RunContext(mnist, folder / "runs", "cpu", threads), task=task)
    seconds = time.perf_counter() - start
    after = open_model(run.folder).classifier(threads=threads)
    errors = [int((each.logits(evaluated.images).argmax(1) != evaluated.labels).sum()) for each in (before, after)]
    assert run.report.finetuning is not None
    on_test = run.report.finetuning.errors["test"]
    return {
        "style": name,
        "corrections": len(corrected),
        "digits_read": digits_read,
        "evaluated_digits": EVALUATION_COUNT,
        "errors_before": errors[0],
        "errors_after": errors[1],
        "errors_removed": 1 - errors[1] / errors[0],
        "mnist_errors_before": on_test.before,
        "mnist_errors_after": on_test.after,
        "kept_step": run.report.finetuning.kept_step,
        "seconds": seconds,
    }


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(STYLES), metavar="STYLE", help="; ".join(STYLES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    results = []
    for name in options.only or STYLES:
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure_style(name, options.seed, Path(folder), options.threads))
        print(results[-1], flush=True)
    if not options.only:
        print(record("corrections", {"seed": options.seed, "threads": options.threads, "styles": results}))


if __name__ == "__main__":
    main()
