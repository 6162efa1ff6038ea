"""Results of recipes over several seeds, and the CSV file that keeps them, one recipe per row."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from sutja.errors import DataError, UsageError
from sutja.evaluation.significance import MeanDifference, compare_means, holm, mean_interval
from sutja.files import write_text
from sutja.runs.run import Run

RESULT_COLUMNS = (
    "recipe",
    "protocol",
    "data",
    "part",
    "parameters",
    "seeds",
    "count",
    "errors",
    "mean_accuracy",
    "standard_deviation",
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
ROWS_COLUMN = "rows"  # the number of all rows of the file, in each of them
CHECKSUM_COLUMN = "sha256"  # of a row: the first 16 digits of the SHA-256 of its other values and of all rows before
FILE_COLUMNS = (*RESULT_COLUMNS, ROWS_COLUMN, CHECKSUM_COLUMN)


@dataclass(frozen=True)
class RecipeResult:
    """The results of one recipe over its seeds, evaluated on `count` digits of one `part`, "test" or "validation".

    `errors` has the number of errors of each of the `seeds`, in their order. `loss` (negative log-likelihood in nats),
    `calibration_error` in [0, 1] and `seconds` of training are means over the seeds. `date` is the day on which the
    last training began. Where the runs differ in `threads`, `commit` or `machine`, these list all of them.
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
    def standard_deviation(self) -> float | None:
        """The standard deviation of the accuracies over the seeds, with N - 1; `None` for a single seed."""
        return stdev(self.accuracies) if len(self.errors) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % t-interval of the mean accuracy over seeds; `None` for a single seed."""
        return mean_interval(self.accuracies) if len(self.errors) > 1 else None

    @property
    def key(self) -> tuple[str, str, str]:
        """The fields that identify a result: a later one replaces an earlier one with the same key."""
        return self.recipe, self.protocol, self.data

    def to_json(self) -> dict[str, Any]:
        """All figures by the names of the file's columns."""
        low, high = self.interval or (None, None)
        derived = {
            "mean_accuracy": self.mean_accuracy,
            "standard_deviation": self.standard_deviation,
            "low": low,
            "high": high,
            "minimum": min(self.accuracies),
            "maximum": max(self.accuracies),
        }
        values = dataclasses.asdict(self) | derived
        return {column: values[column] for column in RESULT_COLUMNS}

    def to_row(self) -> dict[str, str]:
        """The figures in a row of the file: fractions with six decimals, lists separated by spaces."""
        return {column: _write(value) for column, value in self.to_json().items()}

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> RecipeResult:
        """Read what `to_row` wrote; raises `ValueError` when a figure is malformed or contradicts the errors."""
        readers: dict[str, Callable[[str], Any]] = {
            "tuple[int, ...]": _read_whole_numbers,
            "int": int,
            "float": float,
            "str": str,
        }
        result = cls(**{each.name: readers[str(each.type)](row[each.name]) for each in dataclasses.fields(cls)})
        if not result.errors or len(result.errors) != len(result.seeds) or result.count < 1:
            raise ValueError("each seed needs a number of errors")
        for column, text in result.to_row().items():
            if row[column] != text:
                raise ValueError(f"{column} is {row[column]}, but errors and seeds give {text}")
        return result


def gather(runs: Sequence[Run]) -> RecipeResult:
    """Combine N ≥ 1 finished runs of one recipe on the same data, one for each seed."""
    runs = sorted(runs, key=lambda run: run.recipe.seed)
    first, part = runs[0], runs[0].evaluated_on
    reports = [run.report.figures[part] for run in runs]
    environments = [run.environment for run in runs]
    return RecipeResult(
        recipe=first.recipe.label,
        protocol=first.recipe.protocol,
        data=first.environment.data.name,
        part=part,
        parameters=first.report.parameters,
        seeds=tuple(run.recipe.seed for run in runs),
        count=reports[0].count,
        errors=tuple(each.errors for each in reports),
        loss=fmean(each.loss for each in reports),
        calibration_error=fmean(each.calibration_error for each in reports),
        seconds=fmean(run.report.seconds for run in runs),
        threads=" ".join(map(str, sorted({each.threads or 0 for each in environments}))),
        commit=_distinct(each.commit or "unknown" for each in environments),
        machine=_distinct(f"{each.processor} with {each.cores} cores" for each in environments),
        date=max(each.started[:10] for each in environments),
    )


