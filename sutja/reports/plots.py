"""Plots. Each function returns a matplotlib `Figure` and neither shows nor saves it.

The colours, of M. Okabe and K. Ito, "Color universal design", 2008, suit colour-blind readers; lines differ in their
dashes too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter
from numpy.typing import NDArray

from sutja.data.class_names import DIGIT_NAMES, ClassNames
from sutja.data.digits import Digits, Images
from sutja.evaluation.metrics import Mistake, calibration_bins
from sutja.reports.captions import doubt_lines, mistake_lines

if TYPE_CHECKING:
    from sutja.evaluation.label_errors import LabelDoubt
    from sutja.runs.report import MemberReport

BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PART_STYLES = {  # column of the metrics → label, colour, stroke
    "train": ("training", BLUE, "-"),
    "validation": ("validation", GREEN, "--"),
    "test": ("test", VERMILION, "-."),
}
NETWORK_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, "#CC79A7", "#56B4E9", "#000000")  # of networks on one axis
NETWORK_MARKERS = ("o", "s", "^", "D", "v")
NETWORK_STROKES = ("-", "--", ":")
MAX_DRAWN_NAME = 16  # characters
MAX_ROWS_OF_SAMPLES = 20
SHEET_COLUMNS = 8  # of digits with two lines of text
DRAWN_MISTAKES = 4 * SHEET_COLUMNS
TILE = 0.94  # the side of a picture among others, in widths of a column
MIN_TILE_PIXELS = 20  # of a mosaic, on the longer side of each of its pictures, with one pixel around it
MIN_DRAWN_LOSS = 1e-12  # a loss of 0 has no place on a logarithmic scale
Metrics = list[dict[str, float]]


def plot_curves(runs: Sequence[tuple[str, Metrics]]) -> Figure:
    """Average loss and accuracy over the epochs: a column for each (title, metrics), with common scales."""
    column = 4.4 if len(runs) <= 3 else 3.2  # inches: many columns are shown smaller, and need larger letters
    figure = Figure(figsize=(max(6.4, column * len(runs)), 6.4), layout="constrained")
    axes = figure.subplots(2, len(runs), sharex="col", sharey="row", squeeze=False)
    for (loss, accuracy), (title, metrics) in zip(axes.T, runs, strict=True):
        epochs = [row["epoch"] for row in metrics]
        for part, (label, colour, stroke) in _measured(metrics).items():
            style: dict[str, Any] = {"color": colour, "linestyle": stroke, "marker": ".", "label": label}
            loss.plot(epochs, [max(row[f"{part}_loss"], MIN_DRAWN_LOSS) for row in metrics], **style)
            accuracy.plot(epochs, [row[f"{part}_accuracy"] for row in metrics], **style)
        loss.set_title(_drawable(title), fontsize="large" if len(runs) <= 3 else "small")
        accuracy.set_xlabel("epoch")
        accuracy.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
        for axis in (loss, accuracy):
            axis.grid(alpha=0.3)
    _scale_losses(axes[0, 0])
    _scale_accuracies(axes[1, 0], [metrics for _, metrics in runs])
    axes[0, 0].set_ylabel("average loss (cross-entropy)")
    axes[1, 0].set_ylabel("accuracy")
    fullest = max(axes[0], key=lambda axis: len(axis.lines))
    figure.legend(
        *fullest.get_legend_handles_labels(), loc="outside lower center", ncols=len(PART_STYLES), frameon=False
    )
    return figure


def plot_curves_together(runs: Sequence[tuple[str, Metrics]]) -> Figure:
    """Loss and accuracy of several networks over the epochs, on the same axes, on a part that all of them measured."""
    part = next(each for each in ("test", "validation", "train") if all(f"{each}_loss" in rows[0] for _, rows in runs))
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    for number, (title, metrics) in enumerate(runs):
        epochs = [row["epoch"] for row in metrics]
        stroke = NETWORK_STROKES[number // len(NETWORK_COLOURS) % len(NETWORK_STROKES)]
        style: dict[str, Any] = {"color": NETWORK_COLOURS[number % len(NETWORK_COLOURS)], "linestyle": stroke}
        style |= {"marker": NETWORK_MARKERS[number % len(NETWORK_MARKERS)], "markersize": 4, "label": _drawable(title)}
        loss.plot(epochs, [max(row[f"{part}_loss"], MIN_DRAWN_LOSS) for row in metrics], **style)
        accuracy.plot(epochs, [row[f"{part}_accuracy"] for row in metrics], **style)
    _scale_losses(loss)
    _scale_accuracies(accuracy, [metrics for _, metrics in runs], [part])
    for axis, name in ((loss, "loss (cross-entropy)"), (accuracy, "accuracy")):
        axis.set(xlabel="epoch", ylabel=f"{PART_STYLES[part][0]} {name}")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
        axis.grid(alpha=0.3)
    figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=min(3, len(runs)), frameon=False)
    return figure


def _measured(metrics: Metrics) -> dict[str, tuple[str, str, str]]:
    """Label, colour and dashes of the parts that are measured after each epoch."""
    return {part: style for part, style in PART_STYLES.items() if f"{part}_loss" in metrics[0]}


def _scale_losses(axis: Axes) -> None:
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 300 else (1,)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _scale_accuracies(axis: Axes, runs: Sequence[Metrics], parts: Sequence[str] = tuple(PART_STYLES)) -> None:
    """Scale to all epochs but the first of many, which would flatten the others."""
    later = [
        row[f"{part}_accuracy"]
        for metrics in runs
        for row in metrics[len(metrics) > 4 :]
        for part in _measured(metrics)
        if part in parts
    ]
    low = min(later)
    axis.set_ylim(low - max(0.05 * (1 - low), 0.0005), 1 + max(0.02 * (1 - low), 0.0002))
    axis.set_yticks([tick for tick in axis.get_yticks() if axis.get_ylim()[0] <= tick <= 1])  # none above 100 %
    axis.yaxis.set_major_formatter(PercentFormatter(1))


def _drawable(text: str) -> str:
    """`text` with `?` in place of each character that matplotlib's own font lacks."""
    signs = get_font(findfont("DejaVu Sans")).get_charmap()
    return "".join(sign if ord(sign) in signs else "?" for sign in text)


