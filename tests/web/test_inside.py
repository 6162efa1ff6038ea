"""The page “inside”: published networks and one's own answer what one draws, under the server's security policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sutja.web.inside import PUBLISHED_NETWORKS
from tests.axe import AXE, find_violations

pytest.importorskip("playwright")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from .conftest import OpenPage


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_published_networks_answer_and_show_their_layers(open_page: OpenPage, scheme: Any) -> None:
    page = open_page(color_scheme=scheme)
    page.get_by_role("link", name="Inside the networks").click()
    expect(page.locator(".networks")).to_be_visible()
    titles = [network["title"] for network in json.loads(PUBLISHED_NETWORKS.read_text("utf-8"))["networks"]]
    assert {"lenet5-best", "mlp-best", "tiny", "convnet-small"} == set(titles)
    assert page.locator(".answer .name").all_inner_texts() == titles
    assert page.locator(".big").all_inner_texts() == ["7"] * len(titles)  # the first of the digits to try
    page.click("#language")
    expect(page.get_by_role("heading", level=1)).to_have_text("신경망의 내부")
    assert find_violations(page) == [] if AXE.is_file() else True
