"""The reader: errors on photographs, single digits, what it refuses, whether confidences hold, time and memory.

The photographs are seeded and composed of MNIST's test digits, which no training and no choice of a threshold saw; real
pictures are read where `--pictures` names a folder with `labels.csv` files. Writes `results/reading.json` and the
gallery `docs/reading.png`, of synthetic photographs only.
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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.reading_gallery import draw_gallery
from benchmarks.recording import ROOT, record, spread
from benchmarks.strangers import FONTS, LETTERS, LOOK_ALIKES, clothes, letters, noises
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
PICTURES = 60  # photographs of each difficulty
SINGLES = 2000  # digits, and pictures of each kind that are none
BINS = (0.0, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0000001)
READ_CODES = (0, 5)  # read; nothing readable
Picture = Path | NDArray[np.uint8]


@dataclass(frozen=True)
class Outcome:
    """A picture that was read, and the digits that stand there, lines joined."""

    picture: Picture
    text: str
    reading: Reading

    @property
    def guessed(self) -> str:
        """The best guesses, whether told or not."""
        return "".join(str(digit.guess) for line in self.reading.lines for digit in line.digits)

    @property
    def told(self) -> str:
        """The digits that the reader is sure of."""
        return re.sub(r"\D", "", self.reading.text)


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, default=ROOT.parent / "shared" / "devset", help="real pictures")
    parser.add_argument("--fashion", type=Path, help="a folder of Fashion-MNIST's IDX files (default: silhouettes)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures, and nothing is recorded")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    reader, digits = Reader(), load_dataset().test
    synthetic = read_synthetic(reader, digits, PICTURES // share)
    real = {name: read_all(reader, pairs) for name, pairs in real_groups(options.pictures).items()}
    values = {
        "min_confidence": reader.min_confidence,
        "synthetic": {name: judge(outcomes) for name, outcomes in synthetic.items()},
        "real": {name: judge(outcomes) for name, outcomes in real.items()},
        "calibration": {
            "synthetic": reliability([each for some in synthetic.values() for each in some]),
            "real": reliability([each for some in real.values() for each in some]),
        },
        "singles": judge_singles(reader, share),
        "refusing": judge_refusing(reader, digits, SINGLES // share, options.fashion),
        "times": measure_times(reader, digits, rounds=20 // share + 3),
    }
    if options.quick:
        print(values)
        return
    draw_gallery([each for some in synthetic.values() for each in some], ROOT / "docs" / "reading.png")
    print(f"→ {record('reading', values)}")


def read_synthetic(reader: Reader, digits: Digits, count: int) -> dict[str, list[Outcome]]:
    """Read so many photographs of each difficulty, composed of `digits` only."""
    renderer = LineRenderer(digits, drawn=0)
    found: dict[str, list[Outcome]] = {}
    for difficulty, taken in render_photographs(renderer, PhotographRequest(list(DIFFICULTIES), count, SEED)):
        text = "".join(line.text for line in taken.lines)
        found.setdefault(difficulty, []).append(Outcome(taken.picture, text, reader.read(taken.picture)))
    return found


def real_groups(folder: Path) -> dict[str, list[tuple[Path, str]]]:
    """Pictures with their digits, by group: a subfolder with `labels.csv` (file, expected, perhaps difficulty)."""
    groups: dict[str, list[tuple[Path, str]]] = {}
    for labels in sorted(folder.glob("*/labels.csv")):
        with labels.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                name = "/".join(filter(None, (labels.parent.name, row.get("difficulty"))))
                pair = (labels.parent / row["file"], re.sub(r"\D", "", row["expected"]))
                groups.setdefault(name, []).append(pair)
    return groups


def read_all(reader: Reader, pairs: Sequence[tuple[Path, str]]) -> list[Outcome]:
    """Read pictures of which the digits are known."""
    return [Outcome(path, text, reader.read(path)) for path, text in pairs]


def judge(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Errors of told digits (what is not told is missing) and of guesses, and how many of those told are right."""
    digits = sum(len(each.text) for each in outcomes)
    told = [(sure, right) for each in outcomes for sure, right in _told_and_right(each)]
    sure = [right for is_told, right in told if is_told]
    return {
        "pictures": len(outcomes),
        "digits": digits,
        "character_error": sum(edit_distance(each.text, each.told) for each in outcomes) / digits,
        "guess_error": sum(edit_distance(each.text, each.guessed) for each in outcomes) / digits,
        "exact": sum(each.text == each.told for each in outcomes) / len(outcomes),
        "read": len(told),
        "told": len(sure),
        "told_right": statistics.mean(sure) if sure else 0.0,
    }


