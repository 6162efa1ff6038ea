"""What a network's first two convolutions have learned, and what they answer to a digit of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import nn

from sutja.data.digits import Digits
from sutja.networks.infer import scaled
from sutja.reports.captions import (
    feature_maps_caption,
    filters_caption,
    second_feature_maps_caption,
    second_filters_caption,
)
from sutja.reports.html import Plot
from sutja.reports.plots import draw_mosaic, plot_feature_maps, plot_filters, tiled

MAX_FILTERS, MAX_MAPS = 16, 8  # of a second convolution that a picture shows
WEIGHT_COLOURS = 33  # few enough for the palette of a stored plot, odd so that 0 is white


def convolution_plots(network: nn.Module, digits: Digits) -> list[Plot]:
    """Filters and answers of the first two convolutions of a network; none if it does not begin with a convolution.

    The answers are to the first of `digits` of each class.
    """
    layers = _convolutions(network)
    images = digits.images[digits.first_of_each_class()]
    answers = _answers(network, layers, images)
    plots = []
    if layers:
        plots += [plot_first_filters(layers[0], "filters")]
        plots += [Plot(plot_feature_maps(images, answers[0]), "feature_maps", feature_maps_caption(answers[0]))]
    if len(layers) > 1:
        weights = layers[1].weight.detach().numpy()
        caption = second_filters_caption(weights, MAX_FILTERS, MAX_MAPS)
        plots += [Plot(plot_second_filters(weights), "second_filters", caption)]
        caption = second_feature_maps_caption(answers[1])
        plots += [Plot(plot_feature_maps(images, answers[1]), "second_feature_maps", caption)]
    return plots


def first_convolution(network: nn.Module) -> nn.Conv2d | None:
    """The convolution with which a network begins, where it begins with one."""
    return next(iter(_convolutions(network)), None)


def plot_first_filters(layer: nn.Conv2d, name: str) -> Plot:
    """The filters of a first convolution, with their caption, as a picture of this name."""
    weights = layer.weight.detach().numpy()
    return Plot(plot_filters(weights), name, filters_caption(weights))


def plot_second_filters(weights: NDArray[np.float32]) -> Figure:
    """Kernels `(K, C, h, w)`: a column for each filter, a row for each map that it looks at, as many as fit."""
    shown = weights[:MAX_FILTERS, :MAX_MAPS]
    columns, rows = shown.shape[:2]
    figure = Figure(figsize=(0.72 * columns + 1.4, 0.72 * rows + 0.5), layout="constrained")
    axes = tiled(figure, rows, columns)
    limit = float(np.abs(shown).max())
    colours = colormaps["PuOr_r"].resampled(WEIGHT_COLOURS)
    drawn = draw_mosaic(axes, shown.transpose(1, 0, 2, 3), 0, cmap=colours, vmin=-limit, vmax=limit)
    axes.set_xticks(range(columns), [f"filter {number + 1}" for number in range(columns)], fontsize=8)
    axes.set_yticks(range(rows), [f"map {number + 1}" for number in range(rows)], fontsize=9)
    axes.xaxis.tick_top()
    figure.colorbar(drawn, ax=axes, label="weight", shrink=0.9)
    return figure


def _convolutions(network: nn.Module) -> list[nn.Conv2d]:
    """The convolution with which a network begins, where it begins with one, and the next one if it sees neighbours."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)][:2]
    if not layers or layers[0].in_channels != 1:
        return []
    return [layers[0], *(each for each in layers[1:] if max(each.kernel_size) > 1)]


def _answers(network: nn.Module, layers: Sequence[nn.Conv2d], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """What each of the layers answers to digits `(N, 28, 28)`: `(N, K, h, w)`."""
    answers: list[NDArray[np.float32]] = []
    hooks = [layer.register_forward_hook(lambda _, inputs, output: answers.append(output.numpy())) for layer in layers]
    with torch.inference_mode():
        network(scaled(torch.from_numpy(images).unsqueeze(1)))
    for hook in hooks:
        hook.remove()
    return answers
