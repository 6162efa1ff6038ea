"""Networks for another number of classes than the ten digits."""

from __future__ import annotations

from torch import nn

from sutja.data.digits import CLASS_COUNT
from sutja.errors import UsageError
from sutja.randomness import seeded


def with_class_count(network: nn.Module, count: int, *, seed: int) -> nn.Module:
    """Replace the last layer of a network, and of each of its columns, by one with `count` outputs; for 10 none.

    `seed` alone decides the weights of the new layers. Raises `UsageError` for a network that ends with another layer.
    """
    if count == CLASS_COUNT:
        return network
    ends = [each for each in network.modules() if isinstance(each, nn.Sequential) and _is_output(each[-1])]
    if not ends:
        raise UsageError(f"a network for {count} classes needs a linear layer of {CLASS_COUNT} outputs at its end")
    with seeded(seed):
        for end in ends:
            end[-1] = nn.Linear(end[-1].in_features, count)  # type: ignore[arg-type]  # `_is_output`: a linear layer
    return network


def _is_output(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear) and layer.out_features == CLASS_COUNT
