"""How fast this machine trains LeNet-5, beside the recorded machines."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sutja.cli.diagnosis.finding import Finding, broken, note
from sutja.errors import SutjaError
from sutja.files import read_json

RECORDED_SPEEDS = Path(__file__).parent / "recorded_speeds.json"  # from `results/`: `python -m tools.readme`
SPEED_SUBJECT = "LeNet-5 training"
MEASURED_SECONDS = 2.0
EPOCH_DIGITS = 1_280  # short epochs, so that the measurement ends in time on slow machines
MAX_EPOCHS = 1000  # more than any machine trains in that time
SLOW_RATIO = 0.5  # of the slowest recorded machine


@dataclass(frozen=True)
class TrainingSpeed:
    """Images per second of LeNet-5's training with a number of threads on a machine."""

    images_per_second: float
    threads: int
    machine: str


@dataclass(frozen=True)
class RecordedSpeeds:
    """The file of recorded speeds: of each machine the latest."""

    speeds: list[TrainingSpeed]


def recorded_speeds(path: Path = RECORDED_SPEEDS) -> list[TrainingSpeed]:
    """The recorded speeds of the benchmark; raises `DataError` if their file is damaged."""
    return read_json(RecordedSpeeds, path).speeds


def measure_speed() -> TrainingSpeed:
    """Train LeNet-5 on MNIST for two seconds, with the number of threads that `sutja train` takes now."""
    import torch

    from sutja.environment import processor
    from sutja.networks.device import choose_threads

    before = torch.get_num_threads()
    torch.set_num_threads(choose_threads(0))
    try:
        return TrainingSpeed(_images_per_second(), torch.get_num_threads(), processor())
    finally:
        torch.set_num_threads(before)


def _images_per_second() -> float:
    """The median over short epochs, without the first, which warms up."""
    import numpy as np

    from sutja.data.dataset import Splits, load_dataset
    from sutja.recipe import get_recipe
    from sutja.training.digit_trainer import DigitTrainer

    digits = load_dataset().train.take(np.arange(EPOCH_DIGITS))
    few = digits.take(np.arange(10))
    recipe = replace(get_recipe("lenet5"), epochs=MAX_EPOCHS)
    rates: list[float] = []
    start = time.monotonic()
    for record in DigitTrainer(recipe, Splits(digits, few, few), device="cpu").fit():
        rates.append(record.images_per_second)
        if len(rates) > 1 and time.monotonic() - start > MEASURED_SECONDS:
            break
    return statistics.median(rates[1:])


def check_speed() -> Finding:
    """The finding on the measured speed; where it cannot be measured, why."""
    try:
        return judge_speed(measure_speed(), recorded_speeds())
    except SutjaError as error:
        return broken(
            SPEED_SUBJECT,
            f"not measured: {error}",
            "restore this file, or install sutja again",
            exit_code=error.exit_code,
        )


def judge_speed(speed: TrainingSpeed, recorded: Sequence[TrainingSpeed]) -> Finding:
    """The finding on a speed beside the recorded ones, of which there is at least one."""
    text = _rate(speed)
    for each in recorded:
        text += f"; {speed.images_per_second / each.images_per_second:.1f} times the {_rate(each)}, of {each.machine}"
    slowest = min(each.images_per_second for each in recorded)
    if speed.images_per_second < SLOW_RATIO * slowest:
        advice = "slow: see whether other programs compute, and whether the machine saves power or is too hot"
        return note(SPEED_SUBJECT, text, advice)
    return Finding(SPEED_SUBJECT, text)


def _rate(speed: TrainingSpeed) -> str:
    return f"{speed.images_per_second:,.0f} images/s with {speed.threads} thread{'s' * (speed.threads > 1)}"