def compare_results(results: Sequence[RecipeResult]) -> list[MeanDifference]:
    """Compare every two recipes that have at least two seeds, the weaker first, with Holm's correction.

    With the same protocol, and so the same split, the seeds that both recipes have are paired. Without two common seeds
    or with different protocols, Welch's test compares them. Raises `UsageError` when the results were evaluated on
    different digits.
    """
    if len({(each.data, each.part, each.count) for each in results}) > 1:
        digits = ", ".join(f"{each.recipe}: {each.count:,} {each.part} digits of {each.data}" for each in results)
        raise UsageError(f"not evaluated on the same digits, so they cannot be compared: {digits}")
    names = dict(zip(results, distinct_names(results), strict=True))
    several = sorted((each for each in results if len(each.seeds) > 1), key=lambda each: each.mean_accuracy)
    return correct_p_values(
        [compare_pair(first, second, (names[first], names[second])) for first, second in combinations(several, 2)]
    )


def compare_pair(first: RecipeResult, second: RecipeResult, names: tuple[str, str]) -> MeanDifference:
    """The difference of two results of at least two seeds each, second minus first, as `compare_results` takes it."""
    common = [seed for seed in first.seeds if seed in second.seeds]
    paired = first.protocol == second.protocol and len(common) > 1
    values = [
        [each.accuracies[each.seeds.index(seed)] for seed in (common if paired else each.seeds)]
        for each in (first, second)
    ]
    return compare_means(*names, *values, paired=paired)


def correct_p_values(differences: Sequence[MeanDifference]) -> list[MeanDifference]:
    """The differences with their p-values corrected by Holm for the number of them."""
    adjusted = holm([each.p_value for each in differences])
    return [dataclasses.replace(each, adjusted_p=p) for each, p in zip(differences, adjusted, strict=True)]


def distinct_names(results: Sequence[RecipeResult]) -> list[str]:
    """A name for each result: its recipe, followed by the protocol where several results have this recipe."""
    recipes = [each.recipe for each in results]
    return [each.recipe if recipes.count(each.recipe) == 1 else f"{each.recipe} ({each.protocol})" for each in results]


def read_results(path: Path) -> list[RecipeResult]:
    """The rows of a file of results. Raises `DataError` when it is malformed or a figure contradicts the errors."""
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), strict=True)
        if tuple(reader.fieldnames or ()) != FILE_COLUMNS:
            raise ValueError(f"its columns must be {', '.join(FILE_COLUMNS)}")
        rows = list(reader)
        for number, row in enumerate(rows, start=2):
            if None in row or None in row.values():
                raise ValueError(f"line {number}: expected as many values as columns")
        results = [RecipeResult.from_row(row) for row in rows]
        if not rows or _sealed(results) != rows:
            raise ValueError("rows were changed, moved or removed: their number or a checksum is wrong")
        return results
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:  # a UnicodeDecodeError is a ValueError
        raise DataError(f"{path}: not a file of results: {error}") from error


def update_results(path: Path, results: Iterable[RecipeResult]) -> None:
    """Put N ≥ 1 results into a file: each replaces the one of the same recipe, protocol and data, or is appended.

    Creates the file if necessary, and writes it whole or not at all. Raises `DataError` like `read_results`.
    """
    rows = {each.key: each for each in (read_results(path) if path.exists() else [])}
    rows |= {each.key: each for each in results}
    text = io.StringIO()
    writer = csv.DictWriter(text, FILE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_sealed(rows.values()))
    write_text(path, text.getvalue())


def _sealed(results: Collection[RecipeResult]) -> list[dict[str, str]]:
    """The rows of a file of results; none can be changed, moved or removed without another number or checksum."""
    digest, rows = hashlib.sha256(), []
    for result in results:
        row = {**result.to_row(), ROWS_COLUMN: str(len(results))}
        digest.update("\n".join(row.values()).encode())
        rows.append({**row, CHECKSUM_COLUMN: digest.hexdigest()[:16]})
    return rows


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
