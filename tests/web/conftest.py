"""A running server and its page in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.browser import serve
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """The address of a server and its folder of corrections."""

    address: str
    corrections: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running `sutja serve`."""
    folder = tmp_path_factory.mktemp("served") / "corrections"
    with serve(folder) as address:
        yield Served(address, folder)


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[OpenPage]:
    """Opens the page in a new window; errors and warnings on the browser's console fail the test.

    `expected` is the beginning of messages that are allowed.
    """
    contexts = []
    complaints: list[str] = []
    allowed: list[str] = []

    def opened(expected: str = "", **how: Any) -> Page:
        if expected:
            allowed.append(expected)
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 820}, "locale": "en-US", **how})
        context.set_default_timeout(1000 * HANG_SECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(served.address, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [each for each in complaints if not each.startswith(tuple(allowed))] == []
