"""Networks that answer inside a report: their layers and some digits in the page, and the scripts that compute them."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from sutja.data.digits import CLASS_COUNT, Digits
from sutja.errors import SutjaError
from sutja.networks.layers import ListedLayer, list_layers

SHOWN_DIGITS = 100
MAX_WEIGHT_BYTES = 560_000  # compressed, of all networks in a page; base64 makes them a third larger
JOINING_FLAGS = re.MULTILINE | re.DOTALL
SCRIPTS = ("words", "network", "normalise", "pen", "maps", "stages", "inside")  # each after those that it imports


@dataclass(frozen=True)
class Inside:
    """What a page needs to show networks at work: `data` for JSON, and a line for each network that is left out."""

    data: dict[str, Any]
    remarks: Sequence[str]


def look_inside(networks: Sequence[tuple[str, nn.Module]], digits: Digits | None) -> Inside:
    """Pack networks with their titles, and digits to try, for a page; a network that does not fit is left out."""
    packed: list[tuple[str, list[ListedLayer]]] = []
    remarks = []
    for title, network in networks:
        try:
            layers = list_layers(network)
        except SutjaError as error:
            remarks.append(f"{title} is not shown at work: {error}.")
            continue
        if len(_pack_weights([*packed, (title, layers)])) > MAX_WEIGHT_BYTES:
            remarks.append(f"{title} is not shown at work: its weights would make this page too large.")
            continue
        packed.append((title, layers))
    data = {
        "networks": [_describe(title, layers) for title, layers in packed],
        "weights": base64.b64encode(_pack_weights(packed)).decode(),
        "digits": base64.b64encode(zlib.compress(digits.images.tobytes() if digits else b"", 9)).decode(),
        "labels": digits.labels.tolist() if digits else [],
    }
    return Inside(data, remarks)


def pick_digits(digits: Digits, *, count: int = SHOWN_DIGITS) -> Digits:
    """At most `count` digits, as many of each class as there are, spread over the set and in its order."""
    each = count // CLASS_COUNT
    chosen: list[int] = []
    for label in range(CLASS_COUNT):
        there = np.flatnonzero(digits.labels == label)
        spread = np.linspace(0, len(there) - 1, min(each, len(there)))
        chosen += there[spread.astype(np.int64)].tolist()
    return digits.take(np.array(sorted(chosen), np.int64))


def _describe(title: str, layers: Sequence[ListedLayer]) -> dict[str, Any]:
    count = sum(layer.weights.size for layer in layers)
    return {"title": title, "count": count, "layers": [layer.as_json() for layer in layers]}


def _pack_weights(networks: Sequence[tuple[str, Sequence[ListedLayer]]]) -> bytes:
    """All weights: their low bytes and then their high bytes, which alone have something to compress."""
    weights = [layer.weights for _, layers in networks for layer in layers]
    halves: NDArray[np.float16] = np.concatenate([np.empty(0, np.float16), *weights]).astype("<f2")
    return zlib.compress(halves.view(np.uint8).reshape(-1, 2).T.tobytes(), 9)


def join_scripts() -> str:
    """The scripts as one module, without comments, and without imports: a page that is a file cannot load others."""
    folder = files("sutja.reports") / "scripts"
    texts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return re.sub(r"^import .*?;\n|^export (?=\w)|^ *//.*?\n|/\*\*.*?\*/\s?", "", "\n".join(texts), flags=JOINING_FLAGS)
