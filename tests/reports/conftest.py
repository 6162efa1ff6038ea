"""Reports and their scripts in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from torch import nn

from sutja.data.digits import Digits
from sutja.reports.html import Section, render_page
from sutja.reports.inside import look_inside
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    OpenReport = Callable[..., Page]

SITE = "http://sutja.test"


@pytest.fixture
def open_report(browser: Browser) -> Iterator[OpenReport]:
    """Opens a report with networks at work in a new window, and the scripts beside it.

    Errors and warnings on the browser's console fail the test, and so does every other request; `expected` is the
    beginning of messages that are allowed.
    """
    contexts = []
    complaints: list[str] = []
    allowed: list[str] = []

    def answer(route: Route, html: str) -> None:
        name = route.request.url.removeprefix(f"{SITE}/")
        if name == "report.html":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif name.endswith(".js"):
            script = (files("sutja.reports") / "scripts" / name).read_text(encoding="utf-8")
            route.fulfill(body=script, content_type="text/javascript; charset=utf-8")
        else:
            complaints.append(route.request.url)
            route.abort()

    def opened(networks: list[tuple[str, nn.Module]], digits: Digits | None, expected: str = "", **how: Any) -> Page:
        allowed.extend([expected] if expected else [])
        html = render_page("Networks", "At work.", [Section("Draw a digit", inside=look_inside(networks, digits))])
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 1000}, "locale": "en-US", **how})
        context.set_default_timeout(1000 * HANG_SECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.route("**/*", lambda route: answer(route, html))
        page.goto(f"{SITE}/report.html", wait_until="load")
        page.locator(".networks").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [each for each in complaints if not each.startswith(tuple(allowed))] == []
