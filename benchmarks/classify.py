"""`Reader.classify`: digits a second with and without the quick network, and whether the answers stay as good.

Three ways take turns in one process: each picture prepared by itself and given to classifier and line network, as was
done before there was a quick network; pictures prepared together, then the same; and with the quick network first. The
pictures are MNIST's test digits, and scikit-learn's digits enlarged to 176×176 pixels. Answers are compared with and
without the quick network on these, on letters, noise and clothes.
Command: `python -m benchmarks.classify [--quick]`. Writes `results/classify.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.out_of_distribution import clothes, letters, noises
from benchmarks.recording import record, summarise_repetitions
from sutja.data.dataset import load_dataset
from sutja.evaluation.metrics import expected_calibration_error
from sutja.models.open import open_model
from sutja.reading.reader import DEFAULT_CLASSIFIER, DEFAULT_LINE_READER, Reader
from sutja.reading.single_digit import combine_probabilities, prepare_single_digit, single_digit_probabilities

SEED = 20261128
ROUNDS = 3
SLOW_DIGITS = 500  # that the slow ways read in a round; all are read with the quick network
COMPARED_DIGITS = 2500  # of MNIST's, whose answers are compared
OTHERS = 200  # pictures of each kind that is no digit; more letters than of the rest
LETTERS = 600

Pictures = Sequence[NDArray[np.uint8]] | NDArray[np.uint8]
Way = Callable[[Pictures], Any]


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures, one round; records nothing")
    quick = parser.parse_args().quick
    divisor, rounds = (10, 1) if quick else (1, ROUNDS)
    digits, (large, large_labels) = load_dataset().test, enlarged_digits()
    cascade, both = Reader(), Reader(quick_reader=None)
    images, labels = digits.images[::divisor], digits.labels[::divisor]
    ways: dict[str, Way] = {"one_by_one": one_by_one(), "together": both.classify, "cascade": cascade.classify}
    rng = np.random.default_rng(SEED)
    others: dict[str, Pictures] = {"letters": letters(LETTERS // divisor, rng)}
    others |= noises(OTHERS // divisor, rng, digits.images)
    others["silhouettes of clothes"] = clothes(OTHERS // divisor, rng, None)
    values = {
        "rounds": rounds,
        "digits": len(images),
        "speed": time_ways(ways, images, rounds),
        "large_speed": time_ways(ways, large[: 100 // divisor], rounds),
        "labelled": {
            "MNIST's test digits": compare_labelled(both, cascade, images[:COMPARED_DIGITS], labels[:COMPARED_DIGITS]),
            "scikit-learn's digits, enlarged": compare_labelled(
                both, cascade, large[::divisor], large_labels[::divisor]
            ),
        },
        "others": {name: compare_others(both, cascade, pictures) for name, pictures in others.items()},
    }
    print(values if quick else f"→ {record('classify', values)}")


def enlarged_digits() -> tuple[list[NDArray[np.uint8]], NDArray[np.int64]]:
    """scikit-learn's digits, 8×8 pixels, enlarged to 128×128, dark on light with a margin, and their labels."""
    from sklearn.datasets import load_digits  # takes two seconds to import

    source = load_digits()
    large = [cv2.resize(each.astype(np.float32), (128, 128), interpolation=cv2.INTER_CUBIC) for each in source.images]
    return [255 - np.pad(np.clip(each * (255 / 16), 0, 255), 24).astype(np.uint8) for each in large], source.target


def one_by_one() -> Way:
    """What `Reader.classify` was before: every picture by itself, and both networks for all."""
    classifier, line = open_model(DEFAULT_CLASSIFIER).classifier(), open_model(DEFAULT_LINE_READER).line_network()

    def classify(pictures: Pictures) -> list[NDArray[np.float64]]:
        singles = [prepare_single_digit(picture) for picture in pictures]
        by_classifier = classifier.probabilities(np.stack([single.image for single in singles]))
        logits = line.logits([single.strip for single in singles])
        by_line = [single_digit_probabilities(each, line.temperature) for each in logits]
        return [combine_probabilities(*each) for each in zip(by_classifier, by_line, strict=True)]

    return classify


def time_ways(ways: dict[str, Way], pictures: Pictures, rounds: int) -> dict[str, Any]:
    """Digits a second of all ways in turn, and how many times as fast as the first the last is in the same round.

    Processor time is that of all cores together: on a busy machine it says more than the clock.
    """
    found: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, classify in ways.items():
            own = pictures if name == "cascade" else pictures[:SLOW_DIGITS]
            start, worked = time.perf_counter(), time.process_time()
            classify(own)
            if number:  # the first round warms up
                found[name].append(len(own) / (time.perf_counter() - start))
                processor[name].append(1e6 * (time.process_time() - worked) / len(own))
    ratios = [after / before for before, after in zip(found["one_by_one"], found["cascade"], strict=True)]
    speeds = {name: summarise_repetitions(each) for name, each in found.items()}
    busy = {name: summarise_repetitions(each) for name, each in processor.items()}
    print({name: round(each["median"]) for name, each in speeds.items()}, flush=True)
    return {
        "digits_per_second": speeds,
        "processor_microseconds_per_digit": busy,
        "ratio": summarise_repetitions(ratios),
    }


def compare_labelled(
    both: Reader, cascade: Reader, pictures: Pictures, labels: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """Accuracy, coverage and calibration of digits, without and with the quick network."""
    return {name: _evaluate(reader, pictures, labels) for name, reader in (("both", both), ("cascade", cascade))}


def _evaluate(reader: Reader, pictures: Pictures, labels: NDArray[np.int64]) -> dict[str, float]:
    found = reader.classify(pictures)
    correct = np.array([digit.guess == label for digit, label in zip(found, labels, strict=True)])
    confidences = np.array([digit.confidence for digit in found])
    answered = confidences >= reader.min_confidence
    return {
        "digits": len(labels),
        "accuracy": float(correct.mean()),
        "coverage": float(answered.mean()),
        "selective_accuracy": float(correct[answered].mean()),
        "calibration_error": expected_calibration_error(confidences, correct),
    }


def compare_others(both: Reader, cascade: Reader, pictures: Pictures) -> dict[str, float]:
    """The share of pictures without a digit that is taken for one, without and with the quick network."""
    return {
        name: float(np.mean([digit.digit is not None for digit in reader.classify(pictures)]))
        for name, reader in (("both", both), ("cascade", cascade))
    } | {"pictures": len(pictures)}


if __name__ == "__main__":
    main()
