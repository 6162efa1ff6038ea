"""The picture of docs/reading.md: synthetic photographs that are read, refused, or still misread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sutja.files import whole_file
from sutja.reports.plots import GREEN, ORANGE

if TYPE_CHECKING:
    from benchmarks.reading import LabelledReading

COLUMNS = 4
PICTURE_WIDTH_PIXELS = 480
MAX_TITLE_CHARACTERS = 40


def draw_gallery(readings: Sequence[LabelledReading], path: Path) -> None:
    """Draw some pictures of each of the three categories; the pictures must be arrays."""
    categories = {
        name: [each for each in readings if categorise(each) == name] for name in ("read", "refused", "still wrong")
    }
    figure = Figure(figsize=(3.2 * COLUMNS, 9), layout="constrained")
    grid = figure.subplots(len(categories), COLUMNS, squeeze=False)
    for axes_row, (name, some) in zip(grid, categories.items(), strict=True):
        step = max(1, len(some) // COLUMNS)
        for axes in axes_row:
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
        for axes, each in zip(axes_row, some[::step], strict=False):
            _draw(axes, each)
        axes_row[0].set_ylabel(f"{name} ({len(some)} of {len(readings)})", fontsize=11)
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=80)


def categorise(labelled: LabelledReading) -> str:
    """`read` if all answers are correct, `refused` if some are missing but none is wrong, otherwise `still wrong`."""
    if labelled.answered == labelled.text:
        return "read"
    answers = labelled.reading.text.replace("\n", "")
    if len(answers) == len(labelled.text) and all(
        answer in ("?", label) for answer, label in zip(answers, labelled.text, strict=True)
    ):
        return "refused"
    return "refused" if not labelled.answered else "still wrong"


def _draw(axes: Axes, labelled: LabelledReading) -> None:
    assert not isinstance(labelled.picture, Path)
    scale = PICTURE_WIDTH_PIXELS / labelled.picture.shape[1]
    small = cv2.resize(labelled.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    axes.imshow(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    for line in labelled.reading.lines:
        for digit in line.digits:
            left, top, width, height = (scale * edge for edge in digit.box)
            colour = ORANGE if digit.digit is None else GREEN
            axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=0.8))
    title = labelled.reading.text.replace("\n", " ") or "nothing"
    title = title if len(title) <= MAX_TITLE_CHARACTERS else f"{title[: MAX_TITLE_CHARACTERS - 1]}…"
    axes.set_title(title if labelled.answered == labelled.text else f"{title}\n(label: {labelled.text})", fontsize=7)
