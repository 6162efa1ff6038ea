"""Reader: errors, out-of-distribution detection and calibration on photographs and single digits; time and memory.

The synthetic photographs are seeded and composed of MNIST's test digits, which no training and no choice of a threshold
has seen. `--pictures` adds real pictures from a folder with `labels.csv` files in its subfolders.
Command: `python -m benchmarks.reading [--quick] [--ocr PYTHON]`. Writes `results/reading.json` and the gallery
`docs/reading.png`, of synthetic photographs only.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.general_ocr import read_by_ocr
from benchmarks.out_of_distribution import DIGIT_LIKE_LETTERS, FONTS, LETTERS, clothes, letters, noises
from benchmarks.reading_documents import evaluate_on_documents, numbers_of
from benchmarks.reading_gallery import draw_gallery
from benchmarks.recording import ROOT, record, summarise_repetitions
from sutja.data.dataset import load_dataset
from sutja.data.digits import Digits
from sutja.reading.line_metrics import edit_distance, matched
from sutja.reading.reader import Reader
from sutja.reading.result import Reading
from sutja.synth.folder import PhotographRequest, render_photographs
from sutja.synth.handwriting import HandwritingStyle
from sutja.synth.lines import LineRenderer
from sutja.synth.photograph import DIFFICULTIES, take_photograph

SEED = 20261124
PHOTOGRAPHS_PER_DIFFICULTY = 60
DOCUMENTS = 120
SINGLE_DIGITS = 2000  # also the number of out-of-distribution pictures of each kind
CONFIDENCE_BIN_EDGES = (0.0, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0000001)
READ_EXIT_CODES = (0, 5)  # read; nothing readable


@dataclass(frozen=True)
class LabelledReading:
    """A picture, the numbers `expected` on it, line by line, and what the reader reads in it, in how many seconds."""

    picture: Path | NDArray[np.uint8]
    expected: str
    reading: Reading
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """All expected digits in one."""
        return re.sub(r"\D", "", self.expected)

    @property
    def predicted(self) -> str:
        """The predictions of all digits, answered or not."""
        return "".join(str(digit.guess) for line in self.reading.lines for digit in line.digits)

    @property
    def answered(self) -> str:
        """The digits that reach the minimum confidence."""
        return re.sub(r"\D", "", self.reading.text)


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pictures", type=Path, default=ROOT.parent / "shared" / "devset", help="a folder of real pictures"
    )
    parser.add_argument("--fashion", type=Path, help="a folder of Fashion-MNIST's IDX files (default: silhouettes)")
    parser.add_argument("--ocr", type=Path, help="the Python of an environment with RapidOCR, to read them as well")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures; records nothing")
    options = parser.parse_args()
    divisor = 10 if options.quick else 1
    reader, digits = Reader(), load_dataset().test
    synthetic = read_synthetic(reader, digits, PHOTOGRAPHS_PER_DIFFICULTY // divisor)
    real = {name: read_all(reader, pairs) for name, pairs in find_real_pictures(options.pictures).items()}
    values = {
        "min_confidence": reader.min_confidence,
        "synthetic": {name: evaluate_readings(readings) for name, readings in synthetic.items()},
        "real": {name: evaluate_readings(readings) for name, readings in real.items()},
        "calibration": {
            "synthetic": reliability([each for readings in synthetic.values() for each in readings]),
            "real": reliability([each for readings in real.values() for each in readings]),
        },
        "documents": evaluate_on_documents(reader, digits, DOCUMENTS // divisor, SEED),
        "single_digits": evaluate_single_digits(reader, divisor),
        "out_of_distribution": evaluate_out_of_distribution(reader, digits, SINGLE_DIGITS // divisor, options.fashion),
        "times": measure_times(reader, digits, rounds=20 // divisor + 3),
        "general_ocr": {name: evaluate_ocr(options.ocr, each) for name, each in real.items()} if options.ocr else {},
    }
    if options.quick:
        print(values)
        return
    draw_gallery([each for readings in synthetic.values() for each in readings], ROOT / "docs" / "reading.png")
    print(f"→ {record('reading', values)}")


def read_synthetic(reader: Reader, digits: Digits, count: int) -> dict[str, list[LabelledReading]]:
    """Read `count` photographs of each difficulty, composed of `digits` only; returns the readings by difficulty."""
    renderer = LineRenderer(digits, drawn=0)
    found: dict[str, list[LabelledReading]] = {}
    for difficulty, taken in render_photographs(renderer, PhotographRequest(list(DIFFICULTIES), count, SEED)):
        text = "\n".join(line.text for line in taken.lines)
        found.setdefault(difficulty, []).append(LabelledReading(taken.picture, text, reader.read(taken.picture)))
    return found


def find_real_pictures(folder: Path) -> dict[str, list[tuple[Path, str]]]:
    """Pictures and what they say, by group: a subfolder with `labels.csv` (file, expected; difficulty or kind).

    In `expected`, lines are parted by `|`, in the group `photos` by `/`.
    """
    groups: dict[str, list[tuple[Path, str]]] = {}
    for labels in sorted(folder.glob("*/labels.csv")):
        with labels.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                photos = labels.parent.name == "photos"
                name = "/".join(
                    filter(None, (labels.parent.name, row.get("difficulty") if photos else row.get("kind")))
                )
                expected = row["expected"].replace("/" if photos else "|", "\n")
                groups.setdefault(name, []).append((labels.parent / row["file"], expected))
    return groups


def read_all(reader: Reader, pairs: Sequence[tuple[Path, str]]) -> list[LabelledReading]:
    """Read pictures whose numbers are known."""
    return [read_labelled(reader, path, text) for path, text in pairs]


def read_labelled(reader: Reader, picture: Path, expected: str) -> LabelledReading:
    """Read a picture whose numbers are known, and take the time."""
    start = time.perf_counter()
    reading = reader.read(picture)
    return LabelledReading(picture, expected, reading, time.perf_counter() - start)


def numbers_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """F1 of the numbers in texts, expected and read, with all their signs, as a bag: their order does not count."""
    right = wanted = found = 0
    for expected_text, text in pairs:
        expected, read = Counter(numbers_of(expected_text)), Counter(numbers_of(text))
        right += (expected & read).total()
        wanted, found = wanted + expected.total(), found + read.total()
    return 2 * right / max(1, wanted + found)


def numbers_exact(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of texts, expected and read, that have the same numbers in the same order."""
    return sum(numbers_of(expected) == numbers_of(text) for expected, text in pairs) / len(pairs)


