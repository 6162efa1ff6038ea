"""The published networks of the page “inside” are those of the package."""

from __future__ import annotations

import json

from sutja.models.layer_list import join_packed
from sutja.web.inside import PUBLISHED_NETWORKS
from tools.layer_lists import pack_published


def test_the_file_holds_the_published_networks() -> None:
    assert json.loads(PUBLISHED_NETWORKS.read_text("utf-8")) == pack_published()


def test_joined_networks_are_those_packed_together() -> None:
    packed = pack_published()
    twice = join_packed(packed, packed)
    assert len(twice["networks"]) == 2 * len(packed["networks"])
    assert (twice["digits"], twice["labels"]) == (packed["digits"], packed["labels"])
    alone = join_packed({"networks": [], "weights": join_nothing()}, packed)
    assert alone == packed


def join_nothing() -> str:
    """The weights of no network."""
    return "eNoDAAAAAAE="
