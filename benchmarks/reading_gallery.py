"""The picture of docs/reading.md: what was read, what was refused, what is still wrong."""

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
    from benchmarks.reading import Outcome

COLUMNS = 4
WIDTH = 480  # pixels of a picture in the gallery
LONGEST_TITLE = 40  # signs of what was read that are shown above a picture


def draw_gallery(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw some pictures of each of the three ends that a reading can have; they must be arrays."""
    ends = {end: [each for each in outcomes if end_of(each) == end] for end in ("read", "refused", "still wrong")}
    figure = Figure(figsize=(3.2 * COLUMNS, 9), layout="constrained")
    grid = figure.subplots(len(ends), COLUMNS, squeeze=False)
    for axes_row, (end, some) in zip(grid, ends.items(), strict=True):
        step = max(1, len(some) // COLUMNS)
        for axes in axes_row:
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
        for axes, each in zip(axes_row, some[::step], strict=False):
            _draw(axes, each)
        axes_row[0].set_ylabel(f"{end} ({len(some)} of {len(outcomes)})", fontsize=11)
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=80)


def end_of(outcome: Outcome) -> str:
    """`read`: all told and right; `refused`: not all told, but nothing told wrongly; else `still wrong`."""
    if outcome.told == outcome.text:
        return "read"
    reading = outcome.reading.text.replace("\n", "")
    if len(reading) == len(outcome.text) and all(
        seen in ("?", wanted) for seen, wanted in zip(reading, outcome.text, strict=True)
    ):
        return "refused"
    return "refused" if not outcome.told else "still wrong"


def _draw(axes: Axes, outcome: Outcome) -> None:
    assert not isinstance(outcome.picture, Path)
    zoom = WIDTH / outcome.picture.shape[1]
    small = cv2.resize(outcome.picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    axes.imshow(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    for line in outcome.reading.lines:
        for digit in line.digits:
            left, top, width, height = (zoom * edge for edge in digit.box)
            colour = ORANGE if digit.digit is None else GREEN
            axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=0.8))
    seen = outcome.reading.text.replace("\n", " ") or "nothing"
    seen = seen if len(seen) <= LONGEST_TITLE else f"{seen[: LONGEST_TITLE - 1]}…"
    axes.set_title(f"{seen}\n(there: {outcome.text})" if outcome.told != outcome.text else seen, fontsize=7)
