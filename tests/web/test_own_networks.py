"""One's own network on the page “inside”: a process of its own lists it, because the server knows no PyTorch."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sutja.web.inside import NO_PYTORCH, _list_own


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
