"""A folder of photographs that nobody took, with `labels.csv`: which file, how difficult, what stands there."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sutja.errors import UsageError
from sutja.files import whole_folder
from sutja.synth.lines import Writer
from sutja.synth.photograph import Photograph, photograph

LABELS = "labels.csv"
QUALITY = 92  # of the JPEG files: they have lost what they lose when the picture was taken


@dataclass(frozen=True)
class Order:
    """Which photographs are wanted: so many of each difficulty, of a size (`None`: various), from a seed."""

    difficulties: Sequence[str]
    count: int
    seed: int
    size: tuple[int, int] | None = None


def photographs(writer: Writer, order: Order) -> Iterator[tuple[str, Photograph]]:
    """Each photograph that was ordered, with its difficulty; a picture is the same whatever else is ordered."""
    for difficulty in order.difficulties:
        for number in range(order.count):
            rng = np.random.default_rng([order.seed, number])
            yield difficulty, photograph(writer, rng, difficulty=difficulty, size=order.size)


def write_photographs(writer: Writer, order: Order, folder: Path, *, suffix: str, force: bool) -> None:
    """Write photographs as `<difficulty>-<number><suffix>` and their `labels.csv` into a folder, all or nothing.

    Raises `UsageError` when the folder is there already, unless `force` replaces it.
    """
    if folder.exists() and not force:
        raise UsageError(f"{folder}: exists already; --force replaces it")
    with whole_folder(folder, replace=force) as partial:
        rows = []
        for index, (difficulty, taken) in enumerate(photographs(writer, order)):
            name = f"{difficulty}-{index % order.count + 1:04}{suffix}"
            coded = cv2.imencode(suffix, taken.picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if suffix == ".jpg" else [])
            (partial / name).write_bytes(coded[1].tobytes())
            rows.append((name, taken.text, difficulty))
        with (partial / LABELS).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("file", "text", "difficulty"), *rows])
