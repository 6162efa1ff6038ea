"""Numbers as people write them: marks, amounts, dates, times, fractions, telephone numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

_DIGITS = "0123456789"
# Of the first digit of a number: Benford's law, by which 30 % begin with a 1.
_FIRST_DIGITS = np.log10(1 + 1 / np.arange(1, 10))
REPEATED_DIGIT_PROBABILITY = 0.1  # beside those that chance repeats, as in 11 and 200


def random_digits(rng: Generator, count: int) -> str:
    """Random digits; long ones are often round or repetitive, as amounts are."""
    text = _repetitive("".join(_DIGITS[digit] for digit in rng.integers(0, 10, count)), rng)
    if count > 2 and rng.random() < 0.3:
        start = int(rng.integers(1, count))
        text = text[:start] + ("0" if rng.random() < 0.8 else _DIGITS[rng.integers(10)]) * (count - start)
    return text


def _repetitive(text: str, rng: Generator) -> str:
    """The digits, some of them replaced by those before them."""
    repeats = rng.random(len(text)) < REPEATED_DIGIT_PROBABILITY
    for at in np.flatnonzero(repeats[1:]).tolist():
        text = text[: at + 1] + text[at] + text[at + 2 :]
    return text


def _whole(rng: Generator, low: int, high: int) -> str:
    """A whole number of `low` to `high` digits without a leading zero, its first digit by Benford's law."""
    text = random_digits(rng, int(rng.integers(low, high + 1)))
    if len(text) == 1:
        return text
    text = _DIGITS[1 + int(rng.choice(9, p=_FIRST_DIGITS))] + text[1:]
    return _repetitive(text, rng) if len(text) == 2 else text  # the second digit may repeat this first one


def _point(rng: Generator) -> str:
    return "." if rng.random() < 0.6 else ","


def _digit(rng: Generator) -> str:
    return _DIGITS[rng.integers(10)]


def _mark(rng: Generator) -> str:
    """A school mark: a whole number up to a hundred, or one with halves and quarters."""
    whole = str(rng.integers(0, 11 if rng.random() < 0.6 else 101))
    kind = rng.random()
    if kind < 0.6:
        return whole
    return whole + _point(rng) + str(rng.choice(["5", "25", "75", "0", "125", "375", "50", "00"]))


def _decimal(rng: Generator) -> str:
    return _whole(rng, 1, 4) + _point(rng) + random_digits(rng, int(rng.choice([1, 2, 2, 3])))


def _thousands(rng: Generator) -> str:
    """An amount in groups of three, in India of two, with a comma, a point or a narrow space."""
    sign = str(rng.choice([",", ".", " "], p=[0.55, 0.37, 0.08]))
    groups = int(rng.choice([1, 2], p=[0.85, 0.15]))
    size = 2 if groups == 2 and sign == "," and rng.random() < 0.4 else 3
    text = _whole(rng, 1, size)
    for left in range(groups, 0, -1):
        text += sign + random_digits(rng, 3 if left == 1 else size)
    if sign != " " and rng.random() < 0.2:
        text += ("." if sign == "," else ",") + random_digits(rng, 2)
    return text


def _negative(rng: Generator) -> str:
    sign = "-" if rng.random() < 0.85 else "+"
    return sign + (_decimal(rng) if rng.random() < 0.5 else _whole(rng, 1, 4))


def _date(rng: Generator) -> str:
    sign = str(rng.choice(["/", ".", "-"], p=[0.55, 0.3, 0.15]))
    day, month, year = rng.integers(1, 32), rng.integers(1, 13), rng.integers(1950, 2030)
    padded = rng.random() < 0.5
    parts = [f"{day:02d}" if padded else str(day), f"{month:02d}" if padded else str(month)]
    if rng.random() < 0.85:
        parts.append(str(year) if rng.random() < 0.5 else f"{year % 100:02d}")
    return sign.join(parts)


def _time(rng: Generator) -> str:
    sign = ":" if rng.random() < 0.8 else "."
    text = f"{rng.integers(0, 24)}{sign}{rng.integers(0, 60):02d}"
    return text + (f":{rng.integers(0, 60):02d}" if rng.random() < 0.15 else "")


def _fraction(rng: Generator) -> str:
    """A fraction or a mixed number: "1/2", "2 1/2"."""
    part = str(rng.choice(["1/2", "1/2", "1/2", "1/4", "3/4", "1/3", "2/3"]))
    if rng.random() < 0.12:
        part = f"{rng.integers(1, 100)}/{rng.integers(1, 101)}"
    return part if rng.random() < 0.35 else f"{rng.integers(1, 30)} {part}"


def _range(rng: Generator) -> str:
    return f"{_whole(rng, 1, 4)}-{_whole(rng, 1, 4)}"


def _telephone(rng: Generator) -> str:
    text = random_digits(rng, int(rng.integers(7, 12)))
    if rng.random() < 0.25:
        text = text[:3] + "-" + text[3:]
    return text


KINDS: dict[str, Callable[[Generator], str]] = {
    "digit": _digit,
    "small": lambda rng: _whole(rng, 1, 2),
    "whole": lambda rng: _whole(rng, 2, 6),
    "mark": _mark,
    "decimal": _decimal,
    "thousands": _thousands,
    "negative": _negative,
    "date": _date,
    "time": _time,
    "fraction": _fraction,
    "range": _range,
    "telephone": _telephone,
    "code": lambda rng: random_digits(rng, int(rng.integers(3, 11))),
}

# How often a document, or a column of a table, holds numbers of a kind.
KIND_WEIGHTS = {
    "digit": 0.17,
    "small": 0.17,
    "whole": 0.14,
    "mark": 0.1,
    "decimal": 0.11,
    "thousands": 0.1,
    "negative": 0.05,
    "date": 0.03,
    "time": 0.015,
    "fraction": 0.035,
    "range": 0.01,
    "telephone": 0.02,
    "code": 0.05,
}


def random_kind(rng: Generator) -> str:
    """A kind of number, as often as people write it."""
    return str(rng.choice(list(KIND_WEIGHTS), p=np.array(list(KIND_WEIGHTS.values())) / sum(KIND_WEIGHTS.values())))


def random_number_text(rng: Generator, kind: str | None = None) -> str:
    """A number of a kind, or of any."""
    return KINDS[kind or random_kind(rng)](rng)
