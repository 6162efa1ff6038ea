"""A folder of synthetic photographs with `labels.csv`: file name, text and difficulty."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sutja.errors import UsageError
from sutja.files import whole_folder
from sutja.synth.lines import LineRenderer
from sutja.synth.photograph import Photograph, take_photograph

LABELS_FILE = "labels.csv"
JPEG_QUALITY = 92  # of the files; the camera simulation has already compressed the picture


@dataclass(frozen=True)
class PhotographRequest:
    """A set of photographs: `count` of each difficulty, of one `size` (`None`: various), from a seed."""

    difficulties: Sequence[str]
    count: int
    seed: int
    size: tuple[int, int] | None = None


def render_photographs(renderer: LineRenderer, request: PhotographRequest) -> Iterator[tuple[str, Photograph]]:
    """Yield each photograph with its difficulty; none depends on the others requested."""
    for difficulty in request.difficulties:
        for number in range(request.count):
            rng = np.random.default_rng([request.seed, number])
            yield difficulty, take_photograph(renderer, rng, difficulty=difficulty, size=request.size)


def write_photographs(
    renderer: LineRenderer, request: PhotographRequest, folder: Path, *, suffix: str, force: bool
) -> None:
    """Write photographs `<difficulty>-<number><suffix>` and their `labels.csv` into a folder, atomically.

    Raises `UsageError` if the folder exists, unless `force` is set, which replaces it.
    """
    if folder.exists() and not force:
        raise UsageError(f"{folder}: exists already; --force replaces it")
    with whole_folder(folder, replace=force) as partial:
        rows = []
        for index, (difficulty, taken) in enumerate(render_photographs(renderer, request)):
            name = f"{difficulty}-{index % request.count + 1:04}{suffix}"
            coded = cv2.imencode(
                suffix, taken.picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else []
            )
            (partial / name).write_bytes(coded[1].tobytes())
            rows.append((name, taken.text, difficulty))
        with (partial / LABELS_FILE).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("file", "text", "difficulty"), *rows])
