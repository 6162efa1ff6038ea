"""The plot of a confusion matrix of any number of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.reports.plots import drawable_names

MAX_LARGE_CELLS = 12  # in a row; more are small
SMALL_CELL_INCHES = 0.2


def plot_confusion_matrix(
    confusion: list[list[int]], class_names: ClassNames = DIGIT_NAMES, *, full: int = 0
) -> Figure:
    """How often each digit (row) is read as each (column). Colour shows the errors only, so that they stand out.

    `full` errors have the full colour, which makes several matrices comparable; by default, the largest number here.
    """
    counts = np.array(confusion)
    errors = counts - np.diag(np.diag(counts))
    full = full or max(1, int(errors.max()))
    is_large = len(counts) > MAX_LARGE_CELLS
    height = max(5.6, SMALL_CELL_INCHES * len(counts) + 0.8) if is_large else 5.6
    figure = Figure(figsize=(height + 0.8, height), layout="compressed")
    axes = figure.subplots()
    drawn = axes.imshow(errors, cmap="Oranges", vmin=0, vmax=full)
    style: dict[str, Any] = {"ha": "center", "va": "center"}
    if is_large:
        style |= {"fontsize": 6.5 if counts.max() < 1000 else 5, "in_layout": False}
    for row, column in np.argwhere(counts).tolist():
        dark = errors[row, column] > 0.6 * full
        weight = "bold" if row == column else "normal"
        colour = "white" if dark and row != column else "black"
        text = str(counts[row, column]) if is_large else f"{counts[row, column]:,}"
        axes.text(column, row, text, color=colour, weight=weight, **style)
    axes.set(xlabel="read as", ylabel=class_names.word)
    _name_cells(axes, drawable_names(class_names), is_large=is_large)
    aspect = 45 if is_large else 20
    colours = figure.colorbar(drawn, label="errors", shrink=0.9, aspect=aspect)
    colours.ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _name_cells(axes: Axes, names: Sequence[str], *, is_large: bool) -> None:
    """Name rows and columns; in a large matrix, a thin grid leads from a cell to its names."""
    style: dict[str, Any] = {"fontsize": 8} if is_large else {}
    axes.set_xticks(range(len(names)), names, rotation=90 if max(map(len, names)) > 2 else 0, **style)
    axes.set_yticks(range(len(names)), names, **style)
    if is_large:
        axes.set_xticks(np.arange(0.5, len(names)), minor=True)
        axes.set_yticks(np.arange(0.5, len(names)), minor=True)
        axes.grid(which="minor", color="lightgrey", linewidth=0.4)
        axes.tick_params(which="minor", length=0)
