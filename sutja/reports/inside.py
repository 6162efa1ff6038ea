"""Networks that answer inside a report: their layers and some digits in the page, and the scripts that compute them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from torch import nn

from sutja.data.digits import Digits
from sutja.errors import SutjaError
from sutja.models.layer_list import ListedNetwork, pack_networks, pack_weights
from sutja.networks.layers import list_layers

SHOWN_DIGITS = 100
MAX_WEIGHT_BYTES = 560_000  # compressed, of all networks in a page; base64 makes them a third larger
JOINING_FLAGS = re.MULTILINE | re.DOTALL
LANGUAGE_SCRIPT = "language"  # of every page
SCRIPTS = (
    LANGUAGE_SCRIPT,
    "words",
    "network",
    "normalise",
    "pen",
    "maps",
    "stages",
    "inside",
)  # each after those that it imports


@dataclass(frozen=True)
class Inside:
    """What a page needs to show networks at work: `data` for JSON, and a line for each network that is left out."""

    data: dict[str, Any]
    remarks: Sequence[str]


def look_inside(
    networks: Sequence[tuple[str, nn.Module]], digits: Digits | None, max_weight_bytes: int = MAX_WEIGHT_BYTES
) -> Inside:
    """Pack networks with their titles, and digits to try, for a page; a network that does not fit is left out."""
    packed: list[ListedNetwork] = []
    remarks, too_large = [], []
    for title, network in networks:
        try:
            listed = ListedNetwork(title, list_layers(network))
        except SutjaError as error:
            remarks.append(f"{title} is not shown at work: {error}.")
            continue
        if len(pack_weights([*packed, listed])) > max_weight_bytes:
            too_large.append(title)
            continue
        packed.append(listed)
    if too_large:
        remarks.append(f"Not shown at work, because this page would become too large: {', '.join(too_large)}.")
    data = pack_networks(packed, digits)
    return Inside(data, remarks)


def pick_digits(digits: Digits, *, count: int = SHOWN_DIGITS) -> Digits:
    """At most `count` digits, as many of each class as there are, spread over the set and in its order."""
    each = max(1, count // len(digits.class_names))
    chosen: list[int] = []
    for label in range(len(digits.class_names)):
        there = np.flatnonzero(digits.labels == label)
        spread = np.linspace(0, len(there) - 1, min(each, len(there)))
        chosen += there[spread.astype(np.int64)].tolist()
    return digits.take(np.array(sorted(chosen), np.int64))


def join_scripts(names: Sequence[str] = SCRIPTS) -> str:
    """The scripts as one module, without comments, and without imports: a page that is a file cannot load others."""
    folder = files("sutja.reports") / "scripts"
    texts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in names]
    return re.sub(r"^import .*?;\n|^export (?=\w)|^ *//.*?\n|/\*\*.*?\*/\s?", "", "\n".join(texts), flags=JOINING_FLAGS)
