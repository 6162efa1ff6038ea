"""The page “inside”: published networks and one's own answer what one draws, under the server's security policy."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sutja.web.inside import NO_PYTORCH, PUBLISHED_NETWORKS, _list_own
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


def test_an_own_network_is_listed_by_a_process_of_its_own(published: Path) -> None:
    packed, remark = asyncio.run(_list_own(str(published), "mine"))
    assert packed is not None
    assert remark == ""
    assert [layer["kind"] for layer in packed["networks"][0]["layers"]].count("linear") == 3


def test_a_network_that_cannot_be_shown_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    packed, remark = asyncio.run(_list_own("convnet", "convnet"))
    assert packed is None
    assert remark.startswith("convnet is not shown: ")
    monkeypatch.setattr("sutja.web.inside.find_spec", lambda name: None)
    assert asyncio.run(_list_own("convnet", "convnet")) == (None, NO_PYTORCH.format(name="convnet"))