def drawable_names(class_names: ClassNames) -> list[str]:
    """The names of classes, shortened; the number of a class whose name matplotlib's own font cannot draw."""
    names = [name if len(name) <= MAX_DRAWN_NAME else f"{name[: MAX_DRAWN_NAME - 1]}…" for name in class_names]
    texts = [name if _drawable(name) == name else str(label) for label, name in enumerate(names)]
    return [text.replace("$", r"\$") for text in texts]  # which begins a formula


def plot_seeds(
    accuracies: Mapping[str, Sequence[float]], intervals: Mapping[str, tuple[float, float]], part: str
) -> Figure:
    """The accuracy of each seed as a dot, a row for each named recipe, with the mean and its interval.

    The dots of a row differ in height, the first seed on top, so that none hides another.
    """
    names, longest = list(accuracies), max(map(len, accuracies))
    figure = Figure(figsize=(7.2 + 0.07 * longest, 1.6 + 0.9 * len(names)), layout="constrained")
    axes = figure.subplots()
    seed_style: dict[str, Any] = {"color": BLUE, "alpha": 0.6, "markersize": 5, "markeredgewidth": 0}
    for row, name in enumerate(names):
        values = accuracies[name]
        axes.plot(values, row + np.linspace(0.08, 0.38, len(values)), "o", **seed_style)
        mean, height = sum(values) / len(values), row - 0.12
        axes.plot(intervals.get(name, (mean, mean)), [height, height], color=VERMILION, linewidth=2.5)
        axes.plot([mean], [height], "D", color=VERMILION, markersize=7)
        label_style: dict[str, Any] = {
            "xytext": (0, 7),
            "textcoords": "offset points",
            "ha": "center",
            "color": VERMILION,
        }
        axes.annotate(f"{100 * mean:.3f} %", (mean, height), **label_style)
    axes.plot([], [], "o", label="a seed", **seed_style)
    axes.plot([], [], "D-", color=VERMILION, linewidth=2.5, label="mean of the seeds with its 95 % interval")
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.6), xlabel=f"{part} accuracy")
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=(1, 2, 5, 10)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def plot_reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Figure:
    """Accuracy against confidence, and the distribution of the confidences `(N,)`. The diagonal is perfect."""
    bins = calibration_bins(confidence, right)
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    middles, widths = [(row.low + row.high) / 2 for row in bins], [row.high - row.low for row in bins]
    upper.plot([0, 1], [0, 1], color="grey", linestyle="--", label="perfectly calibrated")
    upper.bar(middles, [row.accuracy for row in bins], widths, color=BLUE, alpha=0.35, edgecolor=BLUE)
    upper.plot([row.confidence for row in bins], [row.accuracy for row in bins], "o", color=BLUE, label="this network")
    upper.set(ylabel="accuracy", ylim=(0, 1.03), xlim=(0, 1))
    lower.bar(middles, [row.share * len(right) for row in bins], widths, color=ORANGE, edgecolor="white")
    lower.set(xlabel="confidence", ylabel="digits", yscale="log", ylim=(0.7, 1.5 * max(1, len(right))))
    lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else ""))
    for axes in (upper, lower):
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(alpha=0.3)
    upper.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(loc="outside upper center", ncols=2, frameon=False)  # bars are everywhere in the axes
    return figure


