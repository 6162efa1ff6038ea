"""Which requests are refused before anything reads them: those that pages of other sites make a browser send."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sutja.web.problems import ProblemError, as_response

SAFE = ("GET", "HEAD", "OPTIONS")


class Doorkeeper:
    """Refuses what a page of another site makes a browser send: such a page must not fill the corrections.

    `hosts` are the names under which the server may be called; `None`, for a server that others may call too, allows
    all. A site that makes its name point to 127.0.0.1 (DNS rebinding) still sends that name as the host.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 421 or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._hosts is not None and host_name(headers.get("host", "")) not in self._hosts:
            refused = ProblemError(
                421, "This server is not called by that name; its own is where it said that it listens."
            )
        elif scope["method"] not in SAFE and _is_cross_site(headers):
            refused = ProblemError(403, "Pages of other sites may send nothing to this server.")
        else:
            await self._app(scope, receive, send)
            return
        await as_response(refused)(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether only programs on this computer reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The name in a `Host` header, lower case, without port and brackets; "" where there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_site(headers: Headers) -> bool:
    """Whether the browser says that a page of another origin made this request; other programs say nothing."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("//")[2].lower() != headers.get("host", "").lower()


def local_names(host: str) -> frozenset[str]:
    """The names of a server that listens on `host`, which only this computer reaches."""
    return frozenset({"localhost", "127.0.0.1", "::1", host.lower()})
