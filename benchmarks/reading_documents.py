"""The reader on painted documents: numbers found in their place, and read with all their signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits
from sutja.models.ctc import OTHER
from sutja.reading.quad import Quad, overlap, quad_area, shared_area
from sutja.reading.reader import Reader
from sutja.reading.result import Reading, ReadNumber
from sutja.synth.documents.document import Document, WrittenRun
from sutja.synth.documents.painter import document_painter
from sutja.synth.documents.scenes import frame_of, visible_part
from sutja.synth.folder import DocumentRequest, paint_documents

MIN_DIGIT_PIXELS = 10.0  # height of digits that count, in a document whose longer side has 1,312 pixels
VIEW_PIXELS = 1312
MIN_OVERLAP = 0.5  # intersection over union of two quads that are the same number
MAX_IGNORED_SHARE = 0.5  # of a found number in places that count neither way


def numbers_of(text: str) -> list[str]:
    """The numbers of a text with their signs; one at the end of a number does not count."""
    found = re.findall(r"[0-9.,:/+?-]+", text)
    return [each.rstrip(".,:/-+").lstrip(",:/+") for each in found if re.search(r"[\d?]", each)]


def evaluate_on_documents(reader: Reader, digits: Digits, count: int, seed: int) -> dict[str, float]:
    """Read `count` documents painted with some digits. Raises `DataError` if no fonts were fetched."""
    return evaluate_documents(reader.read, paint_documents(document_painter(digits), DocumentRequest(count, seed)))


def evaluate_documents(
    read_picture: Callable[[NDArray[np.uint8]], Reading], documents: Iterable[Document]
) -> dict[str, float]:
    """How many numbers of documents are found in their place (`found_f1`) and read with all signs (`read_f1`).

    Handwritten numbers count that are legible and wholly on the picture.
    """
    count = wanted = found = placed = right = 0
    for document in documents:
        true, ignored = _numbers_to_read(document)
        read = [number for line in read_picture(document.picture).lines for number in line.numbers]
        count += 1
        pairs = _matched(true, read)
        strays = [each for each in read if all(each is not other for _, other in pairs)]
        placed += len(pairs)
        right += sum(_text_of(run) == numbers_of(number.text) for run, number in pairs)
        wanted += len(true)
        found += len(pairs) + sum(not _is_in(_quad_of(each), ignored) for each in strays)
    both = max(1, wanted + found)
    return {"documents": count, "numbers": wanted, "found_f1": 2 * placed / both, "read_f1": 2 * right / both}


def _numbers_to_read(document: Document) -> tuple[list[WrittenRun], list[Quad]]:
    """The numbers that count, and the places that count neither way: a printed number is not to be read."""
    frame, least = frame_of(document), MIN_DIGIT_PIXELS * max(document.picture.shape) / VIEW_PIXELS
    true: list[WrittenRun] = []
    ignored: list[Quad] = []
    for run in document.numbers:
        whole = visible_part(run, frame) is run.quad
        counts = run.handwritten and run.legible and whole and run.height >= least
        true += [run] if counts else []
        ignored += [] if counts or (run.legible and not run.handwritten) else [run.quad]
    return true, ignored


def _matched(true: Sequence[WrittenRun], read: Iterable[ReadNumber]) -> list[tuple[WrittenRun, ReadNumber]]:
    """Each number that was read with the true one that it overlaps most; each true one is matched once."""
    free = list(true)
    pairs = []
    for number in read:
        quad = _quad_of(number)
        best = max(free, key=lambda run: overlap(run.quad, quad), default=None)
        if best is not None and overlap(best.quad, quad) >= MIN_OVERLAP:
            free = [run for run in free if run is not best]
            pairs.append((best, number))
    return pairs


def _quad_of(number: ReadNumber) -> Quad:
    return np.array(number.quad, np.float32)


def _text_of(run: WrittenRun) -> list[str]:
    return numbers_of(run.text.replace(OTHER, ""))


def _is_in(quad: Quad, places: Sequence[Quad]) -> bool:
    return any(shared_area(quad, other) > MAX_IGNORED_SHARE * quad_area(quad) for other in places)