def _told_and_right(outcome: Outcome) -> Iterator[tuple[bool, bool]]:
    found = [digit for line in outcome.reading.lines for digit in line.digits]
    for digit, right in zip(found, matched(outcome.guessed, outcome.text), strict=True):
        yield digit.digit is not None, right


def reliability(outcomes: Sequence[Outcome]) -> list[dict[str, float]]:
    """How many of the digits read are right, by their confidence."""
    confidence = np.array([d.confidence for each in outcomes for line in each.reading.lines for d in line.digits])
    right = np.array([good for each in outcomes for good in matched(each.guessed, each.text)], np.bool_)
    rows = []
    for low, high in pairwise(BINS):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            row = {"low": low, "high": min(high, 1.0), "digits": int(inside.sum())}
            rows.append(row | {"confidence": float(confidence[inside].mean()), "right": float(right[inside].mean())})
    return rows


def judge_singles(reader: Reader, share: int) -> dict[str, float]:
    """Read scikit-learn's digits, 8×8 pixels in 17 greys, enlarged to 128×128, dark on light with a margin."""
    from sklearn.datasets import load_digits  # two seconds to import

    source = load_digits()
    images, labels = source.images[::share], source.target[::share]
    large = [cv2.resize(image.astype(np.float32), (128, 128), interpolation=cv2.INTER_CUBIC) for image in images]
    pictures = [255 - np.pad(np.clip(each * (255 / 16), 0, 255), 24).astype(np.uint8) for each in large]
    found = reader.classify(pictures)
    right = np.array([digit.guess == label for digit, label in zip(found, labels, strict=True)])
    told = np.array([digit.digit is not None for digit in found])
    return {
        "digits": len(labels),
        "accuracy": float(right.mean()),
        "told": int(told.sum()),
        "told_right": float(right[told].mean()) if told.any() else 0.0,
    }


def judge_refusing(reader: Reader, digits: Digits, count: int, fashion: Path | None) -> dict[str, Any]:
    """The area under the curve by which confidences tell digits from what is none, for each kind of it."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(SEED)
    some = digits.images[rng.permutation(len(digits))[:count]]
    kinds = {"letters": letters(count, rng), **noises(count, rng, digits.images)}
    kinds["Fashion-MNIST" if fashion else "silhouettes of clothes"] = clothes(count, rng, fashion)
    known = _confidences(reader, some)
    rows = {}
    for name, images in kinds.items():
        strange = _confidences(reader, images)
        truth = np.r_[np.ones(len(known)), np.zeros(len(strange))]
        rows[name] = {
            "pictures": len(strange),
            "auroc": float(roc_auc_score(truth, np.r_[known, strange])),
            "told": float((strange >= reader.min_confidence).mean()),
        }
        print(f"{name}: AUROC {rows[name]['auroc']:.4f}", flush=True)
    chosen = {"letters": LETTERS, "left_out": LOOK_ALIKES, "fonts": list(FONTS)}
    return {"digits": len(known), "told": float((known >= reader.min_confidence).mean()), "kinds": rows, **chosen}


def _confidences(reader: Reader, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.array([digit.confidence for digit in reader.classify(images)])


def measure_times(reader: Reader, digits: Digits, rounds: int) -> dict[str, Any]:
    """Milliseconds in a running process, seconds and megabytes of a process of its own."""
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
        starts = [_start_reading(small) for _ in range(max(3, rounds // 2))]
        cv2.imwrite(str(huge), cv2.resize(taken.picture, (8160, 6120), interpolation=cv2.INTER_LINEAR))
        largest = _start_reading(huge)
    return values | {
        "cold_start_seconds": spread([seconds for seconds, _ in starts]),
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
    return spread(found)


# A process counts the memory of the one that started it as its own until it begins: a small one has to start it.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
sys.exit(code)
"""


def _start_reading(path: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of `sutja read` from start to exit; exits when it fails."""
    command = [sys.executable, "main.py", "read", str(path)]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - start
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode not in READ_CODES:
        sys.exit(f"{' '.join(command)} failed with {run.returncode}")
    return seconds, float(run.stdout)


if __name__ == "__main__":
    main()
