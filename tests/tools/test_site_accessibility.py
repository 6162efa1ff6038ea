"""The documentation site breaks no rule of WCAG 2.2 AA: pages of each kind, by day and by night, on desk and phone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.axe import find_violations, needs_axe
from tools.site.building import build

pytest.importorskip("playwright")
pytest.importorskip("zensical")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DESK, PHONE = {"width": 1200, "height": 820}, {"width": 320, "height": 700}


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built site."""
    handler = partial(QuietHandler, directory=str(build(tmp_path_factory.mktemp("site"))))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@needs_axe
@pytest.mark.parametrize(
    ("page", "scheme", "size"),
    [
        ("", "light", DESK),
        ("ko/", "dark", PHONE),
        ("commands/", "dark", DESK),
        ("reliability/", "light", DESK),  # wide tables
        ("ko/course/1-data/", "light", PHONE),
        ("course/7-intervals/", "dark", DESK),
        ("404.html", "light", DESK),
    ],
)
def test_pages_break_no_rule(browser: Browser, site: str, page: str, scheme: Any, size: Any) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=size)
    opened = context.new_page()
    answer = opened.goto(f"{site}/{page}")
    assert answer is not None and answer.ok
    assert find_violations(opened) == []
    context.close()
