"""Networks as plain lists of layers with half-precision weights, packed for a page whose scripts compute them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sutja.data.digits import Digits


@dataclass(frozen=True)
class ListedLayer:
    """A layer: its `kind`, its sizes and other numbers by name, and its weights, `float16`, flat, in order.

    Kinds: `standardise` (mean, deviation), `crop` (start, stop), `convolution` (inputs, outputs, size, stride, padding;
    weights `(outputs, inputs, size, size)`, then biases), `scale` (channels; a factor for each, then a shift for each,
    then what rounding took from all of these), `max_pool` and `average_pool` (size, also their stride), `relu`, `tanh`,
    `sigmoid`, `flatten` (channels_last), `linear` (inputs, outputs; weights `(outputs, inputs)`, then biases).
    """

    kind: str
    numbers: dict[str, float]
    weights: NDArray[np.float16]

    def as_json(self) -> dict[str, str | float]:
        """Kind and numbers in one object, without the weights."""
        return {"kind": self.kind, **self.numbers}


@dataclass(frozen=True)
class ListedNetwork:
    """A network: its title and its layers."""

    title: str
    layers: Sequence[ListedLayer]


def pack_networks(networks: Sequence[ListedNetwork], digits: Digits | None) -> dict[str, Any]:
    """Networks, and digits to try, as one JSON object: what the scripts of reports unpack.

    It has the names of the classes where these are not the digits.
    """
    packed = {
        "networks": [_describe(network) for network in networks],
        "weights": base64.b64encode(pack_weights(networks)).decode(),
        "digits": base64.b64encode(zlib.compress(digits.images.tobytes() if digits else b"", 9)).decode(),
        "labels": digits.labels.tolist() if digits else [],
    }
    if digits and not digits.class_names.are_digits:
        packed["classes"] = [*digits.class_names]
    return packed


def join_packed(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The networks of two packed objects in one, with the digits of the second."""
    halves = np.concatenate([_unpack_weights(each["weights"]) for each in (first, second)])
    return {
        **second,
        "networks": [*first["networks"], *second["networks"]],
        "weights": base64.b64encode(_compress(halves)).decode(),
    }


def pack_weights(networks: Sequence[ListedNetwork]) -> bytes:
    """All weights: their low bytes and then their high bytes, which alone have something to compress."""
    weights = [layer.weights for network in networks for layer in network.layers]
    return _compress(np.concatenate([np.empty(0, np.float16), *weights]))


def _describe(network: ListedNetwork) -> dict[str, Any]:
    count = sum(layer.weights.size for layer in network.layers)
    return {"title": network.title, "count": count, "layers": [layer.as_json() for layer in network.layers]}


def _compress(halves: NDArray[np.float16]) -> bytes:
    return zlib.compress(halves.astype("<f2").view(np.uint8).reshape(-1, 2).T.tobytes(), 9)


def _unpack_weights(packed: str) -> NDArray[np.float16]:
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)
    return np.ascontiguousarray(planes.reshape(2, -1).T).view("<f2").ravel()
