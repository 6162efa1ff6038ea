"""Folders of synthetic pictures with their labels: photographs of lines, and whole documents."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sutja.errors import UsageError, unknown
from sutja.files import whole_folder
from sutja.models.ctc import OTHER
from sutja.processes import in_order
from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.layouts import LAYOUTS
from sutja.synth.documents.painter import DocumentPainter
from sutja.synth.lines import LineRenderer
from sutja.synth.photograph import Photograph, take_photograph

LABELS_FILE = "labels.csv"
JPEG_QUALITY = 92  # of the files; the camera simulation has already compressed the picture
DOCUMENT_SIZES = ((1200, 1600), (1600, 1200), (900, 1200), (1000, 1000), (1800, 900))  # width, height
DIGIT_SHARES = (0.012, 0.12)  # height of a document's digits, in shares of its shorter side
DOCUMENT_COLUMNS = ("file", "text", "handwritten", "legible", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")


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
    """Write photographs `<difficulty>-<number><suffix>` and `labels.csv` (file, text, difficulty), atomically.

    Raises `UsageError` if the folder exists, unless `force` is set, which replaces it.
    """
    with _new_folder(folder, force=force) as partial:
        rows = []
        for index, (difficulty, taken) in enumerate(render_photographs(renderer, request)):
            name = f"{difficulty}-{index % request.count + 1:04}{suffix}"
            _write_picture(taken.picture, partial / name)
            rows.append((name, taken.text, difficulty))
        _write_labels(partial, [("file", "text", "difficulty"), *rows])


@dataclass(frozen=True)
class DocumentRequest:
    """A set of documents: `count` of one `layout` and `size` (`None`: various), from a seed."""

    count: int
    seed: int
    layout: str | None = None
    size: tuple[int, int] | None = None

    def require_known_layout(self) -> None:
        """Raises `UsageError` for a layout that is not known."""
        if self.layout is not None and self.layout not in LAYOUTS:
            raise unknown("layout", self.layout, tuple(LAYOUTS))


def paint_documents(painter: DocumentPainter, request: DocumentRequest) -> Iterator[Document]:
    """Yield documents; none depends on the others requested. Raises `UsageError` for a layout that is not known."""
    request.require_known_layout()
    for number in range(request.count):
        yield paint_document(painter, request, number)


def paint_document(painter: DocumentPainter, request: DocumentRequest, number: int) -> Document:
    """Document `number` of those that are requested, counted from 0."""
    rng = np.random.default_rng([request.seed, number])
    size = request.size or DOCUMENT_SIZES[int(rng.integers(len(DOCUMENT_SIZES)))]
    share = float(np.exp(rng.uniform(*np.log(DIGIT_SHARES))))
    return painter.paint(rng, size, layout=request.layout, digit_height=share * min(size))


def paint_on_cluster(painter: DocumentPainter, request: DocumentRequest) -> Iterator[Document]:
    """The same documents, painted on the cluster that this process is connected to; the painter travels to it."""
    from sutja.cluster.executor import ClusterExecutor  # needs an extra

    request.require_known_layout()
    executor = ClusterExecutor()
    shared = executor.share(painter)
    try:
        yield from in_order(
            lambda number: executor.submit(paint_document, shared, request, number),
            range(request.count),
            executor.max_pending,
        )
    finally:
        executor.shutdown(cancel_futures=True)


def write_documents(documents: Iterable[Document], folder: Path, *, suffix: str, force: bool) -> None:
    """Write documents `document-<number><suffix>` and `labels.csv`, a row for each number, atomically.

    A row has the corners of the number in pixels, from the top left one clockwise as seen in reading direction. A sign
    of its text that is neither a digit nor one of `.,-+/:` is `*`. Raises `UsageError` if the folder exists, unless
    `force` is set, which replaces it.
    """
    with _new_folder(folder, force=force) as partial:
        rows: list[tuple[str, ...]] = [DOCUMENT_COLUMNS]
        for index, document in enumerate(documents):
            name = f"document-{index + 1:04}{suffix}"
            _write_picture(document.picture, partial / name)
            rows += [_label_row(name, number) for number in document.numbers]
        _write_labels(partial, rows)


def _label_row(name: str, number: WrittenRun) -> tuple[str, ...]:
    corners = [f"{place:.1f}" for place in number.quad.ravel().tolist()]
    text = number.text.replace(OTHER, "*")
    return (name, text, f"{number.handwritten}".lower(), f"{number.legible}".lower(), *corners)


@contextmanager
def _new_folder(folder: Path, *, force: bool) -> Iterator[Path]:
    """A folder that is there once all is written."""
    if folder.exists() and not force:
        raise UsageError(f"{folder}: exists already; --force replaces it")
    with whole_folder(folder, replace=force) as partial:
        yield partial


def _write_picture(picture: NDArray[np.uint8], path: Path) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    path.write_bytes(cv2.imencode(path.suffix, picture, options)[1].tobytes())


def _write_labels(folder: Path, rows: Sequence[tuple[str, ...]]) -> None:
    with (folder / LABELS_FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
