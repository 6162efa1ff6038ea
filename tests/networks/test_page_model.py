"""The network that finds numbers."""

from __future__ import annotations

import pytest
import torch

from sutja.networks.build import build_network
from sutja.networks.model import count_parameters
from sutja.networks.page_model import PAGE_READER_PARAMETERS
from sutja.recipe import RECIPES


@pytest.mark.parametrize("sides", [(32, 32), (64, 96)])
def test_maps_have_a_quarter_of_the_size(sides: tuple[int, int]) -> None:
    network = build_network(RECIPES["page-reader"], seed=0).eval()
    assert count_parameters(network) == PAGE_READER_PARAMETERS <= 1_400_000
    pictures = torch.randint(0, 256, (2, 3, *sides), dtype=torch.uint8)
    with torch.inference_mode():
        maps = network(pictures)
        assert torch.equal(maps, network(pictures.float())), "bytes and floats are the same pictures"
    assert maps.shape == (2, 9, sides[0] // 4, sides[1] // 4)
    assert maps.dtype == torch.float32


def test_at_first_few_places_are_held_for_cores() -> None:
    network = build_network(RECIPES["page-reader"], seed=0).eval()
    with torch.inference_mode():
        maps = network(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
    assert float(1 - maps[:, :3].softmax(dim=1)[:, 0].mean()) == pytest.approx(0.02, abs=0.01)
