"""What twenty corrections teach: writers that nobody is, whose digits the reader reads badly, before and after.

A writer is one distortion, always the same, of MNIST's test digits, brought into MNIST's form by the reader's own
`normalise`. The writer writes digit after digit, and the first twenty that are read wrongly, or with less than half of
certainty, are corrected. The network for single digits is taught these and then reads further digits of that writer.
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

ENLARGED = 4 * SIDE_PIXELS  # pixels of the side of a digit where it is distorted
CORRECTED = 20
UNSURE = 0.5
SHOWN, FURTHER = 2000, 1500  # digits that are written until enough are corrected, and those that are judged

Hand = Callable[[Ink], Ink]


def linear(*rows: tuple[float, float]) -> Hand:
    """A hand that slants, turns or stretches: a matrix of x and y around the middle."""
    matrix = np.array(rows)
    middle = np.full(2, ENLARGED / 2)
    moved = np.c_[matrix, middle - matrix @ middle + ENLARGED / 2]
    return lambda ink: np.asarray(cv2.warpAffine(ink, moved, (2 * ENLARGED, 2 * ENLARGED)), np.float32)


def turned(degrees: float) -> Hand:
    """A hand that writes at an angle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return linear((cosine, sine), (-sine, cosine))


def thick(pixels: int) -> Hand:
    """A broad pen: so many pixels more, of 112."""
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pixels, pixels))
    return lambda ink: np.asarray(cv2.dilate(np.pad(ink, ENLARGED // 4), brush), np.float32)


def bent(seed: int, deviation: float) -> Hand:
    """A hand that bends every digit in the same places."""
    random = np.random.default_rng(seed)
    knots = random.normal(0, deviation * ENLARGED, (2, 5, 5)).astype(np.float32)
    field = [cv2.resize(each, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC) for each in knots]
    y, x = np.mgrid[:ENLARGED, :ENLARGED].astype(np.float32)
    return lambda ink: np.asarray(cv2.remap(ink, x + field[0], y + field[1], cv2.INTER_LINEAR), np.float32)


WRITERS: dict[str, Hand] = {
    "slanted far to the right": linear((0.8, -1.0), (0, 1)),
    "slanted far to the left": linear((1, 1.0), (0, 1)),
    "narrow": linear((0.4, 0), (0, 1)),
    "wide": linear((2, 0), (0, 1)),
    "turned by 40 degrees": turned(40),
    "broad pen": thick(31),
    "bent": bent(3, 0.07),
}


def written(hand: Hand, digits: Digits) -> Digits:
    """The digits as that hand writes them, in MNIST's form."""
    return Digits(np.stack([_written(hand, image) for image in digits.images]), digits.labels)


def _written(hand: Hand, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    large = cv2.resize(image, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
    return normalise(np.clip(hand(np.asarray(large, np.float32) / np.float32(255)), 0, 1))


def correct(store: Corrections, reader: Classifier, shown: Digits) -> int:
    """Correct the first twenty digits that are read wrongly or unsurely; returns how many were written for that."""
    probabilities = reader.probabilities(shown.images)
    guesses, sure = probabilities.argmax(1), probabilities.max(1)
    places = np.flatnonzero((guesses != shown.labels) | (sure < UNSURE))[:CORRECTED]
    store.add([Correction(shown.images[k], int(shown.labels[k]), int(guesses[k]), float(sure[k])) for k in places])
    return int(places[-1]) + 1


def measure(name: str, seed: int, folder: Path, threads: int) -> dict[str, Any]:
    """Twenty corrections of one writer: errors before and after, and the seconds from start to finished run."""
    mnist = load_dataset()
    order = np.random.default_rng(seed).permutation(len(mnist.test))
    shown = written(WRITERS[name], mnist.test.take(order[:SHOWN]))
    further = written(WRITERS[name], mnist.test.take(order[SHOWN : SHOWN + FURTHER]))
    before = open_model("convnet-small").classifier(threads=threads)
    store = Corrections(folder / "corrections")
    needed = correct(store, before, shown)
    started = time.perf_counter()
    corrected = read_corrections(store.folder)
    task = Task.open("convnet-small", "corrections", corrected)
    run = train(task.recipe({"seed": str(seed)}), RunContext(mnist, folder / "runs", "cpu", threads), task=task)
    seconds = time.perf_counter() - started
    after = open_model(run.folder).classifier(threads=threads)
    errors = [int((each.logits(further.images).argmax(1) != further.labels).sum()) for each in (before, after)]
    assert run.report.finetuning is not None
    on_test = run.report.finetuning.errors["test"]
    return {
        "writer": name,
        "corrections": len(corrected),
        "written": needed,
        "further": FURTHER,
        "errors_before": errors[0],
        "errors_after": errors[1],
        "removed": 1 - errors[1] / errors[0],
        "mnist_before": on_test.before,
        "mnist_after": on_test.after,
        "learned": run.report.finetuning.kept_step,
        "seconds": seconds,
    }


def main() -> None:
    """Teach each writer's corrections to the published network and record what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(WRITERS), metavar="WRITER", help="; ".join(WRITERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    results = []
    for name in given.only or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(name, given.seed, Path(folder), given.threads))
        print(results[-1], flush=True)
    if not given.only:
        print(record("corrections", {"seed": given.seed, "threads": given.threads, "writers": results}))


if __name__ == "__main__":
    main()
