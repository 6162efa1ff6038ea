"""Empty white sheets with black pens for tests, and where their ink lies."""

from __future__ import annotations

from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

from sutja.reading.quad import Quad
from sutja.synth.documents.document import WrittenRun
from sutja.synth.documents.font_writer import FontWriter
from sutja.synth.documents.fonts import FontFile
from sutja.synth.documents.inks import PenInk
from sutja.synth.documents.sheets import DocumentSheet
from sutja.synth.documents.stroke_writer import StrokeWriter
from sutja.synth.documents.writers import Sources, Writer

DEJAVU = FontFile("dejavu-sans", Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", frozenset({"latin"}))
BLACK = PenInk(np.zeros(3, np.float32), 1.0)
PEN_WIDTH = 0.08  # in digit heights
SIGNS = frozenset("0123456789.,-+/: \ufffd")


def writer_of(sources: Sources, rng: np.random.Generator) -> Writer:
    """Somebody who writes with the font of the sources, or with strokes where they have none."""
    if sources.fonts.numbers:
        return FontWriter(rng, sources.fonts.numbers[0])
    return StrokeWriter(rng, sources, pen_width=PEN_WIDTH)


def blank_sheet(
    sources: Sources, seed: int, *, digit_height: float = 24, size: tuple[int, int] = (260, 180)
) -> DocumentSheet:
    """An empty sheet of `size` (width, height)."""
    rng = np.random.default_rng(seed)
    return DocumentSheet(
        rng,
        np.ones((size[1], size[0], 3), np.float32),
        digit_height,
        PEN_WIDTH * digit_height,
        writer_of(sources, rng),
        [BLACK, BLACK],
        BLACK,
        BLACK,
        sources.fonts.print,
        (0, 0, *size),
    )


def is_within(run: WrittenRun, size: tuple[int, int]) -> bool:
    """Whether all of a run lies in a picture of `size` (width, height)."""
    return bool(run.quad.min() >= 0 and (run.quad.max(axis=0) <= size).all())


def levels_inside(picture: NDArray[np.uint8], quad: Quad) -> NDArray[np.uint8]:
    """The pixels of a picture within a quad."""
    mask = cv2.fillPoly(np.zeros(picture.shape[:2], np.uint8), [np.round(quad).astype(np.int32)], 1)
    return picture[mask > 0]


def check_runs(runs: tuple[WrittenRun, ...] | list[WrittenRun]) -> None:
    """Assert what is true of every run."""
    for run in runs:
        assert run.quad.shape == (4, 2) and run.centres.shape == (len(run.text), 2)
        assert run.quad.dtype == run.centres.dtype == np.float32
        assert np.isfinite(run.quad).all() and np.isfinite(run.centres).all()
        assert run.text and set(run.text) <= SIGNS
        assert run.height > 0
        if run.is_number and run.legible:
            assert any(sign.isdigit() for sign in run.text)
