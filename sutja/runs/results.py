"""What several seeds of one recipe say together, and the file in which such results are kept, one row a recipe."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from sutja.errors import DataError, UsageError
from sutja.evaluation.significance import MeanDifference, compare_means, holm, mean_interval
from sutja.files import write_text
from sutja.runs.run import Run

COLUMNS = (
    "recipe",
    "protocol",
    "data",
    "part",
    "parameters",
    "seeds",
    "count",
    "errors",
    "mean_accuracy",
    "deviation",
    "low",
    "high",
    "minimum",
    "maximum",
    "loss",
    "calibration_error",
    "seconds",
    "threads",
    "commit",
    "machine",
    "date",
)


@dataclass(frozen=True)
class Spread:
    """The results of one recipe over its seeds, judged by `count` digits of one `part`, "test" or "validation".

    `errors` counts those of each of the `seeds`, in their order. `loss` (negative log-likelihood in nats),
    `calibration_error` in [0, 1] and `seconds` of training are means over the seeds. `date` is that on which the last
    training began. `threads`, `commit` and `machine` name all that there were, where the runs differ.
    """

    recipe: str
    protocol: str
    data: str
    part: str
    parameters: int
    seeds: tuple[int, ...]
    count: int
    errors: tuple[int, ...]
    loss: float
    calibration_error: float
    seconds: float
    threads: str
    commit: str
    machine: str
    date: str

    @property
    def accuracies(self) -> list[float]:
        """The accuracy of each seed, in [0, 1]."""
        return [1 - errors / self.count for errors in self.errors]

    @property
    def mean_accuracy(self) -> float:
        """The mean of the accuracies."""
        return fmean(self.accuracies)

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the accuracies over the seeds, with N - 1; `None` for a single seed."""
        return stdev(self.accuracies) if len(self.errors) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % t-interval of the mean accuracy over seeds; `None` for a single seed."""
        return mean_interval(self.accuracies) if len(self.errors) > 1 else None

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later result takes the place of an earlier one by."""
        return self.recipe, self.protocol, self.data

    def to_json(self) -> dict[str, Any]:
        """All figures, named as the columns of the file are."""
        low, high = self.interval or (None, None)
        derived = {
            "mean_accuracy": self.mean_accuracy,
            "deviation": self.deviation,
            "low": low,
            "high": high,
            "minimum": min(self.accuracies),
            "maximum": max(self.accuracies),
        }
        values = dataclasses.asdict(self) | derived
        return {column: values[column] for column in COLUMNS}

    def to_row(self) -> dict[str, str]:
        """The row of the file: rates with six decimals, lists with spaces between."""
        return {column: _write(value) for column, value in self.to_json().items()}

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Spread:
        """Read what `to_row` wrote; raises `ValueError` when a figure is none or does not follow from the errors."""
        readers: dict[str, Callable[[str], Any]] = {
            "tuple[int, ...]": _read_whole_numbers,
            "int": int,
            "float": float,
            "str": str,
        }
        spread = cls(**{each.name: readers[str(each.type)](row[each.name]) for each in dataclasses.fields(cls)})
        if not spread.errors or len(spread.errors) != len(spread.seeds) or spread.count < 1:
            raise ValueError("each seed needs its number of errors")
        for column, text in spread.to_row().items():
            if row[column] != text:
                raise ValueError(f"{column} is {row[column]}, where the errors and seeds say {text}")
        return spread


def gather(runs: Sequence[Run]) -> Spread:
    """Put the finished runs of one recipe, on the same data, together: N ≥ 1, a seed each."""
    runs = sorted(runs, key=lambda run: run.recipe.seed)
    first, part = runs[0], runs[0].judged_by
    judged = [run.report[part] for run in runs]
    made = [run.environment for run in runs]
    return Spread(
        recipe=first.recipe.label,
        protocol=first.recipe.protocol,
        data=str(first.environment["data"]["name"]),
        part=part,
        parameters=first.report["parameters"],
        seeds=tuple(run.recipe.seed for run in runs),
        count=judged[0]["count"],
        errors=tuple(each["errors"] for each in judged),
        loss=fmean(each["loss"] for each in judged),
        calibration_error=fmean(each["calibration_error"] for each in judged),
        seconds=fmean(run.report["seconds"] for run in runs),
        threads=" ".join(map(str, sorted({each["threads"] for each in made}))),
        commit=_distinct(each.get("commit") or "unknown" for each in made),
        machine=_distinct(f"{each['processor']} with {each.get('cores')} cores" for each in made),
        date=max(str(each.get("started", ""))[:10] for each in made),
    )


def compare_spreads(spreads: Sequence[Spread]) -> list[MeanDifference]:
    """Compare every two recipes of which there are at least two seeds, the weaker first, corrected by Holm.

    Seeds of the same protocol, which has the same split, are paired; where one of the two lacks some, those that both
    have. Other protocols, or fewer than two seeds in common, are compared by Welch's test. Raises `UsageError` when
    some were judged by other digits than the rest.
    """
    if len({(each.data, each.part, each.count) for each in spreads}) > 1:
        told = ", ".join(f"{each.recipe}: {each.count:,} {each.part} digits of {each.data}" for each in spreads)
        raise UsageError(f"not judged by the same digits, so they cannot be compared: {told}")
    names = dict(zip(spreads, distinct_names(spreads), strict=True))
    several = sorted((each for each in spreads if len(each.seeds) > 1), key=lambda each: each.mean_accuracy)
    found = []
    for first, second in combinations(several, 2):
        common = [seed for seed in first.seeds if seed in second.seeds]
        paired = first.protocol == second.protocol and len(common) > 1
        values = [
            [each.accuracies[each.seeds.index(seed)] for seed in (common if paired else each.seeds)]
            for each in (first, second)
        ]
        found.append(compare_means(names[first], names[second], *values, paired=paired))
    adjusted = holm([each.p_value for each in found])
    return [dataclasses.replace(each, adjusted_p=p_value) for each, p_value in zip(found, adjusted, strict=True)]


def distinct_names(spreads: Sequence[Spread]) -> list[str]:
    """What to call each of some results: its recipe, with the protocol behind it where two have the same recipe."""
    recipes = [each.recipe for each in spreads]
    return [each.recipe if recipes.count(each.recipe) == 1 else f"{each.recipe} ({each.protocol})" for each in spreads]


def read_results(path: Path) -> list[Spread]:
    """The rows of a file of results. Raises `DataError` when it is not one, or a figure does not fit its errors."""
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"its columns must be {', '.join(COLUMNS)}")
        rows = list(reader)
        for number, row in enumerate(rows, start=2):
            if None in row or None in row.values():
                raise ValueError(f"line {number}: not as many values as columns")
        return [Spread.from_row(row) for row in rows]
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:  # a UnicodeDecodeError is a ValueError
        raise DataError(f"{path}: not a file of results: {error}") from error


def update_results(path: Path, spreads: Iterable[Spread]) -> None:
    """Put results into a file, in place of earlier ones of the same recipe, protocol and data, else behind all others.

    The file is begun where there is none, and written whole or not at all. Raises `DataError` as `read_results` does.
    """
    results = {each.key: each for each in (read_results(path) if path.exists() else [])}
    results |= {each.key: each for each in spreads}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(each.to_row() for each in results.values())
    write_text(path, text.getvalue())


def _distinct(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))


def _write(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _read_whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))
