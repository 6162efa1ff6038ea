"""The figure of each lesson, drawn from the runs in the lesson's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from sutja.data.dataset import load_dataset, mnist_means
from sutja.data.digits import CLASS_COUNT, SIDE_PIXELS
from sutja.evaluation.significance import mean_interval
from sutja.models.open import open_model
from sutja.networks.build import load_network
from sutja.networks.infer import scaled
from sutja.randomness import generator
from sutja.reports.plots import BLUE, ORANGE, PART_STYLES, VERMILION
from sutja.runs.results import RecipeResult, read_results
from sutja.runs.run import Run
from sutja.training.augment import get_augmentation

SHOWN_SAMPLES = 5
INK, SIGNED = "gray_r", "PuOr_r"  # colour maps of digits, and of weights around 0


def draw_data(folder: Path) -> Figure:
    """Samples of each class, and the mean of all its training digits below them."""
    train = load_dataset().train
    rows = [
        [train.images[np.flatnonzero(train.labels == label)[row]] for label in range(CLASS_COUNT)]
        for row in range(SHOWN_SAMPLES)
    ]
    means = [train.images[train.labels == label].mean(axis=0) for label in range(CLASS_COUNT)]
    figure = Figure(figsize=(9.6, 6.0), layout="constrained")
    _draw_rows(figure, {f"sample {row + 1}": images for row, images in enumerate(rows)} | {"mean": means})
    return figure


def draw_perceptron(folder: Path) -> Figure:
    """The weights that the perceptron has learned for each digit, below the mean picture of that digit."""
    layer = load_network(open_model(str(folder / "runs" / "perceptron-epochs=3-s0"))).get_submodule("3")
    weights = layer.get_parameter("weight").detach().numpy().reshape(-1, SIDE_PIXELS, SIDE_PIXELS)
    figure = Figure(figsize=(9.6, 2.3), layout="constrained")
    axes = _draw_rows(figure, {"mean": list(mnist_means()), "weights": list(weights)}, signed="weights")
    for label, each in enumerate(axes[0]):
        each.set_title(str(label))
    return figure


def draw_convolution(folder: Path) -> Figure:
    """A digit before and after the shuffle, and the accuracy of both networks on both sets, a dot for each seed."""
    sets = {"as they are": "small.npz", "shuffled": "shuffled.npz"}
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    left, right = _halves(figure, (1, 1.25))
    images = {name: [load_dataset(folder / file).test.images[index] for index in (0, 1)] for name, file in sets.items()}
    _draw_rows(left, images)
    results = {(each.recipe.partition(":")[0], each.data): each for each in read_results(folder / "results.csv")}
    rows = {
        f"{title}, {name}": results[recipe, Path(file).stem].accuracies
        for recipe, title in (("mlp", "MLP"), ("lenet5", "LeNet-5"))
        for name, file in sets.items()
    }
    axes = right.subplots()
    _draw_dots(axes, rows, colours=[BLUE, ORANGE] * 2)
    axes.set_xlabel("test accuracy")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def draw_overfitting(folder: Path) -> Figure:
    """Loss and accuracy on training and test digits over the epochs of a network that learns few digits by heart."""
    metrics = Run.open(folder / "runs" / "few-mlp-epochs=60-s0").metrics()
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _draw_curves(loss, metrics, "loss")
    _draw_curves(accuracy, metrics, "accuracy")
    lowest = min(metrics, key=lambda row: row["test_loss"])
    note: dict[str, Any] = {"xytext": (36, 48), "textcoords": "offset points", "ha": "center", "color": VERMILION}
    loss.annotate("lowest", (lowest["epoch"], lowest["test_loss"]), arrowprops={"arrowstyle": "-"}, **note)
    accuracy.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def draw_dropout(folder: Path) -> Figure:
    """What dropout does to the units of a layer, and the difference that it makes, seed by seed."""
    results = _by_recipe(folder)
    plain = results["mlp:epochs=5"]
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    random = np.random.default_rng(0)
    for step in range(3):
        kept = random.random((9, 8)) >= 0.2  # 72 hidden units, of which each is dropped with the probability 0.2
        y, x = np.mgrid[0:9, 0:8]
        for mask, style in ((kept, {"color": BLUE}), (~kept, {"facecolors": "none", "edgecolors": "grey"})):
            left.scatter(x[mask] + 10 * step, y[mask], s=22, **style)
        left.text(10 * step + 3.5, 10.2, f"batch {step + 1}", ha="center", va="center")
    left.set(aspect="equal", xlim=(-1, 28), ylim=(-1, 11))
    left.set_axis_off()
    _draw_differences(right, {"dropout": _paired(plain, results["mlp:epochs=5,dropout=0.2"])})
    return figure


def draw_augmentation(folder: Path) -> Figure:
    """Distortions of some digits, and the difference that they make to a short and to a longer training."""
    results = _by_recipe(folder)
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    left, right = _halves(figure, (1, 1.15))
    test = load_dataset().test
    images = test.images[test.first_of_each_class()[2:6]]
    batch = scaled(torch.from_numpy(images).unsqueeze(1))
    distort = get_augmentation("affine")
    distorted = {f"epoch {n}": list(distort(batch, generator(n, "course")).numpy()[:, 0]) for n in (1, 2, 3)}
    _draw_rows(left, {"digit": list(images), **distorted})
    rows = {
        "1 epoch": _paired(results["mlp:epochs=1"], results["mlp:epochs=1,augmentation=affine"]),
        "10 epochs": _paired(results["mlp"], results["mlp:augmentation=affine"]),
    }
    _draw_differences(right.subplots(), rows)
    return figure


def draw_intervals(folder: Path) -> Figure:
    """Ten seeds of one recipe on two halves of the test digits: the best on one half is not the best on the other."""
    runs = [Run.open(folder / "runs" / f"small-mlp-epochs=2-s{seed}") for seed in range(10)]
    right = np.array(
        [np.equal(logits.argmax(axis=1), labels) for logits, labels in (r.load_logits("test") for r in runs)]
    )
    halves = [right[:, ::2].mean(axis=1), right[:, 1::2].mean(axis=1)]
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    best = int(halves[0].argmax())
    for seed, pair in enumerate(zip(*halves, strict=True)):
        if seed == best:
            axes.plot((0, 1), pair, "o-", color=VERMILION, linewidth=2.5, zorder=3)
        else:
            axes.plot((0, 1), pair, "o-", color="grey", alpha=0.6)
    for place, values in enumerate(halves):
        axes.plot((place - 0.12, place + 0.12), [values.mean()] * 2, color=BLUE, linewidth=4, zorder=4)
    axes.plot([], [], color=BLUE, linewidth=4, label="mean of the ten")
    axes.plot([], [], "o-", color=VERMILION, label="best on the first half")
    axes.set(xticks=(0, 1), xticklabels=("first half", "second half"), xlim=(-0.3, 1.3), ylabel="test accuracy")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(axis="y", alpha=0.3)
    return figure


FIGURES: dict[str, Callable[[Path], Figure]] = {
    "1-data": draw_data,
    "2-perceptron": draw_perceptron,
    "3-convolution": draw_convolution,
    "4-overfitting": draw_overfitting,
    "5-dropout": draw_dropout,
    "6-augmentation": draw_augmentation,
    "7-intervals": draw_intervals,
}


def _by_recipe(folder: Path) -> dict[str, RecipeResult]:
    return {each.recipe: each for each in read_results(folder / "results.csv")}


def _paired(first: RecipeResult, second: RecipeResult) -> list[float]:
    """Second minus first for each seed."""
    return [b - a for a, b in zip(first.accuracies, second.accuracies, strict=True)]


def _halves(figure: Figure, widths: tuple[float, float]) -> tuple[Any, Any]:
    """Two parts of a figure beside each other."""
    parts: Any = figure.subfigures(1, 2, width_ratios=widths)
    return parts[0], parts[1]


def _draw_rows(figure: Any, rows: Mapping[str, Sequence[NDArray[Any]]], *, signed: str = "") -> NDArray[Any]:
    """A row of pictures for each name; those of the row `signed` are around 0. Returns the axes."""
    columns = len(next(iter(rows.values())))
    grid = np.asarray(figure.subplots(len(rows), columns, squeeze=False, subplot_kw={"xticks": (), "yticks": ()}))
    for axes, (name, images) in zip(list(grid), rows.items(), strict=True):
        high = float(np.quantile(np.abs(np.stack(list(images))), 0.99 if name == signed else 1))
        for each, image in zip(axes, images, strict=True):
            each.imshow(image, cmap=SIGNED if name == signed else INK, vmin=-high if name == signed else 0, vmax=high)
            each.spines[:].set_color("lightgrey")
        axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return grid


def _draw_dots(axes: Axes, rows: Mapping[str, Sequence[float]], *, colours: Sequence[str]) -> None:
    """A row for each name: a dot for each seed, and the mean with its 95 % interval below."""
    for row, ((_, values), colour) in enumerate(zip(rows.items(), colours, strict=True)):
        axes.plot(values, [row - 0.14] * len(values), "o", color=colour, alpha=0.5, markeredgewidth=0)
        axes.plot(mean_interval(values), [row + 0.14] * 2, color=colour, linewidth=2.5)
        axes.plot([fmean(values)], [row + 0.14], "D", color=colour)
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5))
    axes.grid(axis="x", alpha=0.3)


def _draw_differences(axes: Axes, rows: Mapping[str, Sequence[float]]) -> None:
    """Differences of accuracies in points, with a line at 0."""
    points = {name: [100 * value for value in values] for name, values in rows.items()}
    axes.axvline(0, color="black", linewidth=1)
    _draw_dots(axes, points, colours=[BLUE, VERMILION][: len(rows)])
    axes.set_xlabel("points of test accuracy, with minus without")


def _draw_curves(axes: Axes, metrics: Sequence[Mapping[str, float]], figure: str) -> None:
    """A figure of training and test digits over the epochs."""
    for part in ("train", "test"):
        label, colour, stroke = PART_STYLES[part]
        epochs = [row["epoch"] for row in metrics]
        axes.plot(epochs, [row[f"{part}_{figure}"] for row in metrics], stroke, color=colour, label=label)
    axes.set(xlabel="epoch", ylabel=figure)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
