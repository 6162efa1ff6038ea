"""Networks for the page “inside” of `sutja serve`, which knows no PyTorch: `python -m sutja.export.layer_lists MODEL`.

Prints the model's network as one packed JSON object, or fails with one line on standard error.
"""

from __future__ import annotations

import json
import sys

from sutja.errors import SutjaError
from sutja.models.layer_list import ListedNetwork, pack_networks
from sutja.models.open import TrainedModel, open_model
from sutja.networks.build import load_network
from sutja.networks.layers import list_layers


def list_model(model: TrainedModel) -> ListedNetwork:
    """The layers of a trained model; raises `SutjaError` where they cannot be listed."""
    return ListedNetwork(model.name, list_layers(load_network(model)))


def print_layers(word: str) -> int:
    """Print the network of a model as JSON; returns the exit code."""
    try:
        print(json.dumps(pack_networks([list_model(open_model(word))], None)))
    except SutjaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(print_layers(sys.argv[1]))
