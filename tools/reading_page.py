"""The measured parts of docs/reading.md, each a table of figures from `results/reading.json`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.recording import RESULTS, load_results
from sutja.reports.tables import percent
from tools.markdown import write_table

NOT_MEASURED = "Not measured on this machine yet.\n"
GROUP_HEADS = [
    "pictures",
    "digits",
    "character error",
    "numbers, F1",
    "without an error",
    "coverage",
    "selective accuracy",
]


def _table(make: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
    """A part with the table, or with a sentence if there are no figures yet."""

    def part() -> str:
        return make(load_results("reading")) if (RESULTS / "reading.json").exists() else NOT_MEASURED

    return part


def _photographs(values: dict[str, Any]) -> str:
    groups = {f"synthetic, {name}": row for name, row in values["synthetic"].items()} | values["real"]
    rows = [
        [
            name,
            f"{row['pictures']:,}",
            f"{row['digits']:,}",
            percent(row["character_error"]),
            percent(row["numbers_f1"], 1),
            percent(row["numbers_exact"], 1),
            percent(row["coverage"], 1),
            percent(row["selective_accuracy"]),
        ]
        for name, row in groups.items()
    ]
    return write_table(["group", *GROUP_HEADS], rows)


def _single_digits(values: dict[str, Any]) -> str:
    row = values["single_digits"]
    answers = [percent(row["coverage"], 1), percent(row["selective_accuracy"])]
    heads = ["single digits", "digits", "accuracy", "coverage", "selective accuracy"]
    return write_table(heads, [["scikit-learn's, enlarged", f"{row['digits']:,}", percent(row["accuracy"]), *answers]])


def _out_of_distribution(values: dict[str, Any]) -> str:
    found = values["out_of_distribution"]
    rows = [
        [name, f"{row['pictures']:,}", f"{row['auroc']:.4f}", percent(row["acceptance_rate"], 1)]
        for name, row in found["kinds"].items()
    ]
    rows.append(["MNIST's test digits", f"{found['digits']:,}", "–", percent(found["acceptance_rate"], 1)])
    return write_table(["pictures of 28×28", "pictures", "AUROC against digits", "accepted as a digit"], rows)


def _calibration(values: dict[str, Any]) -> str:
    rows = [
        [
            f"{kind}, {row['low']:.2f} to {row['high']:.2f}",
            f"{row['digits']:,}",
            percent(row["mean_confidence"], 1),
            percent(row["accuracy"], 1),
        ]
        for kind, bins in values["calibration"].items()
        for row in bins
    ]
    return write_table(["confidence", "digits", "mean confidence", "accuracy"], rows)


def _documents(values: dict[str, Any]) -> str:
    row = values["documents"]
    heads = ["painted documents", "numbers", "found in their place, F1", "read with all signs, F1"]
    cells = [f"{row['documents']:,}", f"{row['numbers']:,}", percent(row["found_f1"], 1), percent(row["read_f1"], 1)]
    return write_table(heads, [cells])


def _general_ocr(values: dict[str, Any]) -> str:
    rows = [
        [
            name,
            percent(values["real"][name]["numbers_f1"], 1),
            percent(ocr["numbers_f1"], 1),
            percent(values["real"][name]["numbers_exact"], 1),
            percent(ocr["numbers_exact"], 1),
            f"{ocr['sutja_milliseconds']:.0f} ms",
            f"{ocr['milliseconds']:.0f} ms",
        ]
        for name, ocr in values.get("general_ocr", {}).items()
    ]
    measures = ("numbers, F1", "without an error", "a picture")
    heads = [f"{measure}: {who}" for measure in measures for who in ("sutja", "RapidOCR")]
    return write_table(["group", *heads], rows) if rows else NOT_MEASURED


def _times(values: dict[str, Any]) -> str:
    times = values["times"]
    line, photograph, start = (
        times[name] for name in ("line_milliseconds", "photograph_milliseconds", "cold_start_seconds")
    )
    rows = [
        ["one line of eight digits", *(f"{line[name]:.1f} ms" for name in ("median", "minimum", "maximum"))],
        [
            f"12 megapixels, {times['photograph_digits']} digits",
            *(f"{photograph[name]:.0f} ms" for name in ("median", "minimum", "maximum")),
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
    "documents": _table(_documents),
    "general_ocr": _table(_general_ocr),
    "single_digits": _table(_single_digits),
    "out_of_distribution": _table(_out_of_distribution),
    "reliability": _table(_calibration),
    "reading_times": _table(_times),
}