def evaluate_ocr(python: Path, readings: Sequence[LabelledReading]) -> dict[str, float]:
    """What OCR reads on the same pictures, and the milliseconds that either takes for one of them."""
    found = read_by_ocr(python, [each.picture for each in readings if isinstance(each.picture, Path)])
    pairs = [(each.expected, ocr.text) for each, ocr in zip(readings, found, strict=True)]
    return {
        "numbers_f1": numbers_f1(pairs),
        "numbers_exact": numbers_exact(pairs),
        "milliseconds": 1000 * statistics.mean(each.seconds for each in found),
        "sutja_milliseconds": 1000 * statistics.mean(each.seconds for each in readings),
    }


def evaluate_readings(readings: Sequence[LabelledReading]) -> dict[str, float]:
    """Errors of answers (a digit without an answer is missing) and of predictions, coverage and selective accuracy."""
    digits = sum(len(each.text) for each in readings)
    predictions = [pair for each in readings for pair in _answered_and_correct(each)]
    answers = [correct for answered, correct in predictions if answered]
    pairs = [(each.expected, each.reading.text) for each in readings]
    return {
        "pictures": len(readings),
        "digits": digits,
        "character_error": sum(edit_distance(each.text, each.answered) for each in readings) / max(1, digits),
        "prediction_error": sum(edit_distance(each.text, each.predicted) for each in readings) / max(1, digits),
        "exact_match": sum(each.text == each.answered for each in readings) / len(readings),
        "numbers_f1": numbers_f1(pairs),
        "numbers_exact": numbers_exact(pairs),
        "predicted_digits": len(predictions),
        "coverage": len(answers) / max(1, len(predictions)),
        "selective_accuracy": statistics.mean(answers) if answers else 0.0,
    }


def _answered_and_correct(labelled: LabelledReading) -> Iterator[tuple[bool, bool]]:
    found = [digit for line in labelled.reading.lines for digit in line.digits]
    for digit, correct in zip(found, matched(labelled.predicted, labelled.text), strict=True):
        yield digit.digit is not None, correct


def reliability(readings: Sequence[LabelledReading]) -> list[dict[str, float]]:
    """Mean confidence and accuracy of the predictions in each bin of confidence."""
    confidence = np.array([d.confidence for each in readings for line in each.reading.lines for d in line.digits])
    correct = np.array([right for each in readings for right in matched(each.predicted, each.text)], np.bool_)
    rows = []
    for low, high in pairwise(CONFIDENCE_BIN_EDGES):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            row = {"low": low, "high": min(high, 1.0), "digits": int(inside.sum())}
            means = {"mean_confidence": float(confidence[inside].mean()), "accuracy": float(correct[inside].mean())}
            rows.append(row | means)
    return rows


