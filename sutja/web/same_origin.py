"""Reject requests that web pages of other sites make a browser send."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sutja.web.problems import ProblemError, as_response

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class SameOriginMiddleware:
    """Rejects cross-site requests (CSRF) and requests for other host names (DNS rebinding).

    `hosts` are the names under which clients may address the server; `None` allows all, for a server that other
    computers may reach. A site that makes its own name resolve to 127.0.0.1 still sends that name in `Host`.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, or answer 421 or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._hosts is not None and host_name(headers.get("host", "")) not in self._hosts:
            rejection = ProblemError(421, "This server has another name: use the address that it printed.")
        elif scope["method"] not in SAFE_METHODS and _is_cross_site(headers):
            rejection = ProblemError(403, "Pages of other sites cannot send requests to this server.")
        else:
            await self._app(scope, receive, send)
            return
        await as_response(rejection)(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether only programs on this computer can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The name in a `Host` header in lower case, without port and brackets; "" if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_site(headers: Headers) -> bool:
    """Whether the browser marks the request as sent by a page of another origin; other programs send no such marks."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("//")[2].lower() != headers.get("host", "").lower()


def local_names(host: str) -> frozenset[str]:
    """The names of a server that listens on `host`, a loopback address."""
    return frozenset({"localhost", "127.0.0.1", "::1", host.lower()})
