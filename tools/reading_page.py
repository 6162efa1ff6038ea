"""The measured parts of docs/reading.md, each a table made from `results/reading.json`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.recording import RESULTS, load
from sutja.reports.tables import percent
from tools.markdown import write_table

MISSING = "Not measured on this machine yet.\n"
GROUP_HEADS = ["pictures", "digits", "character error", "without an error", "coverage", "selective accuracy"]


def _table(make: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
    """A part that says so when nothing was measured yet."""

    def part() -> str:
        return make(load("reading")) if (RESULTS / "reading.json").exists() else MISSING

    return part


def _photographs(values: dict[str, Any]) -> str:
    groups = {f"synthetic, {name}": row for name, row in values["synthetic"].items()} | values["real"]
    rows = [
        [
            name,
            f"{row['pictures']:,}",
            f"{row['digits']:,}",
            percent(row["character_error"]),
            percent(row["exact"], 1),
            percent(row["told"] / max(1, row["read"]), 1),
            percent(row["told_right"]),
        ]
        for name, row in groups.items()
    ]
    return write_table(["group", *GROUP_HEADS], rows)


def _singles(values: dict[str, Any]) -> str:
    row = values["singles"]
    told = [percent(row["told"] / row["digits"], 1), percent(row["told_right"])]
    heads = ["single digits", "digits", "accuracy", "coverage", "selective accuracy"]
    return write_table(heads, [["scikit-learn's, enlarged", f"{row['digits']:,}", percent(row["accuracy"]), *told]])


def _refusing(values: dict[str, Any]) -> str:
    found = values["refusing"]
    rows = [
        [name, f"{row['pictures']:,}", f"{row['auroc']:.4f}", percent(row["told"], 1)]
        for name, row in found["kinds"].items()
    ]
    rows.append(["MNIST's test digits", f"{found['digits']:,}", "–", percent(found["told"], 1)])
    return write_table(["pictures of 28×28", "pictures", "AUROC against digits", "accepted as a digit"], rows)


def _calibration(values: dict[str, Any]) -> str:
    rows = [
        [
            f"{kind}, {row['low']:.2f} to {row['high']:.2f}",
            f"{row['digits']:,}",
            percent(row["confidence"], 1),
            percent(row["right"], 1),
        ]
        for kind, some in values["calibration"].items()
        for row in some
    ]
    return write_table(["confidence", "digits", "mean confidence", "accuracy"], rows)


def _times(values: dict[str, Any]) -> str:
    times = values["times"]
    line, photo, start = (
        times[name] for name in ("line_milliseconds", "photograph_milliseconds", "cold_start_seconds")
    )
    rows = [
        ["one line of eight digits", *(f"{line[name]:.1f} ms" for name in ("median", "minimum", "maximum"))],
        [
            f"12 megapixels, {times['photograph_digits']} digits",
            *(f"{photo[name]:.0f} ms" for name in ("median", "minimum", "maximum")),
        ],
        [
            "`sutja read` of a small picture, from start to exit",
            *(f"{start[name]:.2f} s" for name in ("median", "minimum", "maximum")),
        ],
        ["`sutja read` of 50 megapixels", f"{times['megapixels_50_seconds']:.2f} s", "–", "–"],
        ["peak memory of the same", f"{times['megapixels_50_peak_megabytes']:.0f} MB", "–", "–"],
    ]
    return write_table(["", "median", "minimum", "maximum"], rows)


PARTS: dict[str, Callable[[], str]] = {
    "photographs": _table(_photographs),
    "singles": _table(_singles),
    "refusing": _table(_refusing),
    "reliability": _table(_calibration),
    "reading_times": _table(_times),
}