def evaluate_single_digits(reader: Reader, divisor: int) -> dict[str, float]:
    """Read scikit-learn's digits (8×8 pixels, 17 grey levels), enlarged to 128×128, dark on light with a margin."""
    from sklearn.datasets import load_digits  # takes two seconds to import

    source = load_digits()
    images, labels = source.images[::divisor], source.target[::divisor]
    large = [cv2.resize(image.astype(np.float32), (128, 128), interpolation=cv2.INTER_CUBIC) for image in images]
    pictures = [255 - np.pad(np.clip(each * (255 / 16), 0, 255), 24).astype(np.uint8) for each in large]
    found = reader.classify(pictures)
    correct = np.array([digit.guess == label for digit, label in zip(found, labels, strict=True)])
    answered = np.array([digit.digit is not None for digit in found])
    return {
        "digits": len(labels),
        "accuracy": float(correct.mean()),
        "coverage": float(answered.mean()),
        "selective_accuracy": float(correct[answered].mean()) if answered.any() else 0.0,
    }


def evaluate_out_of_distribution(reader: Reader, digits: Digits, count: int, fashion: Path | None) -> dict[str, Any]:
    """The AUROC with which confidences separate digits from each kind of other pictures, and how many are accepted."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(SEED)
    in_distribution = digits.images[rng.permutation(len(digits))[:count]]
    kinds = {"letters": letters(count, rng), **noises(count, rng, digits.images)}
    kinds["Fashion-MNIST" if fashion else "silhouettes of clothes"] = clothes(count, rng, fashion)
    confidences = _confidences(reader, in_distribution)
    rows = {}
    for name, images in kinds.items():
        other = _confidences(reader, images)
        truth = np.r_[np.ones(len(confidences)), np.zeros(len(other))]
        rows[name] = {
            "pictures": len(other),
            "auroc": float(roc_auc_score(truth, np.r_[confidences, other])),
            "acceptance_rate": float((other >= reader.min_confidence).mean()),
        }
        print(f"{name}: AUROC {rows[name]['auroc']:.4f}", flush=True)
    return {
        "digits": len(confidences),
        "acceptance_rate": float((confidences >= reader.min_confidence).mean()),
        "kinds": rows,
        "letters": LETTERS,
        "excluded_letters": DIGIT_LIKE_LETTERS,
        "fonts": list(FONTS),
    }


def _confidences(reader: Reader, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.array([digit.confidence for digit in reader.classify(images)])


def measure_times(reader: Reader, digits: Digits, rounds: int) -> dict[str, Any]:
    """Milliseconds in a running process; seconds and peak megabytes of `sutja read` in a new process."""
    renderer = LineRenderer(digits, drawn=0)
    rng = np.random.default_rng(SEED)
    ink, text = renderer.draw_line(HandwritingStyle(rng), "05221859", signs=False)
    line = np.clip(np.where(ink > 127, 40, 235) + rng.normal(0, 4, ink.shape), 0, 255).astype(np.uint8)
    assert text == "05221859"
    numbers = ["314159", "271828", "161803", "141421", "577215"]
    taken = take_photograph(renderer, np.random.default_rng(2), difficulty="easy", size=(4000, 3000), numbers=numbers)
    values: dict[str, Any] = {
        "line_milliseconds": _milliseconds(reader, line, rounds),
        "photograph_milliseconds": _milliseconds(reader, taken.picture, max(3, rounds // 2)),
        "photograph_digits": sum(len(each.text) for each in taken.lines),
    }
    with tempfile.TemporaryDirectory() as folder:
        small, huge = Path(folder) / "small.png", Path(folder) / "huge.jpg"
        cv2.imwrite(str(small), line)
        starts = [_time_sutja_read(small) for _ in range(max(3, rounds // 2))]
        cv2.imwrite(str(huge), cv2.resize(taken.picture, (8160, 6120), interpolation=cv2.INTER_LINEAR))
        largest = _time_sutja_read(huge)
    return values | {
        "cold_start_seconds": summarise_repetitions([seconds for seconds, _ in starts]),
        "megapixels_50_seconds": largest[0],
        "megapixels_50_peak_megabytes": largest[1],
    }


def _milliseconds(reader: Reader, picture: NDArray[np.uint8], rounds: int) -> dict[str, float]:
    found = []
    for number in range(rounds + 1):
        start = time.perf_counter()
        reader.read(picture)
        if number:  # the first round warms up
            found.append(1000 * (time.perf_counter() - start))
    return summarise_repetitions(found)


# Until a process executes its program, its peak memory includes that of its parent: a small process must start it.
PEAK_MEMORY_PROGRAM = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
sys.exit(code)
"""


def _time_sutja_read(path: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of `sutja read` from start to exit; exits if it fails."""
    command = [sys.executable, "main.py", "read", str(path)]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - start
    run = subprocess.run(
        [sys.executable, "-c", PEAK_MEMORY_PROGRAM, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode not in READ_EXIT_CODES:
        sys.exit(f"{' '.join(command)} failed with {run.returncode}")
    return seconds, float(run.stdout)


if __name__ == "__main__":
    main()
