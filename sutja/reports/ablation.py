"""The report of an ablation: its sentences, its table, and one picture of all effects."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sutja.reports.html import Plot, Section, write_page
from sutja.reports.pages import DIFFERENCES_MARKED
from sutja.reports.plots import BLUE, GREEN, ORANGE, VERMILION
from sutja.reports.tables import effect_table, seed_table, used_recipe_table
from sutja.runs.ablation import Effect, Variant, describe_changes, summarise_effects
from sutja.runs.results import RecipeResult, distinct_names

LENGTH_STYLES = (
    (BLUE, "o"),
    (VERMILION, "s"),
    (GREEN, "^"),
    (ORANGE, "D"),
)  # colour and marker, shortest training first
SEED_RISE = 0.09  # of the dots over their interval, in rows
NAME_LETTERS = 34  # of a line beside the picture
HOW_TO_READ = (
    "Each effect is the difference in accuracy between the same seeds with and without the change. An interval that "
    "crosses the line of no difference leaves open whether the change does anything."
)


def plot_effects(effects: Sequence[Effect]) -> Figure:
    """Each effect in percentage points: a pale dot for each seed, and the mean with its 95 % interval.

    A row for each effect; trainings of different length stand below one another in it.
    """
    names = list(dict.fromkeys(each.name for each in effects))
    lengths = sorted({each.epochs for each in effects})
    figure = Figure(figsize=(8, 1.5 + (0.35 + 0.4 * len(lengths)) * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="black", linewidth=1)
    for each in effects:
        place = lengths.index(each.epochs)
        _draw_effect(axes, each, names.index(each.name) + (place - (len(lengths) - 1) / 2) * 0.7 / len(lengths), place)
    for place, length in enumerate(lengths):
        colour, marker = LENGTH_STYLES[place % len(LENGTH_STYLES)]
        epochs = "1 epoch" if length == 1 else f"{length} epochs"
        axes.plot([], [], marker=marker, color=colour, linewidth=2.5, label=f"{epochs}, mean with 95 % interval")
    labels = [textwrap.fill(name, NAME_LETTERS) for name in names]
    axes.set(yticks=range(len(names)), yticklabels=labels, ylim=(len(names) - 0.5, -0.5))
    axes.set_xlabel(f"difference in {effects[0].second.part} accuracy, percentage points")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    axes.annotate("no difference", (0, 1), (0, 4), ("data", "axes fraction"), "offset points", ha="center")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw_effect(axes: Axes, effect: Effect, height: float, place: int) -> None:
    colour, marker = LENGTH_STYLES[place % len(LENGTH_STYLES)]
    points = 100 * np.array(effect.differences)
    axes.plot(
        points,
        np.full(len(points), height - SEED_RISE),
        marker,
        color=colour,
        alpha=0.3,
        markersize=4,
        markeredgewidth=0,
    )
    low, high = 100 * effect.difference.difference_low, 100 * effect.difference.difference_high
    axes.plot([low, high], [height, height], color=colour, linewidth=2.5)
    axes.plot([100 * effect.difference.difference], [height], marker, color=colour, markersize=7)


def write_ablation_report(
    folder: Path,
    variants: Sequence[Variant],
    results: Sequence[RecipeResult],
    effects: Sequence[Effect],
    language: str = "",
) -> None:
    """Draw the effects, and write `report.html` with what each change brings into `folder`."""
    corrected = f"The p-values are corrected by Holm for {len(effects)} comparisons, the intervals are not."
    sections = [
        Section(
            "What each change brings",
            [*summarise_effects(effects), corrected],
            effect_table(effects),
            [Plot(plot_effects(effects), "effects", HOW_TO_READ)],
        ),
        Section("Errors of each seed", table=seed_table(distinct_names(results), results)),
        Section("Recipes", [DIFFERENCES_MARKED], used_recipe_table([asdict(each.recipe) for each in variants])),
    ]
    first = results[0]
    lead = (
        f"{describe_changes(variants)}; {len(first.seeds)} seeds, evaluated on {first.count:,} {first.part} digits of "
        f"{first.data}."
    )
    title = f"Ablation of {variants[0].recipe.title}"
    write_page(folder, title, lead, sections, language)
