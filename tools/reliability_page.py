"""The measured parts of docs/reliability.md: figures from `results/faults.json`, and the limits from the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from importlib import import_module
from typing import Any

from benchmarks.faults.outcomes import FAULTS, Outcome
from benchmarks.faults.report import load_parts
from tools.markdown import write_table

FORM_PARTS = ("data", "pictures", "models", "runs", "ensembles", "corrections", "results")  # a row for each form
TOTALLED_PARTS = {  # a row for each part
    "bombs": "hostile files",
    "commands": "commands on damaged files",
    "places": "commands in odd places",
}
INTERRUPTIONS = ("kills", "disks")
NOT_MEASURED = "Not measured on this machine yet.\n"
Figures = Mapping[str, Any]


def _bytes(value: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value >= size:
            return f"{value / size:,.4g} {unit}"
    return f"{value:,} bytes"


def _seconds(value: float) -> str:
    return f"{value:g} s"


def _count(value: int) -> str:
    return f"{value:,}"


def _signs(value: int) -> str:
    return f"{value:,} signs"


def _pixels(value: int) -> str:
    return f"{value:,} pixels"


def _mebibytes(value: int) -> str:
    return f"{value:,} MiB"


LIMITS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (  # what is limited, where its constant is, its unit
    ("a picture's file", "data.pictures.limits:MAX_PICTURE_FILE_BYTES", _bytes),
    ("a picture", "data.pictures.limits:MAX_PICTURE_PIXELS", _pixels),
    ("a side of a picture", "data.pictures.limits:MAX_PICTURE_SIDE_PIXELS", _pixels),
    ("a picture when decoded", "data.pictures.limits:MAX_DECODED_BYTES", _bytes),
    ("scans of a progressive JPEG", "data.pictures.limits:MAX_JPEG_SCANS", _count),
    ("segments of a JPEG", "data.pictures.limits:MAX_JPEG_SEGMENTS", _count),
    ("pages of a PDF, TIFF or HEIC file", "data.pictures.limits:MAX_FILE_PAGES", _count),
    ("the name of a class", "data.class_names:MAX_NAME_CHARACTERS", _signs),
    ("one array of a data set", "data.formats:MAX_ARRAY_BYTES", _bytes),
    ("a text of numbers, or a file in a zip file", "data.formats:MAX_FILE_BYTES", _bytes),
    ("a line of a text of numbers", "data.formats.container:MAX_LINE_BYTES", _bytes),
    ("the numbers in a text, as an array", "data.formats.rows:MAX_NUMBERS_BYTES", _bytes),
    ("indices with values in a text of LIBSVM", "data.formats.libsvm:MAX_LIBSVM_PAIRS", _count),
    ("the arrays of a MATLAB file, unpacked", "data.formats.matlab:MAX_MATLAB_BYTES", _bytes),
    ("columns of a text of numbers", "data.formats.rows:MAX_COLUMNS", _count),
    ("files of a data set", "data.formats.container:MAX_FILES", _count),
    ("folders in each other in a data set", "data.formats.container:MAX_DEPTH_FOLDERS", _count),
    ("the picture file of a digit", "data.pictures.fit:MAX_DIGIT_FILE_BYTES", _bytes),
    ("a side of the picture of a digit", "data.pictures.fit:MAX_DIGIT_SIDE_PIXELS", _pixels),
    ("the header of an array", "data.formats.arrays:MAX_ARRAY_HEADER_BYTES", _bytes),
    ("a file of checksums", "data.formats.idx:MAX_CHECKSUMS_BYTES", _bytes),
    ("a digit's PNG in a tar", "data.formats.pngtar:MAX_MEMBER_BYTES", _bytes),
    ("an extended header in a tar", "data.formats.pngtar:MAX_EXTENDED_HEADER_BYTES", _bytes),
    ("digits in a tar", "data.formats.pngtar:MAX_MEMBERS", _count),
    ("a downloaded file", "data.download:MAX_DOWNLOAD_BYTES", _bytes),
    ("silence of a mirror", "data.download:TIMEOUT_SECONDS", _seconds),
    ("corrections in a folder", "data.corrections.store:MAX_CORRECTIONS", _count),
    ("all records of a folder", "data.corrections.store:MAX_RECORDS_BYTES", _bytes),
    ("a corrected digit's PNG", "data.corrections.store:MAX_DIGIT_BYTES", _bytes),
    ("a correction's picture", "data.corrections.record:MAX_PICTURE_BYTES", _bytes),
    ("all pictures of a folder", "data.corrections.store:MAX_FOLDER_PICTURE_BYTES", _bytes),
    ("a side or offset of a correction's box", "data.corrections.record:MAX_BOX_PIXELS", _pixels),
    ("columns of all lines of a batch", "models.onnx_line_network:MAX_BATCH_COLUMNS", _count),
    ("an error message, in characters", "errors:MAX_MESSAGE_CHARACTERS", _count),
    ("threads of a run", "environment:MAX_THREADS", _count),
    ("the body of a request", "web.settings:ServerSettings.max_body_megabytes", _mebibytes),
    ("the bodies of all requests together", "web.uploads:MAX_TOTAL_BYTES", _bytes),
    ("the rest of a rejected body that is still received", "web.uploads:MAX_DRAINED_BYTES", _bytes),
    ("the headers of a request to arrive", "web.timeouts:HEADER_TIMEOUT_SECONDS", _seconds),
    ("the body of a request to arrive", "web.settings:ServerSettings.body_timeout_seconds", _seconds),
    ("a picture to be read by the server", "web.settings:ServerSettings.reading_timeout_seconds", _seconds),
    ("requests that wait for a reader", "web.settings:ServerSettings.max_queued", _count),
    ("cells of the tables in a request", "web.tables:MAX_REQUEST_CELLS", _count),
    ("the picture of a cell in a request, in characters", "web.table_schemas:MAX_JPEG_CHARACTERS", _count),
    ("the time to list the layers of an own network", "web.inside:MAX_LISTING_SECONDS", _seconds),
    ("corrections in a request", "web.corrections:MAX_CORRECTIONS_PER_REQUEST", _count),
    ("connections that wait to be accepted", "web.server:LISTEN_BACKLOG", _count),
    ("a reader of the server to start", "web.workers:STARTUP_TIMEOUT_SECONDS", _seconds),
    ("a reader of the server to end", "web.workers:EXIT_TIMEOUT_SECONDS", _seconds),
    ("responses under way when the server stops", "web.server:SHUTDOWN_TIMEOUT_SECONDS", _seconds),
    ("a run of an interrupted study to end", "experiments.process_engine:SHUTDOWN_SECONDS", _seconds),
)


def limit_value(place: str) -> Any:
    """The value of a constant, `package.module:NAME`, where NAME may be an attribute of a class."""
    module, _, names = place.partition(":")
    return reduce(getattr, names.split("."), import_module(f"sutja.{module}"))


def _limits() -> str:
    rows = [
        [what, unit(limit_value(place)), f"`{place.partition(':')[0].replace('.', '/')}`, `{place.partition(':')[2]}`"]
        for what, place, unit in LIMITS
    ]
    return write_table(["limit of", "value", "where"], rows)


def _measured(make: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
    """A part of figures, or a sentence where nothing has been measured."""

    def part() -> str:
        return make(load_parts()) or NOT_MEASURED

    return part


def _total(kinds: Iterable[Figures], *outcomes: str) -> str:
    return f"{sum(kind['counts'].get(outcome, 0) for kind in kinds for outcome in outcomes):,}"


def _row(name: str, kinds: Iterable[Figures]) -> list[str]:
    """The counts of one row of the table of files."""
    kinds = list(kinds)
    return [
        name,
        f"{sum(kind['tried'] for kind in kinds):,}",
        *(_total(kinds, outcome) for outcome in (Outcome.REFUSED, Outcome.UNCHANGED, Outcome.CHANGED)),
        *(_total(kinds, outcome) for outcome in (Outcome.SILENT, Outcome.TRACEBACK, Outcome.HANG, Outcome.MEMORY)),
        _total(kinds, Outcome.MISREPORTED, Outcome.NOISY),
    ]


def _files(parts: dict[str, Any]) -> str:
    found = {part: parts[part]["kinds"] for part in (*FORM_PARTS, *TOTALLED_PARTS) if part in parts}
    if not found:
        return ""
    rows = []
    for part, kinds in found.items():
        if part in TOTALLED_PARTS:
            rows.append(_row(TOTALLED_PARTS[part], kinds.values()))
        else:
            rows += [_row(name, [kind]) for name, kind in kinds.items()]
    rows.append(_row("**all**", [kind for kinds in found.values() for kind in kinds.values()]))
    heads = ["refused", "same value", "other value, no checksum", "other value in spite of a checksum"]
    return write_table(["files", "tried", *heads, "traceback", "> 10 s", "> 1 GB", "more than one clear line"], rows)


def _interruptions(parts: dict[str, Any]) -> str:
    titles = {"kills": "{} killed", "disks": "{}, disk full"}
    rows = [
        [
            titles[part].format(f"`{name}`"),
            f"{kind['tried']:,}",
            _total([kind], Outcome.UNCHANGED, Outcome.REFUSED),
            _total([kind], Outcome.LOST),
            _total([kind], Outcome.LEFTOVER),
            _total([kind], *(each for each in FAULTS if each not in (Outcome.LOST, Outcome.LEFTOVER))),
        ]
        for part in INTERRUPTIONS
        for name, kind in parts.get(part, {"kinds": {}})["kinds"].items()
    ]
    heads = ["what", "times", "all whole, then as undisturbed", "lost or half-written", "left behind", "otherwise bad"]
    return write_table(heads, rows) if rows else ""


def _load(parts: dict[str, Any]) -> str:
    rows = [
        [
            f"{name}, {'slow clients' if part == 'slow' else 'mixed load'}",
            f"{kind['tried']:,}",
            _total([kind], Outcome.UNCHANGED),
            _total([kind], Outcome.REFUSED),
            _total([kind], *FAULTS),
        ]
        for part in ("load", "slow")
        for name, kind in parts.get(part, {"kinds": {}})["kinds"].items()
    ]
    if not rows:
        return ""
    table = write_table(["server", "times", "right", "refused: busy or hostile", "ended badly"], rows)
    values = parts.get("load", {}).get("values")
    if not values:
        return table
    return table + (
        f"\n{values['clients']} clients for {values['seconds']:.0f} s. Memory of all processes of the server: "
        f"{values['usual_megabytes']:,} MB in the median, {values['peak_megabytes']:,} MB at most, "
        f"{100 * values['memory_growth']:+.1f} % from the second fifth of the time to the last.\n"
    )


def _machines(parts: dict[str, Any]) -> str:
    rows = []
    for part, values in parts.items():
        made = values["environment"]
        commit = (made["commit"] or "–")[:7]
        rows.append([part, ", ".join(map(str, values["seeds"])), made["started"][:10], commit, made["processor"]])
    return write_table(["part", "seeds", "measured on", "commit", "processor"], rows) if rows else ""


PARTS: dict[str, Callable[[], str]] = {
    "damaged_files": _measured(_files),
    "interruptions": _measured(_interruptions),
    "load": _measured(_load),
    "limits": _limits,
    "fault_runs": _measured(_machines),
}