def plot_mistakes(digits: Digits, worst: Sequence[Mistake], *, count: int = DRAWN_MISTAKES) -> Figure:
    """Misread digits, at most `count`, each with its label, its prediction and the confidence."""
    shown = worst[:count]
    names = drawable_names(digits.class_names)
    titles = ["\n".join(mistake_lines(each, names)) for each in shown]
    return _sheet(digits.images[[each.index for each in shown]], titles, SHEET_COLUMNS)


def plot_doubts(images: Images, doubts: Sequence[LabelDoubt], class_names: ClassNames = DIGIT_NAMES) -> Figure:
    """Digits `(N, 28, 28)` with doubtful labels: the label, the suggested one with its probability, and the place."""
    names = drawable_names(class_names)
    titles = ["\n".join(doubt_lines(each, names)) for each in doubts]
    return _sheet(images, titles, SHEET_COLUMNS)


def plot_samples(digits: Digits) -> Figure:
    """Ten digits of each class, a row for each class, spread evenly over the set; of many classes, four of each."""
    each, columns = (10, 10) if len(digits.class_names) <= MAX_ROWS_OF_SAMPLES else (4, 20)
    picked: list[int] = []
    for label in range(len(digits.class_names)):
        there = np.flatnonzero(digits.labels == label)
        picked += there[np.linspace(0, len(there) - 1, each).astype(int)].tolist() if len(there) else []
    names = drawable_names(digits.class_names)
    return _sheet(digits.images[picked], [names[digits.labels[i]] for i in picked], columns)


def _tiles(figure: Figure, rows: int, columns: int) -> NDArray[Any]:
    """Axes `(rows, columns)` for pictures, without ticks, which would take most of the drawing time."""
    return np.asarray(figure.subplots(rows, columns, squeeze=False, subplot_kw={"xticks": (), "yticks": ()}))


def tiled(figure: Figure, rows: int, columns: int, *, head: float = 0.0) -> Axes:
    """One axes for many small pictures: axes for each would take ten times as long.

    The picture in a row and column has its centre at (column, row · (1 + head)); `head` is the height of the text above
    it, in widths of a column.
    """
    axes = figure.subplots()
    axes.set(xlim=(-0.5, columns - 0.5), ylim=((rows - 1) * (1 + head) + 0.5, -0.5 - head), xticks=(), yticks=())
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _draw_tile(axes: Axes, image: NDArray[Any], column: int, height: float, **style: Any) -> AxesImage:
    left, right, top, bottom = column - TILE / 2, column + TILE / 2, height - TILE / 2, height + TILE / 2
    limits = axes.get_xlim(), axes.get_ylim()
    drawn = axes.imshow(image, extent=(left, right, bottom, top), interpolation="nearest", **style)
    axes.set(xlim=limits[0], ylim=limits[1])
    drawn.set_in_layout(False)
    return drawn


