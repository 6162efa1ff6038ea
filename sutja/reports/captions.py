"""Captions that say what one sees in a picture, how to read it, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.evaluation.metrics import Mistake, Report
from sutja.reports.tables import percent
from sutja.runs.run import Run

if TYPE_CHECKING:
    from sutja.evaluation.label_errors import LabelDoubt

MIN_CALIBRATION_POINTS = 0.1  # a smaller difference of confidence and accuracy is none


def confusion_caption(report: Report, class_names: ClassNames = DIGIT_NAMES) -> str:
    """What a confusion matrix shows, with the pair of digits, or of other classes, that are confused most."""
    confused = [
        (report.confusion[one][other] + report.confusion[other][one], one, other)
        for one in range(len(class_names))
        for other in range(one + 1, len(class_names))
    ]
    times, one, other = max(confused, key=lambda each: each[0])
    word, names = class_names.word, f"{class_names[one]} and {class_names[other]}"
    found = f"{names} are confused most: {_count(times)}." if times else f"No {word} is confused with another."
    why = " Digits that share strokes are confused, because a few pixels make one of them the other." if times else ""
    return (
        f"{found} A row is a {word}, a column what it is read as. The diagonal is right; colour shows the errors."
        f"{why if class_names.are_digits else ''}"
    )


def reliability_caption(report: Report, mean_confidence: float) -> str:
    """What a reliability diagram shows, with the difference of mean confidence, in [0, 1], and accuracy."""
    difference = 100 * (mean_confidence - report.accuracy)
    verdict = f"{'over' if difference > 0 else 'under'}confident by {abs(difference):.1f} points"
    if abs(difference) < MIN_CALIBRATION_POINTS:
        verdict = "neither over- nor underconfident"
    return (
        f"The mean confidence is {percent(mean_confidence)}, the accuracy {percent(report.accuracy)}: the network is "
        f"{verdict}. A bar above the diagonal stands for digits that are right more often than the network expects, a "
        "bar below it for those that are right less often. Cross-entropy rewards ever larger logits on digits that are "
        "right already, so a network that learns its digits by heart becomes overconfident."
    )


def mistakes_caption(report: Report, class_names: ClassNames = DIGIT_NAMES) -> str:
    """What a sheet of mistakes shows, with the most confident one."""
    if not report.worst:
        return "There are no mistakes."
    first = report.worst[0]
    label, prediction = class_names[first.label], class_names[first.prediction]
    return (
        f"The most confident of {report.errors:,} mistakes, with the number of the digit in the set. The first is a "
        f"{label} that is read as {prediction} with {percent(first.confidence, 1)} confidence. Judge for "
        "yourself which of them a person would read right."
    )


def mistake_lines(mistake: Mistake, names: Sequence[str] = DIGIT_NAMES.names) -> tuple[str, str]:
    """What stands beside a misread digit: what it is and was read as, and how surely, with its number in the set.

    `names` are those of the classes.
    """
    sure = f"{mistake.confidence:.0%} sure · #{mistake.index}"
    return f"{names[mistake.label]} read as {names[mistake.prediction]}", sure


def doubt_lines(doubt: LabelDoubt, names: Sequence[str] = DIGIT_NAMES.names) -> tuple[str, str]:
    """What stands beside a digit with a doubtful label: the label, the suggested one, how probable, and the place.

    `names` are those of the classes.
    """
    probability = f"{doubt.suggested_probability:.0%}"
    return f"{names[doubt.label]} → {names[doubt.suggested]}?  {probability}", f"{doubt.part} {doubt.index}"


def curves_caption(runs: Sequence[Run]) -> str:
    """What the curves of one or more runs show: the accuracies after the last epoch, and the gap to training digits."""
    said = [each for run in runs if (each := _last_epoch(run))]
    reading = "Where the training curve leaves the others behind, the network learns its digits by heart."
    return f"Average loss and accuracy over the epochs. {' '.join(said)} {reading if said else ''}".rstrip()


def together_caption(runs: Sequence[Run]) -> str:
    """What the curves of several networks on one axis show: which ends highest, and which lowest."""
    reading = "All networks on one axis: the lower loss and the higher accuracy are better."
    parts = ("test", "validation")
    last = [run.metrics()[-1] for run in runs]
    part = next((part for part in parts if all(f"{part}_accuracy" in each for each in last)), None)
    if part is None:
        return reading
    ends = sorted((each[f"{part}_accuracy"], run.recipe.title) for each, run in zip(last, runs, strict=True))
    (low, lowest), (high, highest) = ends[0], ends[-1]
    return (
        f"{reading} {highest} ends highest, with {percent(high)} of the {part} digits, {lowest} lowest, with "
        f"{percent(low)}."
    )


def filters_caption(weights: NDArray[np.float32] | None = None) -> str:
    """What the filters `(K, 1, h, w)` of a first convolution show, with the strongest where they are given."""
    found = "The filters of the first convolution, as learned."
    if weights is not None:
        strongest = int(np.abs(weights).reshape(len(weights), -1).max(axis=1).argmax()) + 1
        found = f"The filters of the first convolution, as learned; filter {strongest} has the largest weight."
    return (
        f"{found} Ink on orange raises the response, ink on purple lowers it. A filter that is orange on one side and "
        "purple on the other answers to edges in that direction, wherever they are, because the same weights are used "
        "at every place."
    )


def feature_maps_caption(maps: NDArray[np.float32]) -> str:
    """What the responses `(N, K, h, w)` of K filters to one digit of each class show, with the strongest filter."""
    strongest = int(np.abs(maps).mean(axis=(0, 2, 3)).argmax()) + 1
    return (
        "The response of each filter to one digit of every class: positive in orange, negative in purple. Filter "
        f"{strongest} answers most strongly here. Read a row from left to right: each filter keeps one kind of stroke "
        "or edge of the digit, and the next layers combine them."
    )


def second_filters_caption(weights: NDArray[np.float32], max_filters: int, max_maps: int) -> str:
    """The caption of a picture that shows the weights `(K, C, h, w)` of a second convolution.

    The picture has at most `max_filters` of the K filters and `max_maps` of the C maps.
    """
    filters, maps = weights.shape[:2]
    strongest = int(np.abs(weights).reshape(filters, -1).max(axis=1).argmax()) + 1
    found = f"The filters of the second convolution, a column each; filter {strongest} has the largest weight."
    if filters > max_filters or maps > max_maps:
        found = (
            f"The first {min(filters, max_filters)} of {filters} filters of the second convolution, on "
            f"{min(maps, max_maps)} of {maps} maps, a column each; filter {strongest} has the largest weight."
        )
    return (
        f"{found} A row is a map of the layers before: what the filter looks for there. A filter looks at all maps at "
        "once, so it answers to strokes that meet: a corner, an end, a curve."
    )


def second_feature_maps_caption(maps: NDArray[np.float32]) -> str:
    """What the responses `(N, K, h, w)` of a second convolution to one digit of each class show."""
    strongest = int(np.abs(maps).mean(axis=(0, 2, 3)).argmax()) + 1
    height, width = maps.shape[2:]
    return (
        f"What the second convolution makes of the same digits. Filter {strongest} answers most strongly here. The "
        f"maps are of {width}×{height} pixels, the digits of 28×28: a map says that something is there, and only "
        "roughly where."
    )


def _last_epoch(run: Run) -> str:
    last = run.metrics()[-1]
    part = next((each for each in ("validation", "test") if f"{each}_accuracy" in last), None)
    if part is None or "train_accuracy" not in last:
        return ""
    gap = 100 * (last["train_accuracy"] - last[f"{part}_accuracy"])
    return (
        f"{run.recipe.title} ends at {percent(last[f'{part}_accuracy'])} of {part} digits and "
        f"{percent(last['train_accuracy'])} of training digits, a gap of {gap:.2f} points."
    )


def _count(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
