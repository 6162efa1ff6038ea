"""Write the published networks for the page “inside” of `sutja serve`: `python -m tools.layer_lists`.

Their layers, weights in half precision, and a hundred test digits to try go into one file of the package. A model that
is no list of layers, or no network for single digits, is left out.
"""

from __future__ import annotations

import json
from typing import Any

from sutja.data.dataset import load_dataset
from sutja.errors import SutjaError
from sutja.export.layer_lists import list_model
from sutja.files import write_text
from sutja.models.catalogue import list_published
from sutja.models.layer_list import ListedNetwork, pack_networks
from sutja.models.open import open_model
from sutja.reports.inside import pick_digits
from sutja.web.inside import PUBLISHED_NETWORKS


def main() -> None:
    """Write the file."""
    write_text(PUBLISHED_NETWORKS, json.dumps(pack_published()) + "\n")


def pack_published() -> dict[str, Any]:
    """All published networks that can be shown, packed, the smallest first."""
    networks: list[ListedNetwork] = []
    for card in list_published()[0]:
        try:
            networks.append(list_model(open_model(card.name)))
        except SutjaError:  # an ensemble, a mixture, a reader of lines
            continue
    networks.sort(key=lambda network: sum(layer.weights.size for layer in network.layers))
    return pack_networks(networks, pick_digits(load_dataset().test))


if __name__ == "__main__":
    main()