def _sheet(images: Images, titles: Sequence[str], columns: int) -> Figure:
    rows = max(1, math.ceil(len(images) / columns))
    two_lines = any("\n" in title for title in titles)
    figure = Figure(figsize=(1.25 * columns, (1.7 if two_lines else 1.35) * rows), layout="constrained")
    if not len(images):
        figure.text(0.5, 0.5, "nothing to show: no mistakes", ha="center", va="center")
        return figure
    head = 0.36 if two_lines else 0.18
    axes = tiled(figure, rows, columns, head=head)
    for index, (image, title) in enumerate(zip(images, titles, strict=True)):
        column, height = index % columns, index // columns * (1 + head)
        _draw_tile(axes, image, column, height, cmap="gray_r", vmin=0, vmax=255)
        axes.text(column, height - 0.52, title, ha="center", va="bottom", fontsize=8, in_layout=False)
    return figure


def plot_lines(shown: Sequence[tuple[Images, str]], *, columns: int = 4) -> Figure:
    """Pictures of lines, `uint8 (H, W)` or `(H, W, 3)` in the order blue, green, red, each with its title."""
    rows = max(1, math.ceil(len(shown) / columns))
    figure = Figure(figsize=(3.2 * columns, 0.85 * rows), layout="constrained")
    grid = _tiles(figure, rows, columns).flat
    widest = max((picture.shape[1] for picture, _ in shown), default=1)
    for index, axes in enumerate(grid):
        axes.set_axis_off()
        if index < len(shown):
            picture, title = shown[index]
            axes.imshow(picture if picture.ndim == 2 else picture[:, :, ::-1], cmap="gray", vmin=0, vmax=255)
            axes.set(xlim=(0, widest), ylim=(picture.shape[0], 0))
            axes.set_title(title, fontsize=8, loc="left")
    if not shown:
        figure.text(0.5, 0.5, "nothing to show: no mistakes", ha="center", va="center")
    return figure


def plot_pages(shown: Sequence[NDArray[np.uint8]], *, columns: int = 4) -> Figure:
    """Pictures `uint8 (H, W, 3)`, red, green, blue, side by side."""
    rows = max(1, math.ceil(len(shown) / columns))
    figure = Figure(figsize=(4 * columns, 4 * rows), layout="constrained")
    for index, axes in enumerate(_tiles(figure, rows, columns).flat):
        axes.set_axis_off()
        if index < len(shown):
            axes.imshow(shown[index])
    return figure


def plot_distortions(original: Images, distorted: dict[str, NDArray[np.float32]]) -> Figure:
    """Digits `uint8 (N, 28, 28)` in the first row, and below it their distortions by name, in [0, 1]."""
    return _named_rows({"original": original / 255, **distorted})


def plot_corruptions(rows: dict[str, Images]) -> Figure:
    """Corrupted digits `uint8 (N, 28, 28)`, a row for each corruption, with its title at the left."""
    return _named_rows({title: images / 255 for title, images in rows.items()})


def _named_rows(rows: dict[str, NDArray[Any]]) -> Figure:
    columns = len(next(iter(rows.values())))
    figure = Figure(figsize=(1.1 * columns + 1.2, 1.15 * len(rows)), layout="constrained")
    axes = tiled(figure, len(rows), columns)
    frames = []
    for row, images in enumerate(rows.values()):
        for column, image in enumerate(images):
            _draw_tile(axes, image, column, row, cmap="gray_r", vmin=0, vmax=1)
            frames.append(Rectangle((column - TILE / 2, row - TILE / 2), TILE, TILE))
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor="lightgrey"))
    axes.set_yticks(range(len(rows)), list(rows), fontsize=10)
    return figure


