"""Captions that say what one sees in a picture, how to read it, and what follows."""

from __future__ import annotations

from collections.abc import Sequence

from sutja.data.digits import CLASS_COUNT
from sutja.evaluation.metrics import Report
from sutja.reports.tables import percent
from sutja.runs.run import Run

MIN_CALIBRATION_POINTS = 0.1  # a smaller difference of confidence and accuracy is none


def confusion_caption(report: Report) -> str:
    """What a confusion matrix shows, with the pair of digits that are confused most."""
    confused = [
        (report.confusion[one][other] + report.confusion[other][one], one, other)
        for one in range(CLASS_COUNT)
        for other in range(one + 1, CLASS_COUNT)
    ]
    times, one, other = max(confused, key=lambda each: each[0])
    found = f"{one} and {other} are confused most: {_count(times)}." if times else "No digit is confused with another."
    return f"{found} A row is a digit, a column what it is read as. The diagonal is right; colour shows the errors."


def reliability_caption(report: Report, mean_confidence: float) -> str:
    """What a reliability diagram shows, with the difference of mean confidence, in [0, 1], and accuracy."""
    difference = 100 * (mean_confidence - report.accuracy)
    verdict = f"{'over' if difference > 0 else 'under'}confident by {abs(difference):.1f} points"
    if abs(difference) < MIN_CALIBRATION_POINTS:
        verdict = "neither over- nor underconfident"
    return (
        f"The mean confidence is {percent(mean_confidence)}, the accuracy {percent(report.accuracy)}: the network is "
        f"{verdict}. A bar above the diagonal stands for digits that are right more often than the network expects, a "
        "bar below it for those that are right less often."
    )


def mistakes_caption(report: Report) -> str:
    """What a sheet of mistakes shows, with the most confident one."""
    if not report.worst:
        return "There are no mistakes."
    first = report.worst[0]
    return (
        f"The most confident of {report.errors:,} mistakes, with the number of the digit in the set. The first is a "
        f"{first.label} that is read as {first.prediction} with {percent(first.confidence, 1)} confidence. Judge for "
        "yourself which of them a person would read right."
    )


def curves_caption(runs: Sequence[Run]) -> str:
    """What the curves of one or more runs show: the accuracies after the last epoch, and the gap to training digits."""
    said = [each for run in runs if (each := _last_epoch(run))]
    reading = "Where the training curve leaves the others behind, the network learns its digits by heart."
    return f"Average loss and accuracy over the epochs. {' '.join(said)} {reading if said else ''}".rstrip()


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
