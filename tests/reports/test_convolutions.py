"""What reports show of the convolutions of a network: their filters, and what these answer to digits."""

from __future__ import annotations

import re

import numpy as np
import pytest
from torch import nn

from sutja.data.dataset import Dataset
from sutja.networks.model import create
from sutja.reports.convolutions import convolution_plots, plot_second_filters
from sutja.reports.figures import Drawing
from sutja.reports.languages import lines_in_korean, to_korean


def names_of(network: nn.Module, dataset: Dataset) -> list[str]:
    return [plot.name for plot in convolution_plots(network, dataset.test)]


def test_filters_and_maps_of_both_convolutions_of_lenet5_are_shown(small: Dataset) -> None:
    shown = names_of(create("lenet5", seed=0), small)
    assert shown == ["filters", "feature_maps", "second_filters", "second_feature_maps"]


def test_a_network_without_convolutions_has_none(small: Dataset) -> None:
    assert names_of(create("mlp", seed=0), small) == []


def test_a_single_convolution_is_shown_alone(small: Dataset) -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten(), nn.Linear(4 * 24 * 24, 10))
    assert names_of(network, small) == ["filters", "feature_maps"]


def test_a_second_convolution_of_single_pixels_has_no_filters_to_look_at(small: Dataset) -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Conv2d(4, 2, 1), nn.Flatten(), nn.Linear(2 * 24 * 24, 10))
    assert names_of(network, small) == ["filters", "feature_maps"]


@pytest.mark.parametrize(("filters", "maps", "columns", "rows"), [(16, 6, 16, 6), (48, 24, 16, 8)])
def test_filters_of_a_second_convolution_have_a_column_each_and_a_row_for_each_map(
    filters: int, maps: int, columns: int, rows: int
) -> None:
    weights = np.random.default_rng(0).normal(size=(filters, maps, 5, 5)).astype(np.float32)
    texts = [line for text in Drawing(plot_second_filters(weights)).texts for line in text.lines]
    assert sum(text.startswith("filter ") for text in texts) == columns
    assert sum(text.startswith("map ") for text in texts) == rows


def test_captions_say_what_is_in_the_pictures_in_both_languages(small: Dataset) -> None:
    network = create("lenet5", seed=0)
    captions = {plot.name: plot.caption for plot in convolution_plots(network, small.test)}
    weights = network.get_submodule("4").get_parameter("weight").detach().abs().amax((1, 2, 3))
    strongest = int(weights.argmax()) + 1
    assert f"filter {strongest} has the largest weight" in captions["second_filters"]
    assert "10×10" in captions["second_feature_maps"]
    for caption in captions.values():
        korean = to_korean(caption)
        assert korean
        assert not re.search("[A-Za-z]{2}", korean)


def test_a_caption_says_how_many_of_the_filters_are_shown(small: Dataset) -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 12, 5), nn.Conv2d(12, 20, 3, stride=2), nn.Flatten(), nn.Linear(20 * 11 * 11, 10)
    )
    captions = {plot.name: plot.caption for plot in convolution_plots(network, small.test)}
    assert captions["second_filters"].startswith(
        "The first 16 of 20 filters of the second convolution, on 8 of 12 maps"
    )
    assert to_korean(captions["second_filters"])


def test_words_on_the_filters_are_korean_too() -> None:
    assert lines_in_korean(["filter 3", "map 2"]) == ["필터 3", "지도 2"]