def plot_filters(weights: NDArray[np.float32]) -> Figure:
    """The kernels `(K, 1, h, w)` of a first convolution: ink on orange raises the response, on purple lowers it."""
    columns = min(8, len(weights))
    rows, head = math.ceil(len(weights) / columns), 0.16
    figure = Figure(figsize=(1.4 * columns + 1, 1.6 * rows), layout="constrained")
    axes = tiled(figure, rows, columns, head=head)
    limit = float(np.abs(weights).max())
    for number, kernel in enumerate(weights):
        column, height = number % columns, number // columns * (1 + head)
        drawn = _draw_tile(axes, kernel[0], column, height, cmap="PuOr_r", vmin=-limit, vmax=limit)
        axes.text(column, height - 0.52, f"filter {number + 1}", ha="center", va="bottom", fontsize=9)
    figure.colorbar(drawn, ax=axes, label="weight", shrink=0.9)
    return figure


def plot_feature_maps(images: Images, maps: NDArray[np.float32]) -> Figure:
    """Digits `(N, 28, 28)` in the first column, and beside each the responses of the filters, `(N, K, h, w)`."""
    shown = maps[:, :16]
    rows, columns = shown.shape[:2]
    figure = Figure(figsize=(1.1 * (columns + 1), 1.1 * rows + 0.3), layout="constrained")
    axes = tiled(figure, rows, columns + 1)
    draw_mosaic(axes, images[:, None].astype(np.float32), 0, cmap="gray_r", vmin=0, vmax=255)
    limit = float(np.abs(shown).max())
    draw_mosaic(axes, shown, 1, cmap="PuOr_r", vmin=-limit, vmax=limit)
    axes.set_xticks(range(columns + 1), ["digit", *(f"filter {number + 1}" for number in range(columns))], fontsize=9)
    axes.xaxis.tick_top()
    return figure


def draw_mosaic(axes: Axes, tiles: NDArray[np.float32], column: int, **style: Any) -> AxesImage:
    """Small pictures `(rows, columns, h, w)` with gaps between them, as one picture from a column of the axes on.

    The axes are as `tiled` makes them. To draw each picture by itself takes many times as long.
    """
    rows, columns = tiles.shape[:2]
    pixels = math.ceil(MIN_TILE_PIXELS / max(tiles.shape[2:]))  # of the mosaic for one of a picture
    large = np.repeat(np.repeat(tiles, pixels, axis=2), pixels, axis=3)
    framed = np.pad(large, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    mosaic = np.concatenate(np.concatenate(framed, axis=1), axis=1)
    limits = axes.get_xlim(), axes.get_ylim()
    extent = (column - 0.5, column + columns - 0.5, rows - 0.5, -0.5)
    drawn = axes.imshow(mosaic, extent=extent, interpolation="nearest", **style)
    axes.set(xlim=limits[0], ylim=limits[1])
    drawn.set_in_layout(False)
    return drawn


def plot_ensemble(reports: Sequence[MemberReport]) -> Figure:
    """The errors of each member and, below them, of the ensemble, and the members' weights beside them."""
    names = [each.name for each in reports]
    height = 1.4 + 0.42 * len(names)
    figure = Figure(figsize=(9.6, height), layout="constrained")
    errors, weights = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    counts = [each.scores.errors for each in reports]
    colours = [VERMILION if each.weight is None else BLUE for each in reports]
    for axes, values, texts in (
        (errors, counts, [f"{count:,}" for count in counts]),
        (weights, [each.weight or 0 for each in reports], [_weight(each) for each in reports]),
    ):
        bars = axes.barh(range(len(names)), values, color=colours, height=0.7)
        axes.bar_label(bars, texts, padding=3, fontsize=10)
        axes.set_xlim(0, 1.35 * max(*values, 1e-9))  # the numbers stand beyond the bars
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
    errors.set(xlabel=f"errors in {reports[0].scores.count:,} digits", yticks=range(len(names)), yticklabels=names)
    errors.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    errors.invert_yaxis()
    weights.set_xlabel("weight")
    weights.xaxis.set_major_locator(MaxNLocator(nbins=5))
    return figure


def _weight(report: MemberReport) -> str:
    return "" if report.weight is None else f"{report.weight:.3f}"
